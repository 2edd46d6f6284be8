"""What of a rig at rest its motion depends on: its joints, its legs and its floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import LiftError
from ..joint_sets import LIFTED_21
from ..types import RestPose
from .attachment import rest_joint_positions
from .bone_map import SIDE_SUFFIXES, BoneMap

_SIDES = ("left", "right")
LEGS = [LIFTED_21.indices(f"{side}_hip", f"{side}_knee", f"{side}_ankle") for side in _SIDES]
ARMS = [LIFTED_21.indices(f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist") for side in _SIDES]
SOLES = [LIFTED_21.indices(f"{side}_heel", f"{side}_toe") for side in _SIDES]
"""Left before right: hip, knee and ankle; shoulder, elbow and wrist; heel and toe."""

_HIGHEST_SOLE_PER_LEG = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRig:
    """A rig at rest: its ``joints`` (21,3) m, its legs' length and the height (m) of its floor."""

    rest_pose: RestPose
    bone_map: BoneMap
    joints: np.ndarray
    leg_length: float
    floor: float


def measure_rig(rest_pose: RestPose, bone_map: BoneMap) -> MeasuredRig:
    """A rig's joints (m), its legs' length, and where its floor is.

    The floor is z = 0 where the lowest foot point at rest is on it or up to 15 % of the leg above it, as
    a sole's thickness; else that point, as of a rig whose origin is at its hips.

    Raises
    ------
    LiftError
        When the armature does not fit the map, or its legs have no length.
    """
    joints = rest_joint_positions(rest_pose, bone_map)
    leg_length = limb_length(joints[None], LEGS)
    if leg_length <= 0.0:
        raise LiftError(f"bone map {bone_map.name!r}: expected legs with a length, found none")
    bones = bone_map.indices(rest_pose)
    roles = [f"{part}{side}" for part in ("foot", "toes") for side in SIDE_SUFFIXES]
    tips = rest_pose.tails[[bones[role][-1] for role in roles if role in bones], 2]
    lowest = float(min(joints[SOLES][..., 2].min(), tips.min()))
    is_on_floor = 0.0 <= lowest <= _HIGHEST_SOLE_PER_LEG * leg_length
    return MeasuredRig(rest_pose, bone_map, joints, leg_length, 0.0 if is_on_floor else lowest)


def limb_length(joints: np.ndarray, limbs: list[list[int]]) -> float:
    """(m) both sides' mean of two-bone limbs (2,3) of joints (T,21,3): the median over the frames."""
    lengths = np.linalg.norm(np.diff(joints[:, limbs], axis=2), axis=-1).sum(axis=-1)
    return float(np.median(lengths.mean(axis=-1)))
