"""Someone who walks before a camera, exactly known: joints, keypoints, contacts, gravity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from core.fit.foot_lock import bend_leg
from core.geometry.camera import camera_at_origin, project_to_pixels, world_to_camera
from core.geometry.quaternion import from_matrix, rotate
from core.joint_sets import BODY_23, LIFTED_21
from core.proportion import mean_bone_lengths
from core.retarget.attachment import rest_joint_positions
from core.retarget.bone_map import HUMANOID
from core.retarget.humanoid import humanoid_rest_pose
from core.types import Detections

IMAGE_SIZE = (1920, 1080)
_STRIDE_SECONDS = 1.0
_LIFT = 0.08


@dataclass(frozen=True)
class Walk:
    """T frames: ``joints_world`` and ``joints_camera`` (T,21,3) m, ``keypoints`` (T,23,3) px, 0..1.

    ``contacts`` (T,2) bool; ``gravity`` (3,) in camera space ((T,3) if it moves); ``camera`` as it
    stands, or moves, in the world.
    """

    joints_world: np.ndarray
    joints_camera: np.ndarray
    keypoints: np.ndarray
    contacts: np.ndarray
    gravity: np.ndarray
    camera: object


def walk(num_frames=120, *, fps=30.0, speed=0.8, pitch=0.15, size=1.0, ahead=0.0, camera=None):
    """Walk along the world's x, from the left to the right of a camera 5 m away that looks along +y.

    ``ahead`` (m) farther away; seen by ``camera`` instead, which may have a pose for each frame.
    """
    time = np.arange(num_frames) / fps
    joints, contacts = _walking_joints(time, speed)
    joints = joints * size + np.array([0.0, ahead, 0.0])
    camera = still_camera(pitch) if camera is None else camera
    joints_camera = world_to_camera(joints, camera)
    return Walk(
        joints_world=joints,
        joints_camera=joints_camera,
        keypoints=_keypoints(joints_camera, camera),
        contacts=contacts,
        gravity=rotate(camera.rotation_world_to_camera, np.array([0.0, 0.0, -1.0])),
        camera=camera,
    )


def _walking_joints(time, speed):
    # At rest the body faces -y; it walks to where it faces after a quarter turn, +x.
    rest = rest_joint_positions(humanoid_rest_pose(mean_bone_lengths()), HUMANOID)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    joints = np.repeat((rest @ turn.T)[None], len(time), axis=0)
    joints[..., :2] -= joints[:, :1, :2]
    soles = joints[..., LIFTED_21.indices("left_heel", "left_toe"), 2].min()
    # Bent knees, so that the feet reach to both sides of the hips.
    joints[..., 2] -= soles + 0.06
    joints[..., 0] += (speed * (time - time[-1] / 2))[:, None]
    contacts = np.zeros((len(time), 2), dtype=bool)
    for foot, side in enumerate(("left", "right")):
        hip, knee, ankle, heel, toe = LIFTED_21.indices(
            *(f"{side}_{part}" for part in ("hip", "knee", "ankle", "heel", "toe"))
        )
        phase = (time / _STRIDE_SECONDS + 0.5 * foot) % 1.0
        swing = np.clip(2 * phase - 1, 0.0, 1.0)
        contacts[:, foot] = phase < 0.5
        # Before the hip at the beginning of a stance, as far behind at its end.
        begin = time - phase * _STRIDE_SECONDS
        ahead = speed * (begin + 0.25 * _STRIDE_SECONDS - time[-1] / 2)
        ahead = ahead + speed * _STRIDE_SECONDS * swing**2 * (3 - 2 * swing)
        wanted = joints[:, ankle].copy()
        wanted[:, 0] = ahead + (joints[0, ankle, 0] - joints[0, hip, 0])
        wanted[:, 2] += 0.06 + _LIFT * np.sin(np.pi * swing)
        soft = joints[:, knee] + [0.02, 0.0, 0.0]
        new_knee, new_ankle = bend_leg(joints[:, hip], soft, joints[:, ankle], wanted)
        joints[:, [heel, toe]] += (new_ankle - joints[:, ankle])[:, None]
        joints[:, knee], joints[:, ankle] = new_knee, new_ankle
    return joints, contacts


def detections_of(*walks, fps=30):
    """What a detector that knows who is who finds in a video of these people."""
    num_frames = len(walks[0].keypoints)
    keypoints = np.concatenate([each.keypoints for each in walks])
    return Detections(
        positions=keypoints[..., :2],
        confidence=keypoints[..., 2],
        row_frames=np.tile(np.arange(num_frames), len(walks)),
        track_ids=np.repeat(np.arange(len(walks)), num_frames),
        frames=np.arange(num_frames),
        image_size=IMAGE_SIZE,
        fps=Fraction(fps),
        is_normalized=False,
        format="walkers",
        skeleton=BODY_23,
    )


def still_camera(pitch=0.15):
    """1.6 m above the ground, 5 m before the walker's line, looking down by ``pitch`` (rad)."""
    forward = np.array([0.0, np.cos(pitch), -np.sin(pitch)])
    right = np.array([1.0, 0.0, 0.0])
    to_camera = np.stack([right, np.cross(forward, right), forward])
    return replace(
        camera_at_origin(1400.0, IMAGE_SIZE),
        rotation_world_to_camera=from_matrix(to_camera),
        position_world=np.array([0.0, -5.0, 1.6]),
    )


def _keypoints(joints_camera, camera):
    pixels = project_to_pixels(joints_camera, camera)
    keypoints = np.zeros((len(pixels), BODY_23.num_joints, 3))
    for joint, name in enumerate(BODY_23.joint_names):
        source = name.replace("_big_toe", "_toe")
        if source in LIFTED_21.joint_names:
            keypoints[:, joint, :2] = pixels[:, LIFTED_21.index(source)]
            keypoints[:, joint, 2] = 1.0
    return keypoints
