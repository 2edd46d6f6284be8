"""Several people share one world: one gravity, one floor, one camera, and sizes that agree with them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.clip_source import settle_clip
from core.fit.bone_lengths import fit_bone_lengths
from core.fit.gravity import estimate_gravity
from core.fit.ground import to_world
from core.fit.person_scale import Measured, agree_on_scale
from core.geometry.quaternion import rotate
from core.lift_settings import LiftSettings
from core.lifting.weights import load_weights
from core.person_fit import FittedPerson
from core.pipeline import DEFAULT_MODEL, lift_clip, lift_people
from core.shared_world import share_world
from core.stopwatch import Stopwatch
from tests.core.fit.bodies import poses_of
from tests.core.walker import detections_of, walk
from tests.shared_data import shared_data

NUM_FRAMES = 120
ASSUMED = np.full(2, 1.7)
UP = np.array([0.0, 0.0, 1.0])


def fitted(walked, number, *, size=1.0, contact=True, confidence=1.0, gravity=None):
    """What the fit makes of a walker who is ``size`` times as large as it believes: exact otherwise."""
    poses = poses_of(
        walked.joints_camera / size,
        contact=walked.contacts * float(contact),
        confidence=confidence,
    )
    poses = replace(poses, person=number)
    return FittedPerson(
        number=number,
        keypoints=replace(source_of(walked).people[0], person=number),
        poses=poses,
        gravity=np.repeat(walked.gravity[None], NUM_FRAMES, axis=0) if gravity is None else gravity,
        bone_lengths=fit_bone_lengths(poses),
        path_unit=None,
        notes=(),
        watch=Stopwatch(lambda *_: None),
    )


def source_of(*walks):
    return settle_clip(Path("walkers"), detections_of(*walks), focal_length_px=1400.0)


def share(walks, people, **settings):
    return share_world(source_of(*walks), people, LiftSettings(**settings))


def pelvis(placed):
    return to_world(placed.fitted.poses, placed.camera).positions[:, 0]


def lowest_foot(placed):
    return to_world(placed.fitted.poses, placed.camera).positions[:, 17:, 2].min()


def size_of(placed, walked):
    """The size that a person was given, as a share of their true one."""
    apart = np.linalg.norm(placed.fitted.poses.positions[:, 0], axis=-1)
    return float(np.median(apart / np.linalg.norm(walked.joints_camera[:, 0], axis=-1)))


def test_a_tall_and_a_short_walker_stand_on_one_floor_where_they_are():
    walks = [walk(NUM_FRAMES, size=0.92), walk(NUM_FRAMES, size=1.08, ahead=3.0)]
    people = [fitted(walks[0], 1, size=0.92), fitted(walks[1], 2, size=1.08)]
    placed = share(walks, people)
    assert placed[0].camera is placed[1].camera
    assert placed[0].camera.position_world[2] == pytest.approx(1.6, abs=0.15)
    for each, walked in zip(placed, walks, strict=True):
        # Of the 8 % that each is off the doubt about feet, and a degree of tilt, leave a quarter.
        assert size_of(each, walked) == pytest.approx(1.0, abs=0.025)
        assert lowest_foot(each) == pytest.approx(0.0, abs=0.015)
        assert "made" in each.scale_source and "on the shared ground" in each.scale_source
    between = (pelvis(placed[1]) - pelvis(placed[0]))[:, :2]
    true = (walks[1].joints_world - walks[0].joints_world)[:, 0, :2]
    assert np.linalg.norm(between - true, axis=-1).max() < 0.3
    # Each at the size assumed would be a metre nearer to each other.
    alone = 8.0 / 1.08 - 5.0 / 0.92
    assert np.linalg.norm(true, axis=-1).min() - alone > 0.9


def test_people_of_the_size_assumed_stay_as_they_are():
    walks = [walk(NUM_FRAMES), walk(NUM_FRAMES, ahead=3.0)]
    placed = share(walks, [fitted(walked, number) for number, walked in enumerate(walks, 1)])
    for each, walked in zip(placed, walks, strict=True):
        assert size_of(each, walked) == pytest.approx(1.0, abs=0.01)


def test_a_half_hidden_third_neither_tilts_the_world_nor_moves_its_floor():
    walks = [
        walk(NUM_FRAMES, size=0.95),
        walk(NUM_FRAMES, size=1.05, ahead=3.0),
        walk(NUM_FRAMES, size=1.2, ahead=1.0),
    ]
    people = [fitted(walks[0], 1, size=0.95), fitted(walks[1], 2, size=1.05)]
    before = share(walks[:2], people)
    lying = np.repeat([[0.0, 0.6, 0.8]], NUM_FRAMES, axis=0)
    hidden = fitted(walks[2], 3, size=1.2, confidence=0.05, gravity=lying)
    placed = share(walks, [*people, hidden])
    ups = [rotate(each.camera.rotation_world_to_camera, UP) for each in (before[0], placed[0])]
    assert np.degrees(np.arccos(np.clip(ups[0] @ ups[1], -1, 1))) < 0.5
    height = before[0].camera.position_world[2]
    assert placed[0].camera.position_world[2] == pytest.approx(height, abs=0.04)


def test_whose_feet_are_not_seen_is_as_large_as_assumed():
    walks = [walk(NUM_FRAMES), walk(NUM_FRAMES, size=1.1, ahead=3.0)]
    people = [fitted(walks[0], 1), fitted(walks[1], 2, size=1.1, contact=False)]
    placed = share(walks, people)
    assert placed[1].scale_source == (
        "assumed height 1.70 m: no feet were seen to stand on the shared ground"
    )
    assert size_of(placed[1], walks[1]) == pytest.approx(1 / 1.1, abs=0.01)


def test_who_stands_on_something_else_is_left_alone_and_named():
    walks = [walk(NUM_FRAMES), walk(NUM_FRAMES, ahead=1.0)]
    first = fitted(walks[0], 1)
    above = fitted(walks[1], 2)
    raised = above.poses.positions + 0.9 * rotate(walks[1].camera.rotation_world_to_camera, UP)
    # Seen less well: it is not they who tell where the ground is.
    faint = replace(above.poses, positions=raised, confidence=0.5 * above.poses.confidence)
    placed = share(walks, [first, replace(above, poses=faint)])
    assert placed[1].warnings == ("person 2 does not stand on the ground of the others",)
    assert lowest_foot(placed[0]) == pytest.approx(0.0, abs=0.01)
    assert lowest_foot(placed[1]) == pytest.approx(0.9, abs=0.05)


def test_a_height_that_is_given_is_that_of_the_one_who_is_seen_best():
    walks = [walk(NUM_FRAMES, ahead=3.0), walk(NUM_FRAMES)]
    people = [fitted(walked, number) for number, walked in enumerate(walks, 1)]
    placed = share(walks, people, height_m=2.0)
    assert placed[1].scale_source == "given height 2.00 m"
    # The other is found to be as tall, the more so as their feet tell it better than 1.70 m does.
    assert 1.85 < size_of(placed[0], walks[0]) * 1.7 < 2.02


def test_nobody_who_stands_still_leaves_one_camera():
    walks = [walk(NUM_FRAMES), walk(NUM_FRAMES, ahead=3.0)]
    people = [fitted(walked, number, contact=False) for number, walked in enumerate(walks, 1)]
    placed = share(walks, people)
    assert np.array_equal(placed[0].camera.position_world, placed[1].camera.position_world)
    assert lowest_foot(placed[0]) == pytest.approx(0.0, abs=0.02)


def test_the_length_shared_lies_where_doubts_balance():
    # Equal doubts: half of the disagreement each, and what is left to the noise by its share.
    told = [Measured(1.0, 0.01), Measured(1.1, 0.01)]
    length, scales = agree_on_scale(told, np.full(2, 0.08), ASSUMED, best=0)
    assert length == pytest.approx(np.sqrt(1.1), rel=1e-3)
    assert scales[0] == pytest.approx(1 / scales[1])
    assert scales[0] == pytest.approx(np.sqrt(1.1), rel=3e-3)
    # Who is known to be right moves nobody else's length.
    length, scales = agree_on_scale(told, np.array([0.0, 0.08]), ASSUMED, best=0)
    assert length == pytest.approx(1.0, abs=0.002) and scales[0] == 1.0
    assert scales[1] == pytest.approx(1 / 1.1, rel=5e-3)
    # A doubtful measurement hardly moves anybody from the size assumed.
    length, scales = agree_on_scale(
        [Measured(1.0, 0.01), Measured(1.1, 0.5)], np.full(2, 0.08), ASSUMED, best=0
    )
    assert length == pytest.approx(1.0, abs=0.01) and scales[1] == pytest.approx(1.0, abs=0.01)


def test_a_height_that_no_adult_has_counts_for_nothing():
    told = [Measured(1.0, 0.02), Measured(1.6, 0.02), None]
    length, scales = agree_on_scale(told, np.full(3, 0.08), np.full(3, 1.7), best=0)
    assert length == pytest.approx(1.0) and scales.tolist() == [1.0, 1.0, 1.0]
    # The other way round if the other is seen best.
    length, _ = agree_on_scale(told, np.full(3, 0.08), np.full(3, 1.7), best=1)
    assert length == pytest.approx(1.6)
    # Who is best but tells nothing leaves it to the first who does.
    length, _ = agree_on_scale(told, np.full(3, 0.08), np.full(3, 1.7), best=2)
    assert length == pytest.approx(1.0)


def test_a_pose_that_never_changes_tells_little_of_what_is_up():
    walked = walk(NUM_FRAMES)
    moving = fitted(walked, 1)
    wrong = np.repeat([[0.0, 0.0, 1.0]], NUM_FRAMES, axis=0)
    frozen = np.repeat(walked.joints_camera[:1], NUM_FRAMES, axis=0)
    statue = replace(fitted(walked, 2), poses=poses_of(frozen), gravity=wrong)
    found = estimate_gravity([(each.poses, each.gravity) for each in (moving, statue)])
    assert np.degrees(np.arccos(found @ walked.gravity)) < 2.0


def test_walkers_through_the_whole_flow_keep_their_distance():
    walks = [walk(NUM_FRAMES, size=0.95), walk(NUM_FRAMES, size=1.05, ahead=3.0)]
    source = source_of(*walks)
    lifted = lift_people(
        source,
        [1, 2],
        load_weights(DEFAULT_MODEL),
        LiftSettings(),
        watch=Stopwatch(lambda *_: None),
    )
    nearer, farther = sorted(lifted, key=lambda each: each.poses_camera.positions[:, 0, 2].mean())
    way = (farther.poses_world.positions - nearer.poses_world.positions)[:, 0, :2]
    true = (walks[1].joints_world - walks[0].joints_world)[:, 0, :2]
    length, true_length = (np.linalg.norm(each, axis=-1).mean() for each in (way, true))
    # Each at 1.70 m they would be 2.36 m apart.
    assert length == pytest.approx(true_length, rel=0.15) and length > 2.5
    for each in lifted:
        assert np.abs(each.poses_world.positions[:, 17:, 2].min(axis=1)).max() < 0.1


def test_a_figure_frozen_in_the_air_does_not_tilt_the_real_world():
    folder = shared_data("real/pose2sim_multi")
    given, unknown = (
        lift_clip(
            folder / "cam01_json",
            person="all",
            settings=LiftSettings(fps=Fraction(60), **lens),
            progress=lambda *_: None,
        )
        for lens in (
            {"calibration": folder / "calibration.toml", "camera_name": "cam_01"},
            {"focal_length_px": 1681.0},
        )
    )
    up, true = (rotate(each[1].camera.rotation_world_to_camera, UP) for each in (unknown, given))
    # With everybody's word counted alike it was 32 degrees.
    assert np.degrees(np.arccos(up @ true)) < 7.0
