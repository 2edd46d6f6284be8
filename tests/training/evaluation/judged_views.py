"""Made-up judged clips: a body of mean proportions that tumbles in front of an ideal camera."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource
from core.geometry.camera import camera_at_origin, project_to_pixels
from core.geometry.quaternion import from_rotation_vector, rotate
from core.joint_sets import BODY_23, LIFTED_21
from core.proportion import mean_bone_lengths
from core.skeleton import Skeleton
from core.types import Camera, Keypoints2D
from training.datasets.bvh import point_name
from training.datasets.one_person_clip import clip_of_one_person
from training.evaluation.judged_clip import JudgedClip

IMAGE_SIZE = (2000, 2000)


def tumbling_body(num_frames: int, *, seed: int = 0, fps: float = 30.0) -> np.ndarray:
    """(T,21,3) m in camera space, 4 m away: every bone swings by its own slow rotation."""
    rng = np.random.default_rng(seed)
    lengths = mean_bone_lengths()
    seconds = np.arange(num_frames)[:, None] / fps
    body = np.zeros((num_frames, LIFTED_21.num_joints, 3))
    for joint, parent in enumerate(LIFTED_21.parents):
        if parent >= 0:
            # Both hips along one line, so that the pelvis is their middle.
            own = np.random.default_rng(seed) if LIFTED_21.joint_names[joint][-3:] == "hip" else rng
            start, axis = own.normal(size=(2, 3))
            start = start / np.linalg.norm(start) * lengths[joint]
            bone = rotate(from_rotation_vector(0.7 * seconds * axis), start)
            side = -1.0 if LIFTED_21.joint_names[joint] == "right_hip" else 1.0
            body[:, joint] = body[:, parent] + side * bone
    return body + np.array([0.2, -0.1, 4.0])


def make_source(
    positions: np.ndarray,
    confidence: np.ndarray,
    skeleton: Skeleton,
    camera: Camera,
    *,
    fps: int = 30,
    name: str = "somebody",
) -> ClipSource:
    """One person's keypoints (T,J,2) px and (T,J) as a clip."""
    keypoints = Keypoints2D(
        positions,
        confidence,
        np.arange(len(positions)),
        IMAGE_SIZE,
        Fraction(fps),
        1,
        skeleton,
    )
    return clip_of_one_person(
        keypoints, camera, path=Path(name), format="made up", focal_source="made up"
    )


def make_view(
    num_frames: int = 60,
    *,
    name: str = "somebody",
    camera_name: str = "view 0",
    fps: int = 30,
    seed: int = 0,
    joints: tuple[str, ...] = LIFTED_21.joint_names,
) -> JudgedClip:
    """All of it judged; the keypoints are the true ones, of confidence 0.9, eyes and ears missing."""
    body = tumbling_body(num_frames, seed=seed, fps=fps)
    camera = camera_at_origin(1000.0, IMAGE_SIZE)
    positions = np.zeros((num_frames, BODY_23.num_joints, 2))
    confidence = np.zeros((num_frames, BODY_23.num_joints))
    for row, joint in enumerate(BODY_23.joint_names):
        marked = point_name(joint)
        if marked in LIFTED_21.joint_names:
            positions[:, row] = project_to_pixels(body[:, LIFTED_21.index(marked)], camera)
            confidence[:, row] = 0.9
    return JudgedClip(
        name=name,
        camera_name=camera_name,
        source=make_source(positions, confidence, BODY_23, camera, fps=fps, name=name),
        joints=joints,
        truth_camera=body[:, LIFTED_21.indices(*joints)],
        is_judged=np.ones((num_frames, len(joints)), dtype=bool),
        gravity_camera=np.tile([0.0, 1.0, 0.0], (num_frames, 1)),
        floor_mm=None,
    )


def lift_perfectly(clip: JudgedClip) -> np.ndarray:
    """The truth as ``LIFTED_21``; joints that are not judged lie at the camera."""
    poses = np.zeros((clip.num_frames, LIFTED_21.num_joints, 3))
    poses[:, LIFTED_21.indices(*clip.joints)] = clip.truth_camera
    return poses


def lift_shifted(joint: str, shift_m: tuple[float, float, float]) -> Callable[..., np.ndarray]:
    """The truth but for one joint, which is always off by the same."""

    def lift(clip: JudgedClip) -> np.ndarray:
        poses = lift_perfectly(clip)
        poses[:, LIFTED_21.index(joint)] += shift_m
        return poses

    return lift
