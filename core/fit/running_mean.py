"""A mean that is up to date after every frame."""

from __future__ import annotations

import numpy as np

_SMALLEST = np.finfo(float).tiny


class RunningMean:
    """Weighted mean of what came so far; single outliers hardly move it.

    Parameters
    ----------
    start : (C,) array
        Taken for the mean at first.
    start_weight : float
        As much as this counts what ``start`` says.
    limit : float
        No sample counts as farther from the mean than this (Huber's mean).
    horizon : float
        Total weight that is remembered: what came before fades.
    """

    def __init__(
        self, start: np.ndarray, *, start_weight: float, limit: float, horizon: float
    ) -> None:
        self.value = np.array(start, dtype=float)
        self.weight = np.full(self.value.shape, start_weight)
        self._limit = limit
        self._horizon = horizon

    def push(self, sample: np.ndarray, weight: np.ndarray | float) -> np.ndarray:
        """The mean (C,) after another sample (C,) of this weight, (C,) or one for all."""
        self.weight = np.minimum(self.weight + weight, self._horizon)
        off = np.clip(sample - self.value, -self._limit, self._limit)
        # Where nothing has weighed anything yet, the mean stays what it is.
        self.value = self.value + weight / np.maximum(self.weight, _SMALLEST) * off
        return self.value
