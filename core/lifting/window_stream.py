"""``TrailingWindow`` frame by frame: the same numbers, in memory and work that do not grow."""

from __future__ import annotations

import numpy as np

from .window import (
    LEAST_SCALE,
    LONGEST_QUANTILE,
    PAST_CENTER_FRAMES,
    PAST_LONGEST_SAMPLES,
    PAST_LONGEST_STRIDE,
    PAST_SCALE_FRAMES,
    PAST_SCALE_SMOOTHING_FRAMES,
    RULER_BIAS,
    SCALE_QUANTILE,
    UNMEASURED_SCALE,
    rank_of_quantile,
)


class StreamWindow:
    """A ``TimeWindow`` that is given one frame at a time: T is 1, without leading axes."""

    def __init__(self) -> None:
        self._centers = _PastFrames(PAST_CENTER_FRAMES)
        self._scales = _PastFrames(PAST_SCALE_FRAMES)
        self._levels = _PastFrames(PAST_SCALE_SMOOTHING_FRAMES)
        self._lengths = _PastFrames(PAST_LONGEST_SAMPLES)
        self._longest: np.ndarray | None = None
        self._num_frames = 0

    def smooth_center(self, center: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """(1,2) mean of the last frames' places."""
        if not self._centers.push_or_hold(center[0], is_known[0]):
            return np.zeros_like(center)
        return self._centers.mean()[None]

    def level_scale(self, scale: np.ndarray, is_measured: np.ndarray) -> np.ndarray:
        """(1,) quantile of the last frames' scales, smoothed over the last few."""
        if not self._scales.push_or_hold(scale[0], is_measured[0]):
            return np.array([UNMEASURED_SCALE])
        self._levels.push(self._scales.quantile(SCALE_QUANTILE) / RULER_BIAS)
        return np.maximum(self._levels.mean(), LEAST_SCALE)

    def longest_bones(self, apparent: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """(1,B) quantile of every third of the last frames' lengths, looked up every third frame."""
        if self._longest is None and not is_known.any():
            return np.zeros_like(apparent)
        if self._num_frames % PAST_LONGEST_STRIDE == 0:
            self._lengths.push(apparent[0])
            self._longest = self._lengths.quantile(LONGEST_QUANTILE)
        self._num_frames += 1
        assert self._longest is not None
        return self._longest[None]


class _PastFrames:
    """The last ``size`` vectors (C,), the oldest overwritten."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._ring: np.ndarray | None = None
        self._num_pushed = 0

    def push(self, value: np.ndarray) -> None:
        if self._ring is None:
            self._ring = np.zeros((self._size, len(value)))
        self._ring[self._num_pushed % self._size] = value
        self._num_pushed += 1

    def push_or_hold(self, value: np.ndarray, is_known: np.bool_) -> bool:
        """Take ``value``, or where it is unknown the last one again; False if there is none yet."""
        if is_known:
            self.push(value)
        elif self._ring is not None:
            self.push(self._ring[(self._num_pushed - 1) % self._size])
        return self._ring is not None

    def mean(self) -> np.ndarray:
        return self._there.mean(axis=0)

    def quantile(self, share: float) -> np.ndarray:
        there = self._there
        rank = int(rank_of_quantile(np.array(len(there)), share))
        return np.partition(there, rank, axis=0)[rank]

    @property
    def _there(self) -> np.ndarray:
        assert self._ring is not None
        return self._ring[: min(self._num_pushed, self._size)]
