"""Corrections through the whole flow, and lifts that use what earlier ones worked out."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core import clip_source
from core.clip_opening import recall_source
from core.clip_source import settle_clip
from core.correction import Correction
from core.errors import LiftError
from core.io.native import write_keypoints_npz
from core.joint_sets import BODY_23, LIFTED_21
from core.lift_cache import LiftCache, file_state
from core.lifting import lift as lifting
from core.lifting.weights import load_weights, save_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings, lift_clip, lift_people
from core.stopwatch import Stopwatch
from core.types import Keypoints2D
from tests.core.walker import IMAGE_SIZE, detections_of, walk

FPS = 30
NUM_FRAMES = 120
FIRST = 500
LENS = LiftSettings(focal_length_px=1400.0)
WALK = walk(NUM_FRAMES, fps=FPS)
MIRROR = BODY_23.mirror
FEET = [
    LIFTED_21.indices(*(f"{side}_{part}" for part in ("ankle", "heel", "toe")))
    for side in ("left", "right")
]


@pytest.fixture(scope="module")
def weights():
    return load_weights(DEFAULT_MODEL)


def clip_of(keypoints):
    detections = detections_of(replace(WALK, keypoints=keypoints), fps=FPS)
    numbers = np.arange(FIRST, FIRST + NUM_FRAMES)
    detections = replace(detections, frames=numbers, row_frames=numbers)
    return settle_clip(Path("walk"), detections, focal_length_px=1400.0)


def lift(weights, *corrections, keypoints=WALK.keypoints, **changes):
    settings = replace(LENS, corrections=corrections, **changes)
    watch = Stopwatch(lambda *_: None)
    (lifted,) = lift_people(clip_of(keypoints), [1], weights, settings, watch=watch)
    return lifted


def assert_same_motion(one, other):
    np.testing.assert_array_equal(one.motion.rotations, other.motion.rotations)
    np.testing.assert_array_equal(one.motion.root_position, other.motion.root_position)
    np.testing.assert_array_equal(one.motion.contacts, other.motion.contacts)
    np.testing.assert_array_equal(one.poses_camera.positions, other.poses_camera.positions)
    apart = [name for name in one.report if one.report[name] != other.report[name]]
    assert set(apart) <= {"seconds", "num_corrections"}


def test_a_swapped_stretch_lifts_to_exactly_the_motion_without_it(weights):
    spoiled = WALK.keypoints.copy()
    spoiled[20:90] = WALK.keypoints[20:90][:, MIRROR]
    good, healed = (
        lift(weights),
        lift(weights, Correction("swapped", "body", FIRST + 20, FIRST + 89), keypoints=spoiled),
    )
    assert_same_motion(good, healed)
    assert (good.report["num_corrections"], healed.report["num_corrections"]) == (0, 1)
    assert not np.allclose(
        lift(weights, keypoints=spoiled).poses_camera.positions, good.poses_camera.positions
    )


def test_where_a_wrong_joint_was_detected_does_not_matter(weights):
    wrist = BODY_23.index("left_wrist")
    correction = Correction("wrong joint", "left_wrist", FIRST + 40, FIRST + 69)
    lifted = []
    for off in (0.0, 60.0):
        spoiled = WALK.keypoints.copy()
        spoiled[40:70, wrist, 0] += off
        lifted.append(lift(weights, correction, keypoints=spoiled))
    assert_same_motion(*lifted)


def stance(foot):
    """First and last row of a foot's second stance."""
    edges = np.diff(WALK.contacts[:, foot].astype(int))
    begin = int(np.flatnonzero(edges == 1)[0]) + 1
    return begin, begin + int(np.flatnonzero(edges[begin:] == -1)[0])


@pytest.mark.parametrize("foot", [0, 1])
@pytest.mark.parametrize("has_feet", [True, False])
@pytest.mark.parametrize("locks", [True, False])
def test_a_planted_foot_stands_still_to_a_millimetre(foot, has_feet, locks, weights):
    keypoints = WALK.keypoints.copy()
    if not has_feet:
        keypoints[:, BODY_23.indices(*BODY_23.joint_names[17:]), 2] = 0
    begin, last = stance(foot)
    planted = Correction("planted", ("left", "right")[foot], FIRST + begin, FIRST + last)
    lifted = lift(weights, planted, keypoints=keypoints, lock_feet=locks)
    places = lifted.poses_world.positions[begin : last + 1, FEET[foot]]
    assert np.ptp(places, axis=0).max() < 1e-3
    assert lifted.motion.contacts[begin : last + 1, foot].all()
    steps = np.linalg.norm(np.diff(lifted.poses_world.positions, axis=0), axis=-1)
    usual = np.linalg.norm(np.diff(WALK.joints_world, axis=0), axis=-1).max()
    assert steps.max() < 2 * usual


def test_a_foot_that_is_not_planted_is_not_held(weights):
    begin, last = stance(0)
    lifted = lift(weights, Correction("not planted", "left", FIRST + begin, FIRST + last))
    assert lift(weights).motion.contacts[begin : last + 1, 0].mean() > 0.7
    assert not lifted.motion.contacts[begin : last + 1, 0].any()


def test_a_correction_that_does_not_fit_the_clip_is_said(weights):
    with pytest.raises(LiftError, match="frames 610 to 620: the clip has frames 500 to 619"):
        lift(weights, Correction("planted", "left", 610, 620))


def test_only_the_person_that_is_meant_is_corrected(weights):
    others = [walk(NUM_FRAMES), walk(NUM_FRAMES, ahead=3.0)]
    source = settle_clip(Path("two"), detections_of(*others), focal_length_px=1400.0)

    def lifted(*corrections):
        settings, watch = replace(LENS, corrections=corrections), Stopwatch(lambda *_: None)
        return lift_people(source, [1, 2], weights, settings, watch=watch)

    plain = lifted()
    corrected = lifted(Correction("wrong joint", "left_knee", 30, 60, person=2))
    np.testing.assert_array_equal(plain[0].keypoints.positions, corrected[0].keypoints.positions)
    seen = [
        each[1].keypoints.confidence[30:61, BODY_23.index("left_knee")]
        for each in (plain, corrected)
    ]
    assert (seen[0] > 0).all() and (seen[1] == 0).all()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "walk.npz"
    save(path, WALK.keypoints)
    return path


def save(path, keypoints):
    write_keypoints_npz(
        path,
        Keypoints2D(
            positions=keypoints[..., :2],
            confidence=keypoints[..., 2],
            frames=np.arange(FIRST, FIRST + NUM_FRAMES),
            image_size=IMAGE_SIZE,
            fps=Fraction(FPS),
            person=1,
            skeleton=BODY_23,
        ),
    )


@pytest.fixture
def work(monkeypatch):
    """What was done since it was last cleared: files read, clips shown to the network."""
    done = []
    for module, name, word in (
        (clip_source, "read_keypoints", "read"),
        (lifting.TemporalNetwork, "forward_clip", "network"),
    ):
        original = getattr(module, name)

        def noted(*args, _original=original, _word=word, **more):
            done.append(_word)
            return _original(*args, **more)

        monkeypatch.setattr(module, name, noted)
    return done


SWAP = Correction("swapped", "arms", FIRST + 40, FIRST + 49)
PLANT = Correction("planted", "left", FIRST + 40, FIRST + 49)


@pytest.mark.parametrize(
    ("changes", "repeated"),
    [
        ({}, set()),
        ({"smooth": 0.8}, set()),
        ({"height_m": 1.9}, set()),
        ({"lock_feet": False}, set()),
        ({"corrections": (PLANT,)}, set()),
        ({"corrections": (SWAP,)}, {"network"}),
        ({"focal_length_px": 1200.0}, {"read", "network"}),
        ({"fps": Fraction(25)}, {"read", "network"}),
    ],
)
def test_a_second_lift_repeats_only_what_its_settings_change_and_is_bit_identical(
    changes, repeated, path, work
):
    cache = LiftCache()

    def lifted(settings, cache):
        (one,) = lift_clip(path, person=1, settings=settings, progress=lambda *_: None, cache=cache)
        return one

    first = lifted(LENS, cache)
    assert set(work) == {"read", "network"}
    work.clear()
    again = lifted(replace(LENS, **changes), cache)
    assert set(work) == repeated
    assert_same_motion(again, lifted(replace(LENS, **changes), None))
    # Nothing that was kept was changed on the way.
    assert_same_motion(lifted(LENS, cache), first)


def test_a_file_or_model_that_changed_is_read_again(path, work, tmp_path):
    cache = LiftCache()
    weights = load_weights(DEFAULT_MODEL)
    model = tmp_path / "model.npz"
    save_weights(model, weights)
    settings = replace(LENS, model=model)

    def lifted():
        work.clear()
        (one,) = lift_clip(path, person=1, settings=settings, progress=lambda *_: None, cache=cache)
        return one

    first = lifted()
    assert lifted() is not first and not work
    save(path, WALK.keypoints + [3.0, 0.0, 0.0])
    assert not np.array_equal(lifted().keypoints.positions, first.keypoints.positions)
    assert set(work) == {"read", "network"}
    lifted()
    assert not work
    os.utime(model, ns=(1, 1))
    lifted()
    assert "network" in work


def test_a_clip_that_was_inspected_is_not_read_again(path, work):
    cache = LiftCache()
    settings = replace(LENS, focal_length_px=None)
    source = recall_source(path, settings, cache=cache)
    assert work == ["read"] and recall_source(path, settings, cache=cache) is source
    (one,) = lift_clip(path, person=1, settings=settings, progress=lambda *_: None, cache=cache)
    assert work.count("read") == 1 and "network" in work
    # Another lens is another clip; and what is kept goes by the name that is given.
    lift_clip(path, person=1, settings=LENS, progress=lambda *_: None, cache=cache)
    assert work.count("read") == 2
    other = path.parent / "link.npz"
    other.symlink_to(path)
    assert recall_source(other, settings, cache=cache).path == other and one.report["input"] == str(
        path
    )


def test_another_network_is_shown_the_clip_that_was_read_for_the_first(path, work, tmp_path):
    cache, model = LiftCache(), tmp_path / "model.npz"
    weights = load_weights(DEFAULT_MODEL)
    weak = replace(weights, layers=tuple((0.9 * w, b) for w, b in weights.layers))
    save_weights(model, weak)

    def lifted(settings, cache):
        (one,) = lift_clip(path, person=1, settings=settings, progress=lambda *_: None, cache=cache)
        return one

    first = lifted(LENS, cache)
    work.clear()
    other = lifted(replace(LENS, model=model), cache)
    assert set(work) == {"network"}
    assert_same_motion(other, lifted(replace(LENS, model=model), None))
    assert not np.array_equal(other.poses_camera.positions, first.poses_camera.positions)


def test_what_fails_is_not_kept(tmp_path, path):
    cache, missing = LiftCache(), tmp_path / "later.npz"
    with pytest.raises(LiftError, match="no such file"):
        lift_clip(missing, person=1, settings=LENS, progress=lambda *_: None, cache=cache)
    missing.write_bytes(path.read_bytes())
    assert lift_clip(missing, person=1, settings=LENS, progress=lambda *_: None, cache=cache)


def test_the_last_two_clips_are_kept_and_no_more():
    cache, made = LiftCache(), []

    def recall(clip, stage="seen", key=None):
        return cache.clip(clip).recall(stage, 1, key, lambda: made.append((clip, stage, key)))

    for clip in "abab":
        recall(clip)
    assert made == [("a", "seen", None), ("b", "seen", None)]
    recall("c")
    made.clear()
    recall("b")
    assert not made
    recall("a")
    assert made == [("a", "seen", None)]
    # Of a stage the latest result alone is kept.
    for key in (1, 2, 1):
        recall("a", "fitted", key)
    assert made[1:] == [("a", "fitted", 1), ("a", "fitted", 2), ("a", "fitted", 1)]
    cache.clear()
    recall("a")
    assert made[-1] == ("a", "seen", None)


def test_a_folder_is_the_same_while_each_of_its_files_is(tmp_path):
    (tmp_path / "1.json").write_text("a")
    state = file_state(tmp_path)
    assert file_state(tmp_path) == state
    (tmp_path / "2.json").write_text("b")
    assert file_state(tmp_path) != state
    (tmp_path / "2.json").unlink()
    assert file_state(tmp_path) == state
    os.utime(tmp_path / "1.json", ns=(1, 1))
    assert file_state(tmp_path) != state
