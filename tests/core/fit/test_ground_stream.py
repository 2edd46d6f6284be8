"""Down, the floor and standing feet, learned on the way: as they are, and surer with every frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fit.ground_stream import GroundStream
from core.geometry.camera import camera_at_origin, camera_to_world
from core.geometry.quaternion import from_axis_angle, rotate
from core.joint_sets import LIFTED_21
from tests.core.walker import walk

STEP = 1 / 30
LENS = camera_at_origin(1000.0, (1920, 1080))
SEEN = np.ones(21)
SOLES = LIFTED_21.indices("left_heel", "left_toe", "right_heel", "right_toe")


def follow(walked, *, gravity=None, contacts=None, confidence=SEEN):
    """The stream after a walk, and (T,2) the feet that it says stand."""
    ground = GroundStream()
    num_frames = len(walked.contacts)
    gravity = np.repeat(walked.gravity[None], num_frames, axis=0) if gravity is None else gravity
    contacts = walked.contacts.astype(float) if contacts is None else contacts
    stands = [
        ground.push(joints, confidence, contacts[frame], gravity[frame], seconds=STEP)
        for frame, joints in enumerate(walked.joints_camera)
    ]
    return ground, np.array(stands)


@pytest.mark.parametrize("pitch", [-0.2, 0.15, 0.6])
def test_the_world_is_level_its_floor_under_the_feet_its_origin_under_the_first_pelvis(pitch):
    walked = walk(pitch=pitch)
    ground, _ = follow(walked)
    world = camera_to_world(walked.joints_camera, ground.level(LENS, scale=1.0))
    expected = walked.joints_world - [*walked.joints_world[0, 0, :2], 0.0]
    assert np.abs(world - expected).max() < 0.005


def test_a_larger_person_stands_on_the_same_floor():
    walked = walk()
    ground, _ = follow(walked)
    world = camera_to_world(walked.joints_camera * 1.2, ground.level(LENS, scale=1.2))
    assert abs(world[:, SOLES, 2].min()) < 0.005
    assert np.allclose(world[0, 0, :2], 0.0, atol=1e-9)


def test_errors_of_single_frames_average_out_and_an_outlier_does_not_tilt_the_world():
    walked = walk(240)
    rng = np.random.default_rng(0)
    noise = from_axis_angle(rng.normal(size=(240, 3)), np.radians(rng.normal(size=240) * 10))
    gravity = rotate(noise, np.repeat(walked.gravity[None], 240, axis=0))
    gravity[10::20] = [1.0, 0.0, 0.0]
    ground, _ = follow(walked, gravity=gravity)
    up = rotate(ground.level(LENS, scale=1.0).rotation_world_to_camera, np.array([0.0, 0.0, 1.0]))
    # A mean of 5 % of right angles would be off by 2.9 degrees.
    assert np.degrees(np.arccos(-up @ walked.gravity)) < 2.0


def test_the_floor_is_where_feet_stand_not_where_they_hang():
    walked = walk(120)
    airborne = walked.joints_camera.copy()
    # The first second is a jump, half a metre up.
    airborne[:30] -= 0.5 * walked.gravity
    contacts = walked.contacts.astype(float)
    contacts[:30] = 0.0
    ground, _ = follow(replace(walked, joints_camera=airborne), contacts=contacts)
    world = camera_to_world(airborne, ground.level(LENS, scale=1.0))
    assert abs(world[30:, SOLES, 2].min()) < 0.03
    assert world[:30, SOLES, 2].min() == pytest.approx(0.5, abs=0.03)


def test_feet_stand_while_the_network_says_so_and_they_hardly_move():
    walked = walk()
    _, stands = follow(walked)
    agreement = (stands == walked.contacts)[5:].mean()
    assert agreement > 0.85
    _, never = follow(walked, contacts=np.zeros((120, 2)))
    assert not never.any()
    # A network that always says yes: feet that swing do not stand.
    _, always = follow(walked, contacts=np.ones((120, 2)))
    swings = (
        ~walked.contacts
        & ~np.roll(walked.contacts, 5, axis=0)
        & ~np.roll(walked.contacts, -3, axis=0)
    )
    assert swings.any() and not always[swings].any()


def test_nobody_stands_in_a_frame_without_anybody():
    ground, _ = follow(walk(20))
    assert not ground.lose().any()


def test_a_foot_stands_only_once_two_frames_show_that_it_is_still():
    walked = walk(1)
    both = np.ones(2)
    ground = GroundStream()

    def stands():
        return ground.push(walked.joints_camera[0], SEEN, both, walked.gravity, seconds=STEP).all()

    assert [stands(), stands()] == [False, True]
    ground.lose()
    assert [stands(), stands()] == [False, True]


def test_a_calibrated_floor_tells_the_size_once_feet_stood_on_it():
    walked = walk(120, size=1.0)
    half = replace(walked, joints_camera=walked.joints_camera * 0.5)
    ground, _ = follow(half)
    scale, seconds = ground.scale_to_floor(walked.camera)
    assert scale == pytest.approx(2.0, rel=0.01) and seconds > 2.0
    ground, _ = follow(half, contacts=np.zeros((120, 2)))
    assert ground.scale_to_floor(walked.camera)[1] == 0.0
    below = replace(walked.camera, position_world=np.array([0.0, 0.0, -1.0]))
    assert ground.scale_to_floor(below) == (1.0, 0.0)
    assert GroundStream().scale_to_floor(walked.camera) == (1.0, 0.0)


def test_guessed_legs_prove_nothing():
    hidden = SEEN.copy()
    hidden[LIFTED_21.indices("left_ankle", "right_ankle")] = 0.0
    walked = walk()
    ground, _ = follow(walked, confidence=hidden)
    assert ground.scale_to_floor(walked.camera)[1] == 0.0
