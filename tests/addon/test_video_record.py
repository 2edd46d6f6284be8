"""What was seen in the video is kept with its camera, small and true, and comes back from the file."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon.video_record import (
    VideoRecord,
    forget_opened,
    keep_record,
    records_of,
)
from lift_video_to_3d.core.joint_sets import BODY_23, LIFTED_21
from lift_video_to_3d.core.video_trace import (
    PackedTrace,
    VideoTrace,
    pack_trace,
    trace_of,
    unpack_trace,
)
from rig_clip import beam_clip

SIZE = (1920, 1080)


def a_trace(num_frames: int = 50, seed: int = 0) -> PackedTrace:
    """Of people moving about and beyond the picture."""
    rng = np.random.default_rng(seed)
    seen = np.cumsum(rng.normal(0, 6, (num_frames, BODY_23.num_joints, 2)), axis=0) + 900
    solved = np.cumsum(rng.normal(0, 6, (num_frames, LIFTED_21.num_joints, 2)), axis=0) - 100
    confidence = rng.uniform(0, 1, (num_frames, BODY_23.num_joints))
    return pack_trace(VideoTrace(seen, confidence, solved, SIZE))


def keep(
    camera: bpy.types.Object, trace: PackedTrace, *, clip: str = "/walk.json", person: int = 1
) -> None:
    keep_record(camera, trace, start_frame=11, frames_per_row=1.0, clip=clip, person=person)


@pytest.fixture
def camera() -> bpy.types.Object:
    placed = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(placed)
    return placed


def assert_same_record(found: VideoRecord, packed: PackedTrace) -> None:
    wanted = unpack_trace(packed)
    np.testing.assert_array_equal(found.trace.seen, wanted.seen)
    np.testing.assert_array_equal(found.trace.solved, wanted.solved)
    np.testing.assert_array_equal(found.trace.confidence, wanted.confidence)
    assert found.trace.image_size == SIZE
    assert (found.start_frame, found.frames_per_row) == (11, 1.0)


def test_what_is_kept_comes_back_and_is_opened_once(camera: bpy.types.Object) -> None:
    trace = a_trace()
    keep(camera, trace)
    [found] = records_of(camera)
    assert_same_record(found, trace)
    assert records_of(camera)[0].trace is found.trace, "opened once"
    forget_opened()
    assert_same_record(records_of(camera)[0], trace)


def test_it_is_saved_with_the_file(camera: bpy.types.Object, tmp_path: Path) -> None:
    trace = a_trace()
    keep(camera, trace)
    path = tmp_path / "walk.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    forget_opened()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert_same_record(records_of(bpy.data.objects["camera"])[0], trace)


def test_a_person_is_replaced_and_another_clip_takes_the_camera_over(
    camera: bpy.types.Object,
) -> None:
    for person, seed in ((1, 0), (2, 1), (1, 2)):
        keep(camera, a_trace(seed=seed), person=person)
    found = sorted(records_of(camera), key=lambda each: each.trace.seen[0, 0, 0])
    wanted = sorted(
        [a_trace(seed=1), a_trace(seed=2)], key=lambda each: unpack_trace(each).seen[0, 0, 0]
    )
    for each, other in zip(found, wanted, strict=True):
        assert_same_record(each, other)
    keep(camera, a_trace(seed=3), clip="/run.json", person=2)
    [alone] = records_of(camera)
    assert_same_record(alone, a_trace(seed=3))


def test_other_cameras_have_nothing_to_show(camera: bpy.types.Object) -> None:
    assert records_of(camera) == []


def test_each_scene_frame_shows_its_own_row() -> None:
    trace = unpack_trace(a_trace())
    record = VideoRecord(trace, start_frame=11, frames_per_row=1.0)
    assert [record.row_at(frame) for frame in (10, 11, 11.4, 60, 61)] == [None, 0, 0, 49, None]
    slower = VideoRecord(trace, start_frame=11, frames_per_row=0.4)
    assert [slower.row_at(frame) for frame in (11, 13, 30)] == [0, 5, 48]


def test_it_takes_little_beside_the_keys() -> None:
    lifted = beam_clip()
    packed = pack_trace(trace_of(lifted)).data
    num_curves = 4 * lifted.motion.rest_pose.num_bones + 3
    bytes_per_key = 72
    assert len(packed) < 0.02 * bytes_per_key * num_curves * lifted.motion.num_frames
