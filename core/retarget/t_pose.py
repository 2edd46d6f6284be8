"""The pose that engines expect first: arms out level, palms down, legs straight down."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..geometry import quaternion
from ..geometry.swing_twist import angle_about, normalise_vectors, swing_between
from ..joint_sets import LIFTED_21
from ..types import RestPose
from .attachment import rest_joint_positions
from .bone_map import BODY_ROLES, BoneMap
from .bone_turn import local_rotations, turn_bones
from .finger import hand_axes

_LEFT, _, _UP = np.eye(3)


def t_pose_rotations(rest_pose: RestPose, bone_map: BoneMap) -> np.ndarray:
    """The rotations that bring an armature from its rest pose into a T pose.

    It faces as at rest; trunk, head, shoulders, wrists and fingers rest, feet keep their direction.
    Arms and legs are straightened, each part the shortest way. Where the fingers show the palms, the
    hands are turned about the arms until those face down.

    Parameters
    ----------
    rest_pose : RestPose
        z up; any rest pose, any rolls.
    bone_map : BoneMap

    Returns
    -------
    np.ndarray
        (B, 4) wxyz in each bone's own rest axes.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    bones = bone_map.indices(rest_pose)
    joints = dict(
        zip(LIFTED_21.joint_names, rest_joint_positions(rest_pose, bone_map), strict=True)
    )
    left = _left_axis(joints)
    turns = dict.fromkeys(BODY_ROLES, quaternion.IDENTITY)
    for side, suffix, outwards in (("left", ".L", left), ("right", ".R", -left)):
        arm = [joints[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist")]
        leg = [joints[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle")]
        upper_arm, forearm = _straightened(arm, outwards)
        thigh, shin = _straightened(leg, -_UP)
        turns |= {
            f"upper_arm_untwisted{suffix}": upper_arm,
            f"upper_arm{suffix}": upper_arm,
            f"forearm{suffix}": forearm,
            f"hand{suffix}": forearm,
            f"thigh_untwisted{suffix}": thigh,
            f"thigh{suffix}": thigh,
            f"shin{suffix}": shin,
        }
        axes = hand_axes(rest_pose, bones, suffix)
        if axes is not None:
            palm = quaternion.rotate(forearm, axes[1])
            twist = quaternion.from_axis_angle(outwards, angle_about(palm, -_UP, outwards))
            turns[f"hand{suffix}"] = quaternion.multiply(twist, forearm)
    one_frame = {role: turn[None] for role, turn in turns.items()}
    return local_rotations(turn_bones(one_frame, rest_pose, bone_map), rest_pose, 1)[0]


def _left_axis(joints: dict[str, np.ndarray]) -> np.ndarray:
    """(3,) the level unit vector to the person's left, by hips and shoulders."""
    across = joints["left_hip"] - joints["right_hip"]
    across = across + joints["left_shoulder"] - joints["right_shoulder"]
    return normalise_vectors(across * np.array([1.0, 1.0, 0.0]), fallback=_LEFT)


def _straightened(limb: list[np.ndarray], direction: np.ndarray) -> list[np.ndarray]:
    """(4,) wxyz of each segment: the lower one unfolds after the upper one has swung."""
    turns: list[np.ndarray] = []
    turn = quaternion.IDENTITY
    for start, end in pairwise(limb):
        way = quaternion.rotate(turn, normalise_vectors(end - start, fallback=direction))
        turn = quaternion.multiply(swing_between(way, direction), turn)
        turns.append(turn)
    return turns
