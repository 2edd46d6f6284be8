"""How far a predicted motion is from the true one (METHOD.md section 5).

Positions are (T, J, 3) in metres; every result is a float in the unit that is named. MPJPE and
MPJVE compare what they are given: hand over root-relative positions for protocol 1. World-space
metrics take absolute positions; those of the ground take the world's z as up and its z = 0 as the ground.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .errors import LiftError
from .geometry.alignment import align_rigid, align_similarity

SEGMENT_FRAMES = 100
FOOT_SLIDE_FPS = 30.0
_STILL_M_PER_FRAME = 0.01
_NUM_FIRST_FRAMES = 2


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


def w_mpjpe(predicted: np.ndarray, target: np.ndarray, *, use_scale: bool) -> float:
    """MPJPE in m of segments of 100 frames, each aligned by its first two frames: W-MPJPE.

    It grows with the drift after the start. A clip's last segment takes what is left over (up to 199
    frames). Every frame counts alike.

    Parameters
    ----------
    predicted, target : np.ndarray
        (T, J, 3) m, absolute, each in its own world.
    use_scale : bool
        Align by a similarity, as the literature does (SLAHMR, WHAM), instead of a rigid motion, which
        leaves an error of size in the figure.

    Raises
    ------
    LiftError
        When the shapes differ or hold no joint.
    """
    return _segment_mpjpe(predicted, target, _NUM_FIRST_FRAMES, use_scale=use_scale)


def wa_mpjpe(predicted: np.ndarray, target: np.ndarray, *, use_scale: bool) -> float:
    """MPJPE in m of segments of 100 frames, each aligned as a whole: WA-MPJPE.

    Segments, arguments and errors are those of ``w_mpjpe``.
    """
    return _segment_mpjpe(predicted, target, None, use_scale=use_scale)


def path_length(root: np.ndarray) -> float:
    """Distance in m that a point (T, 3) m travels, step by step."""
    return float(np.linalg.norm(np.diff(np.asarray(root, dtype=float), axis=0), axis=-1).sum())


def root_translation_error(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean error of the root's path (T, 3) m after the best rigid motion, per distance travelled: RTE.

    Returns
    -------
    float
        A share (METHOD.md prints it in %). NaN where the true root stays where it is.

    Raises
    ------
    LiftError
        When the shapes differ or hold no frame.
    """
    predicted, target = _checked(predicted, target)
    travelled = path_length(target)
    if not travelled > 0.0:
        return float("nan")
    return mpjpe(align_rigid(predicted, target).apply(predicted), target) / travelled


def direction_error(predicted: np.ndarray, target: np.ndarray) -> float:
    """Angle in rad, 0 to pi, between two directions (3,) of any length."""
    predicted, target = _checked(predicted, target)
    across = np.linalg.norm(np.cross(predicted, target))
    return float(np.arctan2(across, predicted @ target))


def bone_length_spread(positions: np.ndarray, parents: tuple[int, ...]) -> float:
    """Standard deviation over frames, in m, of the bone of (T, J, 3) m whose length varies most."""
    positions = np.asarray(positions, dtype=float)
    children = np.flatnonzero(np.array(parents) >= 0)
    bones = positions[:, children] - positions[:, np.array(parents)[children]]
    return float(np.linalg.norm(bones, axis=-1).std(axis=0).max())


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


def penetration(feet: np.ndarray) -> float:
    """Mean over all frames, in m, of how deep the lowest of the foot points (T, K, 3) is in the ground.

    A frame with every point at or above z = 0 counts as 0.
    """
    lowest = np.asarray(feet, dtype=float)[..., 2].min(axis=1)
    return float(np.maximum(-lowest, 0.0).mean())


def floating(feet: np.ndarray, is_contact: np.ndarray) -> float:
    """Mean height in m above the ground of feet that truly stand on it.

    Parameters
    ----------
    feet : np.ndarray
        (T, F, K, 3) m: K points of each foot; the lowest one is the foot's height, under 0 counts as 0.
    is_contact : np.ndarray
        (T, F) bool, which feet truly touch the ground.

    Returns
    -------
    float
        NaN where no foot ever stands.
    """
    is_contact = np.asarray(is_contact, dtype=bool)
    if not is_contact.any():
        return float("nan")
    lowest = np.asarray(feet, dtype=float)[..., 2].min(axis=-1)
    return float(np.maximum(lowest, 0.0)[is_contact].mean())


def _segment_mpjpe(
    predicted: np.ndarray, target: np.ndarray, num_aligned: int | None, *, use_scale: bool
) -> float:
    """MPJPE after each segment is moved to where its first ``num_aligned`` frames (or all) fit best."""
    predicted, target = _checked(predicted, target)
    align = align_similarity if use_scale else align_rigid
    num_segments = max(1, len(target) // SEGMENT_FRAMES)
    edges = [*range(0, num_segments * SEGMENT_FRAMES, SEGMENT_FRAMES), len(target)]
    moved: list[np.ndarray] = []
    for begin, end in pairwise(edges):
        last = end if num_aligned is None else min(begin + num_aligned, end)
        alignment = align(predicted[begin:last].reshape(-1, 3), target[begin:last].reshape(-1, 3))
        moved.append(alignment.apply(predicted[begin:end].reshape(-1, 3)))
    return mpjpe(np.concatenate(moved), target.reshape(-1, 3))


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
