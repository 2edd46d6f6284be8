"""The full packages: the light one with OpenCV's wheel and the networks, one per platform."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import InputFormatError, LiftError
from training import full_package

ROOT = Path(__file__).resolve().parents[2]
LIGHT_MANIFEST = """id = "walk"
version = "1.2.3"

[permissions]
files = "Read"

[build]
paths_exclude_pattern = [
  "/tests/",
  # Why.
  "/core/weights/*.onnx",
  "/Makefile",
]
"""
FULL_MANIFEST = """id = "walk"
version = "1.2.3"

platforms = [
  "linux-x64",
  "macos-x64",
]
wheels = [
  "./wheels/a.whl",
  "./wheels/b.whl",
]

[permissions]
files = "Read"

[build]
paths_exclude_pattern = [
  "/tests/",
  "/Makefile",
]
"""
NETWORKS = {"core/weights/person.onnx", "core/weights/landmark.onnx"}
OPENCV_LICENCES = {"licenses/opencv/LICENSE.txt", "licenses/opencv/LICENSE-3RD-PARTY.txt"}


def find_builder() -> Path:
    """Blender's command, without loading bpy into this process."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        pytest.skip("needs bpy's wheel, which has Blender's own package builder")
    folder = Path(spec.origin).parent
    return next(folder.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))


def write_wheels(folder: Path) -> list[Path]:
    """A small stand-in for each platform's wheel; Windows' has other ends of lines."""
    folder.mkdir(parents=True)
    paths = []
    for tag in full_package.WHEEL_PLATFORMS.values():
        name, version = full_package.pinned_opencv().split("==")
        stem = f"{name.replace('-', '_')}-{version}"
        path = folder / f"{stem}-cp37-abi3-{tag}.whl"
        end = "\r\n" if tag == "win_amd64" else "\n"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("cv2/__init__.py", "")
            wheel.writestr(f"{stem}.dist-info/LICENSE.txt", f"MIT{end}of the wheel{end}")
            wheel.writestr(f"{stem}.dist-info/LICENSE-3RD-PARTY.txt", f"LGPL{end}of FFmpeg{end}")
        paths.append(path)
    return paths


def names_in(package: Path) -> set[str]:
    with zipfile.ZipFile(package) as content:
        return {name for name in content.namelist() if not name.endswith("/")}


def test_manifest_closed_form() -> None:
    wheels, platforms = ["./wheels/a.whl", "./wheels/b.whl"], ["linux-x64", "macos-x64"]
    made = full_package.full_manifest(LIGHT_MANIFEST, wheels=wheels, platforms=platforms)
    assert made == FULL_MANIFEST


def test_the_add_on_s_own_manifest_keeps_all_else() -> None:
    light = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    made = tomllib.loads(full_package.full_manifest(light, wheels=["./a.whl"], platforms=["p"]))
    assert (made.pop("wheels"), made.pop("platforms")) == (["./a.whl"], ["p"])
    expected = tomllib.loads(light)
    expected["build"]["paths_exclude_pattern"].remove("/core/weights/*.onnx")
    assert made == expected


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (FULL_MANIFEST, "expected no wheels and platforms, found some"),
        (LIGHT_MANIFEST.replace(".onnx", ".npz"), r"\.onnx\", once, found it 0 times"),
        ('a = [\n"/core/weights/*.onnx",\n]\n', r"expected a table such as \[build\], found none"),
    ],
)
def test_another_manifest_is_refused(manifest: str, message: str) -> None:
    with pytest.raises(InputFormatError, match=message):
        full_package.full_manifest(manifest, wheels=["./a.whl"], platforms=["p"])


def test_packages_are_the_light_one_and_what_videos_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = find_builder()
    # Two are enough to see that each has its own wheel alone.
    two = dict(list(full_package.WHEEL_PLATFORMS.items())[:2])
    monkeypatch.setattr(full_package, "WHEEL_PLATFORMS", two)
    subprocess.run(
        [sys.executable, str(builder), "build", "--source-dir", str(ROOT)]
        + ["--output-dir", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    [light] = tmp_path.glob("*.zip")
    assert not [name for name in names_in(light) if name.endswith((".onnx", ".whl"))]
    wheels = write_wheels(tmp_path / "build" / "wheels")
    dist = tmp_path / "dist"
    options = ["--builder", builder, "--output-dir", dist, "--build-dir", tmp_path / "build"]
    assert full_package.main([str(light), *map(str, options)]) == 0
    printed = capsys.readouterr().out.splitlines()
    for platform, wheel in zip(full_package.WHEEL_PLATFORMS, wheels, strict=True):
        package = dist / f"{light.stem}-{platform.replace('-', '_')}.zip"
        added = {f"wheels/{wheel.name}", *NETWORKS, *OPENCV_LICENCES}
        assert names_in(package) == names_in(light) | added
        assert "core/weights/APACHE-2.0.txt" in names_in(package)
        with zipfile.ZipFile(package) as content:
            manifest = tomllib.loads(content.read("blender_manifest.toml").decode())
            assert content.read("licenses/opencv/LICENSE.txt") == b"MIT\nof the wheel\n"
        generated = manifest["build"]["generated"]
        assert generated == {"platforms": [platform], "wheels": [f"./wheels/{wheel.name}"]}
        [line] = [line for line in printed if package.name in line]
        assert f"{package.stat().st_size / 1e6:.1f} MB" in line
    assert len(list(dist.iterdir())) == len(wheels)


def test_a_large_package_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("a.zip", 10), ("b.zip", 11)):
        (tmp_path / name).write_bytes(bytes(size))
    monkeypatch.setattr(full_package, "LARGEST_BYTES", 10)
    full_package.refuse_large_packages([tmp_path / "a.zip"])
    with pytest.raises(LiftError, match=r"at most 1e-05 MB, found more in b\.zip$"):
        full_package.refuse_large_packages([tmp_path / "a.zip", tmp_path / "b.zip"])


def test_wheels_are_asked_for_by_platform_and_pin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [kept, *others] = write_wheels(tmp_path / "made")
    folder = tmp_path / "wheels"
    folder.mkdir()
    kept.rename(folder / kept.name)
    asked: list[Sequence[str]] = []

    def download(command: Sequence[str]) -> None:
        asked.append(command)
        wheel = others[len(asked) - 1]
        wheel.rename(folder / wheel.name)

    monkeypatch.setattr(full_package, "_run", download)
    found = full_package.fetch_wheels(folder)
    assert [path.name for path in found] == [path.name for path in (kept, *others)]
    tags = list(full_package.WHEEL_PLATFORMS.values())[1:]
    assert [command[command.index("--platform") + 1] for command in asked] == tags
    for command in asked:
        assert {"--no-deps", "--only-binary=:all:"} <= set(command)
        assert command[-1] == full_package.pinned_opencv()


def test_a_failed_download_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_package, "pinned_opencv", lambda: "opencv==not-a-version")
    with pytest.raises(LiftError, match=r"pip download .* ended with \d: (?s:.*)not-a-version"):
        full_package.fetch_wheels(tmp_path)


def test_licences_must_be_there_and_the_same(tmp_path: Path) -> None:
    [first, second, *_] = write_wheels(tmp_path / "wheels")
    [path] = [name for name in names_in(first) if name.endswith("/LICENSE.txt")]
    with zipfile.ZipFile(second, "w") as wheel:
        wheel.writestr("cv2/__init__.py", "")
    with pytest.raises(InputFormatError, match=f"{second.name}: expected {path}, found no such"):
        full_package.shared_licences([first, second])
    with zipfile.ZipFile(second, "w") as wheel:
        wheel.writestr(path, "BSD")
    with pytest.raises(InputFormatError, match=f"expected the LICENSE.txt of {first.name}, found"):
        full_package.shared_licences([first, second])
