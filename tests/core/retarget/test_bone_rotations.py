"""Known bends give known rotations, and any armature ends up in the same pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LiftError
from core.geometry import quaternion
from core.geometry.swing_twist import split_swing_twist
from core.joint_sets import H36M_17, LIFTED_21
from core.retarget.bone_map import HUMANOID, BoneMap
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.kinematics import bone_transforms, joint_positions
from core.types import BoneMotion, RestPose
from tests.core.retarget.example_motion import (
    BACK,
    EXACT_JOINTS,
    LEFT,
    REST,
    REST_JOINTS,
    UP,
    about,
    as_poses,
    mirror_positions,
    posed,
    random_bone_motion,
    random_positions,
    rest_from_pose,
    rolled,
)


def solve(positions: np.ndarray, rest: RestPose = REST) -> BoneMotion:
    return solve_bone_rotations(as_poses(positions), rest)


def rotations_of(motion: BoneMotion, bone: str) -> np.ndarray:
    return motion.rotations[:, motion.rest_pose.bone_names.index(bone)]


def test_the_rest_pose_needs_no_rotation() -> None:
    motion = solve(REST_JOINTS[None])
    np.testing.assert_allclose(
        motion.rotations, np.tile(quaternion.IDENTITY, (1, 21, 1)), atol=1e-12
    )
    np.testing.assert_allclose(motion.root_position[0], REST.heads[0], atol=1e-12)


@pytest.mark.parametrize(
    ("bone", "axis", "angle_deg"),
    [
        ("forearm.L", LEFT, 90.0),
        ("forearm.R", LEFT, 120.0),
        ("shin.L", LEFT, 70.0),
        ("shin.R", LEFT, 110.0),
        ("foot.L", LEFT, -25.0),
        ("foot.R", LEFT, 30.0),
        ("chest", BACK, 30.0),
        ("hips", UP, 50.0),
    ],
)
def test_one_bone_that_turns_is_found_alone(bone: str, axis: np.ndarray, angle_deg: float) -> None:
    turn = about(axis, angle_deg)
    motion = solve(posed({bone: turn}))
    # The spine shares the twist of hips and chest, and only there is more than one bone turned.
    shared = {"chest": {"spine", "chest"}}.get(bone, {bone})
    for name in REST.bone_names:
        if name not in shared:
            np.testing.assert_allclose(
                rotations_of(motion, name)[0], quaternion.IDENTITY, atol=1e-7, err_msg=name
            )
    if bone not in {"chest"}:
        np.testing.assert_allclose(rotations_of(motion, bone)[0], turn, atol=1e-7)


def test_a_bent_arm_that_is_raised_and_turned_is_found() -> None:
    upper = quaternion.multiply(about(UP, 40.0), about(BACK, 55.0))
    motion = solve(posed({"upper_arm.L": upper, "forearm.L": about(LEFT, 80.0)}))
    np.testing.assert_allclose(rotations_of(motion, "upper_arm.L")[0], upper, atol=1e-7)
    np.testing.assert_allclose(rotations_of(motion, "forearm.L")[0], about(LEFT, 80.0), atol=1e-7)


def test_neck_and_head_share_a_turned_face() -> None:
    motion = solve(posed({"neck": about(BACK, 25.0), "head": about(BACK, 25.0)}))
    np.testing.assert_allclose(rotations_of(motion, "neck")[0], about(BACK, 25.0), atol=1e-7)
    np.testing.assert_allclose(rotations_of(motion, "head")[0], about(BACK, 25.0), atol=1e-7)


def test_spine_and_chest_share_a_twist_between_hips_and_shoulders() -> None:
    motion = solve(posed({"spine": about(BACK, 20.0), "chest": about(BACK, 20.0)}))
    np.testing.assert_allclose(rotations_of(motion, "spine")[0], about(BACK, 20.0), atol=1e-7)
    np.testing.assert_allclose(rotations_of(motion, "chest")[0], about(BACK, 20.0), atol=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_constant_lengths_come_back_exactly(seed: int) -> None:
    positions = random_positions(seed)
    back = joint_positions(solve(positions))
    np.testing.assert_allclose(back[:, EXACT_JOINTS], positions[:, EXACT_JOINTS], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0))
def test_constant_lengths_come_back_exactly_however_bent(seed: int, bend: float) -> None:
    positions = random_positions(seed, num_frames=12, bend=bend)
    back = joint_positions(solve(positions))
    np.testing.assert_allclose(back[:, EXACT_JOINTS], positions[:, EXACT_JOINTS], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_armatures_own_poses_come_back_with_face_and_feet(seed: int) -> None:
    positions = joint_positions(random_bone_motion(seed))
    np.testing.assert_allclose(joint_positions(solve(positions)), positions, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_elbows_and_knees_turn_about_their_hinge_alone(seed: int) -> None:
    motion = solve(joint_positions(random_bone_motion(seed)))
    for bone in ("forearm.L", "forearm.R", "shin.L", "shin.R"):
        rotation = rotations_of(motion, bone)
        np.testing.assert_allclose(rotation[:, 2:], 0.0, atol=1e-6, err_msg=bone)
        assert (rotation[:, 1] > 0.0).all()


def test_a_forearm_never_twists_against_its_upper_arm() -> None:
    motion = solve(random_positions(11))
    for bone in ("forearm.L", "forearm.R", "shin.L", "shin.R"):
        _, twist = split_swing_twist(rotations_of(motion, bone), BACK)
        np.testing.assert_allclose(np.abs(twist[:, 0]), 1.0, atol=1e-9, err_msg=bone)


@pytest.mark.parametrize("seed", range(3))
def test_turning_the_whole_pose_turns_only_the_root(seed: int) -> None:
    positions = random_positions(seed)
    turn = quaternion.normalise(np.random.default_rng(seed).normal(size=4))
    moved = quaternion.rotate(turn, positions) + np.array([3.0, -2.0, 0.5])
    before, after = solve(positions), solve(moved)
    np.testing.assert_allclose(after.rotations[:, 1:], before.rotations[:, 1:], atol=1e-6)
    np.testing.assert_allclose(
        joint_positions(after),
        quaternion.rotate(turn, joint_positions(before)) + np.array([3.0, -2.0, 0.5]),
        atol=1e-6,
    )


@pytest.mark.parametrize("seed", range(3))
def test_any_bone_roll_gives_the_same_pose(seed: int) -> None:
    positions = random_positions(seed)
    rolls = np.random.default_rng(seed).uniform(-np.pi, np.pi, size=REST.num_bones)
    rerolled = solve(positions, rolled(REST, rolls))
    np.testing.assert_allclose(
        joint_positions(rerolled), joint_positions(solve(positions)), atol=1e-9
    )
    unrolled_axes = quaternion.multiply(
        bone_transforms(rerolled)[1], quaternion.from_axis_angle(BACK, -rolls)
    )
    same = np.abs(np.sum(unrolled_axes * bone_transforms(solve(positions))[1], axis=-1))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)


FEET = [REST.bone_names.index(name) for name in ("foot.L", "foot.R")]
ACROSS = quaternion.rotate(quaternion.conjugate(REST.rotations[FEET]), BACK)
A_POSE = {
    "upper_arm.L": about(UP, -50.0),
    "upper_arm.R": about(UP, 50.0),
    "forearm.L": about(LEFT, 15.0),
    "forearm.R": about(LEFT, 15.0),
    "thigh.L": about(UP, 8.0),
    "thigh.R": about(UP, -8.0),
    # Flat on the floor again.
    "foot.L": about(ACROSS[0], -8.0),
    "foot.R": about(ACROSS[1], 8.0),
}


@pytest.mark.parametrize("seed", range(3))
def test_a_pose_and_t_pose_armatures_end_in_the_same_pose(seed: int) -> None:
    positions = random_positions(seed)
    t_pose = joint_positions(solve(positions))
    a_pose = joint_positions(solve(positions, rest_from_pose(A_POSE)))
    np.testing.assert_allclose(a_pose, t_pose, atol=1e-9)


def test_an_armature_in_its_own_rest_pose_needs_no_rotation() -> None:
    motion = solve(posed(A_POSE), rest_from_pose(A_POSE))
    np.testing.assert_allclose(
        motion.rotations, np.tile(quaternion.IDENTITY, (1, 21, 1)), atol=1e-6
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_mirrored_pose_is_the_pose_pasted_flipped(seed: int) -> None:
    positions = random_positions(seed)
    rotations = solve(positions).rotations
    flipped = solve(mirror_positions(positions)).rotations
    swap = [
        REST.bone_names.index(name.translate(str.maketrans("LR", "RL")))
        if name.endswith((".L", ".R"))
        else bone
        for bone, name in enumerate(REST.bone_names)
    ]
    expected = rotations[:, swap] * np.array([1.0, 1.0, -1.0, -1.0])
    same = np.abs(np.sum(flipped * expected, axis=-1))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)


def test_bones_without_a_role_keep_their_rest_pose() -> None:
    extra = RestPose(
        bone_names=(*REST.bone_names, "thumb.L"),
        parents=(*REST.parents, REST.bone_names.index("hand.L")),
        heads=np.concatenate([REST.heads, REST.tails[[8]]]),
        tails=np.concatenate([REST.tails, REST.tails[[8]] + [[0.0, -0.05, 0.0]]]),
        rotations=np.concatenate([REST.rotations, REST.rotations[[8]]]),
    )
    positions = random_positions(0)
    motion = solve(positions, extra)
    np.testing.assert_allclose(rotations_of(motion, "thumb.L")[:, 0], 1.0)
    np.testing.assert_allclose(motion.rotations[:, :21], solve(positions).rotations, atol=1e-12)


def test_a_renamed_armature_moves_by_its_own_map() -> None:
    names = {role: (f"mixamorig:{role}",) for role in HUMANOID.bones}
    renamed = replace(REST, bone_names=tuple(names[name][0] for name in REST.bone_names))
    positions = random_positions(0)
    motion = solve_bone_rotations(as_poses(positions), renamed, BoneMap("renamed", names))
    np.testing.assert_array_equal(motion.rotations, solve(positions).rotations)


def test_what_is_not_animated_is_carried_over() -> None:
    contacts = np.array([[True, False], [True, True], [False, True]])
    poses = replace(as_poses(random_positions(0, num_frames=3)), frames=np.array([4, 5, 7]))
    motion = solve_bone_rotations(poses, REST, contacts=contacts)
    np.testing.assert_array_equal(motion.contacts, contacts)
    np.testing.assert_array_equal(motion.frames, [4, 5, 7])
    assert motion.fps == poses.fps


def test_without_contacts_no_foot_stands() -> None:
    motion = solve_bone_rotations(as_poses(random_positions(0, num_frames=3)), REST)
    np.testing.assert_array_equal(motion.contacts, np.zeros((3, 2), dtype=bool))


def test_other_joints_and_spaces_are_refused() -> None:
    poses = as_poses(random_positions(0, num_frames=2))
    with pytest.raises(LiftError, match="camera"):
        solve_bone_rotations(replace(poses, space="camera"), REST)
    short = replace(
        poses,
        positions=poses.positions[:, :17],
        confidence=poses.confidence[:, :17],
        skeleton=H36M_17,
    )
    with pytest.raises(LiftError, match=LIFTED_21.name):
        solve_bone_rotations(short, REST)


def test_coinciding_joints_stay_finite() -> None:
    for positions in (np.zeros((3, 21, 3)), np.ones((1, 21, 3))):
        motion = solve(positions)
        assert np.isfinite(motion.rotations).all()
        np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1.0)
