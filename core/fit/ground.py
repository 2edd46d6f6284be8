"""From camera space to a world with z up and the ground at z = 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..geometry.camera import camera_to_world
from ..geometry.quaternion import from_matrix
from ..types import Camera, Poses3D

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
    up = -_unit(gravity)
    ahead = np.array([0.0, 0.0, 1.0])
    # Straight up or down, the image's top stands in for the view's direction.
    if abs(up @ ahead) > 0.98:
        ahead = np.array([0.0, -1.0, 0.0])
    forward = _unit(ahead - (ahead @ up) * up)
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
    floor = floor_height(points[:, foot_joints(poses)], poses.contact_probability)
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
    floor = floor_height(away[:, foot_joints(poses)], poses.contact_probability)
    return height / -floor if height > 0 and floor < -0.1 else None


def foot_joints(poses: Poses3D) -> list[int]:
    """Left heel and toe, right heel and toe."""
    names = poses.skeleton.joint_names
    return [names.index(f"{side}_{part}") for side in ("left", "right") for part in ("heel", "toe")]


def floor_height(feet: np.ndarray, contact_probability: np.ndarray | None) -> float:
    """Height of the ground (m) under feet (T,4,3): left heel and toe, right heel and toe; z up."""
    lowest = feet[..., 2].reshape(len(feet), 2, 2).min(axis=-1)
    if contact_probability is not None:
        standing = contact_probability > 0.5
        if standing.sum() >= 5:
            return float(np.median(lowest[standing]))
    return float(np.quantile(lowest.min(axis=-1), _FLOOR_SHARE))


def to_world(poses: Poses3D, camera: Camera) -> Poses3D:
    """The same poses in the world's axes."""
    return replace(poses, positions=camera_to_world(poses.positions, camera), space="world")


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
