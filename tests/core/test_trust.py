"""Frames that are not to be trusted, each stretch with its reason."""

from __future__ import annotations

import numpy as np

from core.trust import MOSTLY_HIDDEN, NOBODY_SEEN, NOT_SEEN_YET, OFF_KEYPOINTS, find_untrusted

FRAMES = np.arange(100, 160)


def found(*, share=None, off=None, within=None, fps=30.0):
    share_seen, off_m, is_within = np.ones(60), np.zeros(60), np.ones(60, dtype=bool)
    for array, change in ((share_seen, share), (off_m, off), (is_within, within)):
        for rows, value in (change or {}).items():
            array[slice(*rows)] = value
    return find_untrusted(FRAMES, share_seen=share_seen, off_m=off_m, is_within=is_within, fps=fps)


def test_a_clip_that_is_seen_and_matched_is_trusted():
    assert found(share={(0, 60): 0.5}, off={(0, 60): 0.07}) == []


def test_each_stretch_has_its_own_reason_in_order():
    ranges = found(
        share={(0, 5): 0.0, (20, 30): 0.0, (30, 33): 0.4},
        off={(40, 50): 0.3},
        within={(0, 5): False},
    )
    assert ranges == [
        (100, 104, NOT_SEEN_YET),
        (120, 129, NOBODY_SEEN),
        (130, 132, MOSTLY_HIDDEN),
        (140, 149, OFF_KEYPOINTS),
    ]


def test_the_gravest_reason_of_a_frame_is_told():
    assert found(share={(10, 20): 0.0}, off={(5, 25): 0.3}) == [
        (105, 109, OFF_KEYPOINTS),
        (110, 119, NOBODY_SEEN),
        (120, 124, OFF_KEYPOINTS),
    ]


def test_single_frames_of_noise_are_not_a_mismatch_at_any_rate():
    assert found(off={(10, 12): 0.3}) == []
    assert found(off={(10, 13): 0.3}) == [(110, 112, OFF_KEYPOINTS)]
    assert found(off={(10, 13): 0.3}, fps=60.0) == []
    assert found(off={(10, 11): 0.3}, fps=10.0) == [(110, 110, OFF_KEYPOINTS)]
