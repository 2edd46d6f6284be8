"""Cameras that move: their pose, and their lens where it zooms, at any moment between their frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import Camera
from .quaternion import slerp


def is_moving(camera: Camera) -> bool:
    """Whether the camera has a pose for every frame."""
    return camera.rotation_world_to_camera.ndim > 1


def camera_at(camera: Camera, rows: np.ndarray) -> Camera:
    """The camera at some of its rows, or between them: it turns at an even rate and moves straight.

    Parameters
    ----------
    camera : Camera
        One that stands still is returned as it is.
    rows : (M,) array
        Places among its T frames, 0 .. T-1, whole or not.
    """
    if not is_moving(camera):
        return camera
    num_frames = len(camera.rotation_world_to_camera)
    before = np.clip(np.floor(rows).astype(int), 0, max(num_frames - 2, 0))
    after = np.minimum(before + 1, num_frames - 1)
    share = np.asarray(rows) - before

    def blend(values: np.ndarray) -> np.ndarray:
        return values[before] + share[:, None] * (values[after] - values[before])

    rotation, focal_length = camera.rotation_world_to_camera, camera.focal_length
    return replace(
        camera,
        rotation_world_to_camera=slerp(rotation[before], rotation[after], share),
        position_world=blend(camera.position_world),
        focal_length=focal_length if focal_length.ndim == 1 else blend(focal_length),
    )


def with_unit(camera: Camera, unit: float) -> Camera:
    """The camera with the unit of its positions taken for ``unit`` metres."""
    return replace(camera, position_world=camera.position_world * unit)
