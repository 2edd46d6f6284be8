"""The panel's operators without a window: the choice arrives, and bad ones are said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.job import Job
from lift_video_to_3d.addon.marker import mark_untrusted
from lift_video_to_3d.addon.operators import lift as lift_operator
from lift_video_to_3d.addon.operators.export_result import suggested_path
from lift_video_to_3d.addon.panel_choice import (
    chosen_animation,
    chosen_lift_settings,
    chosen_rig,
)
from lift_video_to_3d.core import clip_source
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.io.bvh import read_bvh
from lift_video_to_3d.core.io.keypoints import read_keypoints
from round_trip import example_rest_pose

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
reads_videos = pytest.mark.skipif(
    bpy.app.version < (4, 3, 0), reason="bpy 4.2's wheel crashes when it opens a video"
)


@pytest.fixture
def panel() -> Iterator[Any]:
    lift_video_to_3d.register()
    panel = bpy.context.scene.lift
    panel.has_video_camera = False
    yield panel
    lift_video_to_3d.unregister()


def test_one_frame_of_a_folder_stands_for_the_folder(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json" / "cam01.0042.json")
    assert (panel.num_frames, panel.source_size, panel.source_error) == (100, "1080x1920", "")
    assert [(person.number, person.num_frames) for person in panel.people] == [(1, 100)]
    assert panel.source_format.startswith("OpenPose")


def test_a_file_that_cannot_be_used_says_why_and_cannot_be_lifted(
    panel: Any, tmp_path: Path
) -> None:
    panel.source = str(tmp_path / "absent.json")
    assert "absent.json" in panel.source_error and not panel.people
    assert not bpy.ops.lift.lift.poll() and not bpy.ops.lift.export.poll()


def test_the_button_makes_an_armature_that_can_be_exported(panel: Any, tmp_path: Path) -> None:
    panel.source = str(BEAM / "cam01_json")
    panel.scheme, panel.start_frame, panel.is_reduced = "mixamo", 11, True
    assert bpy.ops.lift.lift() == {"FINISHED"}
    rig = panel.result_rig
    assert "mixamorig:Hips" in rig.data.bones and rig.animation_data.action.frame_range[0] == 11
    assert 0.0 < panel.result_reprojection_px < 20.0 and panel.result_quality
    assert any("outlying" in warning.text for warning in panel.warnings)
    path = tmp_path / "take.bvh"
    assert bpy.ops.lift.export(filepath=str(path)) == {"FINISHED"}
    assert read_bvh(path).num_frames == 100


@reads_videos
def test_the_video_is_behind_the_rig_as_its_camera_sees_it(panel: Any) -> None:
    panel.source, panel.start_frame = str(BEAM / "cam01_json"), 11
    panel.lens, panel.calibration = "CALIBRATION", str(BEAM / "calibration.toml")
    panel.camera_name, panel.has_video_camera = "cam_01", True
    bpy.ops.lift.lift()
    scene, camera = bpy.context.scene, panel.result_camera
    [picture] = camera.data.background_images
    assert picture.clip.frame_start == 11
    # The calibration's width: the video is cut by what its codec padded.
    width, height = scene.render.resolution_x, scene.render.resolution_y
    assert (width, height) == (1088, 1920)
    # The keypoints themselves: the rig's right ankle is seen where the detector saw it.
    keypoints = read_keypoints(BEAM / "cam01_json")
    ankle = keypoints.skeleton.joint_names.index("right_ankle")
    off: list[float] = []
    for row in range(0, 100, 5):
        scene.frame_set(11 + row)
        head = panel.result_rig.matrix_world @ panel.result_rig.pose.bones["foot.R"].head
        x, y, _ = world_to_camera_view(scene, camera, head)
        seen = keypoints.positions[row, ankle]
        off.append(float(np.hypot(x * width - seen[0], (1 - y) * height - seen[1])))
    assert np.median(off) < 25.0
    bpy.ops.lift.lift()
    assert len(bpy.data.cameras) == len(bpy.data.movieclips) == 1


def test_exports_are_suggested_beside_the_clip_or_the_file(panel: Any, tmp_path: Path) -> None:
    panel.source = str(BEAM / "cam01_json")
    panel.has_video_camera = False
    bpy.ops.lift.lift()
    assert suggested_path(panel, ".bvh") == BEAM / "cam01_json.bvh"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert suggested_path(bpy.context.scene.lift, ".fbx") == tmp_path / "cam01_json.fbx"


def test_frames_that_are_a_guess_are_marked_on_the_timeline() -> None:
    scene = bpy.context.scene
    for _ in range(2):
        mark_untrusted(scene, "take", [(5, 7), (7, 8), (20, 21)])
    found = sorted((marker.frame, marker.name) for marker in scene.timeline_markers)
    assert found == [
        (5, "take: a guess"),
        (8, "take: seen again"),
        (20, "take: a guess"),
        (21, "take: seen again"),
    ]
    mark_untrusted(scene, "take", [])
    assert not scene.timeline_markers


def test_the_motion_goes_on_the_chosen_character(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json")
    bpy.ops.lift.lift()
    hero = panel.result_rig
    panel.target, panel.rig = "OWN", hero
    assert bpy.ops.lift.lift() == {"FINISHED"}
    assert panel.result_rig == hero and len(bpy.data.armatures) == len(bpy.data.actions) == 1


def test_what_is_missing_is_said_before_any_work(panel: Any) -> None:
    panel.target = "OWN"
    with pytest.raises(LiftError, match="choose its armature under Target"):
        chosen_rig(panel)
    panel.lens = "CALIBRATION"
    with pytest.raises(LiftError, match="choose its file under Camera"):
        chosen_lift_settings(panel)


def test_a_character_that_cannot_be_driven_is_refused_before_any_work(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("work")

    monkeypatch.setattr(lift_operator.pipeline, "lift_clip", refuse)
    panel.source = str(BEAM / "cam01_json")
    panel.target, panel.rig = "OWN", create_armature(bpy.context, example_rest_pose(), name="hero")
    panel.bone_map = str(BEAM / "absent.json")
    with pytest.raises(RuntimeError, match=r"absent.json"):
        bpy.ops.lift.lift()
    panel.bone_map = ""
    with pytest.raises(RuntimeError, match="AssertionError: work"):
        bpy.ops.lift.lift()


def test_choosing_and_lifting_read_the_clip_once(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = []
    read = clip_source.read_keypoints

    def noted(path: Path) -> Any:
        times.append(path)
        return read(path)

    monkeypatch.setattr(clip_source, "read_keypoints", noted)
    panel.source = str(BEAM / "cam01_json")
    bpy.ops.lift.lift()
    panel.source = panel.source
    assert times == [BEAM / "cam01_json"]


def test_every_choice_arrives(panel: Any) -> None:
    panel.lens, panel.fov_deg, panel.smooth, panel.lock_feet = "FOV", 70.0, 0.5, False
    panel.is_height_known, panel.height = True, 1.85
    settings = chosen_lift_settings(panel)
    assert (settings.fov_deg, settings.smooth, settings.lock_feet) == (70.0, 0.5, False)
    assert settings.height_m == pytest.approx(1.85)
    panel.travel, panel.reaches_feet, panel.uses_scene_fps = "in_place", True, True
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 30, 1.001
    animation = chosen_animation(panel, bpy.context.scene)
    assert animation.retarget.travel == "in_place" and animation.retarget.reach == {"feet"}
    assert float(animation.scene_fps or 0) == pytest.approx(30 / 1.001)
    assert animation.reduce_mm is None


def test_a_job_reports_progress_and_returns() -> None:
    def work(progress: Any) -> str:
        progress("half", 0.5)
        return "done"

    job = Job(work)
    assert job.result() == "done" and not job.is_running
    assert (job.stage, job.share) == ("half", 0.5)


def test_a_cancelled_job_ends_at_its_next_sign_of_progress() -> None:
    seen: list[float] = []

    def work(progress: Any) -> str:
        for tenth in range(1000):
            time.sleep(0.005)
            progress("working", tenth / 1000)
            seen.append(tenth)
        return "never"

    job = Job(work)
    job.cancel()
    job._thread.join(timeout=2.0)
    assert not job.is_running and len(seen) < 1000


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for() -> None:
    def work(progress: Any) -> str:
        raise LiftError("no feet")

    with pytest.raises(LiftError, match="no feet"):
        Job(work).result()
