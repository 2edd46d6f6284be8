"""Swing and twist: the part of a rotation that aims an axis, and the part that turns about it.

Vectors (..., 3), unit quaternions (..., 4) wxyz; leading axes broadcast.
"""

from __future__ import annotations

import numpy as np

from . import quaternion

_SMALLEST_NORM = 1e-9


def normalise_vectors(vectors: np.ndarray, *, fallback: np.ndarray | float = 0.0) -> np.ndarray:
    """(..., 3) ``vectors`` at unit length, ``fallback`` (..., 3) where they have none."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    is_zero = norms < _SMALLEST_NORM
    return np.where(is_zero, fallback, vectors / np.where(is_zero, 1.0, norms))


def perpendicular(vectors: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """(..., 3) what is left of ``vectors`` without their part along the unit vector ``axis``."""
    return vectors - np.sum(vectors * axis, axis=-1, keepdims=True) * axis


def any_perpendicular(axis: np.ndarray) -> np.ndarray:
    """(..., 3) some unit vector at a right angle to each unit vector ``axis`` (..., 3)."""
    axis = np.asarray(axis, dtype=float)
    weakest = np.eye(3)[np.argmin(np.abs(axis), axis=-1)]
    away = perpendicular(weakest, axis)
    return away / np.linalg.norm(away, axis=-1, keepdims=True)


def swing_between(
    start: np.ndarray, end: np.ndarray, *, half_turn_axis: np.ndarray | None = None
) -> np.ndarray:
    """The smallest rotation that aims ``start`` at ``end``.

    Parameters
    ----------
    start, end : np.ndarray
        (..., 3) unit vectors.
    half_turn_axis : np.ndarray, optional
        (..., 3) unit vectors at a right angle to ``start``: the axis where ``end`` is exactly
        opposite and every axis would do. Any axis when left out.

    Returns
    -------
    np.ndarray
        (..., 4) wxyz.
    """
    start, end = np.broadcast_arrays(np.asarray(start, dtype=float), np.asarray(end, dtype=float))
    # Half-angle form: |start + end| = 2 cos(a/2) and |start - end| = 2 sin(a/2) stay exact near a
    # half turn, where 1 + start . end cancels.
    cosine = 0.5 * np.linalg.norm(start + end, axis=-1, keepdims=True)
    sine = 0.5 * np.linalg.norm(end - start, axis=-1, keepdims=True)
    fallback = any_perpendicular(start) if half_turn_axis is None else half_turn_axis
    axis = normalise_vectors(np.cross(start, end), fallback=fallback)
    return quaternion.normalise(np.concatenate([cosine, sine * axis], axis=-1))


def split_swing_twist(rotations: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split rotations into ``swing * twist``, the twist about ``axis`` being applied first.

    Parameters
    ----------
    rotations : np.ndarray
        (..., 4) wxyz.
    axis : np.ndarray
        (..., 3) unit vectors, in the space that the rotations act on.

    Returns
    -------
    swing, twist : np.ndarray
        (..., 4) wxyz; the twist is the identity where the swing is a half turn.
    """
    rotations = np.asarray(rotations, dtype=float)
    along = np.sum(rotations[..., 1:] * axis, axis=-1, keepdims=True) * axis
    twist = quaternion.normalise(np.concatenate([rotations[..., :1], along], axis=-1))
    return quaternion.multiply(rotations, quaternion.conjugate(twist)), twist


def angle_about(start: np.ndarray, end: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """(...) rad in (-pi, pi]: the turn about the unit ``axis`` from ``start`` to ``end`` (..., 3)."""
    sine = np.sum(np.cross(start, end) * axis, axis=-1)
    start_part, end_part = perpendicular(start, axis), perpendicular(end, axis)
    return np.arctan2(sine, np.sum(start_part * end_part, axis=-1))
