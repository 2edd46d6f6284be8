"""Where the points of a body are that stands at rest: what every known rig's bones run between.

Blender's conventions: Z up, the character faces -Y, its left side is +X. Arms and legs are straight;
arms are stretched out sideways (T pose) or hang down by an angle (A pose), palms down; the soles are
level on z = 0.
"""

from __future__ import annotations

import numpy as np

from ..errors import LiftError
from ..geometry import quaternion
from ..joint_sets import LIFTED_21

NECK_SHARE = 0.35
"""Where the head pivots: the neck bone's share of the way from the thorax to the head's top."""
HEEL_RUN_PER_ANKLE_HEIGHT = 0.85
"""How far the heel lies behind the ankle: a foot of mean shape."""
BALL_SHARE = 0.68
"""Where the toes begin: the ball's share of the level way from the ankle to the toe's tip."""

_HIPS_SHARE = 0.5
_TRUNK_BASE_SHARE = 0.35
_COLLAR_SHARE = 0.12
_HAND_PER_FOREARM = 0.7
_KNUCKLE_SHARE = 0.52
_LARGEST_ASYMMETRY_M = 1e-3

_LEFT, _BACK, _UP = np.eye(3)

# From the wrist in shares of the hand's length: along the hand and to its little finger's side. The
# base of a finger's metacarpal, then its three joints and its tip: a hand of mean shape.
_FINGER_SHAPES = {
    "thumb": ((0.12, -0.10), (0.14, -0.14), (0.34, -0.30), (0.50, -0.39), (0.64, -0.45)),
    "index": ((0.14, -0.08), (0.52, -0.13), (0.76, -0.14), (0.88, -0.145), (0.97, -0.15)),
    "middle": ((0.14, -0.02), (0.52, -0.01), (0.77, -0.01), (0.90, -0.01), (1.00, -0.01)),
    "ring": ((0.14, 0.04), (0.50, 0.10), (0.73, 0.11), (0.86, 0.115), (0.95, 0.12)),
    "pinky": ((0.14, 0.09), (0.46, 0.20), (0.62, 0.22), (0.71, 0.23), (0.79, 0.24)),
}


def rest_points(
    bone_lengths: np.ndarray, *, arms_down: float = 0.0, legs_apart: float = 0.0
) -> dict[str, np.ndarray]:
    """Where the body's landmarks are at rest.

    Parameters
    ----------
    bone_lengths : np.ndarray
        (21,) m: distance of each LIFTED_21 joint to its parent, 0 for the pelvis, left = right.
    arms_down, legs_apart : float
        rad: how far each arm hangs below the horizontal, how far each leg stands from the vertical.

    Returns
    -------
    dict
        (3,) m in armature space by name: LIFTED_21's joints but for the nose, and the bone ends
        between them; ``left_...`` and ``right_...`` at the sides.

    Raises
    ------
    LiftError
        When a length is not positive and finite, or a left one differs from its right one.
    """
    length = _checked_lengths(bone_lengths)
    midline = _midline_points(length, legs_apart)
    arm = _left_arm_points(length, midline["thorax"], arms_down)
    leg = _left_leg_points(length, midline["pelvis"], legs_apart)
    mirror = np.array([-1.0, 1.0, 1.0])
    left = {f"left_{name}": point for name, point in (arm | leg).items()}
    right = {f"right_{name}": point * mirror for name, point in (arm | leg).items()}
    return midline | left | right


def _checked_lengths(bone_lengths: np.ndarray) -> dict[str, float]:
    """The length of each joint's bone by joint name, each side replaced by the mean of both."""
    lengths = np.array(bone_lengths, dtype=float)
    if lengths.shape != (LIFTED_21.num_joints,):
        raise LiftError(
            f"bone_lengths: expected shape ({LIFTED_21.num_joints},), found {lengths.shape}"
        )
    for name, length in zip(LIFTED_21.joint_names[1:], lengths[1:], strict=True):
        if not (np.isfinite(length) and length > 0.0):
            raise LiftError(f"bone_lengths: expected a positive length at {name}, found {length}")
    mirrored = lengths[LIFTED_21.mirror]
    worst = int(np.argmax(np.abs(lengths - mirrored)))
    if abs(lengths[worst] - mirrored[worst]) > _LARGEST_ASYMMETRY_M:
        raise LiftError(
            f"bone_lengths: expected left = right, found {lengths[worst]:.4f} m at "
            f"{LIFTED_21.joint_names[worst]} and {mirrored[worst]:.4f} m on the other side"
        )
    symmetric = 0.5 * (lengths + mirrored)
    return dict(zip(LIFTED_21.joint_names, symmetric.tolist(), strict=True))


def _ankle_height(length: dict[str, float]) -> float:
    """The ankle above the sole, so that heel and toe are level."""
    return min(
        length["left_heel"] / np.hypot(1.0, HEEL_RUN_PER_ANKLE_HEIGHT), 0.8 * length["left_toe"]
    )


def _midline_points(length: dict[str, float], legs_apart: float) -> dict[str, np.ndarray]:
    leg = (length["left_knee"] + length["left_ankle"]) * np.cos(legs_apart)
    pelvis = (leg + _ankle_height(length)) * _UP
    spine = pelvis + length["spine"] * _UP
    thorax = spine + length["thorax"] * _UP
    return {
        "ground": np.zeros(3),
        "ground_front": -_HIPS_SHARE * length["spine"] * _BACK,
        "pelvis": pelvis,
        "hips_top": pelvis + _HIPS_SHARE * length["spine"] * _UP,
        "trunk_base": pelvis + _TRUNK_BASE_SHARE * length["spine"] * _UP,
        "spine": spine,
        "thorax": thorax,
        "skull_base": thorax + NECK_SHARE * length["head"] * _UP,
        "head": thorax + length["head"] * _UP,
    }


def _left_arm_points(
    length: dict[str, float], thorax: np.ndarray, arms_down: float
) -> dict[str, np.ndarray]:
    shoulder = thorax + length["left_shoulder"] * _LEFT
    elbow = shoulder + length["left_elbow"] * _LEFT
    wrist = elbow + length["left_wrist"] * _LEFT
    hand = _HAND_PER_FOREARM * length["left_wrist"]
    arm = {
        "elbow": elbow,
        "wrist": wrist,
        "knuckles": wrist + _KNUCKLE_SHARE * hand * _LEFT,
        "fingertip": wrist + hand * _LEFT,
    }
    for finger, shape in _FINGER_SHAPES.items():
        for number, (along, across) in enumerate(shape):
            point = wrist + hand * (along * _LEFT + across * _BACK)
            arm[f"{finger}_{number - 1}" if number else f"{finger}_base"] = point
    down = quaternion.from_axis_angle(_BACK, arms_down)
    if arms_down:
        arm = {n: shoulder + quaternion.rotate(down, point - shoulder) for n, point in arm.items()}
    collar = thorax + _COLLAR_SHARE * length["left_shoulder"] * _LEFT
    return {"collar": collar, "shoulder": shoulder, **arm}


def _left_leg_points(
    length: dict[str, float], pelvis: np.ndarray, legs_apart: float
) -> dict[str, np.ndarray]:
    ankle_height = _ankle_height(length)
    toe_run = np.sqrt(length["left_toe"] ** 2 - ankle_height**2)
    hip = pelvis + length["left_hip"] * _LEFT
    down = np.sin(legs_apart) * _LEFT - np.cos(legs_apart) * _UP
    knee = hip + length["left_knee"] * down
    ankle = knee + length["left_ankle"] * down
    sole = ankle - ankle_height * _UP
    ball = sole - BALL_SHARE * toe_run * _BACK
    return {
        "hip": hip,
        "knee": knee,
        "ankle": ankle,
        "instep": 0.5 * (ankle + ball),
        "heel": sole + HEEL_RUN_PER_ANKLE_HEIGHT * ankle_height * _BACK,
        "ball": ball,
        "toe": sole - toe_run * _BACK,
    }
