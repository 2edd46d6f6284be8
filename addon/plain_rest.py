"""Which bones of a rig other programs get, and what each of them hangs from."""

from __future__ import annotations

from collections.abc import Collection

import bpy
import numpy as np
from mathutils import Matrix

from ..core.errors import LiftError
from ..core.types import RestPose
from .access import armature_of, pose_of
from .compat import animated_paths

CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")
"""By which keys move a bone, or an object."""

_SAME_PLACE = 1e-4


def plain_rest_pose(
    rig: bpy.types.Object, matrix: Matrix, *, carriers: Collection[str] = ()
) -> RestPose:
    """The bones that deform, at rest, without the controls between them.

    A bone hangs from the nearest of them above it, or from the one that lies where a control above it
    lies: in Rigify's rigs the deforming bones of arms and legs hang from copies of the trunk's. Roots
    that have keys stay, for they carry the travel, and roots that hold several parts together.

    Parameters
    ----------
    rig : bpy.types.Object
        An animated armature.
    matrix : Matrix
        From the armature's space to the rest pose's: a place, a turn and an even scale.
    carriers : collection of str
        Bones that are kept besides.

    Raises
    ------
    LiftError
        When ``rig`` has no bone that deforms.
    """
    whole = _all_bones(rig, matrix)
    wanted = _deforming(rig) | set(carriers)
    wanted |= _keyed_roots(rig, wanted)
    parents = _find_parents(whole, wanted)
    shared = _shared_roots(whole, parents)
    if shared:
        parents = _find_parents(whole, wanted | shared)
    return _rearrange(whole, parents)


def _deforming(rig: bpy.types.Object) -> set[str]:
    names = {bone.name for bone in armature_of(rig).bones if bone.use_deform}
    if not names:
        raise LiftError(f"armature {rig.name!r}: none of its bones deforms: nothing to export")
    return names


def _keyed_roots(rig: bpy.types.Object, wanted: Collection[str]) -> set[str]:
    """Roots with keys above any of the bones."""
    paths = animated_paths(rig)
    return {
        bone.name
        for bone in pose_of(rig).bones
        if bone.parent is None
        and paths & {bone.path_from_id(channel) for channel in CHANNELS}
        and any(below.name in wanted for below in bone.children_recursive)
    }


def _all_bones(rig: bpy.types.Object, matrix: Matrix) -> RestPose:
    """Every bone at rest, seen through ``matrix``."""
    bones = list(armature_of(rig).bones)
    index_of = {bone.name: index for index, bone in enumerate(bones)}
    turn = matrix.to_quaternion()
    return RestPose(
        bone_names=tuple(index_of),
        parents=tuple(-1 if bone.parent is None else index_of[bone.parent.name] for bone in bones),
        heads=np.array([matrix @ bone.head_local for bone in bones]),
        tails=np.array([matrix @ bone.tail_local for bone in bones]),
        rotations=np.array([turn @ bone.matrix_local.to_quaternion() for bone in bones]),
    )


def _find_parents(whole: RestPose, wanted: Collection[str]) -> dict[int, int]:
    """What each of the wanted bones hangs from, both as indices into ``whole``; -1: from nothing."""
    kept = [bone for bone, name in enumerate(whole.bone_names) if name in wanted]
    ends = np.concatenate([whole.heads, whole.tails], axis=-1)
    within = _SAME_PLACE * np.ptp(whole.heads, axis=0).max()
    parents: dict[int, int] = {}

    def hangs_from(lower: int, upper: int) -> bool:
        while lower >= 0 and lower != upper:
            lower = parents.get(lower, -1)
        return lower == upper

    for bone in kept:
        parents[bone] = -1
        above = whole.parents[bone]
        while above >= 0 and parents[bone] < 0:
            apart = np.abs(ends[kept] - ends[above]).max(axis=-1)
            there = [above] if whole.bone_names[above] in wanted else []
            there += [kept[place] for place in np.flatnonzero(apart <= within)]
            parents[bone] = next((each for each in there if not hangs_from(each, bone)), -1)
            above = whole.parents[above]
    return parents


def _shared_roots(whole: RestPose, parents: dict[int, int]) -> set[str]:
    """Roots of ``whole`` from which several bones hang that hang from nothing else."""
    tops: list[int] = []
    for bone, parent in parents.items():
        top = bone
        while parent < 0 <= whole.parents[top]:
            top = whole.parents[top]
        if top != bone:
            tops.append(top)
    return {whole.bone_names[top] for top in tops if tops.count(top) > 1}


def _rearrange(whole: RestPose, parents: dict[int, int]) -> RestPose:
    """The bones of ``parents`` alone, parents before their children."""
    order: list[int] = []
    for bone in parents:
        line: list[int] = []
        above = bone
        while above >= 0 and above not in order:
            line.append(above)
            above = parents[above]
        order += reversed(line)
    place_of = {bone: place for place, bone in enumerate(order)}
    return RestPose(
        bone_names=tuple(whole.bone_names[bone] for bone in order),
        parents=tuple(place_of.get(parents[bone], -1) for bone in order),
        heads=whole.heads[order],
        tails=whole.tails[order],
        rotations=whole.rotations[order],
    )
