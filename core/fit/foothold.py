"""The distance of someone whose feet stand still: what stands does not come nearer.

A pose's distance is its noisiest number: it is read off the person's apparent size. Where a foot
stands, it gives the distance's changes far more exactly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..filters.block_tridiagonal import solve_block_tridiagonal
from ..types import Poses3D

_FOOT_SIGMA = 0.01
"""m per frame at 30 Hz that a standing foot may move."""
_SHIFT_SIGMA, _STEP_SIGMA = 0.3, 0.02
"""m: how far a distance is corrected, and by how much more or less in the next frame at 30 Hz."""
_NUM_ROUNDS = 4
_UNLIKELY, _LIKELY = 0.3, 0.8


def steady_distance(poses: Poses3D) -> Poses3D:
    """Move every frame's pose along its line of sight so that standing feet stay where they are.

    Parameters
    ----------
    poses : Poses3D
        ``LIFTED_21`` in camera space, of a camera that stands still; unchanged without the network's
        contact probability.

    Returns
    -------
    Poses3D
        Robust least squares over the clip, in time and memory proportional to its length.
    """
    if poses.contact_probability is None or poses.num_frames < 2:
        return poses
    positions, names = poses.positions, poses.skeleton.joint_names
    sight = positions[:, 0] / np.maximum(
        np.linalg.norm(positions[:, 0], axis=-1, keepdims=True), 1e-9
    )
    feet = np.stack(
        [
            positions[:, [names.index(f"{side}_{part}") for part in ("ankle", "heel", "toe")]].mean(
                axis=1
            )
            for side in ("left", "right")
        ],
        axis=1,
    )
    stands = np.clip((poses.contact_probability - _UNLIKELY) / (_LIKELY - _UNLIKELY), 0.0, 1.0)
    stands = np.minimum(stands[1:], stands[:-1])
    # At twice the rate a frame says half as much and steps are half as long.
    pace = 30.0 / float(poses.fps)
    foot_sigma = _FOOT_SIGMA * pace
    steps = np.diff(feet, axis=0)
    shift = np.zeros(poses.num_frames)
    for _ in range(_NUM_ROUNDS):
        moved = steps + np.diff(shift[:, None] * sight, axis=0)[:, None]
        off = np.linalg.norm(moved, axis=-1) / (2 * foot_sigma)
        weights = stands / (1 + off**2) / foot_sigma**2 * pace
        shift = _solve_shift(
            sight,
            steps,
            weights,
            shift_weight=pace / _SHIFT_SIGMA**2,
            step_weight=1 / (pace * _STEP_SIGMA**2),
        )
    return replace(poses, positions=positions + (shift[:, None] * sight)[:, None])


def _solve_shift(
    sight: np.ndarray,
    steps: np.ndarray,
    weights: np.ndarray,
    *,
    shift_weight: float,
    step_weight: float,
) -> np.ndarray:
    """(T,) least sum w |step + s' u' - s u|^2 + a (s' - s)^2 + b s^2: tridiagonal normal equations."""
    num_frames = len(sight)
    total = weights.sum(axis=1)
    pull = np.einsum("tf,tfc->tc", weights, steps)
    diagonal = np.full(num_frames, shift_weight)
    diagonal[:-1] += total + step_weight
    diagonal[1:] += total + step_weight
    beside = -total * (sight[:-1] * sight[1:]).sum(axis=-1) - step_weight
    right = np.zeros(num_frames)
    right[:-1] += (sight[:-1] * pull).sum(axis=-1)
    right[1:] -= (sight[1:] * pull).sum(axis=-1)
    return _solve_tridiagonal(diagonal, beside, right)


def _solve_tridiagonal(diagonal: np.ndarray, beside: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Two frames a block; an odd one out gets a neighbour that is held at 0."""
    num_frames = len(diagonal)
    if num_frames % 2:
        diagonal, beside = np.append(diagonal, 1.0), np.append(beside, 0.0)
        right = np.append(right, 0.0)
    blocks = np.zeros((2, 2, len(diagonal) // 2, 1))
    blocks[0, 0, :, 0], blocks[1, 1, :, 0] = diagonal[0::2], diagonal[1::2]
    blocks[0, 1, :, 0] = blocks[1, 0, :, 0] = beside[0::2]
    upper = np.zeros((2, 2, blocks.shape[2] - 1, 1))
    upper[1, 0, :, 0] = beside[1::2]
    columns = np.stack([right[0::2], right[1::2]])[:, None, :, None]
    solved = solve_block_tridiagonal(blocks, upper, columns)[:, 0, :, 0]
    return solved.T.ravel()[:num_frames]
