"""An armature's rest matrices are its RestPose."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.types import RestPose
from round_trip import example_rest_pose, start_empty_file


def rest_matrices(rig: bpy.types.Object, rest_pose: RestPose) -> np.ndarray:
    return np.array([rig.data.bones[name].matrix_local for name in rest_pose.bone_names])


def chain(rotations: np.ndarray, lengths: list[float]) -> RestPose:
    """Bones head to tail, each with its own rotation in armature space."""
    steps = quaternion.rotate(rotations, np.array([0.0, 1.0, 0.0])) * np.array(lengths)[:, None]
    tails = np.cumsum(steps, axis=0)
    return RestPose(
        bone_names=tuple(f"bone.{index}" for index in range(len(lengths))),
        parents=tuple(range(-1, len(lengths) - 1)),
        heads=tails - steps,
        tails=tails,
        rotations=rotations,
    )


def assert_is_rest_pose(rig: bpy.types.Object, rest_pose: RestPose, tolerance: float) -> None:
    found = rest_matrices(rig, rest_pose)
    wanted = quaternion.to_matrix(rest_pose.rotations)
    np.testing.assert_allclose(found[:, :3, :3], wanted, atol=tolerance)
    np.testing.assert_allclose(found[:, :3, 3], rest_pose.heads, atol=1e-5)
    tails = [rig.data.bones[name].tail_local for name in rest_pose.bone_names]
    np.testing.assert_allclose(tails, rest_pose.tails, atol=1e-5)


def test_humanoid_rest_matrices_are_the_rest_pose() -> None:
    rest_pose = example_rest_pose()
    rig = create_armature(bpy.context, rest_pose, name="walker")
    assert_is_rest_pose(rig, rest_pose, 1e-5)
    assert rig.name == "walker" and rig.data.name == "walker"
    assert {bone.rotation_mode for bone in rig.pose.bones} == {"QUATERNION"}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(
                lambda wxyz: np.linalg.norm(wxyz) > 0.1
            ),
            st.floats(0.02, 2.0),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_chain_of_bones_keeps_its_rest_matrices(
    bones: list[tuple[list[float], float]],
) -> None:
    start_empty_file()
    rotations = quaternion.normalise(np.array([wxyz for wxyz, _ in bones]))
    bone_axes = quaternion.rotate(rotations, np.array([0.0, 1.0, 0.0]))
    from_minus_y = np.linalg.norm(bone_axes[:, [0, 2]], axis=-1) + (bone_axes[:, 1] > 0)
    # Blender itself snaps bones within 0.25 mrad of -Y.
    assume(((from_minus_y == 0.0) | (from_minus_y > 1e-3)).all())
    rest_pose = chain(rotations, [length for _, length in bones])
    rig = create_armature(bpy.context, rest_pose, name="chain")
    assert_is_rest_pose(rig, rest_pose, 1e-4)


def test_only_bones_that_touch_their_parent_are_connected() -> None:
    rest_pose = example_rest_pose()
    rig = create_armature(bpy.context, rest_pose, name="walker")
    for bone, parent in enumerate(rest_pose.parents):
        gap = np.linalg.norm(rest_pose.heads[bone] - rest_pose.tails[parent])
        blender_bone = rig.data.bones[rest_pose.bone_names[bone]]
        assert blender_bone.use_connect == (parent >= 0 and gap < 1e-6)
        wanted_parent = None if parent < 0 else rest_pose.bone_names[parent]
        assert getattr(blender_bone.parent, "name", None) == wanted_parent


def test_new_armature_is_the_only_selected_object_even_from_another_mode() -> None:
    first = create_armature(bpy.context, example_rest_pose(), name="first")
    bpy.ops.object.mode_set(mode="EDIT")
    second = create_armature(bpy.context, example_rest_pose(), name="second")
    assert bpy.context.mode == "OBJECT"
    assert bpy.context.selected_objects == [second] and bpy.context.object == second
    assert len(first.data.bones) == len(second.data.bones)


def test_bone_too_short_for_blender_is_named_and_nothing_is_left() -> None:
    rest_pose = chain(np.tile(quaternion.IDENTITY, (2, 1)), [0.1, 1e-7])
    with pytest.raises(LiftError, match=r"bone\.1"):
        create_armature(bpy.context, rest_pose, name="short")
    assert not bpy.data.objects and not bpy.data.armatures
