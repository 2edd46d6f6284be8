"""What is baked is what was solved."""

from __future__ import annotations

from fractions import Fraction

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.bake import (
    BakeSettings,
    bake,
    blender_frame_rate,
    set_scene_timing,
)
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.retarget.kinematics import local_locations
from lift_video_to_3d.core.types import BoneMotion
from round_trip import example_motion, joint_positions, posed_joint_positions


@pytest.fixture
def motion() -> BoneMotion:
    return example_motion()


@pytest.fixture
def rig(motion: BoneMotion) -> bpy.types.Object:
    return create_armature(bpy.context, motion.rest_pose, name="walker")


def curve_points(rig: bpy.types.Object) -> dict[tuple[str, int], np.ndarray]:
    """(T,2) frame and value of every F-curve of ``rig``, by data path and index."""
    return {
        (curve.data_path, curve.array_index): np.array(
            [point.co for point in curve.keyframe_points]
        )
        for curve in compat.assigned_fcurves(rig)
    }


def test_blender_shows_the_forward_kinematics(motion: BoneMotion, rig: bpy.types.Object) -> None:
    bake(rig, motion, settings=BakeSettings(action_name="walk"))
    frames = range(1, motion.num_frames + 1)
    found = posed_joint_positions(rig, motion.rest_pose.bone_names, frames)
    np.testing.assert_allclose(found, joint_positions(motion), atol=1e-5)


def test_bulk_bake_is_what_keyframe_insert_makes(motion: BoneMotion, rig: bpy.types.Object) -> None:
    bake(rig, motion, settings=BakeSettings(action_name="walk", start_frame=5))
    bulk = curve_points(rig)
    slow = create_armature(bpy.context, motion.rest_pose, name="slow")
    locations = local_locations(motion)[0]
    for frame in range(motion.num_frames):
        for bone, name in enumerate(motion.rest_pose.bone_names):
            pose_bone = slow.pose.bones[name]
            pose_bone.rotation_quaternion = motion.rotations[frame, bone]
            pose_bone.keyframe_insert("rotation_quaternion", frame=frame + 5)
            if bone == 0:
                pose_bone.location = locations[frame]
                pose_bone.keyframe_insert("location", frame=frame + 5)
    inserted = curve_points(slow)
    assert bulk.keys() == inserted.keys()
    for key, points in bulk.items():
        np.testing.assert_array_equal(points, inserted[key])


def test_keys_are_linear_sorted_and_grouped_by_bone(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    action = bake(rig, motion, settings=BakeSettings(action_name="walk")).action
    curves = compat.assigned_fcurves(rig)
    assert len(curves) == 4 * motion.rest_pose.num_bones + 3
    for curve in curves:
        assert {key.interpolation for key in curve.keyframe_points} == {"LINEAR"}
        assert curve.group.name == curve.data_path.split('"')[1]
        assert curve.is_valid
    assert action.name == "walk"
    assert tuple(action.frame_range) == (1, motion.num_frames)


def test_action_is_assigned_with_its_slot(motion: BoneMotion, rig: bpy.types.Object) -> None:
    action = bake(rig, motion, settings=BakeSettings(action_name="walk")).action
    assert rig.animation_data.action == action
    if compat.HAS_ACTION_SLOTS:
        assert list(action.slots) == [rig.animation_data.action_slot]
        assert list(rig.animation_data.action_slot.users()) == [rig]


def test_one_frame_is_baked(rig: bpy.types.Object) -> None:
    still = example_motion(num_frames=1)
    bake(rig, still, settings=BakeSettings(action_name="still"))
    found = posed_joint_positions(rig, still.rest_pose.bone_names, range(1, 2))
    np.testing.assert_allclose(found, joint_positions(still), atol=1e-5)


def test_armature_without_the_bones_is_refused(motion: BoneMotion, rig: bpy.types.Object) -> None:
    rig.data.bones["head"].name = "skull"
    with pytest.raises(LiftError, match=r"lacks the bones head"):
        bake(rig, motion, settings=BakeSettings(action_name="walk"))
    assert not bpy.data.actions


def test_clip_beyond_blenders_last_frame_is_refused(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    with pytest.raises(LiftError, match="1048574"):
        bake(rig, motion, settings=BakeSettings(action_name="walk", start_frame=1048560))


@pytest.mark.parametrize(
    "fps",
    ["30", "30000/1001", "60000/1001", "24000/1001", "29.97", "12.5", "1/3", "240", "32767"],
)
def test_scene_gets_the_exact_rate(fps: str) -> None:
    scene, rate = bpy.context.scene, Fraction(fps)
    set_scene_timing(scene, fps=rate, start_frame=7, num_frames=10)
    assert scene.render.fps / scene.render.fps_base == pytest.approx(float(rate), rel=1e-7)
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (7, 16, 7)


def test_ntsc_is_set_as_blender_sets_it() -> None:
    assert blender_frame_rate(Fraction(30000, 1001)) == (30, pytest.approx(1.001))
    assert blender_frame_rate(Fraction(25)) == (25, 1.0)


@pytest.mark.parametrize("fps", [Fraction(0), Fraction(-1), Fraction(40000)])
def test_rate_that_blender_lacks_is_refused(fps: Fraction) -> None:
    with pytest.raises(LiftError, match="frame rate"):
        blender_frame_rate(fps)
