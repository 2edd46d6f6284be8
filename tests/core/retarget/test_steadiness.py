"""No flips: what the pose does not show is filled calmly, and what is missing is not missed."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry import quaternion
from core.geometry.swing_twist import split_swing_twist
from core.joint_sets import LIFTED_21
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.kinematics import bone_transforms, joint_positions
from core.retarget.limb_twist import presence
from core.types import BoneMotion
from tests.core.retarget.example_motion import (
    BACK,
    LEFT,
    REST,
    UP,
    about,
    as_poses,
    posed,
    random_bone_motion,
    random_positions,
    step_angles_deg,
)


def solve(positions: np.ndarray, confidence: np.ndarray | None = None) -> BoneMotion:
    return solve_bone_rotations(as_poses(positions, confidence=confidence), REST)


def rotations_of(motion: BoneMotion, bone: str) -> np.ndarray:
    return motion.rotations[:, REST.bone_names.index(bone)]


def twist_deg(motion: BoneMotion, bone: str) -> np.ndarray:
    """(T,) how far the bone is turned about its own length."""
    _, twist = split_swing_twist(rotations_of(motion, bone), BACK)
    return np.rad2deg(np.linalg.norm(quaternion.to_rotation_vector(twist), axis=-1))


@pytest.mark.parametrize("seed", range(4))
def test_signs_never_jump(seed: int) -> None:
    rotations = solve(random_positions(seed, num_frames=300)).rotations
    assert (np.sum(rotations[1:] * rotations[:-1], axis=-1) > 0.0).all()


@pytest.mark.parametrize("seed", range(4))
def test_bones_turn_no_faster_than_the_armature_that_was_posed(seed: int) -> None:
    truth = random_bone_motion(seed, num_frames=300)
    found = solve(joint_positions(truth))
    assert step_angles_deg(found.rotations).max() < 1.5 * step_angles_deg(truth.rotations).max()


@pytest.mark.parametrize("step_deg", [1.0, 3.0, 6.0])
def test_an_arm_that_passes_through_straight_turns_over_calmly(step_deg: float) -> None:
    bend = np.arange(75.0, -75.0, -step_deg)
    hold = np.full(40, 75.0)
    bend = np.concatenate([hold, bend, -hold])
    motion = solve(posed({"forearm.L": about(LEFT, bend)}, len(bend)))
    assert step_angles_deg(rotations_of(motion, "upper_arm.L")).max() < 10.0 + 6.0 * step_deg
    np.testing.assert_allclose(
        joint_positions(motion), posed({"forearm.L": about(LEFT, bend)}, len(bend)), atol=1e-6
    )


def test_an_arm_that_stretches_and_bends_again_keeps_its_hinge() -> None:
    bend = np.concatenate([np.linspace(80.0, 0.0, 40), np.zeros(10), np.linspace(0.0, 80.0, 40)])
    turn = quaternion.multiply(about(UP, -60.0), about(BACK, 40.0))
    motion = solve(posed({"upper_arm.L": turn, "forearm.L": about(LEFT, bend)}, len(bend)))
    apart = step_angles_deg(np.stack([rotations_of(motion, "upper_arm.L"), np.tile(turn, (90, 1))]))
    assert apart.max() < 20.0
    assert step_angles_deg(rotations_of(motion, "upper_arm.L")).max() < 2.0


@pytest.mark.parametrize("limb", ["arm", "leg"])
def test_a_straight_limb_does_not_shiver_with_its_noise(limb: str) -> None:
    rng = np.random.default_rng(0)
    names = {"arm": ("left_elbow", "left_wrist"), "leg": ("left_knee", "left_ankle")}[limb]
    positions = posed({}, 200)
    joints = LIFTED_21.indices(*names)
    positions[:, joints] += rng.normal(size=(200, 2, 3)) * 0.004
    motion = solve(positions)
    bone = {"arm": "upper_arm.L", "leg": "thigh.L"}[limb]
    assert twist_deg(motion, bone).max() < 3.0


@pytest.mark.parametrize("bend_deg", [-5.0, -12.0, -20.0])
def test_a_knee_seen_to_bend_forward_does_not_turn_the_leg_over(bend_deg: float) -> None:
    motion = solve(posed({"shin.L": about(LEFT, bend_deg)}, 60))
    assert twist_deg(motion, "thigh.L").max() < 5.0


def test_a_straight_leg_turns_out_with_its_foot() -> None:
    positions = posed({"thigh.L": about(BACK, -40.0)}, 60)
    motion = solve(positions)
    assert twist_deg(motion, "thigh.L").min() > 30.0
    np.testing.assert_allclose(joint_positions(motion), positions, atol=1e-6)


def test_a_high_kick_does_not_spin_the_leg() -> None:
    lift = np.linspace(0.0, -130.0, 40)
    motion = solve(posed({"thigh.R": about(LEFT, np.concatenate([lift, lift[::-1]]))}, 80))
    assert twist_deg(motion, "thigh.R").max() < 1.0


def test_without_heels_and_toes_the_feet_follow_the_shins() -> None:
    positions = random_positions(2)
    confidence = np.ones(positions.shape[:2])
    confidence[:, 17:] = 0.0
    motion = solve(positions, confidence)
    for bone in ("foot.L", "foot.R", "toes.L", "toes.R"):
        np.testing.assert_allclose(rotations_of(motion, bone)[:, 1:], 0.0, atol=1e-9)


def test_without_heels_the_toes_still_aim_the_feet() -> None:
    positions = posed({"foot.L": about(LEFT, 30.0)}, 30)
    confidence = np.ones(positions.shape[:2])
    confidence[:, LIFTED_21.indices("left_heel", "right_heel")] = 0.0
    motion = solve(positions, confidence)
    np.testing.assert_allclose(
        rotations_of(motion, "foot.L"), np.tile(about(LEFT, 30.0), (30, 1)), atol=1e-6
    )


def test_without_a_nose_the_head_follows_the_chest() -> None:
    positions = posed({"head": about(BACK, 50.0), "chest": about(LEFT, 20.0)}, 30)
    confidence = np.ones(positions.shape[:2])
    confidence[:, LIFTED_21.index("nose")] = 0.0
    motion = solve(positions, confidence)
    for bone in ("neck", "head"):
        np.testing.assert_allclose(rotations_of(motion, bone)[:, 1:], 0.0, atol=1e-7)


def test_joints_that_come_and_go_make_no_pops() -> None:
    positions = posed({"foot.L": about(LEFT, 40.0), "head": about(BACK, 40.0)}, 120)
    confidence = np.ones(positions.shape[:2])
    confidence[40:80, LIFTED_21.indices("left_toe", "left_heel", "nose")] = 0.0
    positions[40:80, LIFTED_21.indices("left_toe", "left_heel", "nose")] = 0.0
    motion = solve(positions, confidence)
    assert step_angles_deg(motion.rotations).max() < 8.0
    np.testing.assert_allclose(rotations_of(motion, "foot.L")[40:80, 1:], 0.0, atol=1e-9)
    np.testing.assert_allclose(rotations_of(motion, "foot.L")[10], about(LEFT, 40.0), atol=1e-6)


def test_presence_is_whole_without_gaps_and_none_in_them() -> None:
    np.testing.assert_array_equal(presence(np.ones(5), fps=30.0), 1.0)
    np.testing.assert_array_equal(presence(np.zeros(5), fps=30.0), 0.0)
    ramp = presence(np.array([0.0] + [0.8] * 30), fps=30.0)
    assert ramp[0] == 0.0
    assert (np.diff(ramp) >= 0.0).all()
    assert ramp[-1] == 1.0


def test_a_single_frame_works() -> None:
    positions = random_positions(0, num_frames=1)
    assert bone_transforms(solve(positions))[0].shape == (1, 21, 3)
