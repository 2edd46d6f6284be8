"""Unit quaternions in wxyz order, batched over every leading axis ``...``.

``rotate(multiply(a, b), v)`` turns ``v`` by ``b`` first, then by ``a``: the order of matrices.
Formulas: J. Diebel, "Representing attitude", Stanford 2006; matrix to quaternion after
S. W. Shepperd, "Quaternion from rotation matrix", J. Guidance and Control 1 (1978).
"""

from __future__ import annotations

import numpy as np

IDENTITY: np.ndarray = np.array([1.0, 0.0, 0.0, 0.0])
"""(4,) wxyz: no rotation."""

_SMALLEST_NORM = 1e-12


def normalise(quaternions: np.ndarray) -> np.ndarray:
    """(..., 4) wxyz scaled to unit length; a zero quaternion becomes the identity."""
    quaternions = np.asarray(quaternions, dtype=float)
    norms = np.linalg.norm(quaternions, axis=-1, keepdims=True)
    is_zero = norms < _SMALLEST_NORM
    return np.where(is_zero, IDENTITY, quaternions / np.where(is_zero, 1.0, norms))


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 4) Hamilton product ``a b``: rotate by ``b``, then by ``a``; both (..., 4) wxyz."""
    aw, ax, ay, az = np.moveaxis(np.asarray(a, dtype=float), -1, 0)
    bw, bx, by, bz = np.moveaxis(np.asarray(b, dtype=float), -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(quaternions: np.ndarray) -> np.ndarray:
    """(..., 4) wxyz: the opposite rotation of each unit quaternion."""
    return np.asarray(quaternions, dtype=float) * np.array([1.0, -1.0, -1.0, -1.0])


def between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(..., 4) wxyz: the rotation that follows ``first`` to give ``second``, both (..., 4)."""
    return multiply(second, conjugate(first))


def rotate(quaternions: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(..., 3) vectors turned by unit quaternions (..., 4) wxyz; leading axes broadcast."""
    w, x, y, z = np.moveaxis(np.asarray(quaternions, dtype=float), -1, 0)
    a, b, c = np.moveaxis(np.asarray(vectors, dtype=float), -1, 0)
    # v + w d + q x d with d = 2 q x v, written out: four times as fast as np.cross.
    dx, dy, dz = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return np.stack(
        [
            a + w * dx + y * dz - z * dy,
            b + w * dy + z * dx - x * dz,
            c + w * dz + x * dy - y * dx,
        ],
        axis=-1,
    )


def from_axis_angle(axis: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """(..., 4) wxyz: rotation by ``angle`` (...) rad about the unit vector ``axis`` (..., 3)."""
    half = 0.5 * np.asarray(angle, dtype=float)[..., None]
    xyz = np.sin(half) * np.asarray(axis, dtype=float)
    return np.concatenate([np.broadcast_to(np.cos(half), (*xyz.shape[:-1], 1)), xyz], axis=-1)


def from_rotation_vector(rotation_vectors: np.ndarray) -> np.ndarray:
    """(..., 4) wxyz from rotation vectors (..., 3): axis times angle in rad."""
    rotation_vectors = np.asarray(rotation_vectors, dtype=float)
    angle = np.linalg.norm(rotation_vectors, axis=-1, keepdims=True)
    # np.sinc keeps sin(angle / 2) / angle exact down to zero.
    half_sinc = 0.5 * np.sinc(angle / (2.0 * np.pi))
    return np.concatenate([np.cos(0.5 * angle), half_sinc * rotation_vectors], axis=-1)


def to_rotation_vector(quaternions: np.ndarray) -> np.ndarray:
    """(..., 3) axis times angle in rad, angle in [0, pi], of unit quaternions (..., 4) wxyz."""
    quaternions = np.asarray(quaternions, dtype=float)
    quaternions = np.where(quaternions[..., :1] < 0.0, -quaternions, quaternions)
    w, xyz = quaternions[..., :1], quaternions[..., 1:]
    sine = np.linalg.norm(xyz, axis=-1, keepdims=True)
    is_small = sine < _SMALLEST_NORM
    angle_over_sine = 2.0 * np.arctan2(sine, w) / np.where(is_small, 1.0, sine)
    return np.where(is_small, 2.0, angle_over_sine) * xyz


def to_matrix(quaternions: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotation matrices (columns are the turned axes) of (..., 4) wxyz."""
    w, x, y, z = np.moveaxis(np.asarray(quaternions, dtype=float), -1, 0)
    rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def from_matrix(matrices: np.ndarray) -> np.ndarray:
    """(..., 4) wxyz with w >= 0 from rotation matrices (..., 3, 3).

    All four of Shepperd's cases are formed at once and the best conditioned one is taken, so that
    half turns are as exact as small ones.
    """
    m = np.asarray(matrices, dtype=float)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = (
        m[..., 2, 1] - m[..., 1, 2],
        m[..., 0, 2] - m[..., 2, 0],
        m[..., 1, 0] - m[..., 0, 1],
    )
    xy, xz, yz = (
        m[..., 0, 1] + m[..., 1, 0],
        m[..., 0, 2] + m[..., 2, 0],
        m[..., 1, 2] + m[..., 2, 1],
    )
    diagonal = np.stack(
        [1.0 + xx + yy + zz, 1.0 + xx - yy - zz, 1.0 - xx + yy - zz, 1.0 - xx - yy + zz], axis=-1
    )
    # Row k is 4 q_k q: every row is the same quaternion, scaled by its own component.
    rows = np.stack(
        [
            np.stack([diagonal[..., 0], wx, wy, wz], axis=-1),
            np.stack([wx, diagonal[..., 1], xy, xz], axis=-1),
            np.stack([wy, xy, diagonal[..., 2], yz], axis=-1),
            np.stack([wz, xz, yz, diagonal[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(diagonal, axis=-1)[..., None, None]
    quaternions = normalise(np.take_along_axis(rows, best, axis=-2)[..., 0, :])
    return np.where(quaternions[..., :1] < 0.0, -quaternions, quaternions)


def slerp(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """(..., 4) wxyz on the shorter arc from ``first`` (share 0) to ``second`` (share 1).

    Parameters
    ----------
    first, second : np.ndarray
        (..., 4) unit quaternions, wxyz.
    share : np.ndarray or float
        (...) 0..1, how far along the arc.
    """
    first = np.asarray(first, dtype=float)
    share = np.asarray(share, dtype=float)[..., None]
    arc = to_rotation_vector(between(first, np.asarray(second, dtype=float)))
    return multiply(from_rotation_vector(share * arc), first)


def unroll(quaternions: np.ndarray) -> np.ndarray:
    """The same rotations (T, ..., 4) wxyz without sign jumps along the first axis (time).

    ``q`` and ``-q`` are the same rotation, but curves that jump from one to the other cannot be
    interpolated. The first frame gets w >= 0, each later one the sign that is nearer to the frame
    before it.
    """
    quaternions = np.asarray(quaternions, dtype=float)
    dots = np.sum(quaternions[1:] * quaternions[:-1], axis=-1)
    first = np.where(quaternions[:1, ..., 0] < 0.0, -1.0, 1.0)
    signs = np.concatenate([first, np.where(dots < 0.0, -1.0, 1.0)], axis=0)
    return quaternions * np.cumprod(signs, axis=0)[..., None]
