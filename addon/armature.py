"""A rest pose becomes an armature object."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ..core.errors import LiftError
from ..core.types import RestPose
from .access import collection_of, pose_of, selected_in, view_layer_of

_SHORTEST_BONE_M = 1e-5
_CONNECTED_WITHIN_M = 1e-5
_Z_AXIS = Vector((0.0, 0.0, 1.0))


def create_armature(
    context: bpy.types.Context, rest_pose: RestPose, *, name: str
) -> bpy.types.Object:
    """Create an armature object at the world's origin, in the active collection.

    Parameters
    ----------
    context : bpy.types.Context
        Whose active collection and view layer take the object; it becomes the active object.
    rest_pose : RestPose
        Heads, tails (B,3) m and rotations (B,4) wxyz in armature space. Every bone's
        ``matrix_local`` will equal them; a bone whose head is at its parent's tail is connected to
        it.
    name : str
        Of the object and its armature; Blender adds a number where it is taken.

    Raises
    ------
    LiftError
        When a bone is too short for Blender to keep.
    """
    too_short = np.flatnonzero(~(rest_pose.lengths > _SHORTEST_BONE_M))
    if too_short.size:
        bone, length = rest_pose.bone_names[too_short[0]], rest_pose.lengths[too_short[0]]
        raise LiftError(f"bone {bone!r}: expected a length above 0.01 mm, found {length:g} m")
    armature = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, armature)
    collection_of(context).objects.link(rig)
    with _edit_mode(context, rig):
        _add_bones(armature, rest_pose)
    for pose_bone in pose_of(rig).bones:
        pose_bone.rotation_mode = "QUATERNION"
    return rig


@contextmanager
def _edit_mode(context: bpy.types.Context, rig: bpy.types.Object) -> Generator[None]:
    """Edit ``rig``'s bones; it is the only selected object afterwards."""
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for selected in selected_in(context):
        selected.select_set(False)
    rig.select_set(True)
    view_layer_of(context).objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")


def _add_bones(armature: bpy.types.Armature, rest_pose: RestPose) -> None:
    """Add every bone of ``rest_pose`` to ``armature``, which is in edit mode."""
    edit_bones = armature.edit_bones
    for index, bone_name in enumerate(rest_pose.bone_names):
        edit_bone = edit_bones.new(bone_name)
        edit_bone.head = Vector(rest_pose.heads[index])
        edit_bone.tail = Vector(rest_pose.tails[index])
        # Within 0.25 mrad of -Y Blender snaps a bone's axis to -Y: its limit, not ours.
        edit_bone.align_roll(Quaternion(rest_pose.rotations[index]) @ _Z_AXIS)
        parent = rest_pose.parents[index]
        if parent < 0:
            continue
        edit_bone.parent = edit_bones[rest_pose.bone_names[parent]]
        gap = np.linalg.norm(rest_pose.heads[index] - rest_pose.tails[parent])
        edit_bone.use_connect = bool(gap < _CONNECTED_WITHIN_M)
