"""Bodies of exactly known bone lengths for the fit's tests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from core.types import Poses3D


def random_bodies(num_frames, seed=0, jitter=0.0):
    """(T,21,3) m: joints of mean bone lengths that move smoothly, about 5 m before the camera."""
    rng = np.random.default_rng(seed)
    time = np.arange(num_frames)[:, None, None] / 30
    base = rng.normal(size=(1, 21, 3))
    swing = rng.normal(size=(1, 21, 3)) * np.sin(2 * np.pi * 0.4 * time + rng.uniform(0, 6))
    directions = base + 0.3 * swing
    # The pelvis is the middle between the hips.
    left_hip, right_hip = LIFTED_21.indices("left_hip", "right_hip")
    directions[:, right_hip] = -directions[:, left_hip]
    lengths = mean_bone_lengths()
    joints = np.zeros((num_frames, 21, 3))
    joints[:, 0] = [0.2, 0.1, 5.0]
    for joint, parent in enumerate(LIFTED_21.parents):
        if parent >= 0:
            way = directions[:, joint]
            way = way / np.linalg.norm(way, axis=-1, keepdims=True)
            joints[:, joint] = joints[:, parent] + way * lengths[joint]
    return joints + rng.normal(size=joints.shape) * jitter


def poses_of(joints, *, space="camera", fps=30, contact=None, confidence=1.0, sigma=None):
    """Poses3D of (T,21,3) joints."""
    return Poses3D(
        positions=np.asarray(joints, dtype=float),
        depth_sigma=None if sigma is None else np.full(joints.shape[:2], float(sigma)),
        contact_probability=contact,
        confidence=np.full(joints.shape[:2], float(confidence)),
        frames=np.arange(len(joints)),
        fps=Fraction(fps),
        person=1,
        space=space,
        skeleton=LIFTED_21,
    )
