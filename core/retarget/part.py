"""The parts of a body that can be driven or left at rest, one by one."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

import numpy as np

from ..geometry import quaternion
from ..types import BoneMotion
from .bone_map import FINGERS, BoneMap, side_of

_LEG_ROLES = ("thigh", "shin", "foot", "toes")
_HEAD_ROLES = ("neck", "head")
_TRUNK_ROLES = ("root", "hips", "spine", "chest")

PARTS: tuple[str, ...] = (
    "trunk",
    "head",
    "left_arm",
    "right_arm",
    "left_leg",
    "right_leg",
    "fingers",
)
"""Every part there is; an arm begins at its shoulder and ends with the hand."""


def part_of(role: str) -> str:
    """The part that the bones of ``role`` belong to."""
    suffix = side_of(role)
    base = role.removesuffix(suffix)
    if base in FINGERS:
        return "fingers"
    if base in _TRUNK_ROLES:
        return "trunk"
    if base in _HEAD_ROLES:
        return "head"
    side = "left" if suffix == ".L" else "right"
    return f"{side}_leg" if base in _LEG_ROLES else f"{side}_arm"


def bones_outside(bone_map: BoneMap, parts: Set[str]) -> tuple[str, ...]:
    """The map's bones, twist helpers included, that belong to none of ``parts``."""
    return tuple(
        bone
        for chains in (bone_map.bones, bone_map.twists)
        for role, chain in chains.items()
        if part_of(role) not in parts
        for bone in chain
    )


def keep_parts(motion: BoneMotion, bone_map: BoneMap, parts: Set[str]) -> BoneMotion:
    """The same motion with every part that is not among ``parts`` at rest on what it hangs from.

    Without the trunk the hips stay where they rest, too; a foot whose leg rests has no contacts.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    rest = motion.rest_pose
    bone_map.indices(rest)
    index_of = {name: bone for bone, name in enumerate(rest.bone_names)}
    resting = [index_of[name] for name in bones_outside(bone_map, parts)]
    rotations, root_position = motion.rotations.copy(), motion.root_position
    rotations[:, resting] = quaternion.IDENTITY
    if "trunk" not in parts:
        root_position = root_position.copy()
        root_position[:] = rest.heads[motion.root_bone]
    is_driven = np.array([leg in parts for leg in ("left_leg", "right_leg")])
    return replace(
        motion,
        rotations=rotations,
        root_position=root_position,
        contacts=motion.contacts & is_driven,
    )
