"""Rate and times from a container's ticks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.video_track import VideoTrack, rate_and_times


def _track(ticks: list[int], ticks_per_second: int, **more: int) -> VideoTrack:
    return VideoTrack(
        (2, 2), 0, np.array(ticks, dtype=np.int64), Fraction(ticks_per_second), **more
    )


@pytest.mark.parametrize("rate", ["24", "24000/1001", "25", "30000/1001", "30", "60", "120", "240"])
@pytest.mark.parametrize("ticks_per_second", [600, 1000, 90_000])
def test_rounding_to_ticks_is_a_constant_rate(rate: str, ticks_per_second: int) -> None:
    if float(ticks_per_second / Fraction(rate)) < 3:
        pytest.skip("a frame is hardly longer than a tick")
    ticks = [round(frame * ticks_per_second / Fraction(rate)) for frame in range(600)]
    assert rate_and_times(_track(ticks, ticks_per_second), "a") == (Fraction(rate), None)


def test_a_dropped_frame_makes_the_rate_variable() -> None:
    ticks = [20 * frame for frame in range(100) if frame != 40]
    fps, times = rate_and_times(_track(ticks, 600, duration_ticks=2000), "a")
    assert times is not None
    assert times[40] == pytest.approx(41 / 30)
    assert fps == Fraction(99 * 600, 2000)


def test_a_dropped_frame_shows_even_where_a_tick_is_a_frame() -> None:
    fps, times = rate_and_times(_track([0, 1, 2, 4, 5, 6], 30), "a")
    assert times is not None
    assert fps == Fraction(30 * 5, 6)


def test_a_single_frame_takes_its_rate_from_its_duration() -> None:
    assert rate_and_times(_track([0], 1000, duration_ticks=40), "a") == (Fraction(25), None)
    with pytest.raises(InputFormatError, match="a: expected a frame rate, found a single frame"):
        rate_and_times(_track([0], 1000), "a")


def test_frames_without_time_between_them_are_refused() -> None:
    with pytest.raises(InputFormatError, match="a: expected video frames, found none"):
        rate_and_times(_track([], 1000), "a")
    with pytest.raises(InputFormatError, match="a: expected frames at different times"):
        rate_and_times(_track([5, 5], 1000), "a")
