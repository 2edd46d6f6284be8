"""A detector's joints are not mocap's: each body's are a little off, and turn with its trunk."""

from __future__ import annotations

import numpy as np

from core.joint_sets import BODY_23

from .bvh import BODY_POINTS, point_name
from .vector import unit

DETECTED_POINTS = BODY_POINTS.indices(*map(point_name, BODY_23.joint_names))
"""(23,) the ``BODY_POINTS`` that stand for the ``BODY_23`` joints."""


def offset_joints(points: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """How far each ``BODY_23`` joint is off in a window.

    Parameters
    ----------
    points : (N,T,27,3) array
        ``BODY_POINTS`` in m.
    spread : float
        Standard deviation along each axis of the trunk, m.
    rng : numpy.random.Generator

    Returns
    -------
    (N,T,23,3) array
        m.
    """
    left_hip, right_hip, spine = BODY_POINTS.indices("left_hip", "right_hip", "spine")
    left = unit(points[..., left_hip, :] - points[..., right_hip, :])
    forward = unit(np.cross(left, points[..., spine, :] - points[..., 0, :]))
    axes = np.stack([left, forward, np.cross(forward, left)], axis=-2)
    offsets = rng.normal(size=(len(points), 1, len(DETECTED_POINTS), 3)) * spread
    return offsets.astype(points.dtype) @ axes
