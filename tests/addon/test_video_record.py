"""What was seen in the video is kept with its camera, small and true, and comes back from the file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon.video_record import (
    VideoRecord,
    forget_opened,
    keep_record,
    record_of,
    records_of,
)
from lift_video_to_3d.core.joint_sets import BODY_23, COCO_17, LIFTED_21
from lift_video_to_3d.core.types import Keypoints2D
from rig_clip import beam_clip

SIZE = (1920, 1080)


def a_record(num_frames: int = 50, seed: int = 0) -> VideoRecord:
    """People moving about and beyond the picture."""
    rng = np.random.default_rng(seed)
    return VideoRecord(
        seen=np.cumsum(rng.normal(0, 6, (num_frames, BODY_23.num_joints, 2)), axis=0) + 900,
        confidence=rng.uniform(0, 1, (num_frames, BODY_23.num_joints)),
        solved=np.cumsum(rng.normal(0, 6, (num_frames, LIFTED_21.num_joints, 2)), axis=0) - 100,
        image_size=SIZE,
        start_frame=11,
        frames_per_row=1.0,
    )


@pytest.fixture
def camera() -> bpy.types.Object:
    placed = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(placed)
    return placed


def assert_same_record(found: VideoRecord, wanted: VideoRecord) -> None:
    half_step_px = max(SIZE) / 8192 / 2
    np.testing.assert_allclose(found.seen, wanted.seen, atol=half_step_px + 1e-6)
    np.testing.assert_allclose(found.solved, wanted.solved, atol=half_step_px + 1e-6)
    np.testing.assert_allclose(found.confidence, wanted.confidence, atol=0.5 / 255 + 1e-9)
    assert (found.image_size, found.start_frame, found.frames_per_row) == (
        wanted.image_size,
        wanted.start_frame,
        wanted.frames_per_row,
    )


def test_what_is_kept_comes_back_to_a_fraction_of_a_pixel(camera: bpy.types.Object) -> None:
    record = a_record()
    keep_record(camera, record, clip="/walk.json", person=1)
    [found] = records_of(camera)
    assert_same_record(found, record)
    assert records_of(camera)[0] is found, "opened once"
    forget_opened()
    assert_same_record(records_of(camera)[0], record)


def test_it_is_saved_with_the_file(camera: bpy.types.Object, tmp_path: Path) -> None:
    record = a_record()
    keep_record(camera, record, clip="/walk.json", person=1)
    path = tmp_path / "walk.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    forget_opened()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert_same_record(records_of(bpy.data.objects["camera"])[0], record)


def test_a_person_is_replaced_and_another_clip_takes_the_camera_over(
    camera: bpy.types.Object,
) -> None:
    for person, seed in ((1, 0), (2, 1), (1, 2)):
        keep_record(camera, a_record(seed=seed), clip="/walk.json", person=person)
    found = sorted(records_of(camera), key=lambda each: each.seen[0, 0, 0])
    wanted = sorted([a_record(seed=1), a_record(seed=2)], key=lambda each: each.seen[0, 0, 0])
    for each, other in zip(found, wanted, strict=True):
        assert_same_record(each, other)
    keep_record(camera, a_record(seed=3), clip="/run.json", person=2)
    [alone] = records_of(camera)
    assert_same_record(alone, a_record(seed=3))


def test_other_cameras_have_nothing_to_show(camera: bpy.types.Object) -> None:
    assert records_of(camera) == []


def test_points_far_outside_the_picture_stay_at_its_reach(camera: bpy.types.Object) -> None:
    record = replace(a_record(), solved=np.full((50, 21, 2), 1e9))
    keep_record(camera, record, clip="/walk.json", person=1)
    assert (records_of(camera)[0].solved > 3 * SIZE[0]).all()


def test_each_scene_frame_shows_its_own_row() -> None:
    record = a_record()
    assert [record.row_at(frame) for frame in (10, 11, 11.4, 60, 61)] == [None, 0, 0, 49, None]
    slower = replace(record, frames_per_row=0.4)
    assert [slower.row_at(frame) for frame in (11, 13, 30)] == [0, 5, 48]


def test_rows_are_those_of_the_motion_and_unseen_frames_are_empty() -> None:
    lifted = beam_clip()
    frames = lifted.motion.frames[10:15]
    seen = Keypoints2D(
        positions=np.arange(5 * 17 * 2, dtype=float).reshape(5, 17, 2),
        confidence=np.ones((5, 17)),
        frames=frames,
        image_size=SIZE,
        fps=Fraction(30),
        person=1,
        skeleton=COCO_17,
    )
    record = record_of(replace(lifted, keypoints=seen))
    assert len(record.seen) == len(record.solved) == lifted.motion.num_frames
    assert record.confidence.any(axis=1).nonzero()[0].tolist() == [10, 11, 12, 13, 14]
    np.testing.assert_array_equal(record.seen[10:15, :17], seen.positions)
    assert not record.confidence[:, 17:].any()


def test_it_takes_little_beside_the_keys(camera: bpy.types.Object) -> None:
    lifted = beam_clip()
    keep_record(camera, record_of(lifted), clip="/walk.json", person=1)
    packed = camera.data["lift_video_to_3d"]["people"]["1"]["packed"]
    num_curves = 4 * lifted.motion.rest_pose.num_bones + 3
    bytes_per_key = 72
    assert len(packed) < 0.02 * bytes_per_key * num_curves * lifted.motion.num_frames
