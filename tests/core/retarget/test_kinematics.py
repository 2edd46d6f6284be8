"""Where bones are, how far they are from where they are carried, and how to turn them there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.geometry import quaternion
from core.retarget.kinematics import bone_transforms, local_locations, track_bones, turn_bones
from core.types import BoneMotion
from tests.core.retarget.example_motion import UP, random_bone_motion, rolled, smooth_noise


def roaming_motion() -> BoneMotion:
    """Rolled bones in random motion; a forearm and the head are placed freely."""
    rng = np.random.default_rng(2)
    motion = random_bone_motion(4)
    rest = rolled(motion.rest_pose, rng.uniform(-3.0, 3.0, motion.rest_pose.num_bones))
    names = rest.bone_names
    placed = {
        names.index(bone): UP + smooth_noise(rng, motion.num_frames, 3)
        for bone in ("forearm.L", "head")
    }
    root = rest.heads[0] + smooth_noise(rng, motion.num_frames, 3)
    return replace(motion, rest_pose=rest, placed=placed, root_position=root)


def matrices(rotations: np.ndarray, positions: np.ndarray) -> np.ndarray:
    whole = np.zeros((*positions.shape[:-1], 4, 4))
    whole[..., :3, :3] = quaternion.to_matrix(rotations)
    whole[..., :3, 3] = positions
    whole[..., 3, 3] = 1.0
    return whole


def test_locations_and_rotations_are_blenders_channels() -> None:
    motion = roaming_motion()
    rest = motion.rest_pose
    heads, rotations = bone_transforms(motion)
    expected = matrices(rotations, heads)
    locations = local_locations(motion)
    assert locations.keys() == {motion.root_bone, *motion.placed}
    at_rest = matrices(rest.rotations, rest.heads)
    posed: list[np.ndarray] = []
    for bone, parent in enumerate(rest.parents):
        location = locations.get(bone, np.zeros((motion.num_frames, 3)))
        channels = matrices(motion.rotations[:, bone], location)
        carried = at_rest[bone]
        if parent >= 0:
            carried = posed[parent] @ np.linalg.inv(at_rest[parent]) @ at_rest[bone]
        posed.append(carried @ channels)
    np.testing.assert_allclose(np.stack(posed, axis=1), expected, atol=1e-9)


def test_a_few_bones_are_where_they_are_among_all() -> None:
    motion = roaming_motion()
    heads, rotations = bone_transforms(motion)
    hand = motion.rest_pose.bone_names.index("hand.L")
    tracks = track_bones(motion, [hand])
    assert len(tracks) < motion.rest_pose.num_bones
    for bone, (head, rotation) in tracks.items():
        np.testing.assert_allclose(head, heads[:, bone], atol=1e-12)
        np.testing.assert_allclose(rotation, rotations[:, bone], atol=1e-12)


def test_turned_bones_are_turned_as_told_and_carry_the_rest_along() -> None:
    motion = roaming_motion()
    rng = np.random.default_rng(6)
    names = motion.rest_pose.bone_names
    turns = {
        names.index(bone): quaternion.from_rotation_vector(smooth_noise(rng, motion.num_frames, 3))
        for bone in ("thigh.L", "shin.L", "chest")
    }
    turned = turn_bones(motion, turns)
    _, rotations = bone_transforms(turned)
    for bone, told in turns.items():
        np.testing.assert_allclose(np.abs((rotations[:, bone] * told).sum(-1)), 1.0, atol=1e-9)
    others = [bone for bone in range(len(names)) if bone not in turns]
    np.testing.assert_array_equal(turned.rotations[:, others], motion.rotations[:, others])
    assert (np.sum(turned.rotations[1:] * turned.rotations[:-1], axis=-1) > 0.0).all()


def test_bones_turned_as_they_are_change_nothing() -> None:
    motion = roaming_motion()
    _, rotations = bone_transforms(motion)
    same = turn_bones(motion, {bone: rotations[:, bone] for bone in (0, 3, 7)})
    dots = np.abs((same.rotations * motion.rotations).sum(axis=-1))
    np.testing.assert_allclose(dots, 1.0, atol=1e-9)
