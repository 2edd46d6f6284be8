"""Whatever a bone's settings are, Blender shows the motion, or the bake says where it cannot."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.bake import Baked, BakeSettings, bake
from lift_video_to_3d.addon.rigify import Switch
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.geometry.euler import EULER_ORDERS
from lift_video_to_3d.core.retarget.kinematics import bone_transforms
from lift_video_to_3d.core.types import BoneMotion
from mathutils import Euler
from round_trip import example_motion, posed_bone_matrices

MODES = ("QUATERNION", "AXIS_ANGLE", *EULER_ORDERS)
SETTINGS = BakeSettings(action_name="walk")


@pytest.fixture
def motion() -> BoneMotion:
    """Every bone swings, the hips travel, and a bone in the trunk and a hand are placed too."""
    motion = example_motion(num_frames=30)
    heads, _ = bone_transforms(motion)
    seconds = np.arange(30)[:, None] / 30.0
    names = motion.rest_pose.bone_names
    placed = {
        names.index("chest"): heads[:, names.index("chest")] + 0.05 * np.sin(5.0 * seconds),
        names.index("hand.L"): heads[:, names.index("hand.L")] + 0.1 * np.cos(4.0 * seconds),
    }
    return replace(motion, placed=placed)


@pytest.fixture
def rig(motion: BoneMotion) -> bpy.types.Object:
    rig = create_armature(bpy.context, motion.rest_pose, name="walker")
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in rig.data.edit_bones:
        bone.use_connect = False
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def largest_error(rig: bpy.types.Object, motion: BoneMotion, *, step: int = 1) -> float:
    """How far Blender's bone matrices are from the motion's, m and shares of a unit axis."""
    heads, rotations = bone_transforms(motion)
    frames = range(1, 1 + step * motion.num_frames, step)
    found = posed_bone_matrices(rig, motion.rest_pose.bone_names, frames)
    return float(
        max(
            np.abs(found[..., :3, 3] - heads).max(),
            np.abs(found[..., :3, :3] - quaternion.to_matrix(rotations)).max(),
        )
    )


def curve_values(rig: bpy.types.Object, path: str) -> np.ndarray:
    """(T,C) what the keys of a property hold."""
    curves = [curve for curve in compat.assigned_fcurves(rig) if curve.data_path == path]
    return np.array([[key.co.y for key in curve.keyframe_points] for curve in curves]).T


@pytest.mark.parametrize("mode", MODES)
def test_every_rotation_mode_shows_the_motion(
    mode: str, motion: BoneMotion, rig: bpy.types.Object
) -> None:
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    baked = bake(rig, motion, settings=SETTINGS)
    assert {bone.rotation_mode for bone in rig.pose.bones} == {mode}
    assert largest_error(rig, motion) < 1e-5
    assert baked.warnings == ()


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_our_euler_angles_are_blenders(order: str) -> None:
    from lift_video_to_3d.core.geometry.euler import from_euler  # noqa: PLC0415

    angles = np.array([0.4, -0.9, 2.1])
    np.testing.assert_allclose(
        quaternion.to_matrix(from_euler(angles, order)), Euler(angles, order).to_matrix(), atol=1e-6
    )


def test_modes_may_differ_by_bone(motion: BoneMotion, rig: bpy.types.Object) -> None:
    for index, bone in enumerate(rig.pose.bones):
        bone.rotation_mode = MODES[index % len(MODES)]
    bake(rig, motion, settings=SETTINGS)
    assert largest_error(rig, motion) < 1e-5


def test_quaternions_that_jump_in_sign_are_made_continuous(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(30, 21, 1))
    bake(rig, replace(motion, rotations=signs * motion.rotations), settings=SETTINGS)
    values = curve_values(rig, 'pose.bones["thigh.L"].rotation_quaternion')
    assert (np.sum(values[1:] * values[:-1], axis=-1) > 0.9).all()
    assert largest_error(rig, motion) < 1e-5


@pytest.mark.parametrize("name", ["hips", "chest", "hand.L"])
def test_locations_follow_the_axes_that_the_bone_has(
    name: str, motion: BoneMotion, rig: bpy.types.Object
) -> None:
    rig.data.bones[name].use_local_location = False
    bake(rig, motion, settings=SETTINGS)
    assert largest_error(rig, motion) < 1e-5


def test_locations_are_in_the_armatures_own_unit(motion: BoneMotion) -> None:
    centimetres = replace(
        motion.rest_pose, heads=100.0 * motion.rest_pose.heads, tails=100.0 * motion.rest_pose.tails
    )
    rig = create_armature(bpy.context, centimetres, name="centimetres")
    bake(rig, replace(motion, placed={}), settings=SETTINGS, scale=0.01)
    heads, _ = bone_transforms(replace(motion, placed={}))
    found = posed_bone_matrices(rig, motion.rest_pose.bone_names, range(1, 31))
    np.testing.assert_allclose(found[..., :3, 3], 100.0 * heads, atol=1e-3)


def test_keys_may_stand_several_scene_frames_apart(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    baked = bake(rig, motion, settings=replace(SETTINGS, frame_step=3))
    assert tuple(baked.action.frame_range) == (1, 88)
    assert largest_error(rig, motion, step=3) < 1e-5


def test_the_t_pose_stands_on_the_frame_before_the_first(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    t_pose = motion.rotations[7]
    baked = bake(rig, motion, settings=replace(SETTINGS, start_frame=5, t_pose=t_pose))
    assert tuple(baked.action.frame_range) == (4, 34)
    rest = motion.rest_pose
    held = replace(
        motion,
        rotations=t_pose[None],
        root_position=rest.heads[:1],
        placed={},
        contacts=np.zeros((1, 2), dtype=bool),
        frames=np.zeros(1),
    )
    _, rotations = bone_transforms(held)
    found = posed_bone_matrices(rig, rest.bone_names, range(4, 5))
    np.testing.assert_allclose(found[..., :3, :3], quaternion.to_matrix(rotations), atol=1e-5)


def test_locked_channels_stay_as_they_are_and_are_named(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    bones = rig.pose.bones
    bones["forearm.L"].rotation_mode = "ZYX"
    bones["forearm.L"].lock_rotation = (True, False, False)
    bones["forearm.L"].rotation_euler = (0.25, 0.0, 0.0)
    bones["head"].lock_rotations_4d = True
    bones["head"].lock_rotation_w = True
    bones["hips"].lock_location = (False, True, False)
    baked = bake(rig, motion, settings=SETTINGS)
    written = {(curve.data_path, curve.array_index) for curve in compat.assigned_fcurves(rig)}
    assert ('pose.bones["forearm.L"].rotation_euler', 0) not in written
    assert ('pose.bones["forearm.L"].rotation_euler', 1) in written
    assert ('pose.bones["head"].rotation_quaternion', 0) not in written
    assert ('pose.bones["hips"].location', 1) not in written
    bpy.context.scene.frame_set(12)
    assert bones["forearm.L"].rotation_euler.x == pytest.approx(0.25)
    [warning] = baked.warnings
    assert "locked" in warning and warning.endswith("hips, head, forearm.L")


def test_three_locks_hold_euler_angles_of_a_quaternion(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    rig.pose.bones["shin.R"].lock_rotation = (False, True, True)
    [warning] = bake(rig, motion, settings=SETTINGS).warnings
    assert "shin.R" in warning
    for frame in (1, 11, 30):
        bpy.context.scene.frame_set(frame)
        x, y, z = rig.pose.bones["shin.R"].rotation_quaternion.to_euler("XYZ")
        assert abs(x) > 0.01
        assert (y, z) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_locks_that_change_nothing_are_not_mentioned(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    rotations = motion.rotations.copy()
    rotations[:, motion.rest_pose.bone_names.index("toes.L")] = quaternion.IDENTITY
    rig.pose.bones["toes.L"].lock_rotation = (True, True, True)
    rig.pose.bones["shin.L"].lock_location = (True, True, True)
    still_toes = replace(motion, rotations=rotations)
    assert bake(rig, still_toes, settings=SETTINGS).warnings == ()
    assert largest_error(rig, still_toes) < 1e-5


def test_a_connected_bone_cannot_travel_and_is_named(motion: BoneMotion) -> None:
    rig = create_armature(bpy.context, motion.rest_pose, name="connected")
    assert rig.data.bones["hand.L"].use_connect
    [warning] = bake(rig, motion, settings=SETTINGS).warnings
    assert "connected" in warning and warning.endswith("chest, hand.L")


def test_bones_between_and_what_they_were_posed_to_come_to_rest(motion: BoneMotion) -> None:
    rig = create_armature(bpy.context, motion.rest_pose, name="between")
    bpy.ops.object.mode_set(mode="EDIT")
    bones = rig.data.edit_bones
    between = bones.new("between")
    between.head, between.tail = bones["shin.L"].head, bones["shin.L"].tail
    between.parent = bones["thigh.L"]
    bones["shin.L"].use_connect = False
    bones["shin.L"].parent = between
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["between"].rotation_mode = "XYZ"
    rig.pose.bones["between"].rotation_euler = (0.5, 0.1, 0.2)
    rig.pose.bones["shin.L"].location = (0.1, 0.2, 0.3)
    plain = replace(motion, placed={})
    bake(rig, plain, settings=SETTINGS)
    assert largest_error(rig, plain) < 1e-5


def test_switches_are_set_and_constraints_muted(motion: BoneMotion, rig: bpy.types.Object) -> None:
    bone = rig.pose.bones["thigh.L"]
    bone["IK_FK"], bone["pole"] = 0.0, False
    bone.constraints.new("LIMIT_ROTATION").name = "limit"
    bake(
        rig,
        motion,
        settings=SETTINGS,
        switches=(Switch("thigh.L", "IK_FK", 1), Switch("thigh.L", "pole", True)),
        muted=[("thigh.L", "limit")],
    )
    assert bone["IK_FK"] == 1.0 and isinstance(bone["IK_FK"], float)
    assert bone["pole"] is True
    assert bone.constraints["limit"].mute


def refused(rig: bpy.types.Object, motion: BoneMotion, match: str, **options: object) -> None:
    """Expect a LiftError, and the rig as it was."""
    with pytest.raises(LiftError, match=match):
        bake(rig, motion, **{"settings": SETTINGS, **options})
    assert rig.animation_data is None
    assert not bpy.data.actions


def test_what_the_rig_lacks_is_named_and_nothing_changes(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    refused(rig, motion, "lacks the bones tail", switches=(Switch("tail", "IK_FK", 1),))
    refused(rig, motion, "'head' lacks the property 'IK'", switches=(Switch("head", "IK", 1),))
    refused(rig, motion, "'head' lacks the constraint 'copy'", muted=[("head", "copy")])
    refused(rig, motion, "found 0", settings=replace(SETTINGS, frame_step=0))
    refused(rig, motion, "above 0 mm", settings=replace(SETTINGS, reduce_mm=0.0))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bound_mm", [1.0, 10.0])
def test_reduced_keys_hold_their_bound_in_blender(
    mode: str, bound_mm: float, motion: BoneMotion, rig: bpy.types.Object
) -> None:
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    baked: Baked = bake(rig, motion, settings=replace(SETTINGS, reduce_mm=bound_mm))
    heads, rotations = bone_transforms(motion)
    along = np.stack([0.0 * motion.rest_pose.lengths, motion.rest_pose.lengths], axis=-1)[..., None]
    ends = along * quaternion.to_matrix(rotations)[..., None, :, 1] + heads[..., None, :]
    found = posed_bone_matrices(rig, motion.rest_pose.bone_names, range(1, 31))
    shown = along * found[..., None, :3, 1] + found[..., None, :3, 3]
    error_m = np.linalg.norm(shown - ends, axis=-1).max()
    assert 0.0 < error_m <= 0.001 * bound_mm + 1e-6
    assert baked.max_error_m == pytest.approx(error_m, abs=2e-6)
    written = sum(len(curve.keyframe_points) for curve in compat.assigned_fcurves(rig))
    assert baked.num_keys == written < baked.num_keys_full
