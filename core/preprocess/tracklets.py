"""Tracklets: stretches of detections that can only be one person, found for all frames at once."""

from __future__ import annotations

import numpy as np

from ..filters import BoolArray, FloatArray, IntArray
from .detection_rows import DetectionRows, pair_distance, pairs_between

# A person may move this far from one frame to the next, and this much further each second.
_STEP = 0.25
_STEP_PER_SECOND = 4.0
_LARGEST_STEP = 0.9
# A link is certain when every rival is this much further away.
_RIVAL_FACTOR = 2.0
_RIVAL_MARGIN = 0.06
# A link may pass over this many frames less one in which the person was not detected.
_LONGEST_LINK = 3
# The detector's own identities are dismissed when more than this share of them cannot be right.
_LARGEST_SHARE_WRONG = 0.05
# After this long a person may be anywhere.
_ANYWHERE_SECONDS = 1.0


def find_tracklets(rows: DetectionRows, *, fps: float) -> tuple[list[IntArray], tuple[str, ...]]:
    """Chains of rows, each of one person beyond doubt, ordered by first frame; and warnings.

    A link leads from a row to the next frame's row where both are each other's nearest by a clear
    margin, or to the next row of the same identity where the detector's identities are plausible.
    """
    by_id, warnings = _identity_links(rows, fps=fps)
    following = _certain_links(rows, by_id, fps=fps)
    root = np.arange(len(rows))
    linked = np.nonzero(following >= 0)[0]
    root[following[linked]] = linked
    # Every round doubles how far back each row sees.
    while True:
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    order = np.argsort(root, kind="stable")
    ends = np.nonzero(np.diff(root[order]))[0] + 1
    return np.split(order, ends) if len(rows) else [], warnings


def _identity_links(rows: DetectionRows, *, fps: float) -> tuple[IntArray, tuple[str, ...]]:
    """(N,) the next row of the same track id (-1 none), where the ids can be believed."""
    following = np.full(len(rows), -1)
    marked = np.nonzero(rows.track_ids >= 0)[0]
    if len(marked) < 2:
        return following, ()
    marked = marked[np.argsort(rows.track_ids[marked], kind="stable")]
    first, second = marked[:-1], marked[1:]
    is_same = rows.track_ids[first] == rows.track_ids[second]
    first, second = first[is_same], second[is_same]
    if len(first) == 0:
        return following, ()
    is_twice = rows.ordinals[first] == rows.ordinals[second]
    seconds = (rows.frames[second] - rows.frames[first]) / fps
    is_jump = pair_distance(rows, first, second) > _largest_step(seconds)
    is_jump &= seconds < _ANYWHERE_SECONDS
    if (is_twice | is_jump).mean() > _LARGEST_SHARE_WRONG:
        reason = "stand for several people at once" if is_twice.any() else "jump between people"
        return following, (f"the detector's track ids {reason}: people were followed without them",)
    is_good = ~(is_twice | is_jump)
    following[first[is_good]] = second[is_good]
    return following, ()


def _certain_links(rows: DetectionRows, by_id: IntArray, *, fps: float) -> IntArray:
    """(N,) the row that continues each row for certain, -1 where there is none or a doubt."""
    following = by_id.copy()
    has_previous = np.zeros(len(rows), bool)
    has_previous[by_id[by_id >= 0]] = True
    for step in range(1, _LONGEST_LINK + 1):
        # All rows of a frame where any track is open: the others are the rivals.
        is_open = np.zeros(int(rows.ordinals[-1]) + 1, bool)
        is_open[rows.ordinals[following < 0]] = True
        first, second = pairs_between(rows.ordinals, step=step, is_wanted=is_open)
        distance = pair_distance(rows, first, second)
        seconds = (rows.frames[second] - rows.frames[first]) / fps
        limit = _RIVAL_FACTOR * distance + _RIVAL_MARGIN
        is_certain = (distance < _largest_step(seconds)) & (seconds < _ANYWHERE_SECONDS)
        for side in (first, second):
            is_certain &= _is_nearest(side, distance, limit, len(rows))
        is_certain &= (following[first] < 0) & ~has_previous[second]
        following[first[is_certain]] = second[is_certain]
        has_previous[second[is_certain]] = True
    return following


def _is_nearest(
    owner: IntArray, distance: FloatArray, limit: FloatArray, num_rows: int
) -> BoolArray:
    """(P,) whether a pair is its owner's nearest, and all the owner's others beyond its limit."""
    order = np.lexsort((distance, owner))
    is_first = np.ones(len(order), bool)
    is_first[1:] = owner[order][1:] != owner[order][:-1]
    nearest = np.full(num_rows, -1)
    nearest[owner[order][is_first]] = order[is_first]
    second_best = np.full(num_rows, np.inf)
    is_second = np.zeros(len(order), bool)
    is_second[1:] = is_first[:-1] & ~is_first[1:]
    second_best[owner[order][is_second]] = distance[order][is_second]
    return (nearest[owner] == np.arange(len(owner))) & (second_best[owner] > limit)


def _largest_step(seconds: FloatArray) -> FloatArray:
    """Body sizes that a person may have moved after a time."""
    return np.minimum(_STEP + _STEP_PER_SECOND * seconds, _LARGEST_STEP)
