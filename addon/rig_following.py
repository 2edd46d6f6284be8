"""How a rig's bones follow each other, by their parents alone or as measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.retarget.bone_tree import BoneTree
from ..core.types import RestPose

SHARE_TOLERANCE = 0.01
"""Shares of a turn or a way that differ by less are the same."""

_MOST_OF_IT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """How N bones of a rig follow each other; row: the bone that is turned, column: the one watched.

    ``turn`` (N,N): which share of the turn of the one the other takes over, 0 none, 1 all, and ``move``
    (N,N) which share of the way that it would be carried. ``is_held`` (N,): its own turn does not show
    as asked, or it stands elsewhere than at rest when nothing turns it.
    """

    bone_names: tuple[str, ...]
    turn: np.ndarray
    move: np.ndarray
    is_held: np.ndarray

    def of(self, bone_names: Sequence[str]) -> Following:
        """The same of some of the bones alone."""
        kept = [self.bone_names.index(name) for name in bone_names]
        square = np.ix_(kept, kept)
        return Following(
            tuple(bone_names), self.turn[square], self.move[square], self.is_held[kept]
        )

    def trusted(self, plain: Following) -> Following:
        """The same, but for held bones, whose own turn tells nothing, as their parents have it."""
        held = self.is_held[:, None]
        turn, move = np.where(held, plain.turn, self.turn), np.where(held, plain.move, self.move)
        return Following(self.bone_names, turn, move, self.is_held)

    def goes_with(self, follower: str, followed: str) -> bool:
        """Whether ``follower`` turns with ``followed`` or is carried by it, for the most part."""
        place = self.bone_names.index(followed), self.bone_names.index(follower)
        return bool(max(self.turn[place], self.move[place]) > _MOST_OF_IT)


def plain_following(rest_pose: RestPose, bone_names: Sequence[str]) -> Following:
    """How bones follow each other by their parents alone."""
    tree = BoneTree(rest_pose)
    index_of = {name: bone for bone, name in enumerate(rest_pose.bone_names)}
    bones = [index_of[name] for name in bone_names]
    follows = np.zeros((len(bones), len(bones)))
    for column, bone in enumerate(bones):
        follows[np.isin(bones, [bone, *tree.ancestors(bone)]), column] = 1.0
    return Following(tuple(bone_names), follows, follows, np.zeros(len(bones), dtype=bool))


def following_parents(following: Following) -> tuple[int, ...]:
    """(N,) of each bone the nearest of the others that it turns with, -1 where there is none.

    A bone that takes over more than half of a turn counts as following, one that takes less does not.
    """
    follows = following.turn > _MOST_OF_IT
    np.fill_diagonal(follows, False)
    # Of two that follow each other neither is above.
    follows &= ~follows.T
    num_above = follows.sum(axis=0)
    parents: list[int] = []
    for column in range(len(num_above)):
        above = np.flatnonzero(follows[:, column])
        parents.append(int(above[np.argmax(num_above[above])]) if above.size else -1)
    return tuple(parents)


def half_followers(following: Following) -> list[tuple[str, str]]:
    """The bones that follow another partly, each with the nearest such one: (follower, followed).

    Partly is a share of its turn, or its way without its turn, or the other way round.
    """
    turn, move = following.turn, following.move
    is_whole = _is_near(turn, 1.0) & _is_near(move, 1.0)
    is_part = ~is_whole & ~(_is_near(turn, 0.0) & _is_near(move, 0.0))
    is_part &= ~following.is_held[:, None] & ~following.is_held[None, :]
    np.fill_diagonal(is_part, False)
    parents = following_parents(following)
    found: list[tuple[str, str]] = []
    for column, name in enumerate(following.bone_names):
        # What hangs from a half follower follows as it does: one word is enough.
        above = parents[column]
        is_told = is_part[:, above] if above >= 0 else np.zeros(len(turn), dtype=bool)
        rows = np.flatnonzero(is_part[:, column] & (is_told == 0))
        if rows.size:
            nearest = rows[np.argmax((turn[:, rows] > _MOST_OF_IT).sum(axis=0))]
            found.append((name, following.bone_names[nearest]))
    return found


def rest_pose_of(following: Following, whole: RestPose) -> RestPose:
    """The bones of ``following`` at rest, each below the one that it follows, parents first.

    Otherwise in the order of ``whole``, the rest pose of all bones.
    """
    names = following.bone_names
    parents = following_parents(following)
    place_in = {name: place for place, name in enumerate(whole.bone_names)}
    depths = _depths(parents)
    order = sorted(range(len(names)), key=lambda bone: place_in[names[bone]])
    # Stable: of one depth in the order of the rig. A rig that follows by parents keeps its order.
    if any(
        parent >= 0 and order.index(parent) > order.index(bone)
        for bone, parent in enumerate(parents)
    ):
        order.sort(key=lambda bone: depths[bone])
    new_place = {bone: place for place, bone in enumerate(order)}
    bones = [place_in[names[bone]] for bone in order]
    return RestPose(
        bone_names=tuple(names[bone] for bone in order),
        parents=tuple(new_place.get(parents[bone], -1) for bone in order),
        heads=whole.heads[bones],
        tails=whole.tails[bones],
        rotations=whole.rotations[bones],
    )


def _depths(parents: Sequence[int]) -> list[int]:
    """Of each bone how many are above it."""
    depths: list[int] = []
    for parent in parents:
        above, depth = parent, 0
        while above >= 0:
            above, depth = parents[above], depth + 1
        depths.append(depth)
    return depths


def _is_near(shares: np.ndarray, share: float) -> np.ndarray:
    return np.abs(shares - share) < SHARE_TOLERANCE
