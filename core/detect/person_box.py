"""What the network that finds people writes, decoded.

BlazePose (Bazarevsky et al. 2020) on a single-shot detector's anchors (SSD, Liu et al. 2016): it looks at
the picture in a square, and says of each of its anchors whether a person is there, in which box, and
where that person's hips and the circle about the whole body are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INPUT_PIXELS = 224
"""Width and height of the square that the network sees."""

_STRIDES_AND_COUNTS = ((8, 2), (16, 2), (32, 6))
_NUM_NUMBERS = 12
_MAX_LOGIT = 100.0
_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PersonBoxes:
    """N people, the surest first, as fractions 0..1 of the square that the network saw.

    ``scores`` (N,) 0..1; ``corners`` (N,2,2) low and high of each box; ``hips`` and ``rims`` (N,2): the
    middle of the hips, and where the circle about the body is, above the head.
    """

    scores: np.ndarray
    corners: np.ndarray
    hips: np.ndarray
    rims: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


def make_anchors() -> np.ndarray:
    """(2254,2) middles of the anchors, x and y as fractions of the square, in the network's order."""
    grids: list[np.ndarray] = []
    for stride, count in _STRIDES_AND_COUNTS:
        middles = (np.arange(INPUT_PIXELS // stride) + 0.5) * stride / INPUT_PIXELS
        y, x = np.meshgrid(middles, middles, indexing="ij")
        grids.append(np.repeat(np.stack((x, y), axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(grids)


_ANCHORS = make_anchors()


def decode_people(
    boxes: np.ndarray, logits: np.ndarray, *, min_score: float, max_overlap: float
) -> PersonBoxes:
    """The people that the network's numbers stand for.

    Parameters
    ----------
    boxes : (2254,12) array
        Px of the square, from each anchor's middle: a box's middle, its width and height, then four
        points, of which the first are the hips and the rim.
    logits : (2254,) array
        Of the scores.
    min_score : float
        Below it nobody is there.
    max_overlap : float
        Boxes that share more of their area are of one person: their average, weighted by score.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(float), -_MAX_LOGIT, _MAX_LOGIT)))
    rows = np.flatnonzero(scores >= min_score)
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    numbers = boxes[rows].reshape(-1, _NUM_NUMBERS // 2, 2).astype(float) / INPUT_PIXELS
    middles, sides = numbers[:, 0] + _ANCHORS[rows], numbers[:, 1]
    points = numbers[:, 2:4] + _ANCHORS[rows, None]
    corners = np.stack((middles - sides / 2, middles + sides / 2), axis=1)
    places = np.concatenate((corners, points), axis=1)
    scores, places = _merge(scores[rows], places, max_overlap)
    return PersonBoxes(scores, places[:, :2], places[:, 2], places[:, 3])


def _merge(
    scores: np.ndarray, places: np.ndarray, max_overlap: float
) -> tuple[np.ndarray, np.ndarray]:
    """One of each group of boxes: the best score, and the places' average by score."""
    overlap = _box_overlaps(places[:, :2])
    is_left = np.ones(len(scores), dtype=bool)
    best, merged = [], []
    for row in range(len(scores)):
        if is_left[row]:
            group = np.flatnonzero(is_left & ((overlap[row] > max_overlap) | _is_row(row, scores)))
            is_left[group] = False
            best.append(scores[row])
            merged.append(np.average(places[group], axis=0, weights=scores[group]))
    return np.array(best), np.array(merged).reshape(-1, 4, 2)


def _is_row(row: int, scores: np.ndarray) -> np.ndarray:
    return np.arange(len(scores)) == row


def _box_overlaps(corners: np.ndarray) -> np.ndarray:
    """(N,N) intersection over union."""
    low = np.maximum(corners[:, None, 0], corners[None, :, 0])
    high = np.minimum(corners[:, None, 1], corners[None, :, 1])
    common = np.clip(high - low, 0, None).prod(axis=-1)
    areas = np.clip(corners[:, 1] - corners[:, 0], 0, None).prod(axis=-1)
    return common / np.maximum(areas[:, None] + areas - common, _TINY)
