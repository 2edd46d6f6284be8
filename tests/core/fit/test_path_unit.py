"""The unit of a camera's path follows from feet that stand; smoothness is the world's, not the camera's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fit.evidence import RayEvidence
from core.fit.foothold import steady_distance
from core.fit.gaps import bridge_unseen
from core.fit.ground import scale_to_ground, to_world
from core.fit.path_unit import estimate_path_unit
from core.fit.trajectory import solve_trajectory
from core.geometry.camera import world_to_camera
from core.geometry.camera_motion import with_unit
from core.geometry.quaternion import from_axis_angle, multiply
from tests.core.fit.bodies import poses_of
from tests.core.walker import still_camera, walk

NUM_FRAMES = 120


def moving_camera(num_frames=NUM_FRAMES, travel=0.5, turn=0.1):
    """Goes to and fro beside the walker's line, up and down, and turns."""
    time = np.arange(num_frames) / 30
    still = still_camera()
    sway = np.stack([np.sin(2 * time), 0.5 * np.sin(3 * time), 0.3 * np.sin(5 * time)], axis=-1)
    shake = from_axis_angle(np.array([0.0, 0.6, 0.8]), turn * np.sin(4 * time))
    return replace(
        still,
        rotation_world_to_camera=multiply(shake, still.rotation_world_to_camera),
        position_world=still.position_world + travel * sway,
    )


def walker(camera, **changes):
    walked = walk(NUM_FRAMES, camera=camera, **changes)
    return walked, poses_of(walked.joints_camera, contact=walked.contacts.astype(float))


@pytest.mark.parametrize("unit", [0.01, 0.37, 1.0, 25.0])
def test_feet_that_stand_tell_the_unit_exactly(unit):
    camera = moving_camera()
    _, poses = walker(camera)
    found = estimate_path_unit(poses, with_unit(camera, 1 / unit))
    assert found.value == pytest.approx(unit, rel=1e-6) and found.sigma < 0.05


def test_someone_taken_to_be_smaller_takes_the_unit_for_shorter():
    camera = moving_camera()
    _, poses = walker(camera)
    small = replace(poses, positions=0.9 * poses.positions)
    assert estimate_path_unit(small, camera).value == pytest.approx(0.9, rel=1e-6)


def test_a_foot_wrongly_taken_to_stand_hardly_counts():
    camera = moving_camera()
    walked, poses = walker(camera)
    contact = walked.contacts.astype(float)
    contact[20:35] = 1.0
    wrong = replace(poses, contact_probability=contact)
    assert estimate_path_unit(wrong, camera).value == pytest.approx(1.0, rel=0.05)


def test_who_never_stands_or_a_camera_that_only_turns_tells_no_unit():
    camera = moving_camera()
    _, poses = walker(camera)
    assert estimate_path_unit(replace(poses, contact_probability=None), camera) is None
    in_the_air = replace(poses, contact_probability=np.zeros((NUM_FRAMES, 2)))
    assert estimate_path_unit(in_the_air, camera) is None
    unseen = replace(poses, confidence=np.zeros_like(poses.confidence))
    assert estimate_path_unit(unseen, camera) is None
    turning = moving_camera(travel=0.0)
    assert estimate_path_unit(walker(turning)[1], turning) is None


def test_the_ground_before_a_moving_camera_gives_the_size():
    camera = moving_camera()
    _, poses = walker(camera)
    small = replace(poses, positions=0.8 * poses.positions)
    assert scale_to_ground(small, camera) == pytest.approx(1.25, rel=1e-3)
    underground = replace(camera, position_world=camera.position_world - [0, 0, 1.6])
    assert scale_to_ground(small, underground) is None


def test_feet_that_stand_before_a_moving_camera_stay_where_they_are():
    camera = moving_camera()
    walked, poses = walker(camera)
    away = poses.positions / np.linalg.norm(poses.positions[:, :1], axis=-1, keepdims=True)
    wave = 0.1 * np.sin(np.arange(NUM_FRAMES) / 6)[:, None, None]
    swaying = replace(poses, positions=poses.positions + wave * away)

    def off(found):
        path = to_world(found, camera).positions[:, 0]
        way = path - walked.joints_world[:, 0]
        return np.ptp(way, axis=0).max()

    assert off(swaying) > 0.15
    assert off(steady_distance(swaying, motion=camera)) < 0.08
    # As if the camera stood still, its own travel is taken for the person's.
    assert off(steady_distance(swaying)) > 0.15


def test_a_gap_is_bridged_on_the_persons_way_not_on_the_cameras():
    camera = moving_camera()
    walked, poses = walker(camera, speed=0.0)
    confidence = poses.confidence.copy()
    confidence[40:80] = 0.0
    hidden = replace(
        poses,
        confidence=confidence,
        positions=np.where(confidence[..., None] > 0, poses.positions, 0.0),
    )
    bridged = to_world(bridge_unseen(hidden, motion=camera), camera).positions
    # Who stands where they stood is there in between.
    assert np.abs(bridged[40:80, 0] - walked.joints_world[40:80, 0]).max() < 1e-6


def test_a_shaking_camera_does_not_shake_the_distance():
    camera = moving_camera(travel=0.0)
    time = np.arange(NUM_FRAMES) / 30
    forth = np.stack([0 * time, 0.2 * np.sin(25 * time), 0 * time], axis=-1)
    camera = replace(camera, position_world=camera.position_world + forth)
    walked, poses = walker(camera)
    joints = poses.positions
    evidence = RayEvidence(joints[..., :2] / joints[..., 2:], np.ones(joints.shape[:2]))
    guessed = replace(poses, positions=joints + [0, 0, 0.3])

    def wobble(motion):
        found = solve_trajectory(guessed, evidence, smooth=0.5, motion=motion)
        way = to_world(found, camera).positions[:, 0] - walked.joints_world[:, 0]
        return way.std(axis=0).max()

    assert wobble(camera) < 0.02
    assert wobble(None) > 0.1


def test_a_moving_camera_at_rest_is_a_still_one():
    still = still_camera()
    resting = replace(
        still,
        rotation_world_to_camera=np.repeat(
            still.rotation_world_to_camera[None], NUM_FRAMES, axis=0
        ),
        position_world=np.repeat(still.position_world[None], NUM_FRAMES, axis=0),
    )
    _, poses = walker(still)
    joints = poses.positions
    evidence = RayEvidence(joints[..., :2] / joints[..., 2:], np.ones(joints.shape[:2]))
    for solve in (
        lambda motion: steady_distance(poses, motion=motion),
        lambda motion: bridge_unseen(poses, motion=motion),
        lambda motion: solve_trajectory(poses, evidence, motion=motion),
    ):
        assert np.allclose(solve(resting).positions, solve(None).positions, atol=2e-3)
    back = world_to_camera(to_world(poses, resting).positions, resting)
    assert np.allclose(back, joints)
