"""IK controls stay on what they follow, whatever carries them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.retarget.follower import with_followers
from core.retarget.kinematics import bone_transforms
from core.types import BoneMotion, RestPose
from tests.core.retarget.example_motion import LEFT, about, random_bone_motion
from tests.core.retarget.example_rig import with_bones


def rig_with_controls(rest: RestPose) -> RestPose:
    """A control beside each foot, the left one below a control root, the other on its own."""
    controls = with_bones(
        rest,
        ("ik_root", None, np.zeros(3), LEFT),
        ("foot_ik.L", "ik_root", np.array([0.3, 0.1, 0.2]), np.array([0.3, -0.1, 0.2])),
        ("foot_ik.R", None, np.array([-0.1, 0.0, 0.1]), np.array([-0.1, -0.2, 0.0])),
        ("heel_ik.R", "foot_ik.R", np.array([-0.1, 0.1, 0.0]), np.array([-0.1, 0.2, 0.0])),
    )
    rng = np.random.default_rng(8)
    rotations = controls.rotations.copy()
    rotations[-4:] = quaternion.normalise(rng.normal(size=(4, 4)))
    return replace(controls, rotations=rotations)


def motion_with_controls() -> BoneMotion:
    motion = random_bone_motion(5)
    rest = rig_with_controls(motion.rest_pose)
    local = np.tile(quaternion.IDENTITY, (motion.num_frames, rest.num_bones, 1))
    local[:, : motion.rest_pose.num_bones] = motion.rotations
    local[:, rest.bone_names.index("ik_root")] = about(LEFT, 30.0)
    return replace(motion, rotations=local, rest_pose=rest)


def assert_one_piece(motion: BoneMotion, control: str, driven: str) -> None:
    """Whether the control is in the same place and turn about the driven bone as at rest."""
    rest = motion.rest_pose
    first, second = (rest.bone_names.index(name) for name in (driven, control))
    heads, rotations = bone_transforms(motion)
    offset = quaternion.rotate(
        quaternion.conjugate(rotations[:, first]), heads[:, second] - heads[:, first]
    )
    at_rest = quaternion.rotate(
        quaternion.conjugate(rest.rotations[first]), rest.heads[second] - rest.heads[first]
    )
    np.testing.assert_allclose(offset, np.tile(at_rest, (motion.num_frames, 1)), atol=1e-9)
    turned = quaternion.multiply(quaternion.conjugate(rotations[:, first]), rotations[:, second])
    expected = quaternion.multiply(
        quaternion.conjugate(rest.rotations[first]), rest.rotations[second]
    )
    np.testing.assert_allclose(np.abs(turned @ expected), 1.0, atol=1e-9)


def test_followers_move_as_one_piece_with_what_they_follow() -> None:
    motion = motion_with_controls()
    followers = {"foot_ik.L": "foot.L", "foot_ik.R": "foot.R", "heel_ik.R": "shin.R"}
    followed = with_followers(motion, followers)
    for control, driven in followers.items():
        assert_one_piece(followed, control, driven)
    names = motion.rest_pose.bone_names
    others = [bone for bone, name in enumerate(names) if name not in followers]
    np.testing.assert_array_equal(followed.rotations[:, others], motion.rotations[:, others])
    assert followed.placed.keys() == {names.index(control) for control in followers}


def test_what_hangs_from_a_follower_goes_along() -> None:
    followed = with_followers(motion_with_controls(), {"foot_ik.R": "foot.R"})
    assert_one_piece(followed, "heel_ik.R", "foot.R")


def test_nobody_to_follow_is_the_same_motion() -> None:
    motion = motion_with_controls()
    same = with_followers(motion, {})
    np.testing.assert_array_equal(same.rotations, motion.rotations)
    assert not same.placed


def test_a_bone_that_is_not_there_is_refused() -> None:
    with pytest.raises(LiftError, match="expected the armature to have foot_fk.L"):
        with_followers(motion_with_controls(), {"foot_ik.L": "foot_fk.L"})


def test_following_in_a_circle_is_refused() -> None:
    followers = {"foot_ik.L": "heel_ik.R", "foot_ik.R": "foot.R"}
    with pytest.raises(LiftError, match="'foot_ik.L' is to follow 'heel_ik.R': expected a bone"):
        with_followers(motion_with_controls(), followers)
