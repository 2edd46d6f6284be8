"""Frames of the timeline and of the clip, there and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lift_video_to_3d.addon.clip_timing import ClipTiming, timing_from_text, timing_of

RATES = st.sampled_from(
    [Fraction(1), Fraction(2, 5), Fraction(24, 25), Fraction(2), Fraction(5, 3)]
)


def timing(*, start: int = 1, rate: Fraction = Fraction(1), first: int = 0) -> ClipTiming:
    return ClipTiming(start, rate, ((0, first),))


def test_at_the_clips_own_rate_frames_are_counted_from_its_first() -> None:
    assert timing(start=11, first=500).clip_range(11, 20) == (500, 509)
    assert timing(start=11, first=500).scene_range(500, 509) == (11, 20)


def test_in_a_slower_scene_a_frame_stands_for_all_that_lie_nearest_to_it() -> None:
    # 60 Hz in a scene of 24: two and a half of the clip's for each of the scene's.
    slower = timing(rate=Fraction(24, 60))
    assert [slower.clip_range(frame, frame) for frame in (1, 2, 3)] == [(-1, 1), (2, 3), (4, 6)]


def test_in_a_faster_scene_every_frame_stands_for_at_least_one() -> None:
    faster = timing(rate=Fraction(2))
    assert [faster.clip_range(frame, frame) for frame in (1, 2, 3)] == [(0, 0), (1, 1), (1, 1)]


@given(start=st.integers(0, 500), rate=RATES, first=st.integers(0, 900), at=st.integers(0, 9000))
def test_stretches_side_by_side_on_the_timeline_are_so_in_the_clip(
    start: int, rate: Fraction, first: int, at: int
) -> None:
    shown = timing(start=start, rate=rate, first=first)
    (_, last), (following, _) = shown.clip_range(at, at + 9), shown.clip_range(at + 10, at + 19)
    assert following == last + 1


@given(start=st.integers(0, 500), rate=RATES, first=st.integers(0, 900), at=st.integers(0, 9000))
def test_a_clips_stretch_comes_back_from_the_timeline(
    start: int, rate: Fraction, first: int, at: int
) -> None:
    shown = timing(start=start, rate=rate, first=first)
    begin, end = shown.clip_range(*shown.scene_range(first + at, first + at + 30))
    # Exactly, where the scene counts as finely as the clip; else to one of its frames.
    slack = 0 if rate >= 1 else 1 / rate
    assert abs(begin - (first + at)) <= slack and abs(end - (first + at + 30)) <= slack


@given(start=st.integers(0, 500), rate=RATES, at=st.integers(0, 9000), length=st.integers(1, 40))
def test_stretches_side_by_side_in_the_clip_are_so_on_the_timeline(
    start: int, rate: Fraction, at: int, length: int
) -> None:
    shown = timing(start=start, rate=rate)
    begin, end = shown.scene_stretch(at, at + length - 1)
    following, _ = shown.scene_stretch(at + length, at + length)
    assert begin < end and (end == following or end == begin + 1)


def test_frames_that_a_varying_rate_leaves_out_or_repeats_keep_their_numbers() -> None:
    frames = np.array([7, 8, 9, 12, 13, 13, 14])
    varied = timing_of(frames, start_frame=1, frames_per_row=Fraction(1))
    assert varied.knots == ((0, 7), (3, 12), (5, 13))
    # Frames 10 and 11 are behind row 2, which shows 9 and is followed by 12.
    assert [varied.clip_range(row + 1, row + 1) for row in range(5)] == [
        (7, 7),
        (8, 8),
        (9, 11),
        (12, 12),
        (13, 13),
    ]
    assert [varied.scene_range(n, n)[0] for n in (7, 9, 12, 14)] == [1, 3, 4, 7]


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(24000, 1001) / 30])
def test_a_timing_comes_back_from_its_text(rate: Fraction) -> None:
    shown = ClipTiming(11, rate, ((0, 7), (3, 12)))
    assert timing_from_text(shown.to_text()) == shown
