"""The extension's zip: what is in it, what is not, and that Blender finds it valid."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import bpy
import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILDER = Path(bpy.utils.resource_path("LOCAL")) / "scripts/addons_core/bl_pkg/cli/blender_ext.py"
LARGEST_BYTES = 20e6


def run_builder(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, str(BUILDER), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run_builder("build", "--source-dir", str(ROOT), "--output-dir", str(folder))
    [path] = folder.iterdir()
    return path


def test_is_valid_and_small(package: Path) -> None:
    assert package.name.startswith("lift_video_to_3d-")
    run_builder("validate", str(package))
    assert package.stat().st_size < LARGEST_BYTES


def test_holds_what_runs_in_blender_and_nothing_else(package: Path) -> None:
    names = [name for name in zipfile.ZipFile(package).namelist() if not name.endswith("/")]
    tops = {name.split("/")[0] for name in names}
    needed = {"__init__.py", "blender_manifest.toml", "LICENSE", "addon", "core"}
    assert needed <= tops <= needed | {"README.md", "CHANGELOG.md"}
    assert "core/weights/default.npz" in names
    assert not [name for name in names if name.endswith((".onnx", ".whl"))]
    assert not [name for name in names if name.startswith("core/learning") or "__pycache__" in name]
    sources = {
        path.relative_to(ROOT).as_posix()
        for folder in ("addon", "core")
        for path in (ROOT / folder).rglob("*.py")
        if not path.is_relative_to(ROOT / "core" / "learning")
    }
    assert sources <= set(names)
