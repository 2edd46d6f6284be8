"""What the user says of keypoints holds: swaps are healed exactly, wrong joints say nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.correction import Correction
from core.joint_sets import COCO_17
from core.preprocess.clean import clean
from tests.core.preprocess.walking_people import keypoints_of, walk

T = 120
FIRST = 1000
# Someone who turns about: sides cross, so that continuity alone cannot tell a long swap.
WALK = walk(T, x=300, speed=100, turn_hz=0.25)
MIRROR = COCO_17.mirror
ARMS = COCO_17.indices(
    *(f"{s}_{p}" for s in ("left", "right") for p in ("shoulder", "elbow", "wrist"))
)


def cleaned(positions, *corrections):
    keypoints, notes = clean(keypoints_of(positions, first_frame=FIRST), corrections=corrections)
    return keypoints, notes


def test_a_whole_swapped_stretch_is_healed_exactly():
    spoiled = WALK.copy()
    spoiled[30:90] = WALK[30:90, MIRROR]
    assert not np.array_equal(cleaned(spoiled)[0].positions, WALK)
    healed, notes = cleaned(spoiled, Correction("swapped", "body", FIRST + 30, FIRST + 89))
    np.testing.assert_array_equal(healed.positions, WALK)
    assert notes == ()


def test_arms_that_are_swapped_are_healed_without_the_legs():
    spoiled = WALK.copy()
    spoiled[30:90, ARMS] = WALK[30:90][:, MIRROR[ARMS]]
    healed, _ = cleaned(spoiled, Correction("swapped", "arms", FIRST + 30, FIRST + 89))
    np.testing.assert_array_equal(healed.positions, WALK)


@pytest.mark.parametrize("num_swapped", [1, 5, 15])
def test_the_automatic_repair_does_not_undo_what_the_user_says(num_swapped):
    last = 46 + num_swapped
    flipped = WALK.copy()
    flipped[47 : last + 1] = WALK[47 : last + 1, MIRROR]
    # Of good keypoints the user says that they are swapped, and of swapped ones that they are not.
    for given, kind in ((WALK, "swapped"), (flipped, "not swapped")):
        assert np.array_equal(cleaned(given)[0].positions, WALK)
        stretch = slice(47, last + 1)
        held, _ = clean(
            keypoints_of(given, first_frame=FIRST),
            corrections=(Correction(kind, "body", FIRST + 47, FIRST + last),),
            max_gap_seconds=0,
        )
        is_seen = held.confidence[stretch] > 0
        np.testing.assert_array_equal(held.positions[stretch][is_seen], flipped[stretch][is_seen])
        np.testing.assert_array_equal(held.positions[:40], WALK[:40])
        np.testing.assert_array_equal(held.positions[last + 8 :], WALK[last + 8 :])


@pytest.mark.parametrize("joint", ["left_wrist", "right_ankle", "nose"])
@pytest.mark.parametrize("length", [3, 40])
def test_a_joint_marked_wrong_has_no_influence_whatever(joint, length):
    rng = np.random.default_rng(3)
    correction = Correction("wrong joint", joint, FIRST + 50, FIRST + 49 + length)
    index = COCO_17.index(joint)
    results = []
    for spread in (0.0, 30.0, 3000.0):
        keypoints = keypoints_of(WALK.copy(), first_frame=FIRST)
        keypoints.positions[50 : 50 + length, index] += spread * rng.normal(size=(length, 2))
        keypoints.confidence[50 : 50 + length, index] = rng.uniform(0.05, 1, size=length)
        results.append(clean(keypoints, corrections=(correction,)))
    (first, notes), *others = results
    for other, other_notes in others:
        np.testing.assert_array_equal(other.positions, first.positions)
        np.testing.assert_array_equal(other.confidence, first.confidence)
        assert other_notes == notes
    # Bridged where that is short, missing where it is long; all else is as detected.
    inside = first.confidence[50 : 50 + length, index]
    assert (inside == 0).all() if length == 40 else ((inside > 0) & (inside < 0.9)).all()
    elsewhere = np.ones(first.confidence.shape, bool)
    elsewhere[50 : 50 + length, index] = False
    np.testing.assert_array_equal(first.positions[elsewhere], WALK[elsewhere])
    assert (first.confidence[elsewhere] == 0.9).all()


def test_a_wrong_joint_is_the_one_of_that_side_after_swapped_sides_are_put_right():
    # The body is swapped in these frames, which the repair sees; the true left wrist is far off.
    left, right = COCO_17.indices("left_wrist", "right_wrist")
    walk_straight = walk(T, x=300, speed=100)
    spoiled = walk_straight.copy()
    spoiled[50:53, left] += [40, 30]
    spoiled[50:53] = spoiled[50:53, MIRROR]
    healed, _ = cleaned(spoiled, Correction("wrong joint", "left_wrist", FIRST + 50, FIRST + 52))
    np.testing.assert_array_equal(healed.positions[:, right], walk_straight[:, right])
    assert np.abs(healed.positions[:, left] - walk_straight[:, left]).max() < 5
    assert (healed.confidence[50:53, left] < 0.9).all()


def test_frames_that_were_not_detected_may_lie_in_a_corrected_stretch():
    spoiled = WALK.copy()
    spoiled[30:90] = WALK[30:90, MIRROR]
    rows = np.r_[0:40, 43:T]
    keypoints = keypoints_of(spoiled, first_frame=FIRST)
    sparse = replace(
        keypoints,
        positions=keypoints.positions[rows],
        confidence=keypoints.confidence[rows],
        frames=keypoints.frames[rows],
    )
    correction = Correction("swapped", "body", FIRST + 30, FIRST + 89)
    healed, _ = clean(sparse, corrections=(correction,))
    np.testing.assert_array_equal(healed.positions[rows], WALK[rows])
