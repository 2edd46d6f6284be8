"""From the turns of body parts to the turns of bones: shared along chains and with twist helpers.

A turn is a rotation (T, 4) wxyz from rest to pose in armature space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..geometry import quaternion
from ..geometry.swing_twist import normalise_vectors, split_swing_twist, swing_between
from ..joint_sets import LIFTED_21
from ..types import RestPose
from .attachment import rest_joint_positions
from .bone_map import TWISTED_ROLES, BoneMap, side_of

_UP = np.array([0.0, 0.0, 1.0])
_BENDING_ROLES = ("spine", "chest", "neck")
_LOWER_PARTS = {"forearm": "hand", "shin": "foot"}
_END_JOINTS = {
    "spine": "spine",
    "chest": "thorax",
    "neck": "head",
    "upper_arm.L": "left_elbow",
    "upper_arm.R": "right_elbow",
    "forearm.L": "left_wrist",
    "forearm.R": "right_wrist",
    "thigh.L": "left_knee",
    "thigh.R": "right_knee",
    "shin.L": "left_ankle",
    "shin.R": "right_ankle",
}
"""Where the chain of a role ends."""

_LARGEST_TWIST = np.deg2rad(120.0)
"""No limb twists further: what a pose shows beyond is taken back, until a half turn is none."""


def turn_bones(
    turns: Mapping[str, np.ndarray], rest_pose: RestPose, bone_map: BoneMap
) -> dict[int, np.ndarray]:
    """The turn of every bone that has one of its own; the others follow their parents.

    Trunk and neck bend smoothly: the turn of each of a role's bones lies between those of the roles
    around it, by where the bone lies along the trunk. A limb's bones and its twist helpers share its
    twist by their places along it. Every chain as a whole then points exactly where its role's turn
    takes it, curved at rest or not.

    Parameters
    ----------
    turns : Mapping
        (T, 4) wxyz by role, with ``upper_arm_untwisted.L`` and the like for arms and legs.
    rest_pose : RestPose
    bone_map : BoneMap

    Returns
    -------
    dict
        (T, 4) wxyz by bone index.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    bones = bone_map.indices(rest_pose)
    helpers = bone_map.twist_indices(rest_pose)
    rest_joints = rest_joint_positions(rest_pose, bone_map)
    ends = {role: rest_joints[LIFTED_21.index(joint)] for role, joint in _END_JOINTS.items()}
    if "head" in bones:
        ends["neck"] = rest_pose.heads[bones["head"][0]]
    turn_of_bone = {bones[role][0]: turn for role, turn in turns.items() if role in bones}
    turn_of_bone |= _bend_trunk(turns, bones, rest_pose.heads, ends)
    for role in TWISTED_ROLES:
        heads, end = rest_pose.heads, ends[role]
        turn_of_bone |= _twist_chain(turns, role, bones[role], heads, end)
        turn_of_bone |= _twist_helpers(turns, role, helpers.get(role, ()), bones[role], heads, end)
    return turn_of_bone


def local_rotations(
    turn_of_bone: Mapping[int, np.ndarray], rest_pose: RestPose, num_frames: int
) -> np.ndarray:
    """(T, B, 4) wxyz in each bone's own rest axes, continuous in time, of turns by bone."""
    local = np.tile(quaternion.IDENTITY, (num_frames, rest_pose.num_bones, 1))
    still = np.broadcast_to(quaternion.IDENTITY, (num_frames, 4))
    turns: list[np.ndarray] = []
    for bone, parent in enumerate(rest_pose.parents):
        parent_turn = turns[parent] if parent >= 0 else still
        turns.append(turn_of_bone.get(bone, parent_turn))
        if bone in turn_of_bone:
            rest = rest_pose.rotations[bone]
            own = quaternion.multiply(quaternion.conjugate(parent_turn), turns[bone])
            local[:, bone] = quaternion.multiply(
                quaternion.conjugate(rest), quaternion.multiply(own, rest)
            )
    return quaternion.unroll(quaternion.normalise(local))


def _bend_trunk(
    turns: Mapping[str, np.ndarray],
    bones: Mapping[str, tuple[int, ...]],
    heads: np.ndarray,
    ends: Mapping[str, np.ndarray],
) -> dict[int, np.ndarray]:
    """The turns of spine, chest and neck where they have several bones."""
    present = [role for role in _BENDING_ROLES if role in bones]
    if all(len(bones[role]) == 1 for role in present):
        return {}
    # Where along the trunk each bone's middle is, and where each role's turn holds: the hips' at the
    # bottom, the chest's at its last bone, which carries the shoulders, and on up to the neck.
    middles: dict[str, np.ndarray] = {}
    knots: list[tuple[float, np.ndarray]] = [(0.0, turns["hips"])]
    height = 0.0
    for role in present:
        lengths = np.linalg.norm(np.diff(_points(bones[role], heads, ends[role]), axis=0), axis=-1)
        tops = height + np.cumsum(lengths)
        middles[role] = tops - 0.5 * lengths
        middle = middles[role][-1] if role == "chest" else 0.5 * (height + tops[-1])
        knots.append((float(middle), turns[role]))
        height = float(tops[-1])
        if role == "chest":
            knots.append((height, turns["chest"]))
    if "head" in bones and "neck" in bones:
        knots.append((height, turns["head"]))
    turn_of_bone: dict[int, np.ndarray] = {}
    for role in present:
        if len(bones[role]) > 1:
            bent = [_turn_at(middle, knots) for middle in middles[role].tolist()]
            points = _points(bones[role], heads, ends[role])
            turn_of_bone |= _aimed_chain(bones[role], bent, points, turns[role])
    return turn_of_bone


def _turn_at(height: float, knots: Sequence[tuple[float, np.ndarray]]) -> np.ndarray:
    """(T, 4) wxyz between the turns of the two knots around ``height``."""
    heights = np.array([knot for knot, _ in knots])
    above = int(np.clip(np.searchsorted(heights, height), 1, len(knots) - 1))
    span = heights[above] - heights[above - 1]
    share = np.clip((height - heights[above - 1]) / span, 0.0, 1.0) if span > 0.0 else 1.0
    return quaternion.slerp(knots[above - 1][1], knots[above][1], share)


def _twist_chain(
    turns: Mapping[str, np.ndarray],
    role: str,
    chain: tuple[int, ...],
    heads: np.ndarray,
    end: np.ndarray,
) -> dict[int, np.ndarray]:
    """The turns of a limb's bones where it has several: the first untwisted, the last in full."""
    if len(chain) == 1:
        return {}
    shares = _shares_along(heads[list(chain)], heads[chain[0]], end)
    shares = np.linspace(0.0, 1.0, len(chain)) if shares[-1] <= 0.0 else shares / shares[-1]
    points = _points(chain, heads, end)
    twisted = _twisted_turns(turns, role, shares, end - heads[chain[0]])
    if role.removesuffix(side_of(role)) not in _LOWER_PARTS:
        twisted[-1] = turns[role]
    return _aimed_chain(chain, twisted, points, turns[role])


def _twist_helpers(
    turns: Mapping[str, np.ndarray],
    role: str,
    helpers: tuple[int, ...],
    chain: tuple[int, ...],
    heads: np.ndarray,
    end: np.ndarray,
) -> dict[int, np.ndarray]:
    """The turns of the helpers beside a limb's chain."""
    if not helpers:
        return {}
    start = heads[chain[0]]
    shares = _shares_along(heads[list(helpers)], start, end)
    return dict(zip(helpers, _twisted_turns(turns, role, shares, end - start), strict=True))


def _twisted_turns(
    turns: Mapping[str, np.ndarray], role: str, shares: np.ndarray, line: np.ndarray
) -> list[np.ndarray]:
    """(T, 4) wxyz for each share of a limb's twist about its ``line`` (3,) at rest.

    The twist of upper arm and thigh runs from none at the trunk to their own turn at the hinge, that
    of forearm and shin from their own turn to the hand's or the foot's.
    """
    side = side_of(role)
    part = role.removesuffix(side)
    if part in _LOWER_PARTS:
        start, end = turns[role], turns[_LOWER_PARTS[part] + side]
    else:
        start, end = turns[f"{part}_untwisted{side}"], turns[role]
    axis = normalise_vectors(line, fallback=_UP)
    _, twist = split_swing_twist(quaternion.multiply(quaternion.conjugate(start), end), axis)
    angle = _within_reach(2.0 * np.arctan2(twist[:, 1:] @ axis, twist[:, 0]))
    return [
        quaternion.multiply(start, quaternion.from_axis_angle(axis, share * angle))
        for share in shares.tolist()
    ]


def _within_reach(angles: np.ndarray) -> np.ndarray:
    """(...) rad: the twist to be shared, without a jump where a turn is as near either way round."""
    wrapped = np.angle(np.exp(1j * angles))
    to_half_turn = np.pi - np.abs(wrapped)
    taken_back = to_half_turn * _LARGEST_TWIST / (np.pi - _LARGEST_TWIST)
    return np.sign(wrapped) * np.minimum(np.abs(wrapped), taken_back)


def _shares_along(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(N,) 0..1: how far ``points`` (N, 3) are on the way from ``start`` to ``end``."""
    line = end - start
    return np.clip((points - start) @ line / max(float(line @ line), 1e-12), 0.0, 1.0)


def _aimed_chain(
    chain: Sequence[int], bent: Sequence[np.ndarray], points: np.ndarray, turn: np.ndarray
) -> dict[int, np.ndarray]:
    """The turns of a ``chain``, swung as one so that it ends in the direction that ``turn`` takes it."""
    tip = np.sum(
        [
            quaternion.rotate(own, link)
            for own, link in zip(bent, np.diff(points, axis=0), strict=True)
        ],
        axis=0,
    )
    rest_tip = points[-1] - points[0]
    aim = quaternion.rotate(turn, normalise_vectors(rest_tip, fallback=_UP))
    swing = swing_between(normalise_vectors(tip, fallback=aim), aim)
    return {bone: quaternion.multiply(swing, own) for bone, own in zip(chain, bent, strict=True)}


def _points(chain: Sequence[int], heads: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(N + 1, 3) m: the heads of a chain's N bones at rest, and where it ends."""
    return np.concatenate([heads[list(chain)], end[None]])
