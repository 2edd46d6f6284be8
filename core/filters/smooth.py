"""Smoothing along the first axis (frames) of signals without gaps."""

from __future__ import annotations

import math

import numpy as np

from ..errors import LiftError
from .arrays import FloatArray

# A Butterworth of second order has decayed by e^-17 after this many cut-off periods.
_PAD_PERIODS = 4.0


def running_median(values: FloatArray, *, half_width: int) -> FloatArray:
    """Median over ``2 half_width + 1`` frames; the ends are padded with the end values.

    Parameters
    ----------
    values : (T, ...) float
    half_width : int
        Frames to each side; 0 returns a copy.
    """
    if half_width < 1 or len(values) == 0:
        return np.array(values)
    flat = values.reshape(len(values), -1)
    padded = np.pad(flat, ((half_width, half_width), (0, 0)), mode="edge")
    median = np.empty_like(flat)
    # Column by column: the window of every channel at once would take ten times the memory.
    for channel in range(flat.shape[1]):
        column = np.ascontiguousarray(padded[:, channel])
        windows = np.lib.stride_tricks.sliding_window_view(column, 2 * half_width + 1)
        median[:, channel] = np.partition(windows, half_width, axis=-1)[:, half_width]
    return median.reshape(values.shape)


def smooth_low_pass(values: FloatArray, *, fps: float, cutoff_hz: float) -> FloatArray:
    """Second-order Butterworth low-pass run forwards and backwards: no phase shift.

    Computed with the filter's squared magnitude ``1 / (1 + (tan(w/2) / tan(wc/2))^4)`` in the
    frequency domain, on the signal continued by its point reflection at both ends (so a straight
    line passes unchanged). The gain at the cut-off is one half.

    Parameters
    ----------
    values : (T, ...) float
    fps : float
        Hz.
    cutoff_hz : float
        Hz; at or above ``fps / 2`` nothing is filtered.

    Raises
    ------
    LiftError
        When ``fps`` or ``cutoff_hz`` is not positive.
    """
    if not (fps > 0 and cutoff_hz > 0):
        raise LiftError(
            f"smooth_low_pass: expected a positive rate and cut-off, found {fps} and {cutoff_hz} Hz"
        )
    num_frames = len(values)
    if num_frames < 2 or cutoff_hz >= 0.5 * fps:
        return np.array(values)
    pad = math.ceil(_PAD_PERIODS * fps / cutoff_hz)
    length = _fast_fft_length(num_frames + 2 * pad)
    half_angle = np.pi * np.arange(length // 2 + 1) / length
    # tan(pi/2) is a very large number and its fourth power still finite: the gain there is 0.
    gain = 1.0 / (1.0 + (np.tan(half_angle) / math.tan(math.pi * cutoff_hz / fps)) ** 4)
    flat = values.reshape(num_frames, -1)
    smoothed = np.empty_like(flat, dtype=np.result_type(values.dtype, np.float32))
    tail = length - num_frames - pad
    for channel in range(flat.shape[1]):
        column = flat[:, channel].astype(np.float64)
        # From the first value, so that a large offset costs no precision.
        extended = np.pad(column - column[0], (pad, tail), mode="reflect", reflect_type="odd")
        spectrum = np.fft.rfft(extended) * gain
        passed = np.fft.irfft(spectrum, length)[pad : pad + num_frames]
        smoothed[:, channel] = passed + column[0]
    return smoothed.reshape(values.shape)


def _fast_fft_length(minimum: int) -> int:
    """The smallest even length of at least ``minimum`` whose only prime factors are 2, 3 and 5."""
    best = 2 ** max(1, math.ceil(math.log2(minimum)))
    for fives in range(8):
        for threes in range(8):
            odd = 5**fives * 3**threes
            even = odd * 2 ** max(1, math.ceil(math.log2(max(minimum / odd, 1))))
            if minimum <= even < best:
                best = even
    return best
