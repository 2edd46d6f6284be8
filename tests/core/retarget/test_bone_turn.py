"""Chains and twist helpers: shared turns, and limbs that still point exactly where they should."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.geometry import quaternion
from core.joint_sets import LIFTED_21
from core.retarget.bone_map import BoneMap
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.kinematics import bone_transforms, joint_positions
from core.retarget.scheme import SCHEME_NAMES, load_scheme
from core.types import BoneMotion, RestPose
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
from tests.core.retarget.example_rest import (
    angle_between_deg,
    laid_across,
    left_by_an_artist,
    scheme_at_rest,
)
from tests.core.retarget.example_rig import known_rest_pose

all_schemes = pytest.mark.parametrize("name", SCHEME_NAMES)
LIMBS = (
    ("upper_arm", "forearm", "shoulder", "elbow"),
    ("forearm", "hand", "elbow", "wrist"),
    ("thigh", "shin", "hip", "knee"),
    ("shin", "foot", "knee", "ankle"),
)


def turn_deg(motion: BoneMotion, bone: str, axis: np.ndarray) -> np.ndarray:
    """(T,) deg about ``axis``: how far the bone is turned from its rest, all of it about that axis."""
    index = motion.rest_pose.bone_names.index(bone)
    turns = quaternion.multiply(
        bone_transforms(motion)[1][:, index],
        quaternion.conjugate(motion.rest_pose.rotations[index]),
    )
    vectors = np.rad2deg(quaternion.to_rotation_vector(turns))
    np.testing.assert_allclose(vectors, (vectors @ axis)[:, None] * axis, atol=1e-5)
    return vectors @ axis


def limb_errors_deg(motion: BoneMotion, bone_map: BoneMap, positions: np.ndarray) -> np.ndarray:
    """(limbs, T) deg between every limb's direction and the source's."""
    heads = bone_transforms(motion)[0]
    bones = bone_map.indices(motion.rest_pose)
    errors: list[np.ndarray] = []
    for side, suffix in (("left", ".L"), ("right", ".R")):
        for upper, lower, start, end in LIMBS:
            if lower + suffix in bones:
                found = heads[:, bones[lower + suffix][0]] - heads[:, bones[upper + suffix][0]]
                joints = LIFTED_21.indices(f"{side}_{start}", f"{side}_{end}")
                wanted = positions[:, joints[1]] - positions[:, joints[0]]
                errors.append(angle_between_deg(found, wanted))
    return np.stack(errors)


@all_schemes
@pytest.mark.parametrize("arms_down_deg", [0.0, 48.0])
def test_limbs_and_chest_point_as_the_source_whatever_rest_rolls_and_order(
    name: str, arms_down_deg: float
) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=arms_down_deg, legs_apart_deg=5.0)
    positions = random_positions(4, num_frames=60)
    for seed in range(2):
        rig = left_by_an_artist(rest, np.random.default_rng(seed))
        motion = solve_bone_rotations(as_poses(positions), rig, bone_map)
        assert limb_errors_deg(motion, bone_map, positions).max() < 1e-3
        found = joint_positions(motion, bone_map)
        spine, thorax = LIFTED_21.indices("spine", "thorax")
        chest = found[:, thorax] - found[:, spine]
        assert angle_between_deg(chest, positions[:, thorax] - positions[:, spine]).max() < 1e-3


@all_schemes
def test_arms_and_legs_hardly_know_whether_they_rested_in_t_or_a(name: str) -> None:
    poses = as_poses(joint_positions(random_bone_motion(1)))
    turned: list[np.ndarray] = []
    for arms_down_deg, legs_apart_deg in ((0.0, 0.0), (50.0, 6.0)):
        rest, bone_map = scheme_at_rest(
            name, arms_down_deg=arms_down_deg, legs_apart_deg=legs_apart_deg
        )
        motion = solve_bone_rotations(poses, rest, bone_map)
        turned.append(bone_transforms(motion)[1])
    roles = [f"{role}{side}" for role in ("upper_arm", "forearm", "thigh") for side in (".L", ".R")]
    helpers = bone_map.twist_indices(rest)
    limbs = [
        bone for role in roles for bone in (*bone_map.indices(rest)[role], *helpers.get(role, ()))
    ]
    # A straight arm does not show its hinge: carried there from the trunk it is a little elsewhere.
    assert step_angles_deg(np.stack(turned))[0][:, limbs].max() < 7.0


@all_schemes
def test_bones_that_lie_across_their_limbs_change_nothing(name: str) -> None:
    rest, bone_map = known_rest_pose(name), load_scheme(name).bone_map
    if not {"head", "neck", "hand.L", "toes.L"} <= set(bone_map.bones):
        pytest.skip("a rig whose limbs end in their last bone's tail")
    poses = as_poses(random_positions(6, num_frames=30))
    straight = bone_transforms(solve_bone_rotations(poses, rest, bone_map))[0]
    across = bone_transforms(solve_bone_rotations(poses, laid_across(rest), bone_map))[0]
    mapped = [bone for chain in bone_map.indices(rest).values() for bone in chain]
    np.testing.assert_allclose(across[:, mapped], straight[:, mapped], atol=1e-6)


TRUNKS = {
    "unreal5": ("spine_01", "spine_02", "spine_03", "spine_04", "spine_05"),
    "daz": ("abdomenLower", "abdomenUpper", "chestLower", "chestUpper"),
    "mixamo": ("mixamorig:Spine", "mixamorig:Spine1", "mixamorig:Spine2"),
}
CHEST_ROLES = ("spine", "chest")


@pytest.mark.parametrize("name", TRUNKS)
def test_a_trunk_that_twists_is_wrung_along_all_its_bones(name: str) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=0.0)
    positions = posed({"spine": about(BACK, 25.0), "chest": about(BACK, 25.0)})
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    angles = [float(turn_deg(motion, bone, UP)[0]) for bone in TRUNKS[name]]
    assert angles[0] > 5.0
    assert (np.diff(angles) > 4.0).all()
    # The ribs turn with the shoulders.
    assert angles[-1] == pytest.approx(50.0, abs=1e-6)


@pytest.mark.parametrize("name", TRUNKS)
@pytest.mark.parametrize("axis", [LEFT, UP])
def test_a_trunk_that_bends_has_no_kink(name: str, axis: np.ndarray) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=0.0)
    # About their own Z the default's trunk bones lean sideways: about the armature's Y.
    in_armature = LEFT if axis is LEFT else -BACK
    positions = posed({"spine": about(axis, 30.0), "chest": about(axis, 30.0)})
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    signs = np.sign(turn_deg(motion, TRUNKS[name][-1], in_armature))
    angles = [float((signs * turn_deg(motion, bone, in_armature))[0]) for bone in TRUNKS[name]]
    steps = np.diff([0.0, *angles]) if axis is LEFT else np.diff(angles)
    assert (steps > 0.0).all()
    # As one piece the chest would turn by 30 degrees at its first bone.
    assert steps[1:].max() < 29.0
    assert angles[-1] > 60.0


def test_a_trunk_that_turns_as_one_is_not_bent() -> None:
    rest, bone_map = scheme_at_rest("unreal5", arms_down_deg=0.0)
    turn = quaternion.multiply(about(UP, 40.0), about(LEFT, 25.0))
    positions = quaternion.rotate(turn, posed({}))
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    for bone in (*TRUNKS["unreal5"], "neck_01", "neck_02", "head"):
        index = rest.bone_names.index(bone)
        np.testing.assert_allclose(motion.rotations[0, index], quaternion.IDENTITY, atol=1e-7)


def test_neck_bones_share_the_turn_of_the_head() -> None:
    rest, bone_map = scheme_at_rest("unreal5", arms_down_deg=0.0)
    positions = posed({"neck": about(BACK, 30.0), "head": about(BACK, 30.0)})
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    angles = [
        float(turn_deg(motion, bone, UP)[0]) for bone in ("spine_05", "neck_01", "neck_02", "head")
    ]
    np.testing.assert_allclose(angles, [0.0, 15.0, 45.0, 60.0], atol=1e-6)


def curved(rest: RestPose, bones: tuple[str, ...]) -> RestPose:
    """The rig with the trunk's inner joints pushed back and forth."""
    heads, tails = rest.heads.copy(), rest.tails.copy()
    for number, (upper, lower) in enumerate(pairwise(bones)):
        place = rest.bone_names.index(lower)
        heads[place] += [0.0, 0.05 * (-1.0) ** number, 0.0]
        tails[rest.bone_names.index(upper)] = heads[place]
    return replace(rest, heads=heads, tails=tails)


@pytest.mark.parametrize("name", TRUNKS)
def test_a_trunk_that_is_curved_at_rest_still_ends_where_the_joints_are(name: str) -> None:
    bone_map = load_scheme(name).bone_map
    chest = bone_map.bones["chest"]
    rest = curved(known_rest_pose(name), chest)
    positions = random_positions(8)
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    found = joint_positions(motion, bone_map)
    spine, thorax = LIFTED_21.indices("spine", "thorax")
    error = angle_between_deg(
        found[:, thorax] - found[:, spine], positions[:, thorax] - positions[:, spine]
    )
    assert error.max() < 1e-3


TWISTS = {
    "upper_arm.L": ("upperarm_l", "upperarm_twist_01_l", "upperarm_twist_02_l"),
    "thigh.L": ("thigh_l", "thigh_twist_01_l", "thigh_twist_02_l"),
}


@pytest.mark.parametrize("angle_deg", [-70.0, 0.0, 40.0, 100.0])
def test_an_upper_arm_twists_from_none_at_the_shoulder_to_full_at_the_elbow(
    angle_deg: float,
) -> None:
    rest, bone_map = scheme_at_rest("metahuman", arms_down_deg=0.0)
    turned = {"upper_arm.L": about(BACK, angle_deg), "forearm.L": about(LEFT, 90.0)}
    motion = solve_bone_rotations(as_poses(posed(turned)), rest, bone_map)
    angles = [float(turn_deg(motion, bone, LEFT)[0]) for bone in TWISTS["upper_arm.L"]]
    np.testing.assert_allclose(angles, np.array([1.0, 1 / 3, 2 / 3]) * angle_deg, atol=1e-5)


def test_a_thigh_twists_from_none_at_the_hip_to_full_at_the_knee() -> None:
    rest, bone_map = scheme_at_rest("metahuman", arms_down_deg=0.0)
    turned = {"thigh.L": about(BACK, -36.0), "shin.L": about(LEFT, 80.0)}
    motion = solve_bone_rotations(as_poses(posed(turned)), rest, bone_map)
    angles = [float(turn_deg(motion, bone, UP)[0]) for bone in TWISTS["thigh.L"]]
    np.testing.assert_allclose(angles, np.array([1.0, 1 / 3, 2 / 3]) * 36.0, atol=1e-5)


def test_a_shin_twists_on_to_the_foot() -> None:
    rest, bone_map = scheme_at_rest("metahuman", arms_down_deg=0.0)
    foot = REST.bone_names.index("foot.L")
    along_shin = quaternion.rotate(quaternion.conjugate(REST.rotations[foot]), UP)
    # A knee that is bent shows its own hinge, so that the foot alone is turned.
    turned = {"thigh.L": about(LEFT, -70.0), "shin.L": about(LEFT, 70.0)}
    positions = posed({**turned, "foot.L": about(along_shin, 24.0)})
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    angles = [
        float(turn_deg(motion, bone, UP)[0])
        for bone in ("calf_l", "calf_twist_02_l", "calf_twist_01_l", "foot_l")
    ]
    np.testing.assert_allclose(angles, [0.0, 8.0, 16.0, 24.0], atol=1e-5)


def test_a_forearms_helpers_follow_it_as_long_as_the_hand_does() -> None:
    rest, bone_map = known_rest_pose("metahuman"), load_scheme("metahuman").bone_map
    motion = solve_bone_rotations(as_poses(random_positions(3)), rest, bone_map)
    for bone in ("lowerarm_twist_01_l", "lowerarm_twist_02_r"):
        local = motion.rotations[:, rest.bone_names.index(bone)]
        np.testing.assert_allclose(np.abs(local[:, 0]), 1.0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "bend", "twist"),
    [
        ("daz", "lShldrBend", "lShldrTwist"),
        ("makehuman", "upperarm01.L", "upperarm02.L"),
    ],
)
def test_a_bend_bone_takes_no_twist_and_the_twist_bone_all(
    name: str, bend: str, twist: str
) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=0.0)
    turned = {"upper_arm.L": about(BACK, 55.0), "forearm.L": about(LEFT, 90.0)}
    motion = solve_bone_rotations(as_poses(posed(turned)), rest, bone_map)
    assert turn_deg(motion, bend, LEFT)[0] == pytest.approx(0.0, abs=1e-5)
    assert turn_deg(motion, twist, LEFT)[0] == pytest.approx(55.0, abs=1e-5)


@pytest.mark.parametrize("name", ["metahuman", "daz"])
def test_an_arm_that_is_turned_all_the_way_round_makes_no_pop(name: str) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=0.0)
    angle = np.linspace(0.0, 360.0, 181)
    bend = np.full(len(angle), 90.0)
    positions = posed(
        {"upper_arm.L": about(BACK, angle), "forearm.L": about(LEFT, bend)}, len(angle)
    )
    motion = solve_bone_rotations(as_poses(positions), rest, bone_map)
    assert step_angles_deg(bone_transforms(motion)[1]).max() < 5.0


@pytest.mark.parametrize("seed", range(2))
def test_helpers_and_chains_turn_no_faster_than_the_body_does(seed: int) -> None:
    truth = random_bone_motion(seed, num_frames=300)
    poses = as_poses(joint_positions(truth))
    fastest = step_angles_deg(bone_transforms(truth)[1]).max()
    for name in ("metahuman", "daz"):
        motion = solve_bone_rotations(poses, known_rest_pose(name), load_scheme(name).bone_map)
        assert step_angles_deg(bone_transforms(motion)[1]).max() < 1.5 * fastest
