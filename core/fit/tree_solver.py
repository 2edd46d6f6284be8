"""Solve many small linear systems whose unknowns form a tree, by eliminating leaves first.

Each joint is coupled to its parent (a bone) and to the root (a pose held relative to it). Eliminating
the joints in reverse order fills nothing beyond these, so every frame costs a handful of 3x3 products,
for all frames at once; no LAPACK, whose many small calls are slow or stall on busy machines.
"""

from __future__ import annotations

import numpy as np


def solve_tree(
    diagonal: np.ndarray,
    to_parent: np.ndarray,
    to_root: np.ndarray,
    right: np.ndarray,
    parents: tuple[int, ...],
) -> np.ndarray:
    """Solve the symmetric positive definite systems of T frames.

    Parameters
    ----------
    diagonal : (T,J,3,3) array
        Each joint's own block.
    to_parent, to_root : (T,J,3,3) arrays
        Block in the joint's rows and its parent's (the root's) columns; both are added where the
        parent is the root; the root's own are ignored.
    right : (T,J,3) array
        Right-hand side.
    parents : tuple of int
        (J,) parent before child, the root first.

    Returns
    -------
    (T,J,3) array
    """
    diagonal, to_parent, to_root, right = (
        array.copy() for array in (diagonal, to_parent, to_root, right)
    )
    num_joints = len(parents)
    inverse = np.empty_like(diagonal)
    for joint in range(num_joints - 1, 0, -1):
        parent = parents[joint]
        inverse[:, joint] = invert_symmetric(diagonal[:, joint])
        if parent == 0:
            to_root[:, joint] += to_parent[:, joint]
            to_parent[:, joint] = 0.0
        root_share = inverse[:, joint] @ to_root[:, joint]
        solved = inverse[:, joint] @ right[:, joint, :, None]
        across = to_root[:, joint].swapaxes(-1, -2)
        diagonal[:, 0] -= across @ root_share
        right[:, 0] -= (across @ solved)[..., 0]
        if parent > 0:
            up = to_parent[:, joint].swapaxes(-1, -2)
            diagonal[:, parent] -= up @ (inverse[:, joint] @ to_parent[:, joint])
            to_root[:, parent] -= up @ root_share
            right[:, parent] -= (up @ solved)[..., 0]
    result = np.empty_like(right)
    result[:, 0] = (invert_symmetric(diagonal[:, 0]) @ right[:, 0, :, None])[..., 0]
    for joint in range(1, num_joints):
        rest = right[:, joint, :, None] - to_root[:, joint] @ result[:, 0, :, None]
        if parents[joint] > 0:
            rest = rest - to_parent[:, joint] @ result[:, parents[joint], :, None]
        result[:, joint] = (inverse[:, joint] @ rest)[..., 0]
    return result


def invert_symmetric(matrices: np.ndarray) -> np.ndarray:
    """Inverse of symmetric matrices (...,3,3) by their adjugate."""
    first, second, third = matrices[..., 0, :], matrices[..., 1, :], matrices[..., 2, :]
    adjugate = np.stack(
        [np.cross(second, third), np.cross(third, first), np.cross(first, second)], axis=-2
    )
    determinant = (first * adjugate[..., 0, :]).sum(axis=-1)
    return adjugate / determinant[..., None, None]
