"""Known rigs: their data hold together, and each stands as the person does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.joint_sets import LIFTED_21
from core.retarget.bone_map import FINGERS, HUMANOID, ROLES
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.humanoid import humanoid_rest_pose
from core.retarget.kinematics import bone_transforms, joint_positions
from core.retarget.scheme import SCHEME_NAMES, load_scheme, scheme_from_data
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import RestPose
from tests.core.retarget.example_motion import as_poses, random_positions
from tests.core.retarget.example_rig import LENGTHS, known_rest_pose

FLIP = np.array([-1.0, 1.0, 1.0])
all_schemes = pytest.mark.parametrize("name", SCHEME_NAMES)


def head_of(rest: RestPose, bone: str) -> np.ndarray:
    return rest.heads[rest.bone_names.index(bone)]


def direction(rest: RestPose, bone: str) -> np.ndarray:
    index = rest.bone_names.index(bone)
    return (rest.tails[index] - rest.heads[index]) / rest.lengths[index]


def test_the_promised_rigs_are_there() -> None:
    assert set(SCHEME_NAMES) >= {
        *("default", "mixamo", "rigify", "rigify_metarig", "unreal", "unreal5", "vrm", "daz"),
        *("makehuman", "cmu", "smpl", "metahuman", "biped"),
    }


def test_an_unknown_rig_is_refused_with_those_there_are() -> None:
    with pytest.raises(LiftError, match="'maya'.*mixamo"):
        load_scheme("maya")


def test_the_default_scheme_is_the_default_armature() -> None:
    scheme = load_scheme("default")
    assert dict(scheme.bone_map.bones) == dict(HUMANOID.bones)
    built, known = scheme_rest_pose(scheme, LENGTHS), humanoid_rest_pose(LENGTHS)
    assert built.bone_names == known.bone_names == tuple(HUMANOID.bones)
    np.testing.assert_array_equal(built.rotations, known.rotations)


@all_schemes
def test_a_rig_fits_its_own_map(name: str) -> None:
    scheme, rest = load_scheme(name), known_rest_pose(name)
    assert scheme.name == scheme.bone_map.name == name and scheme.about
    assert set(scheme.bone_map.indices(rest)) == set(scheme.bone_map.bones)
    scheme.bone_map.twist_indices(rest)
    assert len(set(rest.bone_names)) == rest.num_bones
    assert all(bone.startswith(scheme.prefix) for bone in rest.bone_names)
    assert list(scheme.bone_map.bones) == [r for r in ROLES if r in scheme.bone_map.bones]


@all_schemes
def test_bones_have_a_length_and_run_along_their_own_y(name: str) -> None:
    rest = known_rest_pose(name)
    assert rest.lengths.min() > 0.002
    axes = quaternion.to_matrix(rest.rotations)
    along = (rest.tails - rest.heads) / rest.lengths[:, None]
    np.testing.assert_allclose(axes[:, :, 1], along, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1.0)


@all_schemes
def test_a_chain_hangs_together_head_to_tail(name: str) -> None:
    scheme, rest = load_scheme(name), known_rest_pose(name)
    for chain in scheme.bone_map.indices(rest).values():
        np.testing.assert_allclose(rest.heads[list(chain[1:])], rest.tails[list(chain[:-1])])


@all_schemes
def test_left_and_right_are_mirror_images(name: str) -> None:
    scheme, rest = load_scheme(name), known_rest_pose(name)
    bones = scheme.bone_map.indices(rest)
    axes = quaternion.to_matrix(rest.rotations)
    for role in (role for role in bones if role.endswith(".L")):
        left, right = list(bones[role]), list(bones[role[:-1] + "R"])
        np.testing.assert_allclose(rest.heads[left] * FLIP, rest.heads[right], atol=1e-12)
        np.testing.assert_allclose(rest.tails[left] * FLIP, rest.tails[right], atol=1e-12)
        mirrored = axes[left] * FLIP[:, None] * FLIP
        np.testing.assert_allclose(mirrored, axes[right], atol=1e-12)


@all_schemes
def test_the_limbs_are_as_long_as_the_persons(name: str) -> None:
    scheme = load_scheme(name)
    lengths = 1.3 * LENGTHS
    rest = scheme_rest_pose(scheme, lengths)
    bones = scheme.bone_map.indices(rest)
    for joint, upper, lower in (
        ("left_knee", "thigh.L", "shin.L"),
        ("left_ankle", "shin.L", "foot.L"),
        ("left_elbow", "upper_arm.L", "forearm.L"),
        ("left_wrist", "forearm.L", "hand.L"),
    ):
        span = rest.heads[bones[lower][0]] - rest.heads[bones[upper][0]]
        assert np.linalg.norm(span) == pytest.approx(lengths[LIFTED_21.index(joint)])


@all_schemes
def test_a_rig_stands_on_the_floor_and_its_fingers_point_outwards(name: str) -> None:
    scheme, rest = load_scheme(name), known_rest_pose(name)
    bones = scheme.bone_map.indices(rest)
    last = bones.get("toes.L", bones["foot.L"])[-1]
    assert rest.tails[last, 2] == pytest.approx(0.0, abs=1e-12)
    assert rest.heads[:, 2].min() > -1e-12
    wrist = rest.heads[bones["hand.L"][0]]
    arm = wrist - rest.heads[bones["upper_arm.L"][0]]
    for finger in FINGERS:
        for bone in bones.get(f"{finger}.L", ()):
            assert (rest.heads[bone] - wrist) @ arm > 0.0
    # Palms face down: the thumb's side is the front.
    if "thumb.L" in bones and "index.L" in bones:
        assert rest.tails[bones["thumb.L"][-1], 1] < rest.tails[bones["index.L"][-1], 1]


@pytest.mark.parametrize(
    ("name", "arm", "down_deg"),
    [
        ("mixamo", "mixamorig:LeftArm", 0.0),
        ("vrm", "J_Bip_L_UpperArm", 0.0),
        ("unreal", "upperarm_l", 45.0),
        ("unreal5", "lowerarm_l", 45.0),
        ("daz", "lShldrTwist", 45.0),
        ("makehuman", "upperarm01.L", 48.0),
    ],
)
def test_arms_rest_as_the_rigs_own_do(name: str, arm: str, down_deg: float) -> None:
    way = direction(known_rest_pose(name), arm)
    expected = [np.cos(np.deg2rad(down_deg)), 0.0, -np.sin(np.deg2rad(down_deg))]
    np.testing.assert_allclose(way, expected, atol=1e-12)


def test_trunk_and_neck_are_divided_as_the_rig_divides_them() -> None:
    rest = known_rest_pose("unreal5")
    heights = [head_of(rest, f"spine_0{number}")[2] for number in range(1, 6)]
    assert (np.diff(heights) > 0.01).all()
    assert heights[0] > head_of(rest, "pelvis")[2]
    assert head_of(rest, "neck_02")[2] > head_of(rest, "neck_01")[2] > heights[-1]


def test_mixamos_rolls_are_its_own() -> None:
    rest = known_rest_pose("mixamo")
    axes = quaternion.to_matrix(rest.rotations)
    for bone, x in (
        ("LeftArm", [0.0, 1.0, 0.0]),
        ("RightArm", [0.0, -1.0, 0.0]),
        ("LeftUpLeg", [-1.0, 0.0, 0.0]),
        ("RightLeg", [-1.0, 0.0, 0.0]),
        ("Spine1", [1.0, 0.0, 0.0]),
    ):
        index = rest.bone_names.index(f"mixamorig:{bone}")
        np.testing.assert_allclose(axes[index, :, 0], x, atol=1e-12, err_msg=bone)


@pytest.mark.parametrize("name", ["default", "unreal", "unreal5", "daz", "vrm", "rigify"])
def test_positive_x_bends_elbows_forward_and_fingers_down(name: str) -> None:
    scheme, rest = load_scheme(name), known_rest_pose(name)
    bones = scheme.bone_map.indices(rest)
    palm_down = np.cross(direction(rest, rest.bone_names[bones["forearm.L"][0]]), [0.0, -1.0, 0.0])
    ways = {"forearm.L": np.array([0.0, -1.0, 0.0]), "shin.L": np.array([0.0, 1.0, 0.0])}
    ways |= {f"{finger}.L": palm_down for finger in FINGERS[1:] if f"{finger}.L" in bones}
    for role, way in ways.items():
        bone = bones[role][0]
        axes = quaternion.to_matrix(rest.rotations[bone])
        # A small turn about X moves the tail along X cross Y, which is Z.
        assert axes[:, 2] @ way > 0.9, role


@all_schemes
def test_limbs_point_as_posed_on_every_known_rig(name: str) -> None:
    scheme, rest = load_scheme(name), known_rest_pose(name)
    positions = random_positions(3, num_frames=20)
    motion = solve_bone_rotations(as_poses(positions), rest, scheme.bone_map)
    found = joint_positions(motion, scheme.bone_map)
    for start, end in (
        ("left_hip", "left_knee"),
        ("right_knee", "right_ankle"),
        ("right_shoulder", "right_elbow"),
        ("left_elbow", "left_wrist"),
    ):
        first, second = LIFTED_21.index(start), LIFTED_21.index(end)
        posed = positions[:, second] - positions[:, first]
        np.testing.assert_allclose(found[:, second] - found[:, first], posed, atol=1e-6)
    hips = LIFTED_21.indices("pelvis", "left_hip", "right_hip")
    np.testing.assert_allclose(found[:, hips], positions[:, hips], atol=1e-6)


def test_bones_above_the_hips_and_other_roots_rest() -> None:
    scheme = load_scheme("unreal")
    rest = known_rest_pose("unreal")
    motion = solve_bone_rotations(as_poses(random_positions(1)), rest, scheme.bone_map)
    assert rest.bone_names[motion.root_bone] == "pelvis"
    heads, _ = bone_transforms(motion)
    np.testing.assert_array_equal(heads[:, motion.root_bone], motion.root_position)
    for bone in ("root", "ik_foot_root", "ik_hand_l"):
        index = rest.bone_names.index(bone)
        np.testing.assert_allclose(motion.rotations[:, index, 0], 1.0)
        np.testing.assert_allclose(heads[:, index], np.tile(rest.heads[index], (120, 1)), atol=1e-9)


def test_lengths_are_checked_for_every_rig() -> None:
    with pytest.raises(LiftError, match=r"\(21,\)"):
        scheme_rest_pose(load_scheme("mixamo"), LENGTHS[:17])


def test_a_scheme_is_data_alone() -> None:
    data = {
        "name": "least",
        "about": "",
        "prefix": "x:",
        "sides": {"@": ["Left", "Right"]},
        "rest": {"arms_down_deg": 0, "legs_apart_deg": 0},
        "bones": {
            **{part: part for part in ("hips", "chest")},
            **{part: f"@ {part}" for part in ("upper_arm", "forearm", "thigh", "shin", "foot")},
        },
    }
    scheme = scheme_from_data(json.loads(json.dumps(data)))
    rest = scheme_rest_pose(scheme, LENGTHS)
    assert rest.bone_names[:3] == ("x:hips", "x:chest", "x:Left upper_arm")
    assert rest.bone_names[rest.parents[2]] == "x:chest"
