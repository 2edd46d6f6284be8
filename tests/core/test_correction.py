"""Corrections say one thing about one stretch: bad ones are refused by name, a later one wins."""

from __future__ import annotations

import numpy as np
import pytest

from core.correction import (
    Correction,
    check_corrections,
    require_apart,
    with_correction,
    within_frames,
)
from core.errors import LiftError
from core.joint_sets import COCO_17


def swapped(first, last, part="body", **more):
    return Correction("swapped", part, first, last, **more)


def wrong(first, last, joint="left_wrist", **more):
    return Correction("wrong joint", joint, first, last, **more)


def planted(first, last, foot="left", **more):
    return Correction("planted", foot, first, last, **more)


def check(*corrections):
    check_corrections(
        corrections, num_people=2, frame_span=(10, 99), joint_names=COCO_17.joint_names
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: wrong(1, 2, "left_wing", where="c.json, 3"),
            "c.json, 3: unknown joint 'left_wing'",
        ),
        (lambda: planted(1, 2, "both"), "unknown foot 'both': expected one of left, right"),
        (lambda: swapped(1, 2, "arm"), "unknown part 'arm': expected one of body, arms, legs"),
        (lambda: swapped(-1, 2), "expected frames from 0 on, .* found -1 to 2"),
        (lambda: swapped(5, 4), "the first not after the last, found 5 to 4"),
        (lambda: swapped(1, 2, person=0), "expected a person from 1 on, found 0"),
    ],
)
def test_a_correction_that_is_none_is_refused(make, said):
    with pytest.raises(LiftError, match=said):
        make()


@pytest.mark.parametrize(
    ("corrections", "said"),
    [
        ([swapped(10, 20, person=3, where="c")], "c: no person 3: 2 in the clip"),
        ([wrong(10, 20, "left_heel")], "the clip's keypoints have no left_heel"),
        ([planted(90, 100, where="c")], "c: frames 90 to 100: the clip has frames 10 to 99"),
        ([planted(9, 12)], "frames 9 to 12: the clip has frames 10 to 99"),
        ([swapped(10, 20), swapped(20, 30, where="c")], "c: part body, .* overlaps .* 10 to 20"),
        ([swapped(10, 40), Correction("not swapped", "arms", 20, 30)], "part arms, .* overlaps"),
        ([wrong(10, 20), wrong(15, 16)], "joint left_wrist, .* overlaps"),
        ([Correction("not planted", "left", 15, 30), planted(10, 20)], "foot left, .* overlaps"),
        ([wrong(10, 20), wrong(12, 13), wrong(30, 31)], "frames 12 to 13, overlaps"),
    ],
)
def test_what_does_not_fit_the_clip_or_each_other_is_refused(corrections, said):
    with pytest.raises(LiftError, match=said):
        check(*corrections)


def test_what_is_about_different_things_may_be_in_the_same_frames():
    check(
        swapped(10, 20, "arms"),
        swapped(10, 20, "legs"),
        swapped(21, 22),
        swapped(10, 20, person=2),
        wrong(10, 20),
        wrong(10, 20, "right_wrist"),
        planted(10, 99),
        planted(10, 99, "right"),
    )


def test_frames_are_counted_as_the_clip_numbers_them():
    assert swapped(12, 14).rows(np.array([10, 12, 14, 16])).tolist() == [False, True, True, False]


def frames_of(corrections):
    return sorted((each.kind, each.first_frame, each.last_frame) for each in corrections)


@pytest.mark.parametrize(
    ("new", "left"),
    [
        (planted(15, 25), [("planted", 10, 25)]),
        (planted(21, 25), [("planted", 10, 25)]),
        (planted(22, 25), [("planted", 10, 20), ("planted", 22, 25)]),
        (planted(12, 13), [("planted", 10, 20)]),
        (Correction("not planted", "left", 10, 20), [("not planted", 10, 20)]),
        (Correction("not planted", "left", 5, 12), [("not planted", 5, 12), ("planted", 13, 20)]),
        (Correction("not planted", "left", 18, 30), [("not planted", 18, 30), ("planted", 10, 17)]),
        (
            Correction("not planted", "left", 14, 15),
            [("not planted", 14, 15), ("planted", 10, 13), ("planted", 16, 20)],
        ),
        (planted(15, 25, "right"), [("planted", 10, 20), ("planted", 15, 25)]),
        (planted(15, 25, person=2), [("planted", 10, 20), ("planted", 15, 25)]),
    ],
)
def test_a_later_correction_wins_over_an_earlier_one_of_the_same_thing(new, left):
    together = with_correction([planted(10, 20)], new)
    assert frames_of(together) == left
    require_apart(together)


def test_one_that_bridges_two_of_its_kind_becomes_one_with_both():
    together = with_correction([wrong(10, 20), wrong(30, 40)], wrong(18, 32))
    assert frames_of(together) == [("wrong joint", 10, 40)]


def test_a_part_of_a_clip_has_the_part_of_its_corrections() -> None:
    marks = [
        Correction("planted", "left", first, last) for first, last in ((0, 9), (5, 25), (30, 40))
    ]
    assert within_frames(marks, 10, 30) == (
        Correction("planted", "left", 10, 25),
        Correction("planted", "left", 30, 30),
    )
