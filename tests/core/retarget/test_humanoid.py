"""The default armature is what an animator expects: sized to the person, T pose, Rigify's rolls."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from core.retarget.attachment import JOINT_ATTACHMENTS, rest_joint_positions
from core.retarget.bone_map import BODY_ROLES, HUMANOID
from core.retarget.humanoid import humanoid_rest_pose
from tests.core.retarget.example_motion import REST, REST_JOINTS, about, posed

AXES = quaternion.to_matrix(REST.rotations)


def bone(name: str) -> int:
    return REST.bone_names.index(name)


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.6])
def test_every_joint_lies_at_its_bone_length(scale: float) -> None:
    lengths = scale * mean_bone_lengths()
    lengths[LIFTED_21.indices("left_knee", "right_knee")] *= 1.1
    joints = rest_joint_positions(humanoid_rest_pose(lengths), HUMANOID)
    found = np.linalg.norm(joints[1:] - joints[list(LIFTED_21.parents[1:])], axis=-1)
    nose = LIFTED_21.index("nose") - 1
    np.testing.assert_allclose(np.delete(found, nose), np.delete(lengths[1:], nose))
    assert found[nose] == pytest.approx(lengths[nose + 1], rel=0.05)


def test_it_stands_on_the_floor_facing_the_viewer() -> None:
    feet = REST_JOINTS[LIFTED_21.indices("left_heel", "left_toe", "right_heel", "right_toe")]
    np.testing.assert_allclose(feet[:, 2], 0.0, atol=1e-12)
    assert REST_JOINTS[:, 2].min() > -1e-12
    forward = REST_JOINTS[LIFTED_21.index("left_toe")] - REST_JOINTS[LIFTED_21.index("left_heel")]
    np.testing.assert_allclose(forward / np.linalg.norm(forward), [0.0, -1.0, 0.0], atol=1e-12)
    assert REST_JOINTS[LIFTED_21.index("nose"), 1] < -0.05
    assert REST_JOINTS[LIFTED_21.index("left_wrist"), 0] > 0.5


def test_arms_and_legs_are_straight() -> None:
    arm = [bone(name) for name in ("shoulder.L", "upper_arm.L", "forearm.L", "hand.L")]
    leg = [bone(name) for name in ("thigh.L", "shin.L")]
    np.testing.assert_allclose(AXES[arm, :, 1], [[1.0, 0.0, 0.0]] * 4, atol=1e-12)
    np.testing.assert_allclose(AXES[leg, :, 1], [[0.0, 0.0, -1.0]] * 2, atol=1e-12)


def test_bones_run_along_their_own_y() -> None:
    along = (REST.tails - REST.heads) / REST.lengths[:, None]
    np.testing.assert_allclose(AXES[:, :, 1], along, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(AXES), 1.0)


def test_left_and_right_are_mirror_images() -> None:
    flip = np.array([-1.0, 1.0, 1.0])
    for left, name in enumerate(REST.bone_names):
        if name.endswith(".R"):
            continue
        right = REST.bone_names.index(name.replace(".L", ".R"))
        np.testing.assert_allclose(REST.heads[left] * flip, REST.heads[right], atol=1e-12)
        np.testing.assert_allclose(REST.tails[left] * flip, REST.tails[right], atol=1e-12)
        # A mirrored frame is left-handed: X is the axis that Blender turns round again.
        mirrored = AXES[left] * flip[:, None] * np.array([-1.0, 1.0, 1.0])
        np.testing.assert_allclose(mirrored, AXES[right], atol=1e-12)


@pytest.mark.parametrize("side", [".L", ".R"])
def test_positive_x_bends_every_joint_the_natural_way(side: str) -> None:
    left = "left" if side == ".L" else "right"
    bent = posed({f"forearm{side}": about(np.eye(3)[0], 90.0)})[0]
    wrist, elbow = bent[LIFTED_21.index(f"{left}_wrist")], bent[LIFTED_21.index(f"{left}_elbow")]
    np.testing.assert_allclose(wrist - elbow, [0.0, -0.26, 0.0], atol=1e-12)
    bent = posed({f"shin{side}": about(np.eye(3)[0], 90.0)})[0]
    ankle, knee = bent[LIFTED_21.index(f"{left}_ankle")], bent[LIFTED_21.index(f"{left}_knee")]
    np.testing.assert_allclose(ankle - knee, [0.0, 0.405, 0.0], atol=1e-12)
    bow = posed({"chest": about(np.eye(3)[0], 30.0)})[0]
    assert bow[LIFTED_21.index("thorax"), 1] < -0.05


def test_names_are_the_readable_ones() -> None:
    assert REST.bone_names == BODY_ROLES
    assert len(REST.bone_names) == 21
    assert REST.parents.count(-1) == 1


def test_every_joint_is_attached_once() -> None:
    attached = [attachment.joint for attachment in JOINT_ATTACHMENTS]
    assert sorted(attached) == sorted(LIFTED_21.joint_names)


@pytest.mark.parametrize("bad", [0.0, -0.1, np.nan, np.inf])
def test_a_length_that_is_none_is_named(bad: float) -> None:
    lengths = mean_bone_lengths()
    lengths[LIFTED_21.index("left_knee")] = bad
    with pytest.raises(LiftError, match="left_knee"):
        humanoid_rest_pose(lengths)


def test_unequal_sides_and_wrong_shapes_are_refused() -> None:
    lengths = mean_bone_lengths()
    lengths[LIFTED_21.index("left_wrist")] += 0.05
    with pytest.raises(LiftError, match="left = right"):
        humanoid_rest_pose(lengths)
    with pytest.raises(LiftError, match=r"\(21,\)"):
        humanoid_rest_pose(lengths[:17])
