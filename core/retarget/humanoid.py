"""The default humanoid: its bones as data, its rest pose built to a person's measured lengths.

Blender's conventions: Z up, the character faces -Y, its left side is +X, bones run along their own
+Y. Rest is a T pose with straight arms and legs. Rolls are Rigify's: local X is every hinge, and a
positive turn about it bends elbows forward, knees back and the trunk forward on both sides, so
that poses paste flipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import LiftError
from ..geometry import quaternion
from ..joint_sets import LIFTED_21
from ..types import RestPose

NECK_SHARE = 0.35
"""Where the head pivots: the neck bone's share of the way from the thorax to the head's top."""
HEEL_RUN_PER_ANKLE_HEIGHT = 0.85
"""How far the heel lies behind the ankle: a foot of mean shape."""

_HIPS_SHARE = 0.5
_HAND_PER_FOREARM = 0.7
_BALL_SHARE = 0.68
_LARGEST_ASYMMETRY_M = 1e-3

_LEFT, _BACK, _UP = np.eye(3)


@dataclass(frozen=True, slots=True)
class _HumanoidBone:
    """One bone of the midline or of the left side, between two points of ``_rest_points``."""

    name: str
    parent: str | None
    head: str
    tail: str
    hinge: tuple[float, float, float]


_LATERAL = (1.0, 0.0, 0.0)
_DOWN = (0.0, 0.0, -1.0)

_MIDLINE = (
    # The spine also starts at the pelvis: a pelvis frame that holds both hip joints exactly cannot
    # also point at the spine, whose angle to the line of the hips changes.
    _HumanoidBone("hips", None, "pelvis", "hips_top", _LATERAL),
    _HumanoidBone("spine", "hips", "pelvis", "spine", _LATERAL),
    _HumanoidBone("chest", "spine", "spine", "thorax", _LATERAL),
    _HumanoidBone("neck", "chest", "thorax", "skull_base", _LATERAL),
    _HumanoidBone("head", "neck", "skull_base", "head", _LATERAL),
)
_LEFT_SIDE = (
    _HumanoidBone("shoulder.L", "chest", "thorax", "left_shoulder", _DOWN),
    _HumanoidBone("upper_arm.L", "shoulder.L", "left_shoulder", "left_elbow", _DOWN),
    _HumanoidBone("forearm.L", "upper_arm.L", "left_elbow", "left_wrist", _DOWN),
    _HumanoidBone("hand.L", "forearm.L", "left_wrist", "left_fingertip", _DOWN),
    _HumanoidBone("thigh.L", "hips", "left_hip", "left_knee", _LATERAL),
    _HumanoidBone("shin.L", "thigh.L", "left_knee", "left_ankle", _LATERAL),
    _HumanoidBone("foot.L", "shin.L", "left_ankle", "left_ball", _LATERAL),
    _HumanoidBone("toes.L", "foot.L", "left_ball", "left_toe", _LATERAL),
)


def humanoid_rest_pose(bone_lengths: np.ndarray) -> RestPose:
    """The default armature at rest, sized to a person.

    Parameters
    ----------
    bone_lengths : np.ndarray
        (21,) m: distance of each LIFTED_21 joint to its parent, 0 for the pelvis, left = right.

    Returns
    -------
    RestPose
        21 bones in armature space, feet on z = 0, the hips bone's head at the pelvis joint.

    Raises
    ------
    LiftError
        When a length is not positive and finite, or a left one differs from its right one.
    """
    points = _rest_points(_checked_lengths(bone_lengths))
    names: list[str] = []
    parents: list[int] = []
    heads: list[np.ndarray] = []
    tails: list[np.ndarray] = []
    rotations: list[np.ndarray] = []
    for bone in (*_MIDLINE, *_LEFT_SIDE, *map(_mirrored, _LEFT_SIDE)):
        head, tail = points[bone.head], points[bone.tail]
        parents.append(-1 if bone.parent is None else names.index(bone.parent))
        names.append(bone.name)
        heads.append(head)
        tails.append(tail)
        rotations.append(_rotation_from_hinge(tail - head, np.array(bone.hinge)))
    return RestPose(
        bone_names=tuple(names),
        parents=tuple(parents),
        heads=np.stack(heads),
        tails=np.stack(tails),
        rotations=np.stack(rotations),
    )


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


def _rest_points(length: dict[str, float]) -> dict[str, np.ndarray]:
    """Every bone end by name, (3,) m in armature space: heel and toe level, at z = 0."""
    ankle_height = min(
        length["left_heel"] / np.hypot(1.0, HEEL_RUN_PER_ANKLE_HEIGHT), 0.8 * length["left_toe"]
    )
    toe_run = np.sqrt(length["left_toe"] ** 2 - ankle_height**2)
    pelvis = (length["left_knee"] + length["left_ankle"] + ankle_height) * _UP
    spine = pelvis + length["spine"] * _UP
    thorax = spine + length["thorax"] * _UP
    shoulder = thorax + length["left_shoulder"] * _LEFT
    elbow = shoulder + length["left_elbow"] * _LEFT
    wrist = elbow + length["left_wrist"] * _LEFT
    hip = pelvis + length["left_hip"] * _LEFT
    knee = hip - length["left_knee"] * _UP
    ankle = knee - length["left_ankle"] * _UP
    sole = ankle - ankle_height * _UP
    left = {
        "left_shoulder": shoulder,
        "left_elbow": elbow,
        "left_wrist": wrist,
        "left_fingertip": wrist + _HAND_PER_FOREARM * length["left_wrist"] * _LEFT,
        "left_hip": hip,
        "left_knee": knee,
        "left_ankle": ankle,
        "left_ball": sole - _BALL_SHARE * toe_run * _BACK,
        "left_toe": sole - toe_run * _BACK,
    }
    mirror = np.array([-1.0, 1.0, 1.0])
    right = {name.replace("left", "right"): point * mirror for name, point in left.items()}
    return {
        "pelvis": pelvis,
        "hips_top": pelvis + _HIPS_SHARE * length["spine"] * _UP,
        "spine": spine,
        "thorax": thorax,
        "skull_base": thorax + NECK_SHARE * length["head"] * _UP,
        "head": thorax + length["head"] * _UP,
        **left,
        **right,
    }


def _mirrored(bone: _HumanoidBone) -> _HumanoidBone:
    """The right-hand bone of a left-hand one; a hinge is a pseudo-vector, so its X stays."""
    x, y, z = bone.hinge
    parent = bone.parent.replace(".L", ".R") if bone.parent is not None else None
    return _HumanoidBone(
        name=bone.name.replace(".L", ".R"),
        parent=parent,
        head=bone.head.replace("left", "right"),
        tail=bone.tail.replace("left", "right"),
        hinge=(x, -y, -z),
    )


def _rotation_from_hinge(direction: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """(4,) wxyz of a bone along ``direction`` (3,), its local X as near to ``hinge`` as can be."""
    y_axis = direction / np.linalg.norm(direction)
    z_axis = np.cross(hinge, y_axis)
    z_axis /= np.linalg.norm(z_axis)
    return quaternion.from_matrix(np.stack([np.cross(y_axis, z_axis), y_axis, z_axis], axis=-1))
