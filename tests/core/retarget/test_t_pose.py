"""Any rig can stand in a T pose, facing as it rests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.geometry import quaternion
from core.retarget.finger import hand_axes
from core.retarget.kinematics import bone_transforms
from core.retarget.scheme import SCHEME_NAMES
from core.retarget.t_pose import t_pose_rotations
from core.types import BoneMotion, RestPose
from tests.core.retarget.example_motion import BACK, LEFT, UP, about
from tests.core.retarget.example_rest import (
    angle_between_deg,
    left_by_an_artist,
    scheme_at_rest,
    turned_about_z,
)

all_schemes = pytest.mark.parametrize("name", SCHEME_NAMES)


def standing(rest: RestPose, rotations: np.ndarray, root_bone: int) -> RestPose:
    """The armature with these rotations (B, 4) as its rest."""
    motion = BoneMotion(
        rotations=rotations[None],
        root_position=rest.heads[[root_bone]],
        contacts=np.zeros((1, 2), dtype=bool),
        frames=np.arange(1),
        fps=Fraction(30),
        rest_pose=rest,
        root_bone=root_bone,
    )
    heads, turned = (values[0] for values in bone_transforms(motion))
    tails = heads + rest.lengths[:, None] * quaternion.rotate(turned, BACK)
    return replace(rest, heads=heads, tails=tails, rotations=turned)


@all_schemes
def test_a_rig_in_a_t_pose_is_there_already(name: str) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=0.0)
    rotations = t_pose_rotations(rest, bone_map)
    np.testing.assert_allclose(
        rotations, np.tile(quaternion.IDENTITY, (rest.num_bones, 1)), atol=1e-7
    )


@all_schemes
@pytest.mark.parametrize("facing_deg", [0.0, -130.0])
def test_a_rig_in_an_a_pose_gets_level_arms_and_straight_legs(name: str, facing_deg: float) -> None:
    rest, bone_map = scheme_at_rest(name, arms_down_deg=52.0, legs_apart_deg=7.0)
    rest = turned_about_z(left_by_an_artist(rest, np.random.default_rng(2)), facing_deg)
    bones = bone_map.indices(rest)
    after = standing(rest, t_pose_rotations(rest, bone_map), bones["hips"][0])
    left = quaternion.rotate(about(UP, facing_deg), LEFT)
    for side, out in ((".L", left), (".R", -left)):
        for upper, lower, way in (
            ("upper_arm", "forearm", out),
            ("forearm", "hand", out),
            ("thigh", "shin", -UP),
            ("shin", "foot", -UP),
        ):
            if lower + side in bones:
                limb = after.heads[bones[lower + side][0]] - after.heads[bones[upper + side][0]]
                assert angle_between_deg(limb, way) < 1e-4
        foot = bones[f"foot{side}"][0]
        same = np.abs(after.rotations[foot] @ rest.rotations[foot])
        assert same == pytest.approx(1.0)
        axes = hand_axes(after, bones, side)
        if axes is not None:
            assert angle_between_deg(axes[1], -UP) < 1e-4
    for role in ("hips", "spine", "chest", "neck", "head"):
        for bone in bones.get(role, ()):
            assert np.abs(after.rotations[bone] @ rest.rotations[bone]) == pytest.approx(1.0)


@all_schemes
def test_a_pose_and_t_pose_rests_of_a_rig_meet(name: str) -> None:
    stands: list[RestPose] = []
    for arms_down_deg in (0.0, 45.0):
        rest, bone_map = scheme_at_rest(name, arms_down_deg=arms_down_deg)
        hips = bone_map.indices(rest)["hips"][0]
        stands.append(standing(rest, t_pose_rotations(rest, bone_map), hips))
    bones = [b for c in bone_map.indices(rest).values() for b in c]
    np.testing.assert_allclose(stands[0].heads[bones], stands[1].heads[bones], atol=1e-6)
    same = np.abs(np.sum(stands[0].rotations[bones] * stands[1].rotations[bones], axis=-1))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)


def test_palms_that_rest_at_the_thighs_turned_forward_face_down() -> None:
    rest, bone_map = scheme_at_rest("mixamo", arms_down_deg=80.0)
    bones = bone_map.indices(rest)
    hand = bones["hand.L"][0]
    rotations = np.tile(quaternion.IDENTITY, (rest.num_bones, 1))
    rotations[hand] = about(BACK, 70.0)
    supinated = standing(rest, rotations, bones["hips"][0])
    after = standing(supinated, t_pose_rotations(supinated, bone_map), bones["hips"][0])
    axes = hand_axes(after, bones, ".L")
    assert axes is not None
    assert angle_between_deg(axes[1], -UP) < 1e-4


def test_elbows_that_are_bent_at_rest_are_straightened() -> None:
    rest, bone_map = scheme_at_rest("rigify", arms_down_deg=40.0)
    bones = bone_map.indices(rest)
    rotations = np.tile(quaternion.IDENTITY, (rest.num_bones, 1))
    rotations[bones["forearm.L"][0]] = about(LEFT, 30.0)
    rotations[bones["shin.L"][0]] = about(LEFT, 12.0)
    bent = standing(rest, rotations, bones["hips"][0])
    straight = standing(bent, t_pose_rotations(bent, bone_map), bones["hips"][0])
    plain = standing(rest, t_pose_rotations(rest, bone_map), bones["hips"][0])
    for role in ("forearm.L", "hand.L", "shin.L", "foot.L", "index.L"):
        head = bones[role][0]
        np.testing.assert_allclose(straight.heads[head], plain.heads[head], atol=1e-6)
