"""A batch: who is written where, what is said, and with which exit code it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import batch, output_format
from lift_video_to_3d.addon.cli_options import parse_options
from lift_video_to_3d.core import pipeline
from lift_video_to_3d.core.errors import InputFormatError
from lift_video_to_3d.core.io.bvh import read_bvh
from lift_video_to_3d.core.types import Camera, Keypoints2D, Poses3D
from round_trip import example_motion

MOTION = example_motion(num_frames=6)


def lifted_person(person: int) -> pipeline.LiftedPerson:
    camera = Camera(np.ones(2), np.ones(2), np.zeros(3), np.zeros(2), np.ones(4), np.zeros(3))
    poses: Any = object.__new__(Poses3D)
    keypoints: Any = object.__new__(Keypoints2D)
    return pipeline.LiftedPerson(
        person=person,
        keypoints=keypoints,
        poses_world=poses,
        poses_camera=poses,
        motion=MOTION,
        camera=camera,
        image_size=(640, 480),
        report={},
        warnings=("feet are missing",),
    )


@pytest.fixture(autouse=True)
def example_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lift without lifting: ``bad`` clips fail, ``broken`` ones crash, the others have two people."""

    def lift_clip(
        path: Path,
        *,
        person: object,
        settings: pipeline.LiftSettings,
        progress: Callable[[str, float], None],
    ) -> list[pipeline.LiftedPerson]:
        progress("lifting", 0.5)
        if path.stem == "bad":
            raise InputFormatError(f"{path}: frame 3: expected\n25 joints, found 7")
        if path.stem == "broken":
            raise ZeroDivisionError("division by zero")
        if path.stem == "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        people = [1, 2] if person == "all" else [person]
        if path.stem == "alone":
            people = people[:1]
        return [lifted_person(int(str(number))) for number in people]

    def write(path: Path, lifted: pipeline.LiftedPerson) -> None:
        path.write_text(str(lifted.person))

    monkeypatch.setattr(pipeline, "lift_clip", lift_clip)
    monkeypatch.setattr(pipeline, "write_poses", write)
    monkeypatch.setattr(pipeline, "write_report", write)


def lift(command: str) -> int:
    return batch.lift_clips(parse_options(command.split()))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_one_person_goes_to_every_file(folder: Path) -> None:
    assert lift("w.json --output o/w.bvh --output w.fbx --poses p.npz --report r.json") == 0
    assert files_in(folder) == {"o/w.bvh", "w.fbx", "p.npz", "r.json"}
    assert read_bvh(folder / "o" / "w.bvh").num_frames == 6


def test_several_people_get_numbered_files(folder: Path) -> None:
    assert lift("w.json --output w.bvh --poses p.npz --person all") == 0
    assert files_in(folder) == {"w-person1.bvh", "w-person2.bvh", "p-person1.npz", "p-person2.npz"}
    assert (folder / "p-person2.npz").read_text() == "2"


@pytest.mark.parametrize("command", ["alone.json --person all", "w.json --person 2"])
def test_single_person_gets_no_number(command: str, folder: Path) -> None:
    assert lift(f"{command} --output w.bvh") == 0
    assert files_in(folder) == {"w.bvh"}


def test_failed_clip_is_one_line_and_the_others_are_done(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = "a.json bad.json broken.json c.json --output-dir o --quiet"
    assert lift(command) == 1
    assert files_in(folder) == {"o/a.bvh", "o/c.bvh"}
    assert capfd.readouterr().err.splitlines() == [
        "bad.json: error: bad.json: frame 3: expected 25 joints, found 7",
        "broken.json: error: unexpected ZeroDivisionError('division by zero')",
    ]


def test_verbose_adds_the_traceback(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert lift("broken.json --output w.bvh --verbose") == 1
    assert "Traceback" in capfd.readouterr().err


def test_progress_and_warnings_go_to_stderr(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lift("w.json --poses p.npz")
    said = capfd.readouterr()
    assert said.err.splitlines() == [
        "w.json: lifting",
        "w.json: warning: feet are missing",
        "w.json: writing",
    ]
    assert not said.out


def test_quiet_says_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert lift("w.json --output w.bvh --quiet") == 0
    assert not capfd.readouterr().err


def test_missing_exporter_fails_before_any_lifting(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = output_format.OutputFormat("USD", "wm.no_such_export")
    monkeypatch.setitem(output_format.OUTPUT_FORMATS, ".usdc", missing)
    assert lift("w.json --output w.bvh --output w.usdc") == 1
    [line] = capfd.readouterr().err.splitlines()
    assert "has no USD exporter" in line
    assert not files_in(folder)


def test_persons_file_never_replaces_another_clips(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert lift("w.json w-person2.json --person all --poses o --quiet") == 1
    assert "o/w-person2.npz: already the output of w-person2.json" in capfd.readouterr().err


def test_output_that_cannot_be_written_leaves_no_folder(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, lifted: pipeline.LiftedPerson) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(pipeline, "write_poses", write)
    assert lift("w.json --poses new/deep/p.npz --quiet") == 1
    assert "No space left on device" in capfd.readouterr().err
    assert not list(folder.iterdir())


def test_interruption_stops_the_batch(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert lift("interrupted.json w.json --output-dir o --quiet") == 130
    assert capfd.readouterr().err == "lift: error: interrupted\n"
    assert not list(folder.iterdir())


def test_scene_rate_and_start_frame_and_place(folder: Path) -> None:
    assert lift("w.json --output w.bvh --scene-fps 60 --start-frame 50 --in-place") == 0
    clip = read_bvh(folder / "w.bvh")
    assert (clip.num_frames, round(clip.fps)) == (11, 60)
    assert np.ptp(clip.translations[:, 0], axis=0)[[0, 2]].max() < 1e-6


def test_each_clip_starts_from_an_empty_file(folder: Path) -> None:
    lift("a.json b.json --output-dir o --format blend")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "o" / "b.blend"))
    assert [found.name for found in bpy.data.objects] == ["b"]
    assert [action.name for action in bpy.data.actions] == ["b"]
    assert bpy.context.scene.frame_end == MOTION.num_frames
