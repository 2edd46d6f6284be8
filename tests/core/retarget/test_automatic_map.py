"""Any humanoid's bones are found by names, by shape, and by both; what is none is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.geometry import quaternion
from core.io.bvh import read_bvh
from core.joint_sets import LIFTED_21
from core.retarget.automatic_map import MappedRig, find_bone_map
from core.retarget.bone_map import HUMANOID, REQUIRED_ROLES, ROLES, BoneMap
from core.retarget.scheme import SCHEME_NAMES, RigScheme, load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import RestPose
from tests.core.retarget.example_motion import REST
from tests.core.retarget.example_rig import (
    LENGTHS,
    STYLES,
    in_an_odd_pose,
    known_rest_pose,
    renamed,
    respelled,
    scrambled,
    with_clutter,
    without,
    without_meaning,
)
from tests.core.retarget.example_scheme import UNKNOWN_SCHEMES
from tests.shared_data import shared_data

SCHEMES = (*map(load_scheme, SCHEME_NAMES), *UNKNOWN_SCHEMES)
LEFT, BACK, UP = np.eye(3)

every_rig = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
known_rigs = pytest.mark.parametrize("scheme", SCHEMES[: len(SCHEME_NAMES)], ids=SCHEME_NAMES)


def assert_found(rest: RestPose, truth: BoneMap) -> MappedRig:
    found = find_bone_map(rest)
    assert dict(found.bone_map.bones) == dict(truth.bones)
    assert dict(found.bone_map.twists) == dict(truth.twists)
    assert set(found.missing) == set(ROLES) - set(truth.bones)
    assert set(found.confidence) == set(truth.bones)
    assert all(0.0 < confidence <= 1.0 for confidence in found.confidence.values())
    return found


def turned(rest: RestPose, turn: np.ndarray) -> RestPose:
    return replace(
        rest,
        heads=100.0 * quaternion.rotate(turn, rest.heads) + [3.0, -40.0, 7.0],
        tails=100.0 * quaternion.rotate(turn, rest.tails) + [3.0, -40.0, 7.0],
        rotations=quaternion.multiply(turn, rest.rotations),
    )


@known_rigs
def test_a_known_rig_is_recognised_as_itself(scheme: RigScheme) -> None:
    found = assert_found(scheme_rest_pose(scheme, LENGTHS), scheme.bone_map)
    assert found.bone_map.name == scheme.name and found.notes == (f"a known rig: {scheme.name}",)
    assert set(found.confidence.values()) == {1.0}


@every_rig
def test_a_rig_scrambled_among_hair_skirts_weapons_and_controls_is_found(scheme: RigScheme) -> None:
    rest = with_clutter(scheme_rest_pose(scheme, LENGTHS), scheme.bone_map)
    assert_found(scrambled(rest, np.random.default_rng(2)), scheme.bone_map)


@every_rig
def test_names_alone_carry_a_rig_in_an_odd_pose(scheme: RigScheme) -> None:
    rest = in_an_odd_pose(scheme_rest_pose(scheme, LENGTHS), np.random.default_rng(5))
    assert_found(rest, scheme.bone_map)


@every_rig
def test_shape_alone_carries_a_rig_without_names(scheme: RigScheme) -> None:
    rest, truth = without_meaning(scheme_rest_pose(scheme, LENGTHS), scheme.bone_map)
    found = assert_found(scrambled(rest, np.random.default_rng(3)), truth)
    assert found.bone_map.name == "found"


@every_rig
def test_shape_alone_finds_the_body_among_other_bones(scheme: RigScheme) -> None:
    rest = with_clutter(scheme_rest_pose(scheme, LENGTHS), scheme.bone_map)
    names = {name: f"Bone.{bone:03d}" for bone, name in enumerate(rest.bone_names)}
    rest, truth = renamed(rest, scheme.bone_map, names)
    found = find_bone_map(rest).bone_map
    assert {role: found.bones[role] for role in REQUIRED_ROLES} == {
        role: truth.bones[role] for role in REQUIRED_ROLES
    }


@pytest.mark.parametrize("style", STYLES)
@known_rigs
def test_separators_case_and_sides_may_be_spelled_in_any_way(scheme: RigScheme, style: str) -> None:
    rest = scheme_rest_pose(scheme, LENGTHS)
    names = {name: respelled(name, style) for name in rest.bone_names}
    assert len(set(names.values())) == rest.num_bones
    assert_found(*renamed(rest, scheme.bone_map, names))


@pytest.mark.parametrize("prefix", ["", "mixamorig1:", "mixamorig_", "Hero|mixamorig:", "rig_"])
def test_mixamos_prefix_may_be_any_or_none(prefix: str) -> None:
    rest = known_rest_pose("mixamo")
    names = {name: prefix + name.removeprefix("mixamorig:") for name in rest.bone_names}
    rest, truth = renamed(rest, load_scheme("mixamo").bone_map, names)
    assert assert_found(rest, truth).bone_map.name == "mixamo"


def test_deform_copies_come_after_the_controls_that_they_follow() -> None:
    rest = known_rest_pose("rigify")
    metarig = known_rest_pose("rigify_metarig")
    copies = replace(metarig, bone_names=tuple(f"DEF-{name}" for name in metarig.bone_names))
    parents = [parent + rest.num_bones if parent >= 0 else 0 for parent in copies.parents]
    both = RestPose(
        bone_names=(*rest.bone_names, *copies.bone_names),
        parents=(*rest.parents, *parents),
        heads=np.concatenate([rest.heads, copies.heads]),
        tails=np.concatenate([rest.tails, copies.tails]),
        rotations=np.concatenate([rest.rotations, copies.rotations]),
    )
    assert find_bone_map(both).bone_map.bones["upper_arm.L"] == ("upper_arm_fk.L",)


TURNS = {
    "y up": quaternion.from_axis_angle(LEFT, -0.5 * np.pi),
    "x up": quaternion.from_axis_angle(BACK, 0.5 * np.pi),
    "facing +x": quaternion.from_axis_angle(UP, 0.5 * np.pi),
    "facing +y": quaternion.from_axis_angle(UP, np.pi),
    "facing askew": quaternion.from_axis_angle(UP, 0.7),
}


@pytest.mark.parametrize("name", ["default", "unreal5", "daz", "mixamo"])
@pytest.mark.parametrize("way", TURNS)
def test_any_up_axis_facing_size_and_place_will_do(name: str, way: str) -> None:
    rest, truth = without_meaning(known_rest_pose(name), load_scheme(name).bone_map)
    assert_found(turned(rest, TURNS[way]), truth)


@pytest.mark.parametrize("seed", range(8))
def test_other_proportions_will_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = LENGTHS * np.exp(rng.normal(scale=0.08, size=21))
    lengths = 0.5 * (lengths + lengths[LIFTED_21.mirror])
    scheme = SCHEMES[seed]
    rest, truth = without_meaning(scheme_rest_pose(scheme, lengths), scheme.bone_map)
    found = find_bone_map(rest).bone_map
    for role in REQUIRED_ROLES:
        assert found.bones[role][0] == truth.bones[role][0], role


def test_names_tell_the_sides_where_the_feet_do_not() -> None:
    rest = without(REST, "toes.L", "toes.R")
    feet = [rest.bone_names.index(name) for name in ("foot.L", "foot.R")]
    tails = rest.tails.copy()
    tails[feet] = rest.heads[feet] - 0.08 * UP
    rest = replace(rest, tails=tails)
    bones = {role: bone for role, bone in HUMANOID.bones.items() if not role.startswith("toes")}
    truth = BoneMap("no toes", bones)
    backwards = turned(rest, TURNS["facing +y"])
    assert find_bone_map(backwards).bone_map.bones["thigh.L"] == ("thigh.L",)
    silent, silent_truth = without_meaning(rest, truth)
    found = assert_found(silent, silent_truth)
    assert any("left is taken to be +X" in note for note in found.notes)
    assert max(found.confidence.values()) < assert_found(rest, truth).confidence["thigh.L"]


def test_agreement_of_names_and_shape_is_the_surer() -> None:
    scheme = next(scheme for scheme in UNKNOWN_SCHEMES if scheme.name == "unity")
    rest = scheme_rest_pose(scheme, LENGTHS)
    both = find_bone_map(rest)
    by_name = find_bone_map(in_an_odd_pose(rest, np.random.default_rng(5)))
    by_shape = find_bone_map(without_meaning(rest, scheme.bone_map)[0])
    for role in ("upper_arm.L", "shin.R", "foot.L"):
        assert both.confidence[role] >= by_name.confidence[role]
        assert both.confidence[role] > by_shape.confidence[role]


def test_one_limb_with_names_that_say_nothing_is_found_by_its_shape() -> None:
    scheme = next(scheme for scheme in UNKNOWN_SCHEMES if scheme.name == "second life")
    rest = scheme_rest_pose(scheme, LENGTHS)
    lost = ("mShoulderLeft", "mElbowLeft", "mWristLeft", "mKneeRight")
    names = {name: f"B{lost.index(name)}" if name in lost else name for name in rest.bone_names}
    assert_found(*renamed(rest, scheme.bone_map, names))


def test_a_rig_with_hips_below_a_spine_root_is_driven_by_its_named_pelvis() -> None:
    """Older Bipeds hang the thighs from the first spine bone."""
    rest = known_rest_pose("biped")
    spine = rest.bone_names.index("Bip01 Spine")
    parents = list(rest.parents)
    for side in "LR":
        parents[rest.bone_names.index(f"Bip01 {side} Thigh")] = spine
    found = find_bone_map(replace(rest, parents=tuple(parents)))
    assert found.bone_map.bones["hips"] == ("Bip01 Pelvis",)


# Real skeletons of motion capture; several rest in no pose that a body can take.
CAPTURED = {
    "cmu/01_01": {"hips": "Hips", "spine": "LowerBack", "thigh.L": "LeftUpLeg", "head": "Head"},
    "cmu_more/13_07": {"chest": "Spine Spine1", "hand.R": "RightHand", "thumb.L": "LThumb"},
    "deepmimic/backflip": {"chest": "Chest", "neck": "Neck", "upper_arm.L": "LeftArm"},
    "idle/000_genuine": {"hips": "pelvis", "chest": "spine.001", "head": "face"},
    "dance_martial/indian_04": {
        **{"spine": "abdomen", "chest": "chest", "upper_arm.L": "lShldr", "thigh.R": "rThigh"},
        "middle.L": "lMid1 lMid2",
    },
    "animated_drawings/8yr_old_ROM": {"spine": "Spine Spine1", "thumb.R": "RightHandThumb1"},
    "animated_drawings/rokoko_jesse_dance": {"chest": "Spine1 Spine2", "forearm.L": "LeftForeArm"},
    "animated_drawings/cmu1_jumping_jacks": {
        **{"shoulder.L": "LeftCollar", "upper_arm.L": "LeftShoulder", "forearm.L": "LeftElbow"},
        **{"hand.L": "LeftWrist", "thigh.L": "LeftHip", "foot.R": "RightAnkle"},
    },
    "animated_drawings/cmu_new2_Indian_Dance_Odissi005": {"chest": "thorax", "foot.L": "lfoot"},
    "animated_drawings/cmu_new3_back_handspring1_autolabel": {
        **{"spine": "lowerback", "chest": "upperback", "thigh.L": "lfemur", "forearm.R": "rradius"},
    },
    "animated_drawings/custom_avatar_animations_boxing": {
        **{"spine": "Spine1 Spine2", "shin.L": "LeftShin", "upper_arm.R": "RightArm"},
        "thumb.L": "LeftFinger1Proximal LeftFinger1Distal",
    },
}


def captured_rest_pose(path: Path) -> RestPose:
    """The skeleton of a BVH file with all its rotations at zero, Z up."""
    clip = read_bvh(path)
    num_joints = len(clip.joint_names)
    heads = np.zeros((num_joints, 3))
    for joint, parent in enumerate(clip.parents):
        if parent >= 0:
            heads[joint] = heads[parent] + clip.offsets[joint] @ [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    tails = heads + 0.01 * np.ptp(heads, axis=0).max() * UP
    for joint, parent in enumerate(clip.parents):
        if parent >= 0 and not np.allclose(heads[joint], heads[parent]):
            tails[parent] = heads[joint]
    ends = [joint for joint in range(num_joints) if joint not in clip.parents]
    rotations = np.tile(quaternion.IDENTITY, (num_joints, 1))
    rest = RestPose(clip.joint_names, clip.parents, heads, tails, rotations)
    names = [clip.joint_names[joint] for joint in ends if clip.joint_names[joint].endswith("_end")]
    return without(rest, *names)


@pytest.mark.parametrize("clip", CAPTURED)
def test_captured_skeletons_are_mapped(clip: str) -> None:
    rest = captured_rest_pose(shared_data(f"mocap/{clip}.bvh"))
    found = find_bone_map(rest).bone_map
    for role, bones in CAPTURED[clip].items():
        assert found.bones[role] == tuple(bones.split()), role
