"""Smoothing of weighted signals by a penalty on their second differences."""

from __future__ import annotations

import math

import numpy as np

from ..errors import LiftError
from .arrays import FloatArray
from .block_tridiagonal import solve_pentadiagonal
from .gaps import fill_gaps

# A sample without weight is held this weakly to the line between its neighbours, so that the
# penalised system can be solved however much is missing.
_MISSING_WEIGHT = 1e-6


def smooth_penalized(values: FloatArray, weights: FloatArray, *, strength: float) -> FloatArray:
    """Whittaker's smoother: least ``sum w (x - v)^2 + strength sum (second difference of x)^2``.

    Where everything weighs 1, the gain at frequency f is ``1 / (1 + strength (2 sin(pi f/fps))^4)``;
    straight lines pass unchanged. Samples of weight 0 are filled in. The banded system is solved in
    O(T) for all channels at once.

    Parameters
    ----------
    values : (T, ..., C) or (T, ...) float
    weights : (T, ...) float
        At least 0, 0 = unknown; shape of ``values``, or without its trailing axes.
    strength : float
        At least 0.

    Raises
    ------
    LiftError
        When the shapes do not agree, or a weight or the strength is negative or not finite.
    """
    if weights.shape != values.shape[: weights.ndim]:
        raise LiftError(
            f"smooth_penalized: expected weights to match the values' {values.shape}, "
            f"found {weights.shape}"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all() and 0 <= strength < math.inf):
        raise LiftError("smooth_penalized: expected finite weights and strength of at least 0")
    is_known = weights > 0
    target = fill_gaps(values, is_known, smooth=False)
    num_frames = len(values)
    if num_frames < 3 or strength == 0:
        return target
    largest = np.where(is_known.any(axis=0), weights.max(axis=0), 1.0)
    weights = np.where(is_known, weights, _MISSING_WEIGHT * largest)
    shared = (num_frames, math.prod(weights.shape[1:]))
    weight_columns = weights.reshape(shared).astype(np.float64)
    # From the first value, so that a large offset costs no precision.
    offset = target[:1].astype(np.float64)
    columns = (target - offset).reshape(*shared, -1)
    solved = _solve_penalized(weight_columns, columns, strength)
    result = solved.reshape(values.shape) + offset
    return result.astype(target.dtype)


def _solve_penalized(weights: FloatArray, targets: FloatArray, strength: float) -> FloatArray:
    """Solve ``(W + strength D'D) x = W v``; weights (T, C), targets (T, C, K) -> (T, C, K)."""
    num_frames = len(weights)
    bending = np.zeros((num_frames, 1))
    for offset, factor in enumerate((1.0, 4.0, 1.0)):
        bending[offset : offset + num_frames - 2] += strength * factor
    first = np.zeros((num_frames - 1, 1))
    for offset in range(2):
        first[offset : offset + num_frames - 2] -= 2.0 * strength
    second = np.full((num_frames - 2, 1), strength)
    return solve_pentadiagonal(weights + bending, first, second, weights[..., None] * targets)
