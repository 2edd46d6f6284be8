"""The user's own rig, read: which bones are driven, how they rest and what they hang from.

    find_rig -> read_rest_pose -> choose_bone_map -> drive_rig

Stage space: metres, z up, the place where the rig stands and the way its object is turned about z. The
object's tilt and scale are part of the rest pose: the quarter turn and the hundredth of an FBX import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..core.errors import LiftError
from ..core.geometry import quaternion
from ..core.retarget.automatic_map import MappedRig, find_bone_map, propose_bones
from ..core.retarget.bone_map import REQUIRED_ROLES, ROLES, BoneMap
from ..core.retarget.bone_map_file import read_bone_map
from ..core.retarget.bone_tree import BoneTree
from ..core.retarget.driven_bone import pick_bones
from ..core.retarget.scheme import load_scheme
from ..core.types import RestPose
from .access import armature_of, metres_per_unit, scene_of, view_layer_of
from .rig_following import Following, plain_following, rest_pose_of
from .rig_obstacle import (
    acting_constraints,
    driven_by_drivers,
    follows_by_parents,
)
from .rig_probe import measure_following
from .rig_space import check_usable, tilt_and_scale
from .rig_warning import constraint_warnings, follow_warnings, state_warnings
from .rigify import Switch, following_switches, ik_followers

_SHORTEST_SHARE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class DrivenRig:
    """A rig as it is driven.

    ``rest_pose``: the driven bones alone, in stage space, each with the driven bone that it really
    follows as its parent; ``scale`` m per unit of the armature's own space, the scene's unit scale
    included; ``switches`` to set before the motion shows as solved; ``followers``: IK controls and the
    driven bones that they go with; ``muted``: constraints to mute, by bone and name; ``warnings`` what
    the user should know.
    """

    rig: bpy.types.Object
    rest_pose: RestPose
    bone_map: BoneMap
    scale: float
    switches: tuple[Switch, ...]
    followers: Mapping[str, str]
    muted: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def find_rig(context: bpy.types.Context, name: str | None = None) -> bpy.types.Object:
    """The armature object called ``name``; without a name the one that is meant.

    That is the active object, the armature that the active object hangs from, or else the scene's only
    one.

    Raises
    ------
    LiftError
        When there is none of that name, none at all, or several to choose from.
    """
    objects = scene_of(context).objects
    rigs = sorted(found.name for found in objects if found.type == "ARMATURE")
    present = ", ".join(map(repr, rigs)) or "none"
    if name is not None:
        found = objects.get(name)
        if found is None:
            raise LiftError(f"no object {name!r} in the scene; its armatures: {present}")
        if found.type != "ARMATURE":
            raise LiftError(
                f"object {name!r}: expected an armature, found a {found.type.lower()}; the scene's "
                f"armatures: {present}"
            )
        return found
    active = view_layer_of(context).objects.active
    while active is not None:
        if active.type == "ARMATURE":
            return active
        active = active.find_armature() or active.parent
    if len(rigs) != 1:
        raise LiftError(f"expected one armature, or to be told which; the scene's: {present}")
    return objects[rigs[0]]


def read_rest_pose(rig: bpy.types.Object, *, unit_scale: float = 1.0) -> RestPose:
    """Every bone of ``rig`` at rest, in stage space.

    Parameters
    ----------
    rig : bpy.types.Object
        An armature, its ``matrix_world`` up to date.
    unit_scale : float
        Metres per unit of the scene.

    Raises
    ------
    LiftError
        When it is no armature of this file that can be animated now, or its object's scale is zero,
        negative or uneven.
    """
    check_usable(rig)
    tilt, scale = tilt_and_scale(rig)
    bones = list(armature_of(rig).bones)
    place_of = {bone.name: place for place, bone in enumerate(bones)}
    axes = np.array([bone.matrix_local.to_3x3() for bone in bones])
    heads = np.array([bone.head_local for bone in bones])
    tails = np.array([bone.tail_local for bone in bones])
    metres = scale * unit_scale
    return RestPose(
        bone_names=tuple(place_of),
        parents=tuple(-1 if bone.parent is None else place_of[bone.parent.name] for bone in bones),
        heads=metres * quaternion.rotate(tilt, heads),
        tails=metres * quaternion.rotate(tilt, tails),
        rotations=quaternion.multiply(tilt, quaternion.from_matrix(axes)),
    )


def choose_bone_map(rest_pose: RestPose, chosen: str | Path | BoneMap | None = None) -> MappedRig:
    """The bone map that the user chose, or the one that is found.

    Parameters
    ----------
    rest_pose : RestPose
        Every bone of the rig.
    chosen : str, Path, BoneMap or None
        A known rig's name, a file, a map; None to find one. Optional parts of a known rig that this
        one does not have are passed over.

    Returns
    -------
    MappedRig
        With a confidence for each role; 1 for those that were chosen.

    Raises
    ------
    LiftError
        When there is no such rig or file, or the armature does not fit.
    """
    if chosen is None:
        return find_bone_map(rest_pose)
    if isinstance(chosen, BoneMap):
        bone_map = chosen
    elif isinstance(chosen, Path) or chosen.endswith(".json"):
        bone_map = read_bone_map(Path(chosen))
    else:
        bone_map = _known_map(rest_pose, chosen)
    bone_map.indices(rest_pose)
    bone_map.twist_indices(rest_pose)
    missing = tuple(role for role in ROLES if role not in bone_map.bones)
    return MappedRig(bone_map, dict.fromkeys(bone_map.bones, 1.0), missing, ())


def drive_rig(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    bone_map: BoneMap,
    *,
    mute_constraints: bool = False,
) -> DrivenRig:
    """How ``rig`` is driven by ``bone_map``; nothing in the scene changes.

    Where constraints, drivers or flags decide what follows what, that is measured on a copy.

    Parameters
    ----------
    context : bpy.types.Context
        Whose scene and view layer the rig is in.
    rig : bpy.types.Object
        The user's armature.
    bone_map : BoneMap
        That fits it.
    mute_constraints : bool
        Whether constraints that hold driven bones are to be muted; otherwise they are warned of.

    Raises
    ------
    LiftError
        When the rig cannot be read (see ``read_rest_pose``), shows its rest position, does not fit the
        map, has a driven bone without length, or parts that hang from different roots.
    """
    view_layer_of(context).update()
    unit_scale = metres_per_unit(scene_of(context))
    whole = read_rest_pose(rig, unit_scale=unit_scale)
    if armature_of(rig).pose_position == "REST":
        raise LiftError(
            f"armature {rig.name!r} shows its rest position: set it to Pose Position, in its data "
            "properties under Pose"
        )
    bone_map.indices(whole)
    bone_map = _without_turned_twists(rig, bone_map, mute_constraints=mute_constraints)
    acting = acting_constraints(rig, _bones_of(bone_map))
    muted, left_on = (acting, ()) if mute_constraints else ((), acting)
    switches, followers = following_switches(rig, bone_map), ik_followers(rig, bone_map)
    names = [*_bones_of(bone_map), *followers]
    _check_lengths(rig, pick_bones(whole, names))
    following = by_parents = plain_following(whole, names)
    if not follows_by_parents(rig, names):
        measured = measure_following(context, rig, names, switches=switches, muted=muted)
        following = measured.trusted(by_parents)
    _check_one_root(rig, whole, bone_map, (by_parents, following))
    warnings = [
        *constraint_warnings(left_on),
        *follow_warnings(following, left_on),
        *state_warnings(rig, names),
    ]
    if "root" in bone_map.bones and not _carries_hips(bone_map, following):
        warnings.append(
            f"the hips do not follow the root bone {bone_map.bones['root'][-1]!r}: it is left out"
        )
        bone_map = _without_root(bone_map)
        following = following.of([*_bones_of(bone_map), *followers])
    rest_pose = rest_pose_of(following, whole)
    bone_map.indices(rest_pose)
    return DrivenRig(
        rig=rig,
        rest_pose=rest_pose,
        bone_map=bone_map,
        scale=tilt_and_scale(rig)[1] * unit_scale,
        switches=switches,
        followers=followers,
        muted=muted,
        warnings=tuple(warnings),
    )


def _known_map(rest_pose: RestPose, name: str) -> BoneMap:
    """The known rig's map as far as the armature has its bones, under its own spelling of them."""
    known = load_scheme(name).bone_map
    proposed = propose_bones(rest_pose)
    if proposed.name == name:
        return BoneMap(name=name, bones=proposed.bones, twists=proposed.twists)
    present = set(rest_pose.bone_names)
    return BoneMap(
        name=name,
        bones={
            role: chain
            for role, chain in known.bones.items()
            if role in REQUIRED_ROLES or present.issuperset(chain)
        },
        twists={role: chain for role, chain in known.twists.items() if present.issuperset(chain)},
    )


def _bones_of(bone_map: BoneMap) -> list[str]:
    chains = [*bone_map.bones.values(), *bone_map.twists.values()]
    return [bone for chain in chains for bone in chain]


def _without_turned_twists(
    rig: bpy.types.Object, bone_map: BoneMap, *, mute_constraints: bool
) -> BoneMap:
    """The map without the twist helpers that the rig itself turns, by constraints or drivers."""
    helpers = [bone for chain in bone_map.twists.values() for bone in chain]
    acting = () if mute_constraints else acting_constraints(rig, helpers)
    turned = {*(bone for bone, _ in acting), *driven_by_drivers(rig, helpers)}
    left = {
        role: kept
        for role, chain in bone_map.twists.items()
        if (kept := tuple(bone for bone in chain if bone not in turned))
    }
    return replace(bone_map, twists=left)


def _without_root(bone_map: BoneMap) -> BoneMap:
    bones = {role: chain for role, chain in bone_map.bones.items() if role != "root"}
    return replace(bone_map, bones=bones)


def _check_lengths(rig: bpy.types.Object, driven: RestPose) -> None:
    """Raise LiftError for a driven bone without length."""
    size = float(np.ptp(driven.heads, axis=0).max())
    short = np.flatnonzero(~(driven.lengths > _SHORTEST_SHARE * size))
    if short.size:
        raise LiftError(
            f"armature {rig.name!r}, bone {driven.bone_names[short[0]]!r}: expected a length, found "
            "zero: make it longer in Edit Mode, or leave it out of the bone map"
        )


def _check_one_root(
    rig: bpy.types.Object, whole: RestPose, bone_map: BoneMap, ways: Sequence[Following]
) -> None:
    """Raise LiftError for parts of the body that the hips take along in no way."""
    hips = bone_map.bones["hips"][0]
    tree = BoneTree(whole)
    for role, chain in bone_map.bones.items():
        if role != "root" and not any(way.goes_with(chain[0], hips) for way in ways):
            line = tree.ancestors(whole.bone_names.index(chain[0]))
            root = whole.bone_names[line[-1]] if line else chain[0]
            raise LiftError(
                f"armature {rig.name!r}: expected {role} ({chain[0]!r}) to hang from hips ({hips!r}), "
                f"found that it does not: its root is {root!r}; give it a parent, or correct the map"
            )


def _carries_hips(bone_map: BoneMap, following: Following) -> bool:
    return following.goes_with(bone_map.bones["hips"][0], bone_map.bones["root"][-1])
