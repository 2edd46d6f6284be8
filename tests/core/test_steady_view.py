"""A shaking camera's keypoints as a steady one would show them: exactly, and back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from core.geometry.camera import project_to_pixels, world_to_camera
from core.geometry.quaternion import between, from_axis_angle, multiply, rotate
from core.joint_sets import BODY_23
from core.lifting.lift import LiftResult
from core.steady_view import from_steady, steady_keypoints, steady_turn
from core.types import Keypoints2D
from tests.core.fit.bodies import poses_of
from tests.core.walker import IMAGE_SIZE, still_camera, walk

AXIS = np.array([0.0, 0.6, 0.8])
TIME = np.arange(120) / 30


def turning(angles):
    still = still_camera()
    return replace(
        still,
        radial=np.array([-0.1, 0.02, 0.0]),
        rotation_world_to_camera=multiply(
            from_axis_angle(AXIS, angles), still.rotation_world_to_camera
        ),
        position_world=np.repeat(still.position_world[None], len(angles), axis=0),
    )


def angle_of(quaternions):
    return 2 * np.arccos(np.clip(np.abs(quaternions[..., 0]), 0, 1))


def keypoints_of(walked):
    return Keypoints2D(
        walked.keypoints[..., :2],
        walked.keypoints[..., 2],
        np.arange(len(walked.keypoints)),
        IMAGE_SIZE,
        Fraction(30),
        1,
        BODY_23,
    )


def test_shaking_is_taken_out_and_a_slow_pan_stays():
    shaking = turning(0.05 * np.sin(2 * np.pi * 2.0 * TIME))
    steady = multiply(steady_turn(shaking, 30.0), shaking.rotation_world_to_camera)
    inner = slice(15, -15)
    assert angle_of(between(steady[inner][:-1], steady[inner][1:])).max() < 1e-3
    panning = turning(0.2 * TIME)
    assert angle_of(steady_turn(panning, 30.0)).max() < 5e-3


def test_keypoints_are_where_a_steady_camera_sees_the_same_person():
    camera = turning(0.05 * np.sin(2 * np.pi * 2.0 * TIME))
    walked = walk(120, camera=camera)
    turn = steady_turn(camera, 30.0)
    steady, lens = steady_keypoints(keypoints_of(walked), camera, turn)
    still = replace(lens, rotation_world_to_camera=multiply(turn, camera.rotation_world_to_camera))
    expected = project_to_pixels(world_to_camera(walked.joints_world, still), still)
    left_knee = BODY_23.joint_names.index("left_knee")
    assert np.abs(steady.positions[:, left_knee] - expected[:, 5]).max() < 0.01
    assert not lens.radial.any()


def test_what_is_beside_the_steady_camera_is_not_seen():
    camera = turning(np.zeros(120))
    turn = np.repeat(from_axis_angle(np.array([0.0, 1.0, 0.0]), np.array(2.0))[None], 120, axis=0)
    steady, _ = steady_keypoints(keypoints_of(walk(120, camera=camera)), camera, turn)
    assert not steady.confidence.any() and np.isfinite(steady.positions).all()


def test_poses_and_gravity_come_back_to_the_cameras_own_axes():
    camera = turning(0.05 * np.sin(2 * np.pi * 2.0 * TIME))
    walked = walk(120, camera=camera)
    turn = steady_turn(camera, 30.0)
    lifted = LiftResult(
        poses_of(rotate(turn[:, None], walked.joints_camera)), rotate(turn, walked.gravity)
    )
    back = from_steady(lifted, turn)
    assert np.allclose(back.poses.positions, walked.joints_camera)
    assert np.allclose(back.gravity, walked.gravity)
