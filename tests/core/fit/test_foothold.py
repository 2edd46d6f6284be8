"""Who stands does not come nearer: distances follow from feet that stay where they are."""

from __future__ import annotations

import numpy as np
import pytest

from core.fit.foothold import steady_distance
from core.joint_sets import LIFTED_21
from tests.core.fit.bodies import poses_of, random_bodies

FEET = LIFTED_21.indices(
    *(f"{side}_{part}" for side in ("left", "right") for part in ("ankle", "heel", "toe"))
)


def still_body(num_frames=120):
    return np.repeat(random_bodies(1), num_frames, axis=0)


def swaying_distance(joints, size=0.1):
    """The same, its distance wrong by a slow wave."""
    sight = joints[:, :1] / np.linalg.norm(joints[:, :1], axis=-1, keepdims=True)
    wave = size * np.sin(np.arange(len(joints)) / 9)
    return joints + wave[:, None, None] * sight


def travel(poses):
    return np.ptp(poses.positions[:, 0], axis=0).max()


def test_a_wave_in_the_distance_of_someone_who_stands_is_gone():
    wrong = swaying_distance(still_body())
    poses = poses_of(wrong, contact=np.ones((120, 2)))
    assert travel(poses) > 0.15
    assert travel(steady_distance(poses)) < 0.05
    one_foot = np.tile([1.0, 0.0], (120, 1))
    assert travel(steady_distance(poses_of(wrong, contact=one_foot))) < 0.08


def test_who_does_not_stand_is_left_alone():
    wrong = swaying_distance(still_body())
    for contact in (None, np.zeros((120, 2))):
        poses = poses_of(wrong, contact=contact)
        assert np.abs(steady_distance(poses).positions - wrong).max() < 1e-9


def test_the_pose_and_its_place_in_the_image_stay_as_they_are():
    joints = random_bodies(60)
    poses = poses_of(swaying_distance(joints), contact=np.ones((60, 2)))
    solved = steady_distance(poses).positions
    relative = solved - solved[:, :1]
    assert np.allclose(relative, poses.positions - poses.positions[:, :1], atol=1e-9)
    roots = solved[:, 0, :2] / solved[:, 0, 2:]
    assert np.allclose(roots, poses.positions[:, 0, :2] / poses.positions[:, 0, 2:], atol=1e-9)


def test_feet_that_clearly_move_are_not_believed_to_stand():
    """Someone who runs away at 5 m/s, with feet that the network thinks stand."""
    joints = still_body(60)
    sight = joints[:, :1] / np.linalg.norm(joints[:, :1], axis=-1, keepdims=True)
    carried = joints + sight * (np.arange(60) / 6)[:, None, None]
    solved = steady_distance(poses_of(carried, contact=np.ones((60, 2))))
    assert travel(solved) > 0.8 * travel(poses_of(carried))


def test_the_frame_rate_does_not_matter():
    def spread(fps, count):
        joints = np.repeat(random_bodies(1), count, axis=0)
        sight = joints[:, :1] / np.linalg.norm(joints[:, :1], axis=-1, keepdims=True)
        wave = 0.1 * np.sin(2 * np.pi * 0.5 * np.arange(count) / fps)
        poses = poses_of(joints + wave[:, None, None] * sight, fps=fps, contact=np.ones((count, 2)))
        return travel(steady_distance(poses))

    assert spread(30, 90) == pytest.approx(spread(60, 180), rel=0.15)
    assert spread(30, 90) < 0.05


def test_one_frame_is_itself():
    poses = poses_of(still_body(1), contact=np.ones((1, 2)))
    assert steady_distance(poses) is poses
