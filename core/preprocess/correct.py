"""A user's corrections of one person's keypoints: sides put right, joints left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..correction import Correction
from ..filters import BoolArray, IntArray
from ..skeleton import Skeleton
from .swaps import part_joints


def swapped_sides(
    frames: IntArray, skeleton: Skeleton, corrections: Sequence[Correction]
) -> tuple[BoolArray, BoolArray]:
    """Which keypoints have the other side's name, and of which that is decided.

    Parameters
    ----------
    frames : (T,) int
        Source frame numbers.
    skeleton : Skeleton
    corrections : sequence of Correction
        Of this person.

    Returns
    -------
    is_swapped, is_settled : (T, J) bool
        Both sides of a pair alike; what is swapped is settled.
    """
    is_swapped = np.zeros((len(frames), skeleton.num_joints), bool)
    is_settled = is_swapped.copy()
    for each in corrections:
        if each.kind in ("swapped", "not swapped"):
            left, right = part_joints(skeleton, each.subject)
            is_told = np.zeros_like(is_settled)
            is_told[:, left + right] = each.rows(frames)[:, None]
            is_swapped |= is_told & (each.kind == "swapped")
            is_settled |= is_told
    return is_swapped, is_settled


def wrong_joints(
    frames: IntArray, skeleton: Skeleton, corrections: Sequence[Correction]
) -> BoolArray:
    """(T, J) keypoints that are to be ignored, by their names after sides are put right.

    ``frames`` (T,) source frame numbers; ``corrections`` of this person; a joint that the skeleton
    lacks is a LiftError.
    """
    is_wrong = np.zeros((len(frames), skeleton.num_joints), bool)
    for each in corrections:
        if each.kind == "wrong joint":
            is_wrong[each.rows(frames), skeleton.index(each.subject)] = True
    return is_wrong
