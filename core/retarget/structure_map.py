"""Which bones are a body's limbs, told by the shape of the armature alone.

Legs are sought first: two chains of three joints, alike and side by side, that go down to the
lowest points. They give the size, the middle and the facing, by which the arms are sought. Every
trait has a cost, the square of how far it is from a human's in units of what is usual; the pair of
least cost is taken where that is small enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..geometry.swing_twist import normalise_vectors
from .bone_map import SIDE_SUFFIXES
from .bone_tree import BoneTree
from .landmark import BALL_SHARE
from .name_map import Anchor

_MOST_STEPS = 9
_MOST_CANDIDATES = 60
_LARGEST_COST = 14.0
_COST_OF_HALF_TRUST = 8.0
_HIGHEST_TRUST = 0.95
_UNKNOWN_SIDE_TRUST = 0.6
_LEAST_FACING = 0.03

_UPS = np.concatenate([np.eye(3)[[2, 1, 0]], -np.eye(3)[[2, 1, 0]]])

# Human proportions (core.proportion), lengths in legs: thigh and shin together.
_THIGH_PER_SHIN, _UPPER_ARM_PER_FOREARM = 1.02, 1.1
_ANKLE_HEIGHT, _HIP_WIDTH, _LEG_PER_HEIGHT = 0.1, 0.28, 0.5
_ARM_LENGTH, _SHOULDER_SIDE, _SHOULDER_HEIGHT = 0.67, 0.22, 0.61
_HAND_BRANCHES = 3


@dataclass(frozen=True, slots=True, eq=False)
class BodyAxes:
    """How a body stands in its armature: unit vectors (3,), a point between the hips, leg's length m.

    ``is_facing_known`` is whether its feet tell front from back, and so left from right.
    """

    up: np.ndarray
    left: np.ndarray
    middle: np.ndarray
    leg_length: float
    is_facing_known: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Triples:
    """Chains of three joints (N,): bones a, b, c (c = -1: the tail of b) and their points (N,3) m."""

    bones: np.ndarray
    points: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> _Triples:
        return _Triples(self.bones[chosen], self.points[chosen])

    @property
    def lengths(self) -> np.ndarray:
        """(N, 2) m: from a to b and from b to c."""
        return np.linalg.norm(np.diff(self.points, axis=1), axis=-1)


def find_structural_limbs(
    tree: BoneTree, is_usable: Sequence[bool]
) -> tuple[dict[str, Anchor], BodyAxes] | None:
    """The bones that legs and arms begin their parts with, as far as shape tells.

    Parameters
    ----------
    tree : BoneTree
    is_usable : sequence of bool
        (B,) bones that may play a part; the others are passed over.

    Returns
    -------
    (dict, BodyAxes) or None
        None where there are no two legs; arms are left out where there are none.
    """
    triples = _all_triples(tree, is_usable)
    whole = triples[triples.bones[:, 2] >= 0]
    if not len(whole.bones):
        return None
    pairs = [(_find_legs(tree, whole, is_usable, up), up) for up in _UPS]
    (cost, legs), up = min(pairs, key=lambda pair: pair[0][0])
    if legs is None:
        return None
    axes = _body_axes(tree, legs, up)
    trust = 1.0 if axes.is_facing_known else _UNKNOWN_SIDE_TRUST
    anchors = _anchors(tree, legs, ("thigh", "shin", "foot"), axes, trust * _trust(cost))
    cost, arms = _find_arms(tree, triples, legs, axes)
    if arms is not None:
        names = ("upper_arm", "forearm", "hand")
        anchors |= _anchors(tree, arms, names, axes, trust * _trust(cost))
    return anchors, axes


def find_toes(tree: BoneTree, foot: int, is_usable: Sequence[bool]) -> int | None:
    """The bone below ``foot`` that begins where toes bend; None where there is none."""
    rest = tree.rest_pose
    below = [bone for bone in tree.descendants(foot) if is_usable[bone]]
    if not below:
        return None
    runs = np.linalg.norm(rest.heads[below] - rest.heads[foot], axis=-1)
    tip = np.linalg.norm(tree.reach(foot) - rest.heads[foot], axis=-1).max()
    shares = runs / max(tip, 1e-9)
    best = int(np.argmin(np.abs(shares - BALL_SHARE)))
    return below[best] if 0.4 < shares[best] < 0.95 else None


def _all_triples(tree: BoneTree, is_usable: Sequence[bool]) -> _Triples:
    """Every three usable bones in a line, and every two with the tail of the lower one."""
    rest = tree.rest_pose
    bones: list[tuple[int, int, int]] = []
    for last in np.flatnonzero(np.asarray(is_usable)).tolist():
        above = [bone for bone in tree.ancestors(last) if is_usable[bone]][:_MOST_STEPS]
        bones += [(a, b, last) for place, b in enumerate(above) for a in above[place + 1 :]]
        bones += [(a, last, -1) for a in above]
    indices = np.array(bones, dtype=int).reshape(-1, 3)
    points = rest.heads[indices]
    points[indices[:, 2] < 0, 2] = rest.tails[indices[indices[:, 2] < 0, 1]]
    triples = _Triples(indices, points)
    return triples[triples.lengths.min(axis=-1, initial=np.inf) > 1e-6]


def _find_legs(
    tree: BoneTree, triples: _Triples, is_usable: Sequence[bool], up: np.ndarray
) -> tuple[float, _Triples | None]:
    rest = tree.rest_pose
    a, c = triples.points[:, 0], triples.points[:, 2]
    upper, lower = triples.lengths.T
    leg = upper + lower
    heights = rest.heads[np.asarray(is_usable)] @ up
    lowest = _lowest_points(tree, up)[triples.bones[:, 2]]
    down = (a - c) @ up / leg
    cost = (
        _deviation(np.log(upper / lower / _THIGH_PER_SHIN), 0.25)
        + _deviation(np.maximum(0.97 - down, 0.0), 0.08)
        + _deviation((c @ up - lowest) / leg - _ANKLE_HEIGHT, 0.08)
        + _deviation(np.log(leg / max(np.ptp(heights), 1e-9) / _LEG_PER_HEIGHT), 0.35)
    )
    best = np.argsort(cost)[:_MOST_CANDIDATES]
    first, second = np.triu_indices(len(best), 1)
    legs = triples[best]
    apart = legs.points[first] - legs.points[second]
    across = apart - (apart @ up)[..., None] * up
    size = leg[best][first]
    width = np.linalg.norm(across[:, 0], axis=-1) / size
    aligned = np.sum(
        normalise_vectors(across[:, 0], fallback=up)
        * normalise_vectors(across[:, 2], fallback=-up),
        axis=-1,
    )
    pair_cost = (
        cost[best][first]
        + cost[best][second]
        + _deviation(np.log(np.maximum(width, 1e-9) / _HIP_WIDTH), 0.6)
        + np.sum(_deviation(apart @ up / size[:, None], 0.08), axis=-1)
        + np.sum(_deviation(np.log(legs.lengths[first] / legs.lengths[second]), 0.08), axis=-1)
        + _deviation(1.0 - aligned, 0.25)
    )
    return _best_pair(tree, legs, pair_cost, first, second)


def _find_arms(
    tree: BoneTree, triples: _Triples, legs: _Triples, axes: BodyAxes
) -> tuple[float, _Triples | None]:
    own = {bone for leg in legs.bones for bone in (leg[0], *tree.descendants(leg[0]))}
    arms = triples[~np.isin(triples.bones[:, 0], sorted(own))]
    if not len(arms.bones):
        return np.inf, None
    leg, up, left = axes.leg_length, axes.up, axes.left
    front = np.cross(left, up)
    upper, lower = arms.lengths.T
    arm = upper + lower
    start = (arms.points[:, 0] - axes.middle) / leg
    side = np.sign(start @ left)
    stretch = (arms.points[:, 2] - arms.points[:, 0]) / arm[:, None]
    has_hand = arms.bones[:, 2] >= 0
    num_branches, beyond, is_past_hand = _hand_traits(tree, arms)
    cost = (
        _deviation(np.log(upper / lower / _UPPER_ARM_PER_FOREARM), 0.35)
        + _deviation(np.log(arm / leg / _ARM_LENGTH), 0.3)
        + _deviation(np.abs(start @ left) - _SHOULDER_SIDE, 0.1)
        + _deviation(start @ up - _SHOULDER_HEIGHT, 0.2)
        + _deviation(start @ front, 0.15)
        + _deviation(np.maximum(-side * (stretch @ left) - 0.1, 0.0), 0.15)
        + _deviation(np.maximum(0.95 - np.linalg.norm(stretch, axis=-1), 0.0), 0.15)
        + _deviation(np.maximum(beyond / arm - 0.6, 0.0), 0.2) * has_hand
        + _deviation(np.maximum(0.2 - beyond / arm, 0.0), 0.2) * has_hand
        + 2.0 * is_past_hand
        - 1.0 * (has_hand & (num_branches >= 2))
        + np.where(has_hand, 0.0, np.where(num_branches > 0, 1.5, 0.5))
    )
    best = np.argsort(cost)[:_MOST_CANDIDATES]
    arms = arms[best]
    first, second = np.triu_indices(len(best), 1)
    mirrored = arms.points - axes.middle
    mirrored = mirrored - 2.0 * (mirrored @ left)[..., None] * left + axes.middle
    apart = np.linalg.norm(mirrored[first] - arms.points[second], axis=-1) / leg
    pair_cost = cost[best][first] + cost[best][second] + np.sum(_deviation(apart, 0.1), axis=-1)
    return _best_pair(tree, arms, pair_cost, first, second)


def _hand_traits(tree: BoneTree, arms: _Triples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What tells an arm's end, each (N,).

    How many bones hang from the last one; how far they reach from its head, m; and whether one
    further up branches as a hand does.
    """
    rest = tree.rest_pose
    last = arms.bones.max(axis=-1)
    num_children = np.array([len(children) for children in tree.children])
    beyond = np.zeros(len(last))
    is_past_hand = np.zeros(len(last), dtype=bool)
    for hand in set(last.tolist()):
        is_here = last == hand
        beyond[is_here] = np.linalg.norm(tree.reach(hand) - rest.heads[hand], axis=-1).max()
        branching = [bone for bone in tree.ancestors(hand) if num_children[bone] >= _HAND_BRANCHES]
        if branching:
            is_past_hand |= is_here & np.isin(arms.bones[:, 0], tree.ancestors(branching[0]))
    return num_children[last], beyond, is_past_hand


def _best_pair(
    tree: BoneTree, limbs: _Triples, costs: np.ndarray, first: np.ndarray, second: np.ndarray
) -> tuple[float, _Triples | None]:
    """The cheapest two limbs of which none hangs from the other, and that one bone is above."""
    for pair in np.argsort(costs):
        if not costs[pair] < _LARGEST_COST:
            break
        chosen = np.array([first[pair], second[pair]])
        one, other = limbs.bones[chosen, 0].tolist()
        is_apart = one != other and not tree.is_above(one, other) and not tree.is_above(other, one)
        if is_apart and tree.common_ancestor(one, other) is not None:
            return float(costs[pair]), limbs[chosen]
    return np.inf, None


def _body_axes(tree: BoneTree, legs: _Triples, up: np.ndarray) -> BodyAxes:
    """The facing is where the feet point; where they do not tell, left is +X as in Blender."""
    across = legs.points[0, 0] - legs.points[1, 0]
    left = normalise_vectors(across - (across @ up) * up, fallback=up)
    leg_length = float(legs.lengths.sum(axis=-1).mean())
    forward = np.zeros(3)
    for foot in legs.bones[:, 2].tolist():
        reach = tree.reach(foot) - tree.rest_pose.heads[foot]
        level = reach - (reach @ up)[:, None] * up
        forward += level[np.argmax(np.linalg.norm(level, axis=-1))]
    forward -= (forward @ left) * left
    is_known = float(np.linalg.norm(forward)) > _LEAST_FACING * leg_length
    towards_left = np.cross(up, forward) if is_known else np.eye(3)[0]
    axes = BodyAxes(up, left, legs.points[:, 0].mean(axis=0), leg_length, is_known)
    return replace(axes, left=-left) if left @ towards_left < 0.0 else axes


def _anchors(
    tree: BoneTree, limbs: _Triples, parts: tuple[str, ...], axes: BodyAxes, trust: float
) -> dict[str, Anchor]:
    is_left = (limbs.points[:, 0] - axes.middle) @ axes.left
    order = np.argsort(-is_left)
    return {
        part + side: Anchor(bone, trust)
        for limb, side in zip(limbs.bones[order].tolist(), SIDE_SUFFIXES, strict=True)
        for part, bone in zip(parts, limb, strict=True)
        if bone >= 0
    }


def _lowest_points(tree: BoneTree, up: np.ndarray) -> np.ndarray:
    """(B,) m: how low each bone reaches with all that hangs from it."""
    rest = tree.rest_pose
    lowest = np.minimum(rest.heads @ up, rest.tails @ up)
    for bone in range(rest.num_bones - 1, -1, -1):
        parent = rest.parents[bone]
        if parent >= 0:
            lowest[parent] = min(lowest[parent], lowest[bone])
    return lowest


def _deviation(difference: np.ndarray, usual: float) -> np.ndarray:
    return (difference / usual) ** 2


def _trust(cost: float) -> float:
    return float(_HIGHEST_TRUST * 0.5 ** (max(cost, 0.0) / _COST_OF_HALF_TRUST))
