"""What a camera that moves would show if it did not shake: for a network that looks at many frames.

A camera that turns shows the same rays in other axes, so its shaking can be taken out of the keypoints
exactly, wherever everything is. Slow turns stay in: what a pan leads away from may be behind the camera.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .filters import smooth_penalized
from .fit.smoothness import penalty_of_cutoff
from .geometry.camera import pixels_to_rays
from .geometry.quaternion import between, conjugate, normalise, rotate, unroll
from .lifting.lift import LiftResult
from .types import Camera, Keypoints2D

_STEADY_HZ = 0.2
_LEAST_FORWARD = 0.2
"""Cosine: what would be farther from the steady camera's line of sight is not seen by it."""


def steady_turn(camera: Camera, fps: float) -> np.ndarray:
    """(T,4) wxyz from the axes of a moving camera to those of one that turns slowly with it."""
    rotation = unroll(camera.rotation_world_to_camera)
    strength = penalty_of_cutoff(_STEADY_HZ, fps)
    slow = smooth_penalized(rotation, np.ones(len(rotation)), strength=strength)
    return between(rotation, normalise(slow))


def steady_keypoints(
    keypoints: Keypoints2D, camera: Camera, turn: np.ndarray
) -> tuple[Keypoints2D, Camera]:
    """The keypoints as a steady camera shows them, and its lens, which does not distort.

    Parameters
    ----------
    keypoints : Keypoints2D
    camera : Camera
        Whose lens they were seen through.
    turn : (T,4) array
        From ``steady_turn``.
    """
    rays = pixels_to_rays(keypoints.positions, camera)
    directions = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=-1)
    turned = rotate(turn[:, None], directions)
    forward = turned[..., 2] / np.linalg.norm(turned, axis=-1)
    is_seen = forward > _LEAST_FORWARD
    plane = turned[..., :2] / np.where(is_seen, turned[..., 2], 1.0)[..., None]
    lens = replace(camera, radial=np.zeros(3), tangential=np.zeros(2))
    return replace(
        keypoints,
        positions=lens.principal_point + lens.focal_length * plane,
        confidence=np.where(is_seen, keypoints.confidence, 0.0),
    ), lens


def from_steady(lifted: LiftResult, turn: np.ndarray) -> LiftResult:
    """Poses and gravity in a steady camera's axes, back in those of the camera itself."""
    back = conjugate(turn)
    gravity = lifted.gravity
    return LiftResult(
        poses=replace(lifted.poses, positions=rotate(back[:, None], lifted.poses.positions)),
        gravity=None if gravity is None else rotate(back, gravity),
    )
