"""Which keys of a curve may go, so that straight lines between the others stay close to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_THRESHOLDS = (0.3, 1.0)
_WORTHWHILE_SHARE = 0.005


def decimate(
    values: np.ndarray, excess: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Keep few keys of a curve whose straight lines between keys stay within bounds.

    Every other key is tried for removal, all over the curve at once, the cheapest first; a round
    costs one look at every frame, and the number of rounds does not grow with the clip.

    Parameters
    ----------
    values : np.ndarray
        (T, C) the curve at every frame.
    excess : callable
        From (T, C) interpolated values to (T,): how far they are off at each frame, as a share of
        what is allowed there.

    Returns
    -------
    rows : np.ndarray
        (K,) the frames that keep their keys, increasing, the first and the last among them.
    interpolated : np.ndarray
        (T, C) the lines between these keys.
    """
    rows = np.arange(len(values))
    if (values == values[0]).all():
        return np.unique(rows[[0, -1]]), values
    for threshold in _THRESHOLDS:
        num_removed = len(values)
        while num_removed > _WORTHWHILE_SHARE * len(rows):
            num_before = len(rows)
            rows = _without_every_other(values, rows, excess, threshold, first=1)
            rows = _without_every_other(values, rows, excess, threshold, first=2)
            num_removed = num_before - len(rows)
    return rows, interpolate_rows(values, rows)


def interpolate_rows(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(T, C): straight lines between ``values`` (T, C) at ``rows`` (K,), from 0 to T - 1."""
    frames = np.arange(len(values))
    span = np.maximum(np.searchsorted(rows, frames, side="left"), 1) - 1
    start, end = rows[span], rows[np.minimum(span + 1, len(rows) - 1)]
    share = ((frames - start) / np.maximum(end - start, 1))[:, None]
    return values[start] + share * (values[end] - values[start])


def _without_every_other(
    values: np.ndarray,
    rows: np.ndarray,
    excess: Callable[[np.ndarray], np.ndarray],
    threshold: float,
    *,
    first: int,
) -> np.ndarray:
    """``rows`` less those of number ``first``, ``first + 2``, ... that can go one by one."""
    tried = np.arange(first, len(rows) - 1, 2)
    if not tried.size:
        return rows
    errors = excess(interpolate_rows(values, np.delete(rows, tried)))
    # The spans from the key before to the key after each tried key do not overlap.
    worst = np.maximum.reduceat(errors, rows[tried - 1])
    # The last span ends with its key, not with the curve.
    worst[-1] = errors[rows[tried[-1] - 1] : rows[tried[-1] + 1]].max()
    return np.delete(rows, tried[worst <= threshold])
