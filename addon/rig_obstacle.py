"""What else moves a rig's bones besides keys: constraints, drivers, flags, a pose left standing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import bpy
import numpy as np

from .access import pose_of

_CHAIN_KINDS = ("IK", "SPLINE_IK")
_TURN_CHANNELS = ("rotation_quaternion", "rotation_euler", "rotation_axis_angle")
_CHANNELS = ("location", "scale", *_TURN_CHANNELS)
_LEAST_POSE = 1e-4


def acting_constraints(
    rig: bpy.types.Object, bone_names: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """The constraints that move any of the bones, on a bone itself or as the end of its IK chain.

    Each by its bone and its own name; muted ones and those without influence are passed over.
    """
    wanted = set(bone_names)
    driven_paths = _driven_paths(rig)
    return tuple(
        (bone.name, constraint.name)
        for bone in pose_of(rig).bones
        for constraint in bone.constraints
        if _is_active(constraint, driven_paths)
        and not wanted.isdisjoint(_bones_moved_by(bone, constraint))
    )


def follows_by_parents(rig: bpy.types.Object, bone_names: Collection[str]) -> bool:
    """Whether nothing but their parents carries the bones and those above them."""
    driven_paths = _driven_paths(rig)
    bones = pose_of(rig).bones
    line: dict[str, bpy.types.PoseBone] = {}
    for name in bone_names:
        for bone in (bones[name], *bones[name].parent_recursive):
            line[bone.name] = bone
    return not any(
        bone.is_in_ik_chain
        or not bone.bone.use_inherit_rotation
        or any(_is_active(constraint, driven_paths) for constraint in bone.constraints)
        or any(bone.path_from_id(channel) in driven_paths for channel in _CHANNELS)
        for bone in line.values()
    )


def driven_by_drivers(rig: bpy.types.Object, bone_names: Collection[str]) -> tuple[str, ...]:
    """Those of the bones whose rotation a driver sets, which wins over keys."""
    driven_paths = _driven_paths(rig)
    bones = pose_of(rig).bones
    return tuple(
        name
        for name in bone_names
        if any(bones[name].path_from_id(channel) in driven_paths for channel in _TURN_CHANNELS)
    )


def find_posed_bones(rig: bpy.types.Object, bone_names: Collection[str]) -> tuple[str, ...]:
    """The bones above all of ``bone_names`` that are not at rest; the bake rests those in between."""
    bones = pose_of(rig).bones
    above: dict[str, bpy.types.PoseBone] = {}
    for name in bone_names:
        line = {parent.name: parent for parent in bones[name].parent_recursive}
        if line.keys().isdisjoint(bone_names):
            above |= line
    still = np.eye(4)
    return tuple(
        name
        for name, bone in above.items()
        if np.abs(np.array(bone.matrix_basis) - still).max() > _LEAST_POSE
    )


def _driven_paths(rig: bpy.types.Object) -> set[str]:
    """What drivers of ``rig`` set, as data paths."""
    animation_data = rig.animation_data
    return (
        set() if animation_data is None else {curve.data_path for curve in animation_data.drivers}
    )


def _is_active(constraint: bpy.types.Constraint, driven_paths: set[str]) -> bool:
    """Whether ``constraint`` does something, or may once a driver lets it."""
    is_on = not constraint.mute or constraint.path_from_id("mute") in driven_paths
    is_felt = constraint.influence > 0.0 or constraint.path_from_id("influence") in driven_paths
    return is_on and is_felt


def _bones_moved_by(bone: bpy.types.PoseBone, constraint: bpy.types.Constraint) -> Iterator[str]:
    """The bones that a constraint of ``bone`` moves itself."""
    if constraint.type not in _CHAIN_KINDS:
        yield bone.name
        return
    is_from_parent = (
        isinstance(constraint, bpy.types.KinematicConstraint) and not constraint.use_tail
    )
    chain = [*([] if is_from_parent else [bone]), *bone.parent_recursive]
    assert isinstance(constraint, bpy.types.KinematicConstraint | bpy.types.SplineIKConstraint)
    length = constraint.chain_count or len(chain)
    yield from (each.name for each in chain[:length])
