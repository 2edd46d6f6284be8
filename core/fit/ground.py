"""From camera space to a world with z up and the ground at z = 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..geometry.camera import camera_to_world
from ..geometry.quaternion import from_matrix
from ..geometry.swing_twist import normalise_vectors
from ..types import Camera, Poses3D
from .foot import FEWEST_STANDING_SECONDS, SOLES

_FLOOR_SHARE = 0.05


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


def place_camera(poses: Poses3D, camera: Camera, *, origin_xy: np.ndarray | None = None) -> Camera:
    """The levelled camera moved so that this person's ground is z = 0.

    Parameters
    ----------
    poses : Poses3D
        Camera space.
    camera : Camera
        From ``level_camera``.
    origin_xy : (2,) array or None
        World x and y, before moving, of the new origin; None puts the person's first pelvis there.
    """
    points = camera_to_world(poses.positions, camera)
    floor = _floor_height(points, poses)
    start = points[0, 0, :2] if origin_xy is None else origin_xy
    return replace(camera, position_world=-np.array([start[0], start[1], floor]))


def scale_to_ground(poses: Poses3D, camera: Camera) -> float | None:
    """How much larger and farther a person must be for standing feet to touch the ground z = 0.

    Parameters
    ----------
    poses : Poses3D
        Camera space.
    camera : Camera
        With its calibrated pose; metres, z up.

    Returns
    -------
    float or None
        None where the camera does not look down on feet that stand.
    """
    away = camera_to_world(poses.positions, camera) - camera.position_world
    height = float(camera.position_world[..., 2].mean())
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
