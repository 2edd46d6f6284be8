"""Hands relax towards their palms, by what their rest pose lacks, on any rig."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.geometry import quaternion
from core.retarget.bone_map import FINGERS, BoneMap
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.finger import hand_axes, relaxed_finger_rotations
from core.retarget.kinematics import bone_transforms
from core.retarget.scheme import SCHEME_NAMES, load_scheme
from core.types import RestPose
from tests.core.retarget.example_motion import BACK, LEFT, UP, as_poses, random_positions
from tests.core.retarget.example_rest import (
    angle_between_deg,
    laid_across,
    left_by_an_artist,
    scheme_at_rest,
    turned_about_z,
)
from tests.core.retarget.example_rig import in_an_odd_pose, known_rest_pose

RIGS_WITH_FINGERS = [name for name in SCHEME_NAMES if "pinky.L" in load_scheme(name).bone_map.bones]
all_hands = pytest.mark.parametrize("name", RIGS_WITH_FINGERS)


def relaxed(rest: RestPose, bone_map: BoneMap, share: float = 1.0) -> RestPose:
    """The rig with its fingers' relaxed pose, or a share of it, as its rest."""
    local = relaxed_finger_rotations(rest, bone_map)
    heads, tails, rotations = rest.heads.copy(), rest.tails.copy(), rest.rotations.copy()
    for bone, parent in enumerate(rest.parents):
        if parent >= 0:
            back = quaternion.conjugate(rest.rotations[parent])
            offset = quaternion.rotate(back, rest.heads[bone] - rest.heads[parent])
            heads[bone] = heads[parent] + quaternion.rotate(rotations[parent], offset)
            relative = quaternion.multiply(back, rest.rotations[bone])
            rotations[bone] = quaternion.multiply(rotations[parent], relative)
        turn = quaternion.slerp(quaternion.IDENTITY, local.get(bone, quaternion.IDENTITY), share)
        rotations[bone] = quaternion.multiply(rotations[bone], turn)
        tails[bone] = heads[bone] + rest.lengths[bone] * quaternion.rotate(rotations[bone], BACK)
    return replace(rest, heads=heads, tails=tails, rotations=rotations)


def bends_deg(rest: RestPose, bone_map: BoneMap) -> dict[str, np.ndarray]:
    """How far the relaxed pose turns each finger's bones, deg."""
    local = relaxed_finger_rotations(rest, bone_map)
    bones = bone_map.indices(rest)
    return {
        role: np.rad2deg(
            np.linalg.norm(
                quaternion.to_rotation_vector(np.stack([local[bone] for bone in bones[role]])),
                axis=-1,
            )
        )
        for role in bones
        if role[:-2] in FINGERS
    }


@all_hands
def test_flat_fingers_bend_more_and_more_from_index_to_pinky(name: str) -> None:
    bends = bends_deg(known_rest_pose(name), load_scheme(name).bone_map)
    for side in (".L", ".R"):
        totals = [bends[finger + side].sum() for finger in FINGERS if finger + side in bends]
        assert (np.diff(totals) > 5.0).all()
        assert totals[0] < 25.0
        assert totals[-1] < 90.0


def test_the_bend_is_the_relaxed_hands() -> None:
    bends = bends_deg(known_rest_pose("mixamo"), load_scheme("mixamo").bone_map)
    np.testing.assert_allclose(bends["index.L"], [15.0, 24.0, 14.0], atol=1e-6)
    np.testing.assert_allclose(bends["pinky.R"], [29.0, 35.0, 20.0], atol=1e-6)


@all_hands
@pytest.mark.parametrize("arms_down_deg", [0.0, 45.0])
def test_fingertips_move_to_the_palm_and_the_thumb_across_it(
    name: str, arms_down_deg: float
) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=arms_down_deg)
    after = relaxed(rest, bone_map)
    bones = bone_map.indices(rest)
    for side, out in ((".L", LEFT), (".R", -LEFT)):
        arm = np.cos(np.deg2rad(arms_down_deg)) * out - np.sin(np.deg2rad(arms_down_deg)) * UP
        palm = np.cross(arm, out[0] * -BACK)
        for finger in FINGERS:
            tip = bones[finger + side][-1]
            way = after.tails[tip] - rest.tails[tip]
            if finger == "thumb":
                assert way @ BACK > 0.001
            else:
                assert way @ palm > 0.8 * np.linalg.norm(way)
                assert abs(way @ BACK) < 0.2 * np.linalg.norm(way)


@all_hands
def test_the_right_hand_mirrors_the_left(name: str) -> None:
    rest, bone_map = known_rest_pose(name), load_scheme(name).bone_map
    after = relaxed(rest, bone_map)
    bones = bone_map.indices(rest)
    for finger in FINGERS:
        left, right = list(bones[f"{finger}.L"]), list(bones[f"{finger}.R"])
        np.testing.assert_allclose(after.tails[left] * [-1.0, 1.0, 1.0], after.tails[right])


@all_hands
def test_rolls_and_order_change_nothing(name: str) -> None:
    rest, bone_map = known_rest_pose(name), load_scheme(name).bone_map
    after = relaxed(rest, bone_map)
    other = left_by_an_artist(rest, np.random.default_rng(3))
    other_after = relaxed(other, bone_map)
    place = [other.bone_names.index(bone) for bone in rest.bone_names]
    np.testing.assert_allclose(other_after.heads[place], after.heads, atol=1e-9)
    np.testing.assert_allclose(other_after.tails[place], after.tails, atol=1e-9)


@all_hands
def test_bones_that_lie_across_their_fingers_bend_the_same_way(name: str) -> None:
    rest, bone_map = known_rest_pose(name), load_scheme(name).bone_map
    plain, across = relaxed(rest, bone_map), relaxed(laid_across(rest), bone_map)
    fingers = [
        bone
        for role, chain in bone_map.indices(rest).items()
        if role[:-2] in FINGERS[1:]
        for bone in chain
    ]
    np.testing.assert_allclose(across.heads[fingers], plain.heads[fingers], atol=1e-6)


@all_hands
def test_a_relaxed_hand_is_left_alone(name: str) -> None:
    bone_map = load_scheme(name).bone_map
    already = relaxed(known_rest_pose(name), bone_map)
    for role, bends in bends_deg(already, bone_map).items():
        np.testing.assert_allclose(bends, 0.0, atol=1e-5, err_msg=role)


@all_hands
def test_a_hand_that_is_half_relaxed_gets_the_other_half(name: str) -> None:
    rest, bone_map = known_rest_pose(name), load_scheme(name).bone_map
    whole, half = bends_deg(rest, bone_map), bends_deg(relaxed(rest, bone_map, 0.5), bone_map)
    for finger in FINGERS[1:]:
        np.testing.assert_allclose(half[f"{finger}.L"], 0.5 * whole[f"{finger}.L"], atol=1e-5)


def test_a_fist_keeps_its_fist() -> None:
    bone_map = load_scheme("mixamo").bone_map
    fist = relaxed(known_rest_pose("mixamo"), bone_map, 2.0)
    for finger in FINGERS[1:]:
        np.testing.assert_allclose(bends_deg(fist, bone_map)[f"{finger}.R"], 0.0, atol=1e-5)


@pytest.mark.parametrize("angle_deg", [35.0, 90.0, 180.0])
def test_the_palm_turns_with_the_rig(angle_deg: float) -> None:
    rest, bone_map = scheme_at_rest("vrm", arms_down_deg=0.0)
    turned = turned_about_z(rest, angle_deg)
    for side, out in ((".L", LEFT), (".R", -LEFT)):
        axes = hand_axes(turned, bone_map.indices(turned), side)
        assert axes is not None
        turn = quaternion.from_axis_angle(UP, np.deg2rad(angle_deg))
        assert angle_between_deg(axes[0], quaternion.rotate(turn, out)) < 5.0
        assert angle_between_deg(axes[1], -UP) < 1e-4


def test_a_mitten_shows_its_palm_by_its_thumb() -> None:
    whole = load_scheme("mixamo").bone_map
    left_out = tuple(f"{finger}{side}" for finger in FINGERS[2:] for side in (".L", ".R"))
    mitten = replace(whole, bones={r: c for r, c in whole.bones.items() if r not in left_out})
    axes = hand_axes(known_rest_pose("mixamo"), mitten.indices(known_rest_pose("mixamo")), ".R")
    assert axes is not None
    assert angle_between_deg(axes[1], -UP) < 1e-4


def test_a_finger_of_one_bone_bends_at_its_knuckle() -> None:
    bends = bends_deg(known_rest_pose("cmu"), load_scheme("cmu").bone_map)
    np.testing.assert_allclose([*bends["index.L"], *bends["thumb.R"]], [15.0, 0.0], atol=1e-6)


def test_fingers_whose_palm_does_not_show_rest() -> None:
    whole = load_scheme("mixamo").bone_map
    bones = {r: c for r, c in whole.bones.items() if r[:-2] not in FINGERS or r == "middle.L"}
    assert relaxed_finger_rotations(known_rest_pose("mixamo"), BoneMap("one finger", bones)) == {}


def test_a_rig_without_fingers_has_none_to_relax() -> None:
    assert relaxed_finger_rotations(known_rest_pose("smpl"), load_scheme("smpl").bone_map) == {}


@all_hands
def test_fingers_of_any_rest_pose_stay_rotations(name: str) -> None:
    rest = in_an_odd_pose(known_rest_pose(name), np.random.default_rng(1))
    for rotation in relaxed_finger_rotations(rest, load_scheme(name).bone_map).values():
        assert np.linalg.norm(rotation) == pytest.approx(1.0)


def test_a_motion_relaxes_the_fingers_in_every_frame() -> None:
    rest, bone_map = known_rest_pose("unreal5"), load_scheme("unreal5").bone_map
    motion = solve_bone_rotations(as_poses(random_positions(0, num_frames=9)), rest, bone_map)
    for bone, rotation in relaxed_finger_rotations(rest, bone_map).items():
        np.testing.assert_allclose(motion.rotations[:, bone], np.tile(rotation, (9, 1)))
    heads, _ = bone_transforms(motion)
    assert np.isfinite(heads).all()
