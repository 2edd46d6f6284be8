"""Smoothing of weighted signals by a penalty on their second differences."""

from __future__ import annotations

import math

import numpy as np

from ..errors import LiftError
from .arrays import FloatArray
from .block_tridiagonal import solve_block_tridiagonal
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
    """Solve ``(W + strength D'D) x = W v``; weights (T, C), targets (T, C, K) -> (T, C, K).

    D'D reaches two frames far, so in blocks of two frames it is block tridiagonal.
    """
    num_frames, num_channels = weights.shape
    # An odd last frame gets a partner that is tied to nothing.
    num_blocks = (num_frames + 1) // 2
    odd = 2 * num_blocks - num_frames
    main = np.zeros(2 * num_blocks)
    first, second = np.zeros(2 * num_blocks), np.zeros(2 * num_blocks)
    ones = np.ones(num_frames - 2)
    for offset, factor in enumerate((1.0, 4.0, 1.0)):
        main[offset : offset + num_frames - 2] += strength * factor * ones
    for offset in range(2):
        first[offset : offset + num_frames - 2] -= 2.0 * strength * ones
    second[: num_frames - 2] = strength * ones
    diagonal = np.pad(weights, ((0, odd), (0, 0)), constant_values=1.0) + main[:, None]
    right = np.pad(weights[..., None] * targets, ((0, odd), (0, 0), (0, 0)))

    shape = (num_blocks, num_channels)
    blocks = np.empty((2, 2, *shape))
    blocks[0, 0], blocks[1, 1] = diagonal[0::2], diagonal[1::2]
    blocks[0, 1] = blocks[1, 0] = np.broadcast_to(first[0::2, None], shape)
    # Rows: frames 2i, 2i+1; columns: frames 2i+2, 2i+3.
    upper = np.zeros((2, 2, *shape))
    upper[0, 0], upper[1, 1] = second[0::2, None], second[1::2, None]
    upper[1, 0] = first[1::2, None]
    rhs = np.moveaxis(right.reshape(num_blocks, 2, num_channels, -1), (1, 3), (0, 1))
    solved = solve_block_tridiagonal(blocks, upper[:, :, :-1], np.ascontiguousarray(rhs))
    frames = np.moveaxis(solved, (0, 1), (1, 3)).reshape(2 * num_blocks, num_channels, -1)
    return frames[:num_frames]
