"""Build the full packages, one per platform: the light one, OpenCV's wheel and the pose networks.

    python -m training.full_package dist/lift_video_to_3d-0.1.0.zip --builder FILE --output-dir dist

`make extension-full` fills in the rest. Wheels are downloaded while building, never by the add-on.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from core.detect.network import LANDMARK_MODEL, PERSON_MODEL
from core.errors import InputFormatError, LiftError

WHEEL_PLATFORMS = {
    "linux-x64": "manylinux_2_28_x86_64",
    "windows-x64": "win_amd64",
    "macos-arm64": "macosx_13_0_arm64",
    "macos-x64": "macosx_14_0_x86_64",
}
"""What the wheel of each of Blender's platforms is tagged with."""
LARGEST_BYTES = 120_000_000
LICENCES = Path("licenses") / "opencv"
"""Where a package has the licences of OpenCV and of what is linked into it."""

_ROOT = Path(__file__).resolve().parents[1]
_MANIFEST = "blender_manifest.toml"
_NETWORK_EXCLUSION = '"/core/weights/*.onnx",'
_LICENCE_NAMES = ("LICENSE.txt", "LICENSE-3RD-PARTY.txt")


def main(arguments: list[str] | None = None) -> int:
    """Build as the command line says; 0 when every package is valid and small enough, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("light", metavar="LIGHT.zip", type=Path)
    parser.add_argument("--builder", type=Path, required=True, help="Blender's blender_ext.py")
    parser.add_argument("--output-dir", type=Path, required=True)
    parser.add_argument("--build-dir", type=Path, default=_ROOT / "build")
    parsed = parser.parse_args(arguments)
    try:
        wheels = fetch_wheels(parsed.build_dir / "wheels")
        folder = parsed.build_dir / "full_package"
        lay_out_package(parsed.light, wheels, folder)
        packages = build_packages(folder, parsed.output_dir, builder=parsed.builder)
        print_sizes([parsed.light, *packages])
        refuse_large_packages(packages)
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def fetch_wheels(folder: Path) -> list[Path]:
    """OpenCV's wheel for each platform, in the order of `WHEEL_PLATFORMS`.

    Parameters
    ----------
    folder : Path
        Where they are kept; what is already there is not downloaded again.

    Raises
    ------
    LiftError
        When pip does not get one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    requirement = pinned_opencv()
    name, version = requirement.split("==")
    wheels: list[Path] = []
    for tag in WHEEL_PLATFORMS.values():
        pattern = f"{name.replace('-', '_')}-{version}-*-{tag}.whl"
        if not list(folder.glob(pattern)):
            _download(requirement, tag, folder)
        found = list(folder.glob(pattern))
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            raise LiftError(f"{folder}: expected one wheel {pattern}, found {names}")
        wheels += found
    return wheels


def pinned_opencv() -> str:
    """``name==version`` of the wheel, as pyproject.toml pins it for development too."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [requirement] = project["optional-dependencies"]["video"]
    return requirement


def lay_out_package(light: Path, wheels: Sequence[Path], folder: Path) -> None:
    """Write into ``folder`` what Blender builds the full packages from; what was there is gone.

    Parameters
    ----------
    light : Path
        The light package: whatever it leaves out, the full ones leave out too, networks aside.
    wheels : sequence of Path
        One per platform.
    folder : Path

    Raises
    ------
    InputFormatError
        When a wheel lacks its licences, or the manifest has no place for what is added.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(light) as package:
        package.extractall(folder)
    for network in (PERSON_MODEL, LANDMARK_MODEL):
        shutil.copy2(network, folder / network.relative_to(_ROOT))
    (folder / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy2(wheel, folder / "wheels" / wheel.name)
    (folder / LICENCES).mkdir(parents=True)
    for name, content in shared_licences(wheels).items():
        (folder / LICENCES / name).write_bytes(content)
    manifest = folder / _MANIFEST
    names = [f"./wheels/{wheel.name}" for wheel in wheels]
    text = full_manifest(
        manifest.read_text(encoding="utf-8"), wheels=names, platforms=list(WHEEL_PLATFORMS)
    )
    manifest.write_text(text, encoding="utf-8")


def shared_licences(wheels: Sequence[Path]) -> dict[str, bytes]:
    """The licence files of the wheels, which must say the same in all, ends of lines aside.

    Raises
    ------
    InputFormatError
        When a wheel lacks one or says something else than the first.
    """
    licences: dict[str, bytes] = {}
    for wheel in wheels:
        distribution = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
        with zipfile.ZipFile(wheel) as content:
            for name in _LICENCE_NAMES:
                path = f"{distribution}/{name}"
                if path not in content.namelist():
                    raise InputFormatError(f"{wheel}: expected {path}, found no such file")
                text = content.read(path).replace(b"\r\n", b"\n")
                if licences.setdefault(name, text) != text:
                    raise InputFormatError(
                        f"{wheel}: expected the {name} of {wheels[0].name}, found another text"
                    )
    return licences


def full_manifest(light: str, *, wheels: Sequence[str], platforms: Sequence[str]) -> str:
    """The light package's manifest with wheels and platforms, without the networks' exclusion.

    Parameters
    ----------
    light : str
        blender_manifest.toml.
    wheels : sequence of str
        Paths from the manifest's folder, with forward slashes.
    platforms : sequence of str
        Blender's names.

    Raises
    ------
    InputFormatError
        When the manifest has no table, does not exclude the networks, or names wheels already.
    """
    lines = light.splitlines()
    if {"wheels", "platforms"} & set(tomllib.loads(light)):
        raise InputFormatError(f"{_MANIFEST}: expected no wheels and platforms, found some")
    found = [number for number, line in enumerate(lines) if line.strip() == _NETWORK_EXCLUSION]
    if len(found) != 1:
        raise InputFormatError(
            f"{_MANIFEST}: expected the line {_NETWORK_EXCLUSION} once, found it {len(found)} times"
        )
    [start] = found
    while lines[start - 1].strip().startswith("#"):
        start -= 1
    kept = lines[:start] + lines[found[0] + 1 :]
    # Keys of the whole document stand before its first table.
    table = next((number for number, line in enumerate(kept) if line.startswith("[")), None)
    if table is None:
        raise InputFormatError(f"{_MANIFEST}: expected a table such as [build], found none")
    added = [_toml_list("platforms", platforms), _toml_list("wheels", wheels), ""]
    return "\n".join([*kept[:table], *added, *kept[table:]]) + "\n"


def build_packages(folder: Path, output_dir: Path, *, builder: Path) -> list[Path]:
    """One valid package per platform, built by Blender's own command.

    Parameters
    ----------
    folder : Path
        Laid out by `lay_out_package`.
    output_dir : Path
    builder : Path
        Blender's ``blender_ext.py``.

    Raises
    ------
    LiftError
        When Blender refuses to build one, or finds one invalid.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    build = ("build", "--split-platforms", "--source-dir", str(folder))
    _run([sys.executable, str(builder), *build, "--output-dir", str(output_dir)])
    manifest = tomllib.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    packages = [
        output_dir / f"{manifest['id']}-{manifest['version']}-{platform.replace('-', '_')}.zip"
        for platform in manifest["platforms"]
    ]
    for package in packages:
        _run([sys.executable, str(builder), "validate", str(package)])
    return packages


def print_sizes(packages: Sequence[Path]) -> None:
    """Print a line for each package: its name and size in MB (10^6 bytes)."""
    for package in packages:
        print(f"{package.name:<45} {package.stat().st_size / 1e6:6.1f} MB")


def refuse_large_packages(packages: Sequence[Path]) -> None:
    """Raise a `LiftError` that names every package of more than `LARGEST_BYTES`."""
    large = [path.name for path in packages if path.stat().st_size > LARGEST_BYTES]
    if large:
        limit = f"{LARGEST_BYTES / 1e6:g} MB"
        raise LiftError(f"expected packages of at most {limit}, found more in {', '.join(large)}")


def _download(requirement: str, tag: str, folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    # Without its requirements: it asks for NumPy, which every Blender has.
    what = ["--no-deps", "--only-binary=:all:", "--platform", tag, "--dest", str(folder)]
    _run([*pip, *what, requirement])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise LiftError(f"{' '.join(command)} ended with {done.returncode}: {said}")


def _toml_list(key: str, values: Sequence[str]) -> str:
    return "\n".join([f"{key} = [", *(f'  "{value}",' for value in values), "]"])


if __name__ == "__main__":
    sys.exit(main())
