"""Calibrated recordings: markers in the calibration's axes, in step with each camera."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.clip_source import ClipSource
from core.errors import InputFormatError, LiftError
from core.geometry.camera import camera_at_origin, project_to_pixels, world_to_camera
from core.joint_sets import BODY_12, BODY_25B
from tests.shared_data import shared_data
from tests.training.datasets.bvh_writer import write_bvh
from tests.training.evaluation.judged_views import make_source
from training.evaluate_options import make_parser
from training.evaluation.world import evaluate_world
from training.evaluation.world_measure import FOOT_POINTS
from training.evaluation.world_real import find_shift, is_marker_folder, load_marker_views
from training.evaluation.world_view import CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN

NUM_FRAMES = 60
MARKED = BODY_25B.indices(*BODY_12, *(name.replace("_toe", "_big_toe") for name in FOOT_POINTS))


def walk(num_frames: int) -> np.ndarray:
    """(T,16,3) markers 4 m before a camera, each on its own wave."""
    rng = np.random.default_rng(2)
    place, phase = rng.uniform(-0.8, 0.8, (16, 3)), rng.uniform(0, 6, (16, 3))
    time = np.arange(num_frames)[:, None, None] / 60
    return place + 0.2 * np.sin(6 * time + phase) + np.array([0, 0, 4.0])


def seen_by_a_camera(markers: np.ndarray) -> ClipSource:
    """Keypoints of the markers (T,16,3), each joint constantly beside its marker, some lost."""
    rng = np.random.default_rng(3)
    camera = camera_at_origin(1000.0, (1920, 1080))
    pixels = project_to_pixels(markers, camera)
    positions = np.full((len(markers), 25, 2), 500.0)
    positions[:, MARKED] = pixels + rng.normal(size=(16, 2)) * 15 + rng.normal(size=pixels.shape)
    confidence = np.ones(positions.shape[:2])
    lost = rng.uniform(size=confidence.shape) < 0.2
    confidence[lost], positions[lost] = 0.05, 0.0
    return make_source(positions, confidence, BODY_25B, camera, fps=60)


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_a_camera_out_of_step_is_found_out(shift: int) -> None:
    markers = walk(NUM_FRAMES + 2)
    source = seen_by_a_camera(markers[1 + shift : 1 + shift + NUM_FRAMES])
    assert find_shift(source, markers[1:-1]) == shift
    # What is not known of the markers counts for nothing.
    gap = markers[1:-1].copy()
    gap[:, 3] += 5.0 * (np.arange(NUM_FRAMES) < 20)[:, None]
    gap[:20, 4] = np.nan
    assert find_shift(source, gap) == shift
    with pytest.raises(InputFormatError, match="expected frames with all of left_shoulder"):
        find_shift(source, np.nan * markers)


def test_every_camera_has_three_cases() -> None:
    folder = shared_data("real/pose2sim_single")
    assert is_marker_folder(folder) and not is_marker_folder(folder.parent)
    views = load_marker_views(folder)
    assert [(view.group, view.case) for view in views] == [
        (camera, case)
        for camera in ("cam_01", "cam_02")
        for case in (CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN)
    ]
    calibrated, given, unknown = views[:3]
    assert calibrated.source.is_calibrated and calibrated.truth.is_placed
    for view in (given, unknown):
        assert not view.source.is_calibrated and not view.truth.is_placed
        assert view.source.image_size == calibrated.source.image_size
    lengths = [view.source.camera.focal_length.mean() for view in views[:3]]
    assert lengths[0] == pytest.approx(lengths[1]) and lengths[2] != pytest.approx(lengths[0])
    assert [view.group for view in load_marker_views(folder, only="cam02")] == ["cam_02"] * 3
    assert [view.group for view in load_marker_views(folder, only="cam_02")] == ["cam_02"] * 3
    with pytest.raises(InputFormatError, match="--only 07: expected a part of cam_01, cam_02"):
        load_marker_views(folder, only="07")


def copy_recording(folder: Path) -> Path:
    """The calibrated recording with its first camera alone."""
    source = shared_data("real/pose2sim_single")
    folder.mkdir()
    for name in ("calibration.toml", "triangulated.trc"):
        shutil.copy(source / name, folder)
    shutil.copytree(source / "cam01_json", folder / "cam01_json")
    return folder


def test_folders_that_are_no_camera_are_left_alone(tmp_path: Path) -> None:
    folder = copy_recording(tmp_path / "walk")
    for name in ("cam_json", "cam02_json.old", "notes"):
        (folder / name).mkdir()
    assert {view.group for view in load_marker_views(folder)} == {"cam_01"}
    shutil.rmtree(folder / "cam01_json")
    with pytest.raises(InputFormatError, match="walk: expected folders camNN_json with OpenPose"):
        load_marker_views(folder)


def test_markers_lie_where_the_keypoints_are_seen() -> None:
    for view in load_marker_views(shared_data("real/pose2sim_single"))[::3]:
        truth, person = view.truth, view.source.people[0]
        assert abs(view.shift_frames) <= 1 and truth.first_frame == -view.shift_frames
        assert truth.positions.shape == (100, 16, 3)
        pixels = project_to_pixels(world_to_camera(truth.positions, truth.camera), truth.camera)
        # A man of about 900 px.
        off = np.linalg.norm(pixels - person.positions[:, MARKED], axis=-1)
        assert np.median(off) < 15
        # On a rail: his feet never touch the ground, z up.
        feet = truth.positions[:, -4:, 2]
        assert feet.min() > 0.02 and feet.max() < 0.5 and truth.is_contact is None


def options(*given: object) -> argparse.Namespace:
    return make_parser(None).parse_args(["--world", *map(str, given)])


def test_the_command_prints_and_writes_every_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data("real/pose2sim_single")
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        evaluate_world(options("--data", folder, "--only", "cam02", "--output", path))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    written: dict[str, Any] = json.loads(paths[0].read_text())
    assert [clip["case"] for clip in written["clips"]] == [CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN]
    for clip in written["clips"]:
        assert clip["num_frames"] == 100 and 0 < clip["wa_mpjpe_mm"] <= clip["w_mpjpe_mm"]
        assert clip["true_jitter"] > 0 and clip["ground"] is None
    calibrated = written["clips"][0]
    assert calibrated["up_deg"] == 0 and calibrated["focal_ratio"] == 1
    printed = capsys.readouterr().out
    for case in (CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN):
        assert f"\n{case:38}" in printed
    assert "toe and heel height off mm" in printed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "--world: expected --data"),
        (("--data", "x", "--output", "x.csv"), r"--world writes \.json"),
        (("--data", "nowhere"), "nowhere: expected calibration.toml and triangulated.trc, or BVH"),
    ],
)
def test_wrong_usage_is_told(given: tuple[str, ...], message: str) -> None:
    with pytest.raises(LiftError, match=message):
        evaluate_world(options(*given))


def test_mocap_without_a_floor_is_told(tmp_path: Path) -> None:
    for name in ("ann/walk", "bob/walk", "cat/walk"):
        write_bvh(tmp_path / f"{name}.bvh", walk_cm_per_s=150.0)
    with pytest.raises(InputFormatError, match="expected clips of 'val' with a floor"):
        evaluate_world(options("--data", tmp_path, "--split", "val"))
