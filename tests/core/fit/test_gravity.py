"""Down is found from the network, from balance and from the ground, each where it tells something."""

from __future__ import annotations

import numpy as np
import pytest

from core.fit.gravity import estimate_gravity
from core.geometry.quaternion import from_axis_angle, rotate
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from core.retarget.attachment import rest_joint_positions
from core.retarget.bone_map import HUMANOID
from core.retarget.humanoid import humanoid_rest_pose
from tests.core.fit.bodies import poses_of

_TO_CAMERA = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""World (z up, the camera looks along +y) to camera (y down, z forward)."""


def standing(num_frames=60):
    """(T,21,3) m, world: someone at rest who faces the camera, with level feet on z = 0."""
    joints = rest_joint_positions(humanoid_rest_pose(mean_bone_lengths()), HUMANOID)
    return np.repeat(joints[None], num_frames, axis=0)


def walking_about(radius=1.5, num_frames=240):
    """A person who slides about on a circle: every foot stands somewhere else."""
    angle = np.linspace(0, 2 * np.pi, num_frames)
    places = radius * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)
    return standing(num_frames) + places[:, None]


def seen(world, pitch=0.0, roll=0.0):
    """Joints (T,21,3) in a camera that looks down by ``pitch``, 5 m away, and true gravity there."""
    turn = from_axis_angle(np.array([1.0, 0, 0]), np.array(pitch))
    lean = from_axis_angle(np.array([0.0, 0, 1.0]), np.array(roll))

    def to_camera(vectors):
        return rotate(lean, rotate(turn, vectors @ _TO_CAMERA.T))

    return to_camera(world) + [0, 0, 5.0], to_camera(np.array([0.0, 0.0, -1.0]))


def tilted(gravity, degrees):
    """What a network says that is wrong by an angle towards the camera."""
    return rotate(from_axis_angle(np.array([1.0, 0, 0]), np.radians(degrees)), gravity)


def error_deg(found, true):
    return np.degrees(np.arccos(np.clip(found @ true, -1, 1)))


def said(gravity, num_frames):
    return np.repeat(gravity[None], num_frames, axis=0)


@pytest.mark.parametrize(("pitch", "roll"), [(0.0, 0.0), (0.4, 0.1), (-0.2, -0.3), (1.2, 0.0)])
def test_where_all_evidence_agrees_it_is_exact(pitch, roll):
    joints, true = seen(walking_about(), pitch, roll)
    contact = np.ones((len(joints), 2))
    poses = poses_of(joints, contact=contact)
    # Someone at rest stands on the whole foot: the centre of mass is within it, not in its middle.
    assert error_deg(estimate_gravity([(poses, said(true, len(joints)))]), true) < 1.5


def test_feet_that_stand_in_many_places_correct_a_wrong_network():
    joints, true = seen(walking_about(), 0.2)
    wrong = said(tilted(true, 10.0), len(joints))
    found = estimate_gravity([(poses_of(joints, contact=np.ones((240, 2))), wrong)])
    assert error_deg(found, true) < 1.5
    # Nothing stands: the network is all there is.
    found = estimate_gravity([(poses_of(joints, contact=np.zeros((240, 2))), wrong)])
    assert error_deg(found, true) == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("fps", [30, 60, 120])
def test_feet_correct_it_once_they_have_stood_for_a_sixth_of_a_second(fps):
    joints, true = seen(walking_about(), 0.2)
    wrong = said(tilted(true, 10.0), 240)

    def error_after(num_standing):
        contact = np.zeros((240, 2))
        contact[np.linspace(0, 239, num_standing).astype(int), 0] = 1.0
        return error_deg(
            estimate_gravity([(poses_of(joints, fps=fps, contact=contact), wrong)]), true
        )

    # Balance alone tells something before.
    assert error_after(fps // 6 - 1) > 6.0 and error_after(fps // 6) < 3.5


def test_balance_corrects_a_wrong_network_where_nobody_walks():
    joints, true = seen(standing(120), 0.2)
    wrong = said(tilted(true, 10.0), 120)
    found = estimate_gravity([(poses_of(joints, contact=np.ones((120, 2))), wrong)])
    assert error_deg(found, true) < 5.0
    # A moment of standing proves less.
    contact = np.zeros((120, 2))
    contact[:6] = 1.0
    moment = estimate_gravity([(poses_of(joints, contact=contact), wrong)])
    assert error_deg(found, true) < error_deg(moment, true) < 10.0


def test_who_crouches_need_not_be_in_balance_on_their_feet():
    world = standing(120)
    above = [j for j, name in enumerate(LIFTED_21.joint_names) if "heel" not in name]
    above = [j for j in above if "toe" not in LIFTED_21.joint_names[j]]
    above = [j for j in above if "ankle" not in LIFTED_21.joint_names[j]]
    # On a chair: hips low and behind the feet, which rest on the ground.
    world[:, above] += [0.0, 0.45, -0.45]
    joints, true = seen(world, 0.1)
    found = estimate_gravity([(poses_of(joints, contact=np.ones((120, 2))), said(true, 120))])
    assert error_deg(found, true) < 0.1


def test_guessed_legs_prove_nothing():
    joints, true = seen(walking_about(), 0.2)
    wrong = said(tilted(true, 10.0), len(joints))
    hidden = poses_of(joints, contact=np.ones((240, 2)))
    for side in ("left", "right"):
        hidden.confidence[:, LIFTED_21.index(f"{side}_ankle")] = 0.0
    found = estimate_gravity([(hidden, wrong)])
    assert error_deg(found, true) == pytest.approx(10.0, abs=0.1)


def test_evidence_that_contradicts_all_other_is_doubted():
    joints, true = seen(standing(120), 0.0)
    # Leaning on a wall: 45 degrees off balance.
    lean = rotate(from_axis_angle(np.array([1.0, 0, 0]), np.radians(45)), joints - [0, 0, 5.0])
    poses = poses_of(lean + [0, 0, 5.0], contact=np.ones((120, 2)))
    found = estimate_gravity([(poses, said(true, 120))])
    assert error_deg(found, true) < 12.0


def test_it_is_what_most_frames_agree_on():
    joints, true = seen(standing(), 0.3)
    frames = said(true, 60)
    frames[::4] = [1.0, 0, 0]
    assert error_deg(estimate_gravity([(poses_of(joints), frames)]), true) < 2.0


def test_a_person_who_is_hardly_seen_does_not_tilt_the_world():
    joints, true = seen(standing(), 0.3)
    wrong = np.repeat([[0.0, 0.6, 0.8]], 60, axis=0)
    hidden = (poses_of(joints, confidence=0.2), wrong)
    found = estimate_gravity([hidden, (poses_of(joints), said(true, 60))])
    assert error_deg(found, true) < 1.0


def test_without_a_network_upright_people_tell():
    joints, true = seen(standing(), 0.3, roll=0.2)
    assert error_deg(estimate_gravity([(poses_of(joints), None)]), true) < 3.0


def test_one_frame_is_enough():
    joints, true = seen(standing(1), 0.3)
    poses = poses_of(joints, contact=np.ones((1, 2)))
    assert error_deg(estimate_gravity([(poses, true[None])]), true) < 3.0
