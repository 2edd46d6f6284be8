"""From camera space to a world with z up and the ground at z = 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..geometry.camera import camera_to_world
from ..geometry.camera_motion import is_moving
from ..geometry.quaternion import from_matrix
from ..geometry.swing_twist import normalise_vectors
from ..types import Camera, Poses3D
from .bone_lengths import weighted_median
from .foot import FEWEST_STANDING_SECONDS, SOLES, standing_trust
from .person_scale import Measured

_FLOOR_SHARE = 0.05
_LEAST_CAMERA_HEIGHT = 0.1
"""m: from lower the ground is not looked down on."""
_HEIGHT_SIGMA = 0.02
"""m: of the camera above the feet of someone who stands for long; twice as much of half a second."""


def level_camera(camera: Camera, gravity: np.ndarray) -> Camera:
    """The camera turned so that the world's z is up and the camera looks along the world's +y.

    Parameters
    ----------
    camera : Camera
        Its lens is kept; its pose is replaced by one at the world's origin.
    gravity : (3,) array
        Camera space, towards the ground.
    """
    return replace(
        camera,
        rotation_world_to_camera=from_matrix(level_axes(gravity)),
        position_world=np.zeros(3),
    )


def level_axes(gravity: np.ndarray) -> np.ndarray:
    """(3,3) the levelled world's axes x (right), y (ahead) and z (up) as columns, camera space.

    ``gravity`` (3,) camera space, towards the ground.
    """
    up = -normalise_vectors(gravity)
    ahead = np.array([0.0, 0.0, 1.0])
    # Straight up or down, the image's top stands in for the view's direction.
    if abs(up @ ahead) > 0.98:
        ahead = np.array([0.0, -1.0, 0.0])
    forward = normalise_vectors(ahead - (ahead @ up) * up)
    return np.stack([np.cross(forward, up), forward, up], axis=1)


def place_camera(poses: Poses3D, camera: Camera, *, camera_height: float | None = None) -> Camera:
    """The levelled camera moved so that the ground is z = 0 and the first pelvis above the origin.

    Parameters
    ----------
    poses : Poses3D
        Camera space.
    camera : Camera
        From ``level_camera``.
    camera_height : float or None
        m, above the ground; None takes the ground that this person stands on.
    """
    points = camera_to_world(poses.positions, camera)
    floor = _floor_height(points, poses) if camera_height is None else -camera_height
    start = points[0, 0]
    return replace(camera, position_world=-np.array([start[0], start[1], floor]))


def measure_camera_height(poses: Poses3D, camera: Camera) -> Measured | None:
    """How high the camera is above the ground on which a person stands.

    Parameters
    ----------
    poses : Poses3D
        Camera space.
    camera : Camera
        From ``level_camera``.

    Returns
    -------
    Measured or None
        m; None where no feet are seen to stand, or the camera is no higher than they are.
    """
    if poses.contact_probability is None:
        return None
    trust = standing_trust(poses.confidence, poses.contact_probability)
    seconds = float(trust.sum()) / float(poses.fps)
    if seconds < FEWEST_STANDING_SECONDS:
        return None
    lowest = camera_to_world(poses.positions, camera)[:, SOLES, 2].min(axis=-1)
    height = -float(weighted_median(lowest.reshape(-1, 1), trust.reshape(-1, 1))[0])
    if height < _LEAST_CAMERA_HEIGHT:
        return None
    # However long it is guessed, a leg that is hardly seen is a guess.
    usual_trust = float((trust**2).sum() / trust.sum())
    sigma = _HEIGHT_SIGMA / usual_trust * np.sqrt(1 + 1.5 / seconds)
    return Measured(height, float(sigma / height))


def scale_to_ground(poses: Poses3D, camera: Camera) -> float | None:
    """How much larger and farther a person must be for standing feet to touch the ground z = 0.

    Parameters
    ----------
    poses : Poses3D
        Camera space.
    camera : Camera
        With its calibrated pose, or one for each frame; metres, z up.

    Returns
    -------
    float or None
        None where the camera does not look down on feet that stand.
    """
    away = camera_to_world(poses.positions, camera) - camera.position_world[..., None, :]
    if is_moving(camera):
        heights = camera.position_world[:, 2]
        if heights.min() <= _LEAST_CAMERA_HEIGHT:
            return None
        # As if the camera were at one height, and the person all the nearer where it is higher.
        height = float(np.median(heights))
        away = away * (height / heights)[:, None, None]
    else:
        height = float(camera.position_world[2])
    floor = _floor_height(away, poses)
    return height / -floor if height > 0 and floor < -0.1 else None


def to_world(poses: Poses3D, camera: Camera) -> Poses3D:
    """The same poses in the world's axes."""
    return replace(poses, positions=camera_to_world(poses.positions, camera), space="world")


def _floor_height(points: np.ndarray, poses: Poses3D) -> float:
    """Height of the ground (m) under joints (T,21,3) of ``poses`` in axes with z up."""
    lowest = points[:, SOLES, 2].min(axis=-1)
    if poses.contact_probability is not None:
        is_standing = poses.contact_probability > 0.5
        if is_standing.sum() / float(poses.fps) >= FEWEST_STANDING_SECONDS:
            return float(np.median(lowest[is_standing]))
    return float(np.quantile(lowest.min(axis=-1), _FLOOR_SHARE))
