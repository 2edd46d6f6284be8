"""Rotations as F-curves hold them: quaternion, axis and angle, or Euler angles in six orders."""

from __future__ import annotations

from typing import Literal

import numpy as np

from . import quaternion
from .euler import EulerOrder, from_euler, to_euler

RotationMode = Literal["QUATERNION", "AXIS_ANGLE"] | EulerOrder
"""Blender's names of them."""

_SMALLEST_SINE = 1e-9
_BLENDERS_AXIS = np.array([0.0, 1.0, 0.0])


def to_curve_values(
    rotations: np.ndarray, mode: RotationMode, *, near: np.ndarray | None = None
) -> np.ndarray:
    """What the F-curves of ``rotations`` hold, continuous over time.

    Parameters
    ----------
    rotations : np.ndarray
        (T, 4) unit quaternions, wxyz.
    mode : RotationMode
        Of the bone or object.
    near : np.ndarray, optional
        (C,) values that the first frame's are to be near to, of all that mean the same rotation.

    Returns
    -------
    np.ndarray
        (T, C): wxyz; or angle rad and axis xyz; or rad about x, y, z.
    """
    if mode == "QUATERNION":
        return _near_first(_continuous(rotations), near)
    if mode == "AXIS_ANGLE":
        return _to_axis_angle(quaternion.unroll(rotations), near)
    return to_euler(rotations, mode, near=near)


def from_curve_values(values: np.ndarray, mode: RotationMode) -> np.ndarray:
    """(..., 4) wxyz: the unit quaternions that Blender makes of F-curves' ``values`` (..., C)."""
    if mode == "QUATERNION":
        return quaternion.normalise(values)
    if mode == "AXIS_ANGLE":
        axis, angle = values[..., 1:], values[..., 0]
        norms = np.linalg.norm(axis, axis=-1, keepdims=True)
        is_zero = norms < _SMALLEST_SINE
        unit = np.where(is_zero, 0.0, axis / np.where(is_zero, 1.0, norms))
        return quaternion.normalise(quaternion.from_axis_angle(unit, angle))
    return from_euler(values, mode)


def _continuous(rotations: np.ndarray) -> np.ndarray:
    """(T, 4) ``rotations`` without sign jumps: as they are where they have none."""
    has_jumps = (np.einsum("ti,ti->t", rotations[1:], rotations[:-1]) < 0.0).any()
    return quaternion.unroll(rotations) if has_jumps else rotations


def _near_first(values: np.ndarray, near: np.ndarray | None) -> np.ndarray:
    """``values`` (T, C), negated where that brings the first frame nearer to ``near`` (C,)."""
    return -values if near is not None and np.dot(values[0], near) < 0.0 else values


def _to_axis_angle(rotations: np.ndarray, near: np.ndarray | None) -> np.ndarray:
    """(T, 4) angle rad and axis xyz: an axis that would turn over gets a negative angle instead."""
    near_axis = _BLENDERS_AXIS if near is None else near[1:]
    sine = np.linalg.norm(rotations[:, 1:], axis=-1)
    axis = _axis(rotations[:, 1:], sine, near_axis)
    dots = np.sum(axis * np.concatenate([near_axis[None], axis[:-1]]), axis=-1)
    axis *= np.cumprod(np.where(dots < 0.0, -1.0, 1.0))[:, None]
    signed_sine = np.sum(rotations[:, 1:] * axis, axis=-1)
    angle = np.unwrap(2.0 * np.arctan2(signed_sine, rotations[:, 0]), period=4.0 * np.pi)
    if near is not None:
        angle += 2.0 * np.pi * np.round((near[0] - angle[0]) / (2.0 * np.pi))
    return np.concatenate([angle[:, None], axis], axis=-1)


def _axis(vectors: np.ndarray, sine: np.ndarray, first_axis: np.ndarray) -> np.ndarray:
    """(T, 3) unit axes; where there is no rotation, the last axis before, ``first_axis`` at first."""
    rows = np.where(sine > _SMALLEST_SINE, np.arange(len(sine)), -1)
    source = np.maximum.accumulate(rows)
    unit = vectors / np.where(sine > _SMALLEST_SINE, sine, 1.0)[:, None]
    return np.where(source[:, None] < 0, first_axis, unit[np.maximum(source, 0)])
