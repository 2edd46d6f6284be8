"""The one-Euro filter (Casiez et al. 2012): causal, smooth when slow and quick when fast."""

from __future__ import annotations

import math

import numpy as np

from .arrays import FloatArray

_SPEED_CUTOFF_HZ = 1.0


class OneEuroFilter:
    """A one-Euro filter that is given one sample at a time.

    Parameters
    ----------
    min_cutoff_hz : float
        Cut-off at rest.
    speed_factor : float
        Hz of cut-off gained per unit of speed (beta in the paper).
    """

    def __init__(self, *, min_cutoff_hz: float, speed_factor: float) -> None:
        self._min_cutoff_hz = min_cutoff_hz
        self._speed_factor = speed_factor
        self._value: FloatArray | None = None
        self._speed: FloatArray | None = None

    def push(self, value: FloatArray, *, fps: float) -> FloatArray:
        """The filtered sample; all have one shape (...).

        ``fps`` is one over the seconds since the sample before; of no effect for the first.
        """
        if self._value is None or self._speed is None:
            self._value, self._speed = np.array(value), np.zeros_like(value)
            return self._value
        raw_speed = (value - self._value) * fps
        speed_share = _blend(np.full_like(self._speed, _SPEED_CUTOFF_HZ), fps)
        self._speed = self._speed + speed_share * (raw_speed - self._speed)
        cutoff = self._min_cutoff_hz + self._speed_factor * np.abs(self._speed)
        self._value = self._value + _blend(cutoff, fps) * (value - self._value)
        return self._value


def _blend(cutoff_hz: FloatArray, fps: float) -> FloatArray:
    """Share of the new sample in a first-order low-pass of this cut-off."""
    angle = 2.0 * math.pi * cutoff_hz / fps
    return angle / (angle + 1.0)
