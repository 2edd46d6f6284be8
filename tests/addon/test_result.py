"""The result in the scene: the rig lies over the person, and what is doubtful can be gone to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import lift_video_to_3d
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from lift_video_to_3d.addon.clip_timing import ClipTiming, timing_of
from lift_video_to_3d.addon.operators.go_to_frame import LIFT_OT_go_to_frame
from lift_video_to_3d.addon.result import show_result
from lift_video_to_3d.addon.rig_space import stage_of
from lift_video_to_3d.addon.video_record import records_of
from lift_video_to_3d.core.retarget.scheme import load_scheme
from mathutils import Vector
from rig_clip import beam_clip, shown_joints

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
START = 11


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Any]:
    lift_video_to_3d.register()
    panel = bpy.context.scene.lift
    # No video beside: the wheel of bpy 4.2 crashes when it opens one.
    panel.source = str(shutil.copytree(BEAM / "cam01_json", tmp_path / "cam01_json"))
    panel.given_fps, panel.given_size, panel.start_frame = 60.0, (1080, 1920), START
    yield panel
    lift_video_to_3d.unregister()


def seen_joints(panel: Any, frames: range) -> np.ndarray:
    """(T,21,2) px: the armature's joints as the video's camera sees them in the scene."""
    scene, rig = bpy.context.scene, panel.result_rig
    joints = shown_joints(rig, load_scheme(panel.scheme).bone_map, frames)
    stage, size = stage_of(rig), (scene.render.resolution_x, scene.render.resolution_y)
    seen = [
        world_to_camera_view(scene, panel.result_camera, stage @ Vector(joint))
        for joint in joints.reshape(-1, 3).tolist()
    ]
    shares = np.array(seen).reshape(*joints.shape)[..., :2]
    return np.stack([shares[..., 0], 1 - shares[..., 1]], axis=-1) * size


@pytest.mark.parametrize("lens", ["AUTO", "CALIBRATION"])
@pytest.mark.parametrize(("scheme", "bound_px"), [("default", 1.0), ("mixamo", 5.0)])
def test_the_armature_is_seen_where_the_solved_pose_is(
    panel: Any, lens: str, scheme: str, bound_px: float, record_property: Any
) -> None:
    panel.lens, panel.calibration, panel.camera_name = (
        lens,
        str(BEAM / "calibration.toml"),
        "cam_01",
    )
    panel.scheme = scheme
    assert bpy.ops.lift.lift() == {"FINISHED"}
    [record] = records_of(panel.result_camera)
    assert max(record.trace.image_size) == 1920
    frames = range(START, START + 100, 3)
    rows = [record.row_at(frame) for frame in frames]
    off = np.linalg.norm(seen_joints(panel, frames) - record.trace.solved[rows], axis=-1)
    record_property("median_px", float(np.median(off)))
    print(f"{scheme}, {lens}: median {np.median(off):.2f} px, 95 % {np.quantile(off, 0.95):.2f} px")
    assert np.median(off) < bound_px


def test_without_the_camera_nothing_of_the_video_is_kept(panel: Any) -> None:
    panel.has_video_camera = False
    bpy.ops.lift.lift()
    assert panel.result_camera is None and not bpy.data.cameras


def test_the_worst_joints_come_first(panel: Any) -> None:
    bpy.ops.lift.lift()
    distances = [joint.distance_px for joint in panel.joints]
    assert distances == sorted(distances, reverse=True) and len(distances) == 19
    names = {joint.joint for joint in panel.joints}
    assert "left_wrist" in names and not names & {"spine", "head"}, "no detector marks these"


def timing_of_clip(lifted: Any, frames_per_row: Fraction | int) -> ClipTiming:
    frames = lifted.motion.frames
    return timing_of(frames, start_frame=START, frames_per_row=Fraction(frames_per_row))


def test_a_doubtful_stretch_is_listed_marked_and_gone_to(panel: Any) -> None:
    lifted = beam_clip()
    first = int(lifted.motion.frames[0])
    found = {"start": first + 20, "end": first + 29, "why": "most of the body not seen"}
    frames = list(range(found["start"], found["end"] + 1))
    lifted = replace(
        lifted, report={**lifted.report, "untrusted_ranges": [found], "frames_untrusted": frames}
    )
    scene = bpy.context.scene
    rig = bpy.data.objects.new("rig", bpy.data.armatures.new("rig"))
    for _ in range(2):
        show_result(
            scene, lifted, rig, ["mind the feet"], name="take", timing=timing_of_clip(lifted, 1)
        )
    [doubt] = panel.doubts
    assert (doubt.first_frame, doubt.last_frame, doubt.why) == (31, 40, found["why"])
    assert sorted(marker.frame for marker in scene.timeline_markers) == [31, 41]
    assert "10 of 100 frames" in panel.result_quality
    assert [warning.text for warning in panel.warnings] == ["mind the feet"]
    assert bpy.ops.lift.go_to_frame(frame=doubt.first_frame, why=doubt.why) == {"FINISHED"}
    assert scene.frame_current == 31
    options: Any = SimpleNamespace(frame=31, why=doubt.why)
    tooltip = LIFT_OT_go_to_frame.description(bpy.context, options)
    assert tooltip == "Go to frame 31: most of the body not seen"
    assert "UNDO" not in LIFT_OT_go_to_frame.bl_options


def test_doubtful_frames_follow_the_scenes_own_rate(panel: Any) -> None:
    lifted = beam_clip()
    first = int(lifted.motion.frames[0])
    found = {"start": first + 20, "end": first + 40, "why": "the pose lies off the keypoints"}
    lifted = replace(lifted, report={"untrusted_ranges": [found], "frames_untrusted": []})
    scene = bpy.context.scene
    rig = bpy.data.objects.new("rig", bpy.data.armatures.new("rig"))
    show_result(scene, lifted, rig, [], name="take", timing=timing_of_clip(lifted, Fraction(1, 2)))
    assert (panel.doubts[0].first_frame, panel.doubts[0].last_frame) == (21, 31)


def test_a_doubtful_stretch_stays_one_in_a_faster_scene(panel: Any) -> None:
    lifted = beam_clip()
    first = int(lifted.motion.frames[0])
    found = [
        {"start": first + 20, "end": first + 24, "why": "the pose lies off the keypoints"},
        {"start": first + 25, "end": first + 29, "why": "most of the body not seen"},
    ]
    lifted = replace(lifted, report={"untrusted_ranges": found, "frames_untrusted": []})
    scene = bpy.context.scene
    rig = bpy.data.objects.new("rig", bpy.data.armatures.new("rig"))
    show_result(scene, lifted, rig, [], name="take", timing=timing_of_clip(lifted, 2))
    assert [(doubt.first_frame, doubt.last_frame) for doubt in panel.doubts] == [(51, 60), (61, 70)]
    assert sorted(marker.frame for marker in scene.timeline_markers) == [51, 71]


def test_the_camera_stays_where_it_was_when_a_travelling_character_is_lifted_again(
    panel: Any,
) -> None:
    bpy.ops.lift.lift()
    rig, placed = panel.result_rig, panel.result_camera.matrix_world.copy()
    rig.location, rig.rotation_euler = (1.0, 2.0, 0.0), (0.0, 0.0, 0.7)
    bpy.context.view_layer.update()
    stage = stage_of(rig)
    panel.target, panel.rig, panel.travel = "OWN", rig, "object"
    for frame in (START, START + 60):
        bpy.context.scene.frame_set(frame)
        assert bpy.ops.lift.lift() == {"FINISHED"}
        off = panel.result_camera.matrix_world.inverted() @ (stage @ placed)
        assert np.allclose(off, np.eye(4), atol=1e-4)
