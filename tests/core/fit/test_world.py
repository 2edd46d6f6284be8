"""Gravity, ground and contacts: people stand upright on z = 0 and standing feet stay still."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.correction import Correction
from core.fit.bone_lengths import bone_lengths_per_frame
from core.fit.contacts import detect_contacts, told_contacts
from core.fit.foot_lock import bend_leg, lock_feet
from core.fit.ground import (
    level_camera,
    place_camera,
    scale_to_ground,
    to_world,
)
from core.fit.standing import hold_feet
from core.geometry.camera import camera_at_origin, world_to_camera
from core.geometry.quaternion import from_axis_angle, from_matrix, rotate
from core.joint_sets import LIFTED_21
from tests.core.fit.bodies import poses_of

CAMERA = camera_at_origin(1000.0, (1920, 1080))


def standing(num_frames=60):
    """(T,21,3) m, world space: a person standing straight on z = 0, feet apart."""
    joints = np.zeros((num_frames, 21, 3))
    heights = {"pelvis": 0.9, "spine": 1.15, "thorax": 1.4, "nose": 1.58, "head": 1.72}
    for name, height in heights.items():
        joints[:, LIFTED_21.index(name), 2] = height
    sides = {
        "hip": (0.11, 0, 0.9),
        "knee": (0.11, -0.03, 0.49),
        "ankle": (0.11, 0, 0.08),
        "shoulder": (0.18, 0, 1.4),
        "elbow": (0.45, 0, 1.4),
        "wrist": (0.7, 0, 1.4),
        "heel": (0.11, 0.06, 0.0),
        "toe": (0.11, -0.18, 0.0),
    }
    for part, place in sides.items():
        joints[:, LIFTED_21.index(f"left_{part}")] = place
        joints[:, LIFTED_21.index(f"right_{part}")] = np.array(place) * [-1, 1, 1]
    return joints


def seen_by(joints_world, pitch, height=1.5, distance=5.0, roll=0.0):
    """The same joints in the axes of a camera pitched down by ``pitch`` and rolled (rad)."""
    forward = np.array([0, np.cos(pitch), -np.sin(pitch)])
    right = np.array([1.0, 0, 0])
    down = np.cross(forward, right)
    axes = np.stack([right, down, forward])
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    axes = turn @ axes
    return (joints_world - [0, -distance, height]) @ axes.T, axes @ [0, 0, -1.0]


@pytest.mark.parametrize(("pitch", "roll"), [(0.0, 0.0), (0.4, 0.1), (-0.2, -0.3), (1.2, 0.0)])
def test_a_tilted_camera_still_gives_a_person_upright_on_the_ground(pitch, roll):
    joints, gravity = seen_by(standing(), pitch, roll=roll)
    poses = poses_of(joints)
    camera = place_camera(poses, level_camera(CAMERA, gravity))
    world = to_world(poses, camera).positions
    assert np.abs(world[:, LIFTED_21.indices("left_heel", "right_toe"), 2]).max() < 1e-9
    assert np.allclose(world[..., 2], standing()[..., 2], atol=1e-9)
    assert np.allclose(world[0, 0, :2], 0)
    assert np.allclose(world_to_camera(world, camera), joints)


@pytest.mark.parametrize("fps", [30, 60, 120])
def test_feet_that_stood_for_a_sixth_of_a_second_tell_where_the_floor_is(fps):
    joints, gravity = seen_by(standing(), 0.2)
    jumping = joints.copy()
    # The last ten frames are in a pit.
    jumping[-10:] += 0.5 * gravity

    def floor(num_standing):
        contact = np.zeros((60, 2))
        contact[:num_standing, 0] = 1.0
        poses = poses_of(jumping, fps=fps, contact=contact)
        camera = place_camera(poses, level_camera(CAMERA, gravity))
        return to_world(poses, camera).positions[0, LIFTED_21.index("left_toe"), 2]

    assert floor(fps // 6) == pytest.approx(0.0, abs=1e-9)
    assert floor(fps // 6 - 1) == pytest.approx(0.5, abs=1e-9)


def test_a_person_who_faces_the_camera_faces_minus_y():
    joints, gravity = seen_by(standing(), 0.2)
    poses = poses_of(joints)
    world = to_world(poses, place_camera(poses, level_camera(CAMERA, gravity))).positions
    toe, heel = LIFTED_21.indices("left_toe", "left_heel")
    assert (world[:, toe] - world[:, heel])[0] == pytest.approx([0, -0.24, 0], abs=1e-6)


def walking(num_frames=90):
    """A person who stands on the left foot while the right one swings, then the other way."""
    joints = standing(num_frames)
    half = num_frames // 2
    swing = np.linspace(0, 1.5, half)
    right = LIFTED_21.indices("right_ankle", "right_heel", "right_toe")
    left = LIFTED_21.indices("left_ankle", "left_heel", "left_toe")
    joints[:half, right, 1] -= swing[:, None]
    joints[half:, right, 1] -= swing[-1]
    joints[half:, left, 1] -= swing[:, None]
    return joints


def test_the_still_foot_is_the_one_in_contact():
    contacts = detect_contacts(poses_of(walking(), space="world"))
    assert contacts[5:40, 0].all() and not contacts[5:40, 1].any()
    assert contacts[50:85, 1].all() and not contacts[50:85, 0].any()


def test_the_networks_word_counts_where_there_is_one():
    contact = np.zeros((90, 2))
    contact[20:60, 0] = 1.0
    contacts = detect_contacts(poses_of(standing(90), space="world", contact=contact))
    assert contacts[20:60, 0].all() and contacts.sum() == 40


def test_a_fast_foot_does_not_stand_whatever_the_network_says():
    joints = standing(60)
    joints[:, LIFTED_21.indices("left_ankle", "left_heel", "left_toe"), 0] += np.linspace(0, 3, 60)[
        :, None
    ]
    contacts = detect_contacts(poses_of(joints, space="world", contact=np.ones((60, 2))))
    assert contacts[:, 1].all() and not contacts[:, 0].any()


def test_a_locked_foot_is_still_to_a_millimetre_and_legs_keep_their_lengths():
    rng = np.random.default_rng(2)
    joints = standing(60)
    slide = 0.02 * np.sin(np.arange(60) / 7)[:, None] + rng.normal(size=(60, 1)) * 0.002
    for name in ("left_ankle", "left_heel", "left_toe"):
        joints[:, LIFTED_21.index(name), :2] += slide
    poses = poses_of(joints, space="world")
    contacts = np.zeros((60, 2), dtype=bool)
    contacts[10:50, 0] = True
    locked_poses, held = lock_feet(poses, contacts)
    locked = locked_poses.positions
    assert np.array_equal(held, contacts)
    ankle = locked[10:50, LIFTED_21.index("left_ankle")]
    assert np.abs(ankle - ankle.mean(axis=0)).max() < 1e-3
    before, after = (bone_lengths_per_frame(p, LIFTED_21.parents) for p in (joints, locked))
    legs = LIFTED_21.indices("left_knee", "left_ankle", "left_heel", "left_toe")
    assert np.abs(before - after)[:, legs].max() < 1e-6
    right = LIFTED_21.indices("right_hip", "right_knee", "right_ankle", "thorax", "left_wrist")
    assert np.allclose(locked[:, right], joints[:, right], atol=1e-12)


def test_a_locked_foot_does_not_turn_and_lies_on_the_ground():
    joints = standing(60)
    heel, toe, ankle = LIFTED_21.indices("left_heel", "left_toe", "left_ankle")
    turn = from_axis_angle(np.array([0.0, 0.0, 1.0]), 0.2 * np.sin(np.arange(60) / 5))
    for joint in (heel, toe):
        joints[:, joint] = joints[:, ankle] + rotate(turn, joints[:, joint] - joints[:, ankle])
    # Sunk into the ground, as deep as a bending knee can lift it.
    joints[..., 2] -= 0.03
    contacts = np.zeros((60, 2), dtype=bool)
    contacts[10:50, 0] = True
    locked = lock_feet(poses_of(joints, space="world"), contacts)[0].positions
    sole = locked[10:50, [heel, toe]]
    assert np.ptp(sole, axis=0).max() < 1e-3
    assert np.abs(sole[..., 2].min(axis=1)).max() < 1e-6
    before, after = (bone_lengths_per_frame(p, LIFTED_21.parents) for p in (joints, locked))
    assert np.abs(before - after)[:, [heel, toe, ankle]].max() < 1e-6
    # Before the contact fades in, the foot turns as it did.
    assert np.allclose(locked[:4, toe], joints[:4, toe], atol=1e-9)


def test_a_foot_on_a_step_stays_on_it():
    joints = standing(60)
    joints[..., 2] += 0.3
    contacts = np.ones((60, 2), dtype=bool)
    locked = lock_feet(poses_of(joints, space="world"), contacts)[0].positions
    assert np.allclose(locked, joints, atol=1e-6)


def test_locking_does_not_pop_at_its_ends():
    joints = standing(60)
    drift = np.linspace(-0.04, 0.04, 60)[:, None]
    for name in ("left_ankle", "left_heel", "left_toe"):
        joints[:, LIFTED_21.index(name), :1] += drift
    contacts = np.zeros((60, 2), dtype=bool)
    contacts[20:40, 0] = True
    locked = lock_feet(poses_of(joints, space="world"), contacts)[0].positions
    ankle = locked[:, LIFTED_21.index("left_ankle")]
    assert np.linalg.norm(np.diff(ankle, axis=0), axis=-1).max() < 0.012


def test_nearby_contacts_fade_into_each_other_without_a_pop():
    joints = standing(60)
    wander = 0.05 * np.sin(np.arange(60) / 8)[:, None]
    for name in ("left_ankle", "left_heel", "left_toe"):
        joints[:, LIFTED_21.index(name), :1] += wander
    contacts = np.zeros((60, 2), dtype=bool)
    contacts[5:28, 0] = contacts[33:55, 0] = True
    locked, _ = lock_feet(poses_of(joints, space="world"), contacts)
    ankle = locked.positions[:, LIFTED_21.index("left_ankle")]
    steps = np.linalg.norm(np.diff(ankle, axis=0), axis=-1)[26:34]
    across = np.linalg.norm(ankle[33] - ankle[27])
    # Six steps share the way; smoothstep's steepest is half as long again as an even one.
    assert steps.max() < 1.7 * across / 6 + 2e-3


def test_a_foot_that_drifts_far_is_let_go_and_not_called_standing():
    joints = standing(100)
    drift = np.linspace(-0.4, 0.4, 100)[:, None]
    for name in ("left_ankle", "left_heel", "left_toe"):
        joints[:, LIFTED_21.index(name), :1] += drift
    contacts = np.zeros((100, 2), dtype=bool)
    contacts[:, 0] = True
    locked, held = lock_feet(poses_of(joints, space="world"), contacts)
    ankle = locked.positions[:, LIFTED_21.index("left_ankle")]
    assert 30 < held[:, 0].sum() < 45
    assert np.abs(ankle[held[:, 0]] - ankle[50]).max() < 1e-2
    assert np.linalg.norm(np.diff(ankle, axis=0), axis=-1).max() < 0.012


def gliding(num_frames, reach):
    """Someone who stands and glides sideways, ``reach`` m in all, as no foot that is planted does."""
    joints = standing(num_frames)
    joints[..., 0] += np.linspace(-reach / 2, reach / 2, num_frames)[:, None]
    return joints


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
@pytest.mark.parametrize("reach", [0.1, 0.8])
def test_a_planted_foot_is_still_however_far_it_drifted_and_the_body_follows(sides, reach):
    joints = gliding(60, reach)
    planted = np.zeros((60, 2), dtype=bool)
    for side in sides:
        planted[10:50, ("left", "right").index(side)] = True
    locked_poses, held = lock_feet(poses_of(joints, space="world"), planted, planted=planted)
    locked = locked_poses.positions
    assert np.array_equal(held, planted)
    for side in sides:
        foot = LIFTED_21.indices(*(f"{side}_{part}" for part in ("ankle", "heel", "toe")))
        assert np.ptp(locked[10:50, foot], axis=0).max() < 1e-3
    before, after = (bone_lengths_per_frame(p, LIFTED_21.parents) for p in (joints, locked))
    assert np.abs(before - after).max() < 1e-6
    # Away from the planted stretch nothing is changed, and nothing jumps.
    assert np.allclose(locked[:5], joints[:5], atol=1e-9)
    step = np.linalg.norm(np.diff(locked, axis=0), axis=-1).max()
    own = reach / 59
    # Into and out of the stretch what is 20 frames of its own way is made up for in a fade of 4.
    assert step < own + 1.5 * 20 * own / 4 + 1e-3


def test_a_stretch_beside_a_planted_one_stands_only_as_far_as_it_is_near():
    joints = gliding(100, 1.0)
    contacts, planted = np.zeros((2, 100, 2), dtype=bool)
    contacts[20:90, 0] = True
    planted[20:40, 0] = True
    locked, held = lock_feet(poses_of(joints, space="world"), contacts, planted=planted)
    ankle = locked.positions[:, LIFTED_21.index("left_ankle")]
    assert held[20:40, 0].all() and not held[60:, 0].any()
    place = np.median(joints[20:40, LIFTED_21.index("left_ankle")], axis=0)
    assert np.abs(ankle[20:40] - place).max() < 1e-3
    # The body does not follow what is only found to stand: there the leg goes as far as it can.
    assert np.abs(ankle[held[:, 0]] - place).max() < 2e-2
    # What is let go comes back to its own way in the time of a fade.
    assert np.linalg.norm(np.diff(ankle, axis=0), axis=-1).max() < 0.1
    assert np.allclose(ankle[75:], joints[75:, LIFTED_21.index("left_ankle")], atol=1e-9)


def test_what_the_user_tells_of_feet_is_told_in_their_frames():
    corrections = (Correction("planted", "left", 3, 5), Correction("not planted", "right", 0, 4))
    is_planted, is_lifted = told_contacts(np.arange(2, 8), corrections)
    assert np.flatnonzero(is_planted[:, 0]).tolist() == [1, 2, 3] and not is_planted[:, 1].any()
    assert np.flatnonzero(is_lifted[:, 1]).tolist() == [0, 1, 2] and not is_lifted[:, 0].any()


def test_a_body_that_is_moved_far_to_its_planted_foot_is_said():
    joints = gliding(60, 4.0)
    poses = poses_of(joints, space="world")
    _, _, notes = hold_feet(poses, (Correction("planted", "left", 10, 49),), is_locked=True)
    assert len(notes) == 1 and "the body was moved by up to 0." in notes[0]
    _, _, notes = hold_feet(poses, (Correction("planted", "left", 20, 25),), is_locked=True)
    assert notes == ()


def test_the_ground_of_a_calibration_gives_the_size():
    joints, _ = seen_by(standing(), 0.4, height=2.0)
    half = poses_of(joints * 0.5)
    forward = np.array([0, np.cos(0.4), -np.sin(0.4)])
    axes = np.stack([[1.0, 0, 0], np.cross(forward, [1.0, 0, 0]), forward])
    camera = replace(
        CAMERA,
        rotation_world_to_camera=from_matrix(axes),
        position_world=np.array([0.0, -5.0, 2.0]),
    )
    assert scale_to_ground(half, camera) == pytest.approx(2.0)


def test_a_leg_that_cannot_reach_goes_as_far_as_it_goes():
    hip, knee, ankle = (np.array([[0.0, 0, z]]) for z in (0.9, 0.5, 0.1))
    knee[0, 1] = -0.02
    new_knee, new_ankle = bend_leg(hip, knee, ankle, np.array([[0.0, 0, -2.0]]))
    thigh, shin = (np.linalg.norm(a - b) for a, b in ((knee, hip), (ankle, knee)))
    assert np.linalg.norm(new_knee - hip) == pytest.approx(thigh, rel=1e-6)
    assert np.linalg.norm(new_ankle - new_knee) == pytest.approx(shin, rel=1e-3)
    assert new_ankle[0, 2] == pytest.approx(0.9 - thigh - shin, abs=1e-3)
