"""Axes that stand still, in which a body moves smoothly: the camera's own, or the world's if it moves."""

from __future__ import annotations

import numpy as np

from ..filters import smooth_penalized
from ..geometry.camera import camera_to_world, world_to_camera
from ..types import Camera


def smooth_joints(
    positions: np.ndarray, weights: np.ndarray, *, strength: float, motion: Camera | None
) -> np.ndarray:
    """``filters.smooth_penalized`` of joints in camera space, in axes that stand still.

    Parameters
    ----------
    positions : (T,J,3) array
        m, camera space.
    weights : (T,J) array
    strength : float
    motion : Camera or None
        Where the camera is in each frame, in the unit of ``positions``; None for one that stands still.
    """
    still = to_still(positions, motion)
    return from_still(smooth_penalized(still, weights, strength=strength), motion)


def to_still(positions: np.ndarray, motion: Camera | None) -> np.ndarray:
    """Points (T,J,3) from camera space to axes that stand still."""
    return positions if motion is None else camera_to_world(positions, motion)


def from_still(positions: np.ndarray, motion: Camera | None) -> np.ndarray:
    """The way back."""
    return positions if motion is None else world_to_camera(positions, motion)
