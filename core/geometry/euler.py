"""Euler angles in Blender's six orders, batched, and continuous over time.

Angles are (..., 3) rad about x, y and z, whatever the order. In order "XYZ" the turn about x comes
first, then y, then z: ``R = Rz Ry Rx``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from . import quaternion

EulerOrder = Literal["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"]

EULER_ORDERS: tuple[EulerOrder, ...] = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")

_LOCKED_BELOW_COSINE = 1e-6
_EVEN: frozenset[EulerOrder] = frozenset({"XYZ", "YZX", "ZXY"})


def from_euler(angles: np.ndarray, order: EulerOrder) -> np.ndarray:
    """(..., 4) wxyz from ``angles`` (..., 3) rad about x, y, z, taken in ``order``."""
    turns = [
        quaternion.from_axis_angle(np.eye(3)[axis], angles[..., axis]) for axis in _axes(order)
    ]
    return quaternion.multiply(turns[2], quaternion.multiply(turns[1], turns[0]))


def to_euler(
    rotations: np.ndarray, order: EulerOrder, *, near: np.ndarray | None = None
) -> np.ndarray:
    """Angles without flips: of both solutions and all whole turns, the nearest to the frame before.

    Where the middle angle is a quarter turn only the sum or difference of the outer two is known:
    the first then stays as it was, or as it will be.

    Parameters
    ----------
    rotations : np.ndarray
        (T, ..., 4) unit quaternions, wxyz; the first axis is time.
    order : EulerOrder
        Which axis turns first, second and third.
    near : np.ndarray, optional
        (..., 3) rad: angles that the first frame's are nearest to; zero when left out.

    Returns
    -------
    np.ndarray
        (T, ..., 3) rad about x, y, z.
    """
    first, middle, last = _axes(order)
    sign = 1.0 if order in _EVEN else -1.0
    matrices = quaternion.to_matrix(rotations)
    cosine = np.hypot(matrices[..., first, first], matrices[..., middle, first])
    angles = np.empty(matrices.shape[:-1])
    angles[..., middle] = np.arctan2(-sign * matrices[..., last, first], cosine)
    outer = np.arctan2(sign * matrices[..., last, middle], matrices[..., last, last])
    angles[..., first] = _held(outer, is_known=cosine > _LOCKED_BELOW_COSINE)
    angles[..., last] = _last_angle(rotations, angles[..., first], order)
    return _without_jumps(angles, middle, np.zeros(3) if near is None else near)


def _axes(order: EulerOrder) -> tuple[int, int, int]:
    return "XYZ".index(order[0]), "XYZ".index(order[1]), "XYZ".index(order[2])


def _held(values: np.ndarray, *, is_known: np.ndarray) -> np.ndarray:
    """(T, ...) ``values`` where they are known, else the last known one before, else the first."""
    rows = np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1))
    last_known = np.maximum.accumulate(np.where(is_known, rows, -1), axis=0)
    first_known = np.argmax(is_known, axis=0)[None]
    return np.take_along_axis(values, np.maximum(last_known, first_known), axis=0)


def _last_angle(rotations: np.ndarray, first_angle: np.ndarray, order: EulerOrder) -> np.ndarray:
    """(T, ...) rad: the third turn once the first is taken back, which is well known everywhere."""
    first, middle, _ = _axes(order)
    sign = 1.0 if order in _EVEN else -1.0
    back = quaternion.from_axis_angle(np.eye(3)[first], -first_angle)
    # The second turn leaves its own axis alone, so only the third moves it.
    moved = quaternion.rotate(quaternion.multiply(rotations, back), np.eye(3)[middle])
    return np.arctan2(-sign * moved[..., first], moved[..., middle])


def _without_jumps(angles: np.ndarray, middle: int, near: np.ndarray) -> np.ndarray:
    """The same rotations as ``angles`` (T, ..., 3), each frame's nearest to the frame before it."""
    near = np.broadcast_to(near, angles.shape[1:])[None]
    before = np.concatenate([near, angles[:-1]])
    # Changing both frames to their other solution keeps their distance: only changes count.
    is_change = _distance(_other(angles, middle), before) < _distance(angles, before)
    is_other = np.logical_xor.accumulate(is_change, axis=0)
    chosen = np.where(is_other[..., None], _other(angles, middle), angles)
    return np.unwrap(np.concatenate([near, chosen]), axis=0)[1:]


def _other(angles: np.ndarray, middle: int) -> np.ndarray:
    """(..., 3) rad: the second triple of angles of the same rotations."""
    other = angles + np.pi
    other[..., middle] = np.pi - angles[..., middle]
    return other


def _distance(angles: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(...) how far apart two triples are, whole turns aside."""
    turn = (angles - before + np.pi) % (2.0 * np.pi) - np.pi
    return np.sum(turn * turn, axis=-1)
