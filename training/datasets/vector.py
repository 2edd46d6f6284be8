"""Vectors as directions."""

from __future__ import annotations

import numpy as np

_LEAST_LENGTH = 1e-9


def unit(vectors: np.ndarray, *, axis: int = -1) -> np.ndarray:
    """``vectors`` at length 1; those without a length stay as they are.

    Parameters
    ----------
    vectors : array
        Any unit.
    axis : int
        Along which a vector's coordinates lie.
    """
    lengths = np.sqrt((vectors**2).sum(axis=axis, keepdims=True))
    return vectors / np.maximum(lengths, _LEAST_LENGTH)
