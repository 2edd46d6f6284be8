"""The import rules of the house: who may import whom, and under which name."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUNDATION = {"errors", "types", "skeleton", "joint_sets", "metrics", "filters", "geometry"}
FOUNDATION |= {"correction", "opencv", "proportion", "stopwatch", "version"}
MIDDLE = {"io", "preprocess", "lifting", "fit", "retarget", "detect", "learning"}
# What the pipeline is put together from: above the middle, each may use those before it.
ASSEMBLY = ["moving_camera", "clip_source", "trust", "report", "lift_settings", "lift_cache"]
ASSEMBLY += [
    "video_thumbnail",
    "steady_view",
    "person_fit",
    "shared_world",
    "video_people",
    "clip_opening",
]
ASSEMBLY += ["pipeline", "video_trace"]
ASSEMBLY += ["streaming", "stream_session"]
SIBLINGS_ALLOWED = {("learning", "lifting"), ("retarget", "io")}
OWN_PACKAGES = {"core", "addon", "training", "lift_video_to_3d"}
BLENDER = {
    "bpy",
    "mathutils",
    "bpy_extras",
    "bmesh",
    "gpu",
    "gpu_extras",
    "bl_ext",
    "bl_operators",
    "bl_ui",
}
RUNS_IN_BLENDER = {"numpy", *BLENDER}


@dataclass(frozen=True)
class Import:
    """One imported module: ``target`` is its dotted path from the root package."""

    source: Path
    line: int
    target: str
    is_relative: bool

    def __str__(self) -> str:
        return f"{self.source.relative_to(ROOT)}:{self.line} imports {self.target}"


def source_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imports_of(path: Path) -> Iterator[Import]:
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name, is_relative=False)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = [*base, *([node.module] if node.module else [])]
            for alias in node.names:
                target = ".".join([*start, alias.name])
                yield Import(path, node.lineno, target, is_relative=node.level > 0)


def all_imports(*folders: str) -> list[Import]:
    return [found for path in source_files(*folders) for found in imports_of(path)]


def dotted(node: ast.expr) -> str:
    """``bpy.app.version`` of the expression that says so, else an empty string."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def core_part(path: Path) -> str:
    """``io`` for core/io/bvh.py, ``types`` for core/types.py, ``core`` for core/__init__.py."""
    inside = path.relative_to(ROOT / "core").with_suffix("").parts
    return "core" if inside == ("__init__",) else inside[0]


def is_downward(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    if importer in ASSEMBLY:
        before = ASSEMBLY[: ASSEMBLY.index(importer)]
        return imported in FOUNDATION | (MIDDLE - {"learning"}) | set(before)
    if importer in MIDDLE:
        return imported in FOUNDATION or (importer, imported) in SIBLINGS_ALLOWED
    return importer in FOUNDATION and imported in FOUNDATION


def test_every_part_of_core_has_a_layer() -> None:
    parts = {core_part(path) for path in source_files("core")}
    assert parts <= FOUNDATION | MIDDLE | {"core", *ASSEMBLY}


def test_core_imports_only_downward() -> None:
    wrong = []
    for found in all_imports("core"):
        if found.is_relative:
            importer = core_part(found.source)
            imported = found.target.split(".")[1]
            if importer != imported and not is_downward(importer, imported):
                wrong.append(str(found))
    assert not wrong


def test_core_and_addon_import_themselves_relatively() -> None:
    absolute = [found for found in all_imports("core", "addon") if not found.is_relative]
    assert not [str(found) for found in absolute if found.target.split(".")[0] in OWN_PACKAGES]


def test_core_never_reaches_the_addon_or_training() -> None:
    reached = [found for found in all_imports("core") if found.is_relative]
    assert not [str(found) for found in reached if not found.target.startswith("core")]


def test_addon_and_training_never_reach_each_other() -> None:
    wrong = [found for found in all_imports("addon") if found.target.startswith("training")]
    wrong += [found for found in all_imports("training") if found.target.startswith("addon")]
    assert not [str(found) for found in wrong]


def test_addon_never_reaches_the_learning_side() -> None:
    assert not [str(f) for f in all_imports("addon") if f.target.startswith("core.learning")]


def test_core_and_training_know_no_blender() -> None:
    found = all_imports("core", "training")
    assert not [str(one) for one in found if one.target.split(".")[0] in BLENDER]


def test_opencv_is_loaded_in_one_place_and_only_when_needed() -> None:
    for path in source_files("core", "addon"):
        assert not [str(f) for f in imports_of(path) if f.target.split(".")[0] == "cv2"]
        is_named = 'import_module("cv2")' in path.read_text(encoding="utf-8")
        assert is_named == (path == ROOT / "core" / "opencv.py"), path


def test_torch_lives_in_learning_and_training_alone() -> None:
    users = [found for found in all_imports("core", "addon") if found.target.startswith("torch")]
    assert not [
        str(found) for found in users if not found.source.is_relative_to(ROOT / "core" / "learning")
    ]


def test_what_runs_in_blender_needs_nothing_that_blender_lacks() -> None:
    paths = [ROOT / "__init__.py", *source_files("addon"), *source_files("core")]
    wrong = []
    for path in paths:
        if path.is_relative_to(ROOT / "core" / "learning"):
            continue
        for found in imports_of(path):
            top = found.target.split(".")[0]
            is_known = top in sys.stdlib_module_names or top in RUNS_IN_BLENDER
            if not found.is_relative and not is_known:
                wrong.append(str(found))
    assert not wrong


def test_only_compat_reads_blenders_version() -> None:
    wrong = []
    for path in [ROOT / "__init__.py", *source_files("addon")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_version = isinstance(node, ast.Attribute) and dotted(node) == "bpy.app.version"
            if is_version and path != ROOT / "addon" / "compat.py":
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong


def test_nobody_edits_the_search_path() -> None:
    wrong = []
    for path in [ROOT / "__init__.py", *source_files("core", "addon", "training")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = dotted(node) if isinstance(node, ast.expr) else ""
            if name in {"sys.path", "site.addsitedir", "sys.meta_path", "sys.path_hooks"}:
                wrong.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
        wrong += [str(found) for found in imports_of(path) if found.target == "sys.path"]
    assert not wrong


@pytest.mark.parametrize("module", ["", ".core.pipeline", ".addon.cli_options", ".addon.cli"])
def test_imports_without_blender(module: str) -> None:
    script = f"""
import importlib, importlib.util, sys
sys.modules["bpy"] = None
root = {str(ROOT)!r}
spec = importlib.util.spec_from_file_location(
    "lift_video_to_3d", root + "/__init__.py", submodule_search_locations=[root]
)
package = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
importlib.import_module("lift_video_to_3d" + {module!r})
assert callable(package.register) and callable(package.unregister)
assert not {{"torch", "cv2"}} & set(sys.modules)
if not {module!r}:
    assert not [name for name in sys.modules if name.startswith("lift_video_to_3d.")]
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
