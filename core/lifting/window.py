"""What is taken over several frames of a clip: the person's place, size and longest bones.

``SymmetricWindow`` looks at the frames around each frame, ``TrailingWindow`` at those up to it. All
arrays carry any leading axes ``...``, then time T.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..filters import fill_gaps

# How much too long the least foreshortened bones appear on average (measured on synthetic views:
# noise, nearness to the camera and varying proportions add to it).
RULER_BIAS = 1.08
SCALE_QUANTILE, LONGEST_QUANTILE = 0.6, 0.8
LEAST_SCALE = 1e-4

_RULER_WINDOW = 91
_RULER_HOP = 8
_CENTER_WINDOW = 31

# What lags behind must not look far back: on synthetic views (mocap's val split) a trailing window of
# the symmetric lengths measures the distance with an error of 10 % (median; symmetric: 5 %), these
# with 6 %; the reach into depth is off by 92, these 88 mm (symmetric: 85).
PAST_CENTER_FRAMES = 7
PAST_SCALE_FRAMES = 31
PAST_SCALE_SMOOTHING_FRAMES = 7
PAST_LONGEST_SAMPLES, PAST_LONGEST_STRIDE = 31, 3
UNMEASURED_SCALE = 0.25
"""Ray units per metre until the person has been measured: 4 m away."""


class TimeWindow(Protocol):
    """How a clip's frames are seen together."""

    def smooth_center(self, center: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """(...,T,2) the person's place, steady, from each frame's own and where (...,T) it is known."""
        ...

    def level_scale(self, scale: np.ndarray, is_measured: np.ndarray) -> np.ndarray:
        """(...,T) units per metre, from each frame's own (...,T,1) and where (...,T) it is measured."""
        ...

    def longest_bones(self, apparent: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """(...,T,B) m: how long bones appear when seen from the side, from each frame's own lengths."""
        ...


class SymmetricWindow:
    """Frames before and after alike: for clips that are there as a whole."""

    def smooth_center(self, center: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """Running mean; gaps are interpolated."""
        return _smooth(_fill_time(center, is_known), _CENTER_WINDOW)

    def level_scale(self, scale: np.ndarray, is_measured: np.ndarray) -> np.ndarray:
        """Running quantile, smoothed; gaps are interpolated."""
        level = _running_quantile(_fill_time(scale, is_measured), SCALE_QUANTILE) / RULER_BIAS
        return np.maximum(_smooth(level, _CENTER_WINDOW)[..., 0], LEAST_SCALE)

    def longest_bones(self, apparent: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """Running quantile."""
        return _running_quantile(apparent, LONGEST_QUANTILE)


class TrailingWindow:
    """A frame and those before it: no number changes with what comes later.

    Gaps hold what was last known. Before anything is known nothing is: at its beginning a window is as
    long as there are frames.
    """

    def smooth_center(self, center: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """Mean of the last frames."""
        held, since = _hold_last(center, is_known)
        return _trailing_mean(held, since, PAST_CENTER_FRAMES)

    def level_scale(self, scale: np.ndarray, is_measured: np.ndarray) -> np.ndarray:
        """Quantile of the last frames, smoothed over the last few."""
        held, since = _hold_last(scale, is_measured)
        level = _trailing_quantile(held, since, SCALE_QUANTILE, PAST_SCALE_FRAMES, stride=1)
        steady = _trailing_mean(level / RULER_BIAS, since, PAST_SCALE_SMOOTHING_FRAMES)[..., 0]
        return np.where(since >= 0, np.maximum(steady, LEAST_SCALE), UNMEASURED_SCALE)

    def longest_bones(self, apparent: np.ndarray, is_known: np.ndarray) -> np.ndarray:
        """Quantile of every third of the last frames, looked up every third frame."""
        _, since = _hold_last(apparent, is_known.any(axis=-1))
        return _trailing_quantile(
            apparent, since, LONGEST_QUANTILE, PAST_LONGEST_SAMPLES, stride=PAST_LONGEST_STRIDE
        )


def rank_of_quantile(count: np.ndarray, share: float) -> np.ndarray:
    """(...) which of ``count`` (...) ranked samples, from 0, is a quantile of them."""
    return np.rint(share * np.maximum(count - 1, 0)).astype(int)


def _fill_time(values: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """``values`` (...,T,C) with unknown frames interpolated along T (kept if none is known)."""
    if is_known.all():
        return values
    by_frame = np.moveaxis(values, -2, 0)
    filled = fill_gaps(by_frame, np.moveaxis(is_known, -1, 0), smooth=False)
    return np.moveaxis(filled, 0, -2)


def _smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Running mean of (...,T,C) over ``window`` frames, shorter at the ends (edges repeated)."""
    half = window // 2
    pad = [(0, 0)] * (values.ndim - 2) + [(half + 1, half), (0, 0)]
    total = np.cumsum(np.pad(values, pad, mode="edge"), axis=-2)
    return (total[..., window:, :] - total[..., :-window, :]) / window


def _running_quantile(values: np.ndarray, share: float) -> np.ndarray:
    """Quantile of (...,T,C) over a window along T, evaluated every few frames and interpolated."""
    num_frames = values.shape[-2]
    centers = np.unique(np.append(np.arange(0, num_frames, _RULER_HOP), num_frames - 1))
    half = _RULER_WINDOW // 2
    # Every third frame of the window is enough for a quantile.
    window = centers[:, None] + np.arange(-half, half + 1, 3)
    gathered = values[..., np.clip(window, 0, num_frames - 1), :]
    rank = round(share * (window.shape[1] - 1))
    levels = np.partition(gathered, rank, axis=-2)[..., rank, :]
    frames = np.arange(num_frames)
    upper = np.clip(np.searchsorted(centers, frames), 1, max(len(centers) - 1, 1))
    upper = np.minimum(upper, len(centers) - 1)
    lower = np.maximum(upper - 1, 0)
    span = np.maximum(centers[upper] - centers[lower], 1)
    blend = ((frames - centers[lower]) / span)[:, None]
    return levels[..., lower, :] + blend * (levels[..., upper, :] - levels[..., lower, :])


def _hold_last(values: np.ndarray, is_known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(...,T,C) with unknown frames as the last known one, and how many frames ago the first was.

    The latter is (...,T): 0 in the first known frame, negative before it.
    """
    frames = np.arange(values.shape[-2])
    last = np.maximum.accumulate(np.where(is_known, frames, -1), axis=-1)
    held = np.take_along_axis(values, np.maximum(last, 0)[..., None], axis=-2)
    first = np.where(is_known.any(axis=-1), is_known.argmax(axis=-1), len(frames))
    return held, frames - first[..., None]


def _trailing_mean(values: np.ndarray, since: np.ndarray, window: int) -> np.ndarray:
    """Mean of (...,T,C) over the last ``window`` frames, of those there are; 0 where there are none."""
    there = np.where((since >= 0)[..., None], values, 0.0)
    total = np.cumsum(there, axis=-2)
    total[..., window:, :] -= total[..., :-window, :].copy()
    return total / np.clip(since + 1, 1, window)[..., None]


def _trailing_quantile(
    values: np.ndarray, since: np.ndarray, share: float, num_samples: int, *, stride: int
) -> np.ndarray:
    """Quantile of (...,T,C) over the last samples; one sample, and one look, every ``stride`` frames."""
    num_frames = values.shape[-2]
    first = -since[..., :1]
    looks = first + np.arange(0, num_frames, stride)
    samples = looks[..., None] - stride * np.arange(num_samples)
    rows = np.clip(samples, 0, num_frames - 1).reshape(*samples.shape[:-2], -1, 1)
    gathered = np.take_along_axis(values, rows, axis=-2)
    gathered = gathered.reshape(*samples.shape, values.shape[-1])
    count = np.minimum(np.arange(looks.shape[-1]) + 1, num_samples)
    gathered[..., np.arange(num_samples) >= count[:, None], :] = np.inf
    gathered.sort(axis=-2)
    rank = np.broadcast_to(rank_of_quantile(count, share), looks.shape)
    levels = np.take_along_axis(gathered, rank[..., None, None], axis=-2)[..., 0, :]
    latest = np.maximum(since, 0) // stride
    level = np.take_along_axis(levels, latest[..., None], axis=-2)
    return np.where((since >= 0)[..., None], level, 0.0)
