"""The distance of someone whose feet stand still: what stands does not come nearer.

A pose's distance is its noisiest number: it is read off the person's apparent size. Where a foot
stands, it gives the distance's changes far more exactly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..filters.block_tridiagonal import solve_pentadiagonal
from ..geometry.swing_twist import normalise_vectors
from ..types import Camera, Poses3D
from .foot import FEET
from .still_frame import from_still, to_still

_FOOT_SIGMA = 0.01
"""m per frame at 30 Hz that a standing foot may move."""
_SHIFT_SIGMA, _STEP_SIGMA = 0.3, 0.02
"""m: how far a distance is corrected, and by how much more or less in the next frame at 30 Hz."""
_NUM_ROUNDS = 4
_UNLIKELY, _LIKELY = 0.3, 0.8


def steady_distance(poses: Poses3D, *, motion: Camera | None = None) -> Poses3D:
    """Move every frame's pose along its line of sight so that standing feet stay where they are.

    Parameters
    ----------
    poses : Poses3D
        ``LIFTED_21`` in camera space; unchanged without the network's contact probability.
    motion : Camera or None
        Where a moving camera is in each frame, in the poses' unit.

    Returns
    -------
    Poses3D
        Robust least squares over the clip, in time and memory proportional to its length.
    """
    if poses.contact_probability is None or poses.num_frames < 2:
        return poses
    positions = to_still(poses.positions, motion)
    eye = 0.0 if motion is None else motion.position_world
    sight = normalise_vectors(positions[:, 0] - eye)
    feet = positions[:, FEET].mean(axis=2)
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
    moved = positions + (shift[:, None] * sight)[:, None]
    return replace(poses, positions=from_still(moved, motion))


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
    solved = solve_pentadiagonal(
        diagonal[:, None], beside[:, None], np.zeros((num_frames - 2, 1)), right[:, None, None]
    )
    return solved[:, 0, 0]
