"""A video's size and frame times as its container states them, and the rate that they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..errors import InputFormatError

_STANDARD_RATES = tuple(
    Fraction(rate) for rate in (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 200, 240)
) + tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120, 240))
_MIN_TICKS_PER_FRAME = 3
_ROUNDING_TICKS = 1.01


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """What a container says of its video: ``size`` (w, h) px as coded, before rotation.

    ``rotation_deg`` clockwise, as a player turns it; ``ticks`` (T,) int, when each frame is shown,
    in order; ``ticks_per_second``; ``duration_ticks`` of all frames where known; ``nominal_fps`` a
    rate that the container states beside the times.
    """

    size: tuple[int, int]
    rotation_deg: int
    ticks: np.ndarray
    ticks_per_second: Fraction
    duration_ticks: int | None = None
    nominal_fps: Fraction | None = None


def rate_and_times(track: VideoTrack, where: str) -> tuple[Fraction, np.ndarray | None]:
    """The frame rate in Hz, and (T,) times in s from the first frame where the rate varies.

    Times that differ from a constant rate only by the container's rounding count as constant; a
    variable rate's average is the number of frames over their duration.

    Raises
    ------
    InputFormatError
        When the track has no frames or no time passes.
    """
    num_frames = len(track.ticks)
    if num_frames == 0:
        raise InputFormatError(f"{where}: expected video frames, found none")
    ticks = track.ticks - track.ticks[0]
    steps = np.diff(ticks)
    if num_frames == 1:
        return _single_frame_rate(track, where), None
    if ticks[-1] <= 0:
        raise InputFormatError(f"{where}: expected frames at different times, found all at one")
    if (steps == steps[0]).all():
        return track.ticks_per_second / int(steps[0]), None
    average = track.ticks_per_second * (num_frames - 1) / int(ticks[-1])
    wanted = track.nominal_fps or average
    candidates = sorted(_STANDARD_RATES, key=lambda rate: abs(rate - wanted))
    rounded = next((rate for rate in [*candidates, average] if _is_rounding(track, rate)), None)
    if rounded is not None:
        return rounded, None
    if track.duration_ticks is not None and track.duration_ticks > ticks[-1]:
        average = track.ticks_per_second * num_frames / track.duration_ticks
    return average, ticks * float(1 / track.ticks_per_second)


def _single_frame_rate(track: VideoTrack, where: str) -> Fraction:
    if track.nominal_fps is not None:
        return track.nominal_fps
    if not track.duration_ticks:
        raise InputFormatError(f"{where}: expected a frame rate, found a single frame without one")
    return track.ticks_per_second / track.duration_ticks


def _is_rounding(track: VideoTrack, rate: Fraction) -> bool:
    """Whether the times are those of a constant ``rate``, rounded to whole ticks."""
    ticks_per_frame = float(track.ticks_per_second / rate)
    if ticks_per_frame < _MIN_TICKS_PER_FRAME:
        return False
    deviation = track.ticks - track.ticks[0] - np.arange(len(track.ticks)) * ticks_per_frame
    return float(deviation.max() - deviation.min()) <= _ROUNDING_TICKS
