"""Bone lengths, trajectory and the solve: known bodies come back from their rays."""

from __future__ import annotations

import numpy as np
import pytest

from core.fit.bone_lengths import bone_lengths_per_frame, fit_bone_lengths, standing_height
from core.fit.evidence import RayEvidence
from core.fit.gaps import bridge_unseen, extend_to_span
from core.fit.solve import pose_equations, solve_poses
from core.fit.trajectory import solve_trajectory
from core.fit.tree_solver import solve_tree
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from tests.core.fit.bodies import poses_of, random_bodies


def rays_of(joints):
    return RayEvidence(joints[..., :2] / joints[..., 2:], np.ones(joints.shape[:2]))


def test_mean_proportions_make_a_person_of_usual_height():
    assert standing_height(mean_bone_lengths(), LIFTED_21.joint_names) == pytest.approx(
        1.70, abs=0.03
    )


def test_lengths_survive_noise_and_outliers_and_are_symmetric():
    joints = random_bodies(400, jitter=0.005)
    joints[::10, 3] += 0.8
    lengths = fit_bone_lengths(poses_of(joints))
    assert np.abs(lengths - mean_bone_lengths()).max() < 0.006
    assert np.array_equal(lengths, lengths[LIFTED_21.mirror])
    assert lengths[0] == 0


def test_lengths_ignore_frames_in_which_a_bone_was_not_seen():
    joints = random_bodies(100)
    confidence = np.ones((100, 21))
    joints[:60, 13] += 0.5
    confidence[:60, 13] = 0.0
    poses = poses_of(joints)
    poses.confidence[:] = confidence
    assert fit_bone_lengths(poses)[13] == pytest.approx(mean_bone_lengths()[13], abs=1e-6)


def test_trajectory_finds_the_true_place_of_a_rigidly_moved_pose():
    joints = random_bodies(60)
    moved = joints - joints[:, :1] + [0.0, 0.0, 3.9]
    solved = solve_trajectory(poses_of(moved), rays_of(joints), smooth=0.0)
    assert np.abs(solved.positions - joints).max() < 0.02


def test_the_true_pose_is_a_fixed_point_of_the_solve():
    joints = random_bodies(40)
    solved = solve_poses(
        poses_of(joints, sigma=0.05), rays_of(joints), mean_bone_lengths(), smooth=0.0
    )
    assert np.abs(solved.positions - joints).max() < 2e-3


def test_the_solve_mends_depths_from_lengths_and_rays():
    joints = random_bodies(80)
    rng = np.random.default_rng(1)
    wrong = joints.copy()
    wrong[..., 2] += rng.normal(size=joints.shape[:2]) * 0.06
    solved = solve_poses(
        poses_of(wrong, sigma=0.06), rays_of(joints), mean_bone_lengths(), smooth=0.3
    )
    before = np.linalg.norm(wrong - joints, axis=-1).mean()
    after = np.linalg.norm(solved.positions - joints, axis=-1).mean()
    assert after < 0.85 * before
    spread = bone_lengths_per_frame(solved.positions, LIFTED_21.parents) - mean_bone_lengths()
    assert np.abs(spread[:, 1:]).mean() < 0.004


def test_one_wild_keypoint_does_not_bend_the_body():
    joints = random_bodies(60)
    evidence = rays_of(joints)
    evidence.rays[30, 13] += 0.5
    solved = solve_poses(poses_of(joints, sigma=0.05), evidence, mean_bone_lengths())
    assert np.linalg.norm(solved.positions[30, 13] - joints[30, 13]) < 0.12
    assert np.linalg.norm(solved.positions[30, 3] - joints[30, 3]) < 0.02


@pytest.mark.parametrize("num_frames", [1, 2, 3])
def test_shortest_clips_work(num_frames):
    joints = random_bodies(num_frames)
    placed = solve_trajectory(poses_of(joints), rays_of(joints))
    solved = solve_poses(placed, rays_of(joints), mean_bone_lengths())
    assert np.isfinite(solved.positions).all()


def test_tree_elimination_equals_a_dense_solve():
    rng = np.random.default_rng(0)
    parents, num = LIFTED_21.parents, LIFTED_21.num_joints
    diagonal, to_parent, to_root = np.zeros((3, 4, num, 3, 3))
    dense = np.zeros((4, num, 3, num, 3))
    for joint in range(num):
        diagonal[:, joint] += np.eye(3)
        dense[:, joint, :, joint] += np.eye(3)
        for other, blocks in ((parents[joint], to_parent), (0, to_root)):
            if joint == 0:
                continue
            half = rng.normal(size=(4, 3, 3))
            block = half @ half.swapaxes(1, 2)
            for at in (joint, other):
                diagonal[:, at] += block
                dense[:, at, :, at] += block
            blocks[:, joint] -= block
            dense[:, joint, :, other] -= block
            dense[:, other, :, joint] -= block
    right = rng.normal(size=(4, num, 3))
    size = 3 * num
    expected = np.linalg.solve(dense.reshape(4, size, size), right.reshape(4, size, 1))
    solved = solve_tree(diagonal, to_parent, to_root, right, parents)
    assert np.allclose(solved, expected.reshape(4, num, 3), atol=1e-9)


def test_a_single_frame_is_solved_at_once_as_by_elimination():
    joints = random_bodies(5, jitter=0.03)
    equations = pose_equations(
        joints,
        joints,
        joints + 0.01,
        rays_of(joints),
        np.full(joints.shape[:2], 0.06),
        mean_bone_lengths(),
        LIFTED_21,
        smooth_sigma=0.1,
    )
    eliminated = equations.solve(LIFTED_21.parents)
    assert np.abs(eliminated).max() > 0.01
    assert np.allclose(equations.solve_at_once(LIFTED_21.parents), eliminated, atol=1e-12)


def test_unseen_frames_are_bridged_between_seen_ones():
    joints = random_bodies(9)
    poses = poses_of(joints)
    poses.confidence[3:6] = 0
    bridged = bridge_unseen(poses).positions
    assert np.array_equal(bridged[[0, 2, 6, 8]], joints[[0, 2, 6, 8]])
    assert np.allclose(bridged[4], (joints[2] + joints[6]) / 2)


def test_a_clip_is_extended_to_its_span_by_holding_its_ends():
    joints = random_bodies(5)
    extended = extend_to_span(poses_of(joints), -2, 6)
    assert extended.frames.tolist() == list(range(-2, 7))
    assert np.array_equal(extended.positions[:3], joints[[0, 0, 0]])
    assert np.array_equal(extended.positions[-1], joints[-1])
    assert (extended.confidence[[0, 1, 7, 8]] == 0).all() and (extended.confidence[2:7] == 1).all()
