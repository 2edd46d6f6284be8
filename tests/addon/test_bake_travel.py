"""The object carries the travel from where it stands, whatever holds it."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.bake import BakeSettings, bake
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.geometry.euler import EULER_ORDERS
from lift_video_to_3d.core.retarget.kinematics import bone_transforms
from lift_video_to_3d.core.retarget.travel import Travel
from lift_video_to_3d.core.types import BoneMotion
from mathutils import Matrix
from round_trip import example_motion

NUM_FRAMES = 40
SETTINGS = BakeSettings(action_name="walk")
YAW, TILT = 0.8, 1.2


@pytest.fixture
def motion() -> BoneMotion:
    return example_motion(num_frames=NUM_FRAMES)


@pytest.fixture
def travel() -> Travel:
    """A turn and a half along a bent path."""
    share = np.linspace(0.0, 1.0, NUM_FRAMES)
    positions = np.stack([2.0 * share, np.sin(3.0 * share), 0.0 * share], axis=-1)
    return Travel(positions=positions, headings=0.3 + 3.0 * np.pi * share)


@pytest.fixture
def rig(motion: BoneMotion) -> bpy.types.Object:
    return create_armature(bpy.context, motion.rest_pose, name="walker")


def shown_heads(rig: bpy.types.Object, motion: BoneMotion) -> np.ndarray:
    """(T,B,3) where Blender shows the bones' heads, world space."""
    shown = np.empty((NUM_FRAMES, motion.rest_pose.num_bones, 3))
    for frame in range(NUM_FRAMES):
        bpy.context.scene.frame_set(frame + 1)
        for bone, name in enumerate(motion.rest_pose.bone_names):
            shown[frame, bone] = rig.matrix_world @ rig.pose.bones[name].head
    return shown


def expected_heads(motion: BoneMotion, travel: Travel, stand: Matrix, tilt: Matrix) -> np.ndarray:
    """(T,B,3) world space, of a rig whose object is ``stand @ tilt``: the stage and the rest of it.

    The bones are the armature's own, seen through ``tilt``; they go the way on the stage.
    """
    heads, _ = bone_transforms(motion)
    on_stage = heads @ np.array(tilt)[:3, :3].T
    turned = quaternion.rotate(travel.rotations[:, None], on_stage) + travel.positions[:, None]
    return turned @ np.array(stand)[:3, :3].T + np.array(stand)[:3, 3]


def place(rig: bpy.types.Object) -> tuple[Matrix, Matrix]:
    """Move, turn and tilt the object; its stage and its tilt."""
    stand = Matrix.Translation((3.0, -2.0, 0.7)) @ Matrix.Rotation(YAW, 4, "Z")
    tilt = Matrix.Rotation(TILT, 4, "X")
    rig.matrix_world = stand @ tilt
    bpy.context.view_layer.update()
    return stand, tilt


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", *EULER_ORDERS])
def test_the_rig_goes_the_way_from_where_it_stands(
    mode: str, motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    rig.rotation_mode = mode
    stand, tilt = place(rig)
    baked = bake(rig, motion, settings=SETTINGS, travel=travel)
    found = shown_heads(rig, motion)
    np.testing.assert_allclose(found, expected_heads(motion, travel, stand, tilt), atol=2e-5)
    assert rig.rotation_mode == mode
    assert baked.num_keys == NUM_FRAMES * (21 * 4 + 3 + 3 + len(rig_rotation(rig)))


def rig_rotation(rig: bpy.types.Object) -> object:
    names = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    return getattr(rig, names.get(rig.rotation_mode, "rotation_euler"))


def test_a_parent_that_is_moved_turned_and_scaled_is_respected(
    motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    parent = bpy.data.objects.new("empty", None)
    bpy.context.collection.objects.link(parent)
    parent.matrix_world = (
        Matrix.Translation((5.0, 1.0, 2.0)) @ Matrix.Rotation(0.9, 4, "Y") @ Matrix.Scale(2.0, 4)
    )
    rig.parent = parent
    rig.matrix_parent_inverse = Matrix.Translation((0.3, 0.2, 0.1)) @ Matrix.Rotation(0.5, 4, "X")
    rig.delta_location = (0.1, 0.2, 0.3)
    rig.delta_rotation_euler = (0.2, -0.1, 0.4)
    bpy.context.view_layer.update()
    stand, tilt = place(rig)
    bake(rig, motion, settings=SETTINGS, travel=travel)
    found = shown_heads(rig, motion)
    np.testing.assert_allclose(found, expected_heads(motion, travel, stand, tilt), atol=3e-5)


def test_metres_become_the_scenes_units(
    motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    rest_pose = replace(
        motion.rest_pose, heads=0.01 * motion.rest_pose.heads, tails=0.01 * motion.rest_pose.tails
    )
    small = replace(motion, rest_pose=rest_pose, root_position=0.01 * motion.root_position)
    # In a scene of centimetres an armature's unit is a hundredth of a metre.
    bake(rig, small, settings=SETTINGS, scale=0.01, travel=travel)
    in_units = replace(travel, positions=100.0 * travel.positions)
    expected = expected_heads(motion, in_units, Matrix(), Matrix())
    np.testing.assert_allclose(shown_heads(rig, motion), expected, atol=1e-3)


def test_an_armature_of_centimetres_on_an_object_scaled_down_goes_metres(
    motion: BoneMotion, travel: Travel
) -> None:
    rest_pose = replace(
        motion.rest_pose, heads=100.0 * motion.rest_pose.heads, tails=100.0 * motion.rest_pose.tails
    )
    rig = create_armature(bpy.context, rest_pose, name="imported")
    rig.scale = (0.01, 0.01, 0.01)
    bpy.context.view_layer.update()
    bake(rig, motion, settings=SETTINGS, scale=0.01, travel=travel)
    expected = expected_heads(motion, travel, Matrix(), Matrix())
    np.testing.assert_allclose(shown_heads(rig, motion), expected, atol=3e-5)


def test_baked_again_at_any_frame_it_goes_the_same_way(
    motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    stand, tilt = place(rig)
    bake(rig, motion, settings=SETTINGS, travel=travel)
    bpy.context.scene.frame_set(25)
    bake(rig, motion, settings=SETTINGS, travel=travel)
    found = shown_heads(rig, motion)
    np.testing.assert_allclose(found, expected_heads(motion, travel, stand, tilt), atol=2e-5)


def test_baked_again_without_travel_it_stands_where_it_stood(
    motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    stand, tilt = place(rig)
    bake(rig, motion, settings=SETTINGS, travel=travel)
    bpy.context.scene.frame_set(25)
    bake(rig, motion, settings=SETTINGS)
    bpy.context.scene.frame_set(3)
    np.testing.assert_allclose(rig.matrix_world, stand @ tilt, atol=1e-6)


def test_in_the_t_pose_it_stands_where_it_stood(
    motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    stand, tilt = place(rig)
    t_pose = np.tile(quaternion.IDENTITY, (21, 1))
    bake(rig, motion, settings=replace(SETTINGS, t_pose=t_pose), travel=travel)
    bpy.context.scene.frame_set(0)
    np.testing.assert_allclose(rig.matrix_world, stand @ tilt, atol=1e-6)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
def test_reduced_keys_hold_their_bound_with_travel_too(
    mode: str, motion: BoneMotion, travel: Travel, rig: bpy.types.Object
) -> None:
    rig.rotation_mode = mode
    stand, tilt = place(rig)
    settings = replace(SETTINGS, reduce_mm=20.0)
    baked = bake(rig, motion, settings=settings, travel=travel)
    apart = shown_heads(rig, motion) - expected_heads(motion, travel, stand, tilt)
    assert np.linalg.norm(apart, axis=-1).max() <= baked.max_error_m + 2e-5
    assert baked.max_error_m <= 0.02
    assert baked.num_keys < baked.num_keys_full
