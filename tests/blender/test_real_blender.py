"""The add-on in a real Blender: BLENDER names its executable; without it these tests are skipped."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BEAM = ROOT / "tests" / "data" / "beam"
KEYPOINTS, VIDEO = str(BEAM / "cam01_json"), BEAM / "cam01.mp4"
CLIP = [KEYPOINTS, "--calibration", str(BEAM / "calibration.toml"), "--camera", "cam_01"]
BLENDER = os.environ.get("BLENDER", "")
WINDOW = shlex.split(os.environ.get("BLENDER_WINDOW", ""))
"""What starts the same Blender in a window, with --enable-event-simulate."""

pytestmark = pytest.mark.skipif(
    not BLENDER, reason="needs a real Blender: set BLENDER to its executable"
)
FULL_PACKAGE = os.environ.get("FULL_PACKAGE", "")
"""The full package's zip for this system: what the tests of videos install."""

needs_window = pytest.mark.skipif(
    not WINDOW, reason="needs a window: set BLENDER_WINDOW to a command"
)
needs_full_package = pytest.mark.skipif(
    not FULL_PACKAGE, reason="needs the full package: set FULL_PACKAGE to its zip"
)
Done = subprocess.CompletedProcess[str]


def blender(*arguments: str, resources: Path) -> Done:
    """Run Blender with its own, fresh user folder."""
    return subprocess.run(
        [BLENDER, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(resources)},
    )


def run_script(script: Path, *arguments: str, resources: Path) -> Done:
    return blender(
        *("-b", "--python-exit-code", "1", "-P", str(script), "--", *arguments),
        resources=resources,
    )


def lift(*arguments: str, resources: Path) -> Done:
    return run_script(ROOT / "addon" / "cli.py", *arguments, resources=resources)


@pytest.fixture
def resources(tmp_path: Path) -> Path:
    """A user folder that Blender has never seen."""
    folder = tmp_path / "resources"
    folder.mkdir()
    return folder


def extension(*arguments: str, resources: Path) -> None:
    """One of Blender's own commands for extensions."""
    done = blender("--command", "extension", *arguments, resources=resources)
    assert done.returncode == 0, done.stdout + done.stderr


def install(package: Path, resources: Path) -> None:
    extension("validate", str(package), resources=resources)
    extension(
        *("install-file", "-r", "user_default", "--enable", str(package)), resources=resources
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user folder with the extension, built and installed by Blender's own commands."""
    folder = tmp_path_factory.mktemp("installed")
    resources, dist = folder / "resources", folder / "dist"
    resources.mkdir()
    dist.mkdir()
    extension("build", "--source-dir", str(ROOT), "--output-dir", str(dist), resources=resources)
    [package] = dist.iterdir()
    install(package, resources)
    return resources


@pytest.fixture(scope="module")
def full_package_installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user folder with the full package for this system and nothing else."""
    resources = tmp_path_factory.mktemp("full")
    install(Path(FULL_PACKAGE).resolve(), resources)
    return resources


def test_every_format_comes_back_as_it_went(resources: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    done = run_script(HERE / "check_round_trip.py", str(files), resources=resources)
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    figures = json.loads(line.removeprefix("FIGURES "))
    print(figures)
    assert all(isinstance(figures[suffix], float) for suffix in (".bvh", ".fbx", ".glb", ".blend"))
    assert isinstance(figures[".usdc"], float) or "has no USD exporter" in figures[".usdc"]


def test_script_writes_every_file(resources: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    formats = "bvh,fbx,glb,blend"
    done = lift(*CLIP, "--output-dir", str(out), "--format", formats, resources=resources)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in out.iterdir()} == {
        f"cam01_json.{ending}" for ending in formats.split(",")
    }
    assert "cam01_json: writing" in done.stderr
    assert "Export" not in done.stdout + done.stderr


def test_script_ends_with_1_for_a_failed_clip(resources: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    done = lift(KEYPOINTS, "absent.json", "--output-dir", out, "--quiet", resources=resources)
    assert done.returncode == 1, done.stdout + done.stderr
    [line] = [line for line in done.stderr.splitlines() if "absent.json" in line]
    assert "Traceback" not in done.stderr and "error" in line
    assert (tmp_path / "out" / "cam01_json.bvh").is_file()


def test_script_ends_with_2_for_wrong_usage(resources: Path) -> None:
    done = lift(KEYPOINTS, "--engine", "unity", resources=resources)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "--engine is for .fbx files" in done.stderr


def test_usd_is_written_or_refused_in_one_line(resources: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.usdc"
    done = lift(*CLIP, "--output", str(path), "--quiet", resources=resources)
    if done.returncode == 0:
        assert path.is_file()
    else:
        assert done.returncode == 1 and "has no USD exporter" in done.stderr
        assert "Traceback" not in done.stderr and not path.exists()


def test_installed_extension_registers_and_unregisters(installed: Path) -> None:
    done = run_script(HERE / "check_extension.py", KEYPOINTS, resources=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "REGISTERED bl_ext.user_default.lift_video_to_3d" in done.stdout
    assert "Traceback" not in done.stderr


def test_installed_extension_speaks_chinese(installed: Path) -> None:
    done = run_script(HERE / "check_language.py", resources=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TRANSLATED" in done.stdout and "Traceback" not in done.stderr


@pytest.mark.parametrize("way", ["command", "script"])
def test_installed_extension_lifts(way: str, installed: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> Done:
        if way == "command":
            return blender("--command", "lift", *arguments, resources=installed)
        return lift(*arguments, resources=installed)

    out = tmp_path / "out"
    done = run(*CLIP, "--output", str(out / "b.bvh"), "--output", str(out / "b.glb"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in out.iterdir()} == {"b.bvh", "b.glb"}
    assert run("absent.json", "--output", str(out / "c.bvh")).returncode == 1
    assert run(KEYPOINTS).returncode == 2
    assert {path.name for path in out.iterdir()} == {"b.bvh", "b.glb"}


def use_window(
    script: str, *, installed: Path, tmp_path: Path, source: Path | None = None
) -> tuple[str, Path]:
    """Run a script in Blender's window: its line of figures, and the folder of its pictures.

    ``source`` is what it lifts: a file of the demo clip's keypoints, unless given.
    """
    hide_splash = (
        "import bpy; bpy.context.preferences.view.show_splash = False; bpy.ops.wm.save_userpref()"
    )
    blender("-b", "--python-expr", hide_splash, resources=installed)
    pictures = Path(os.environ.get("PICTURES", str(tmp_path)))
    pictures.mkdir(parents=True, exist_ok=True)
    source = source or next(iter(sorted((BEAM / "cam01_json").iterdir())))
    done = subprocess.run(
        [*WINDOW, "-P", str(HERE / script), "--", str(source), str(pictures)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(installed)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    print(line)
    return line, pictures


@needs_window
def test_an_animator_lifts_cancels_exports_and_undoes_in_the_panel(
    installed: Path, tmp_path: Path
) -> None:
    _, pictures = use_window("check_panel.py", installed=installed, tmp_path=tmp_path)
    for name in ("1-empty", "2-source", "4-result"):
        assert (pictures / f"{name}.png").stat().st_size > 10_000


@needs_window
def test_the_keypoints_lie_over_the_video_through_its_camera_alone(
    installed: Path, tmp_path: Path
) -> None:
    line, pictures = use_window("check_overlay.py", installed=installed, tmp_path=tmp_path)
    assert json.loads(line.removeprefix("FIGURES "))["pixels_drawn"] > 500
    assert (pictures / "5-overlay.png").stat().st_size > 10_000


@needs_window
def test_stretches_are_marked_undone_saved_and_honoured(installed: Path, tmp_path: Path) -> None:
    line, pictures = use_window("check_corrections.py", installed=installed, tmp_path=tmp_path)
    figures = json.loads(line.removeprefix("FIGURES "))
    assert figures["planted_foot_moves_m"] < 1e-3 < figures["foot_moves_m"]
    for name in ("11-mark-joint", "12-marked"):
        assert (pictures / f"{name}.png").stat().st_size > 10_000


@needs_full_package
def test_the_full_package_lifts_a_video(full_package_installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.bvh"
    done = lift(str(VIDEO), "--output", str(path), resources=full_package_installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.is_file() and "Traceback" not in done.stderr


@needs_window
@needs_full_package
def test_an_animator_lifts_a_video_with_the_button(
    full_package_installed: Path, tmp_path: Path
) -> None:
    _, pictures = use_window(
        "check_video.py", installed=full_package_installed, tmp_path=tmp_path, source=VIDEO
    )
    for name in ("21-video", "22-detecting", "23-lifted-video"):
        assert (pictures / f"{name}.png").stat().st_size > 10_000
