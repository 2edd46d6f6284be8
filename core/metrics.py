"""How far a predicted motion is from the true one (METHOD.md section 5).

Positions are (T, J, 3) in metres; every result is a float in the unit that is named. MPJPE and
MPJVE compare what they are given: hand over root-relative positions for protocol 1.
"""

from __future__ import annotations

import numpy as np

from .errors import LiftError
from .geometry.alignment import align_similarity

FOOT_SLIDE_FPS = 30.0
_STILL_M_PER_FRAME = 0.01


def mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean distance in m between predicted and true joints, (..., J, 3) each: protocol 1.

    Raises
    ------
    LiftError
        When the shapes differ or hold no joint.
    """
    return float(_distances(predicted, target).mean())


def weighted_mpjpe(predicted: np.ndarray, target: np.ndarray, weights: np.ndarray) -> float:
    """Mean over joints of distance times weight in m, as in a trajectory loss (METHOD.md section 4).

    Parameters
    ----------
    predicted, target : np.ndarray
        (..., J, 3) m.
    weights : np.ndarray
        (..., J) or (..., 1), not normalised: 1 / depth of the true root in the paper.

    Raises
    ------
    LiftError
        When the shapes differ or hold no joint.
    """
    return float((np.asarray(weights, dtype=float) * _distances(predicted, target)).mean())


def p_mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE in m after the best similarity (no reflection) of every frame, (T, J, 3): protocol 2.

    Raises
    ------
    LiftError
        When the shapes differ or hold no joint.
    """
    predicted, target = _checked(predicted, target)
    return mpjpe(align_similarity(predicted, target).apply(predicted), target)


def n_mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE in m after the best scale of every frame about the origin, (T, J, 3).

    The root is meant to be the origin: pass root-relative positions.

    Raises
    ------
    LiftError
        When the shapes differ or hold no joint.
    """
    predicted, target = _checked(predicted, target)
    energy = np.sum(predicted**2, axis=(-2, -1), keepdims=True)
    overlap = np.sum(predicted * target, axis=(-2, -1), keepdims=True)
    scale = overlap / np.where(energy > 0.0, energy, 1.0)
    return mpjpe(scale * predicted, target)


def mpjve(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean norm in m per frame of the difference of both motions' first differences, (T, J, 3).

    Raises
    ------
    LiftError
        When the shapes differ or there are fewer than two frames.
    """
    predicted, target = _checked(predicted, target)
    return mpjpe(np.diff(predicted, axis=0), np.diff(target, axis=0))


def jitter(positions: np.ndarray, *, fps: float) -> float:
    """Mean norm of the third difference times fps^3 / 10 of positions (T, J, 3) m, in 10 m/s^3.

    Raises
    ------
    LiftError
        When there are fewer than four frames.
    """
    third = np.diff(np.asarray(positions, dtype=float), n=3, axis=0)
    if third.size == 0:
        raise LiftError(f"jitter: expected at least 4 frames of joints, found {len(positions)}")
    return float(np.linalg.norm(third, axis=-1).mean() * fps**3 / 10.0)


def foot_slide(predicted: np.ndarray, target: np.ndarray, *, fps: float) -> float:
    """Mean horizontal speed, in mm/s, of predicted foot points while the true ones stand still.

    Both are resampled to 30 fps; a true point stands while it moves under 1 cm per frame there.

    Parameters
    ----------
    predicted, target : np.ndarray
        (T, J, 3) m, world space (z up): heels and toes only.
    fps : float
        Hz.

    Returns
    -------
    float
        NaN where no true point ever stands still.

    Raises
    ------
    LiftError
        When the shapes differ or there are fewer than two frames.
    """
    predicted, target = _checked(predicted, target)
    steps = np.diff(_resample(predicted, fps=fps), axis=0)
    true_steps = np.diff(_resample(target, fps=fps), axis=0)
    if steps.size == 0:
        raise LiftError(
            f"foot_slide: expected at least 1/30 s, found {len(predicted)} frames at {fps:g} fps"
        )
    is_still = np.linalg.norm(true_steps, axis=-1) < _STILL_M_PER_FRAME
    if not is_still.any():
        return float("nan")
    speeds = np.linalg.norm(steps[..., :2], axis=-1) * FOOT_SLIDE_FPS * 1000.0
    return float(speeds[is_still].mean())


def _distances(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(..., J) m between corresponding joints."""
    predicted, target = _checked(predicted, target)
    return np.linalg.norm(predicted - target, axis=-1)


def _checked(predicted: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64, their shapes compared."""
    predicted, target = np.asarray(predicted, dtype=float), np.asarray(target, dtype=float)
    if predicted.shape != target.shape or predicted.shape[-1:] != (3,) or predicted.size == 0:
        raise LiftError(
            "metrics: expected two arrays (T, J, 3) of one shape, found "
            f"{predicted.shape} and {target.shape}"
        )
    return predicted, target


def _resample(positions: np.ndarray, *, fps: float) -> np.ndarray:
    """(T', J, 3) at 30 fps, linearly between the frames of (T, J, 3) at ``fps``."""
    last = len(positions) - 1
    # The slack keeps the last frame where its time is a multiple of 1/30 s but for rounding.
    at = np.arange(int(last * FOOT_SLIDE_FPS / fps + 1e-6) + 1) * (fps / FOOT_SLIDE_FPS)
    at = np.minimum(at, last)
    before = np.minimum(at.astype(int), max(last - 1, 0))
    share = (at - before)[:, None, None]
    after = np.minimum(before + 1, last)
    return (1.0 - share) * positions[before] + share * positions[after]
