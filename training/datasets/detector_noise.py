"""Chance for a detector model: noise with a memory, and tables read between their nodes."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

# After this many of the slow part's correlation times, the ends of a clip know nothing of each other.
_SLOW_TIMES = 2.0
_LONGEST_PADDING = 128
# Waves that are weaker than this in every joint, where white noise has 1, are left out.
_LEAST_POWER = 0.05


def draw_unit_noise(
    shape: tuple[int, ...],
    seconds: np.ndarray,
    slow_share: np.ndarray,
    mixing: np.ndarray,
    rng: np.random.Generator,
    *,
    fps: float,
) -> np.ndarray:
    """Normal noise of variance 1 that fades from memory at two rates, joint by joint.

    Parameters
    ----------
    shape : tuple of int
        (...,J,N,T).
    seconds : (J,2) array
        Correlation times of the quick and the slow part, s.
    slow_share : (J,) array
        0..1, of the variance.
    mixing : (J,J) array
        How each joint's noise is made of independent ones: rows of unit length.
    rng : numpy.random.Generator
    fps : float
        Hz.

    Returns
    -------
    (...,J,N,T) array
        float32.
    """
    *leading, num_joints, count, num_frames = shape
    padding = min(int(_SLOW_TIMES * seconds.max() * fps) + 1, _LONGEST_PADDING)
    memory = np.column_stack([seconds * fps, slow_share])
    waves, amplitude = _waves(num_frames, num_frames + padding, *map(tuple, memory.tolist()))
    num_waves = len(waves)
    parts = rng.standard_normal((*leading, num_joints, count * num_waves), dtype=np.float32)
    parts = mixing.astype(np.float32) @ parts
    parts = parts.reshape(*leading, num_joints, count, num_waves)
    parts *= amplitude[:, None]
    return parts @ waves


def fading(times: np.ndarray) -> np.ndarray:
    """Correlation of a smooth process over ``times`` in units of its correlation time (Matern 3/2)."""
    return (1 + np.sqrt(3) * times) * np.exp(-np.sqrt(3) * times)


def smooth_over_time(values: np.ndarray, *, reach: int) -> np.ndarray:
    """Mean of ``values`` (...,T) over ``reach`` frames to both sides, with triangular weights."""
    num_frames = values.shape[-1]
    padded = np.pad(values, [*[(0, 0)] * (values.ndim - 1), (reach, reach)], mode="edge")
    total = np.zeros_like(values)
    for shift in range(2 * reach + 1):
        weight = (reach + 1 - abs(shift - reach)) / (reach + 1) ** 2
        total += padded[..., shift : shift + num_frames] * weight
    return total


def place_between(values: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the evenly spaced node below each value and the share of the way to the next one.

    ``values`` any shape; outside the nodes the nearest one holds.
    """
    place = (values - nodes[0]) * (1 / (nodes[1] - nodes[0]))
    np.clip(place, 0, len(nodes) - 1.001, out=place)
    lower = place.astype(np.intp)
    place -= lower
    return lower, place


def read_between(table: np.ndarray, lower: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(J,...) of ``table`` (J,K), linear between column ``lower`` (J,...) and the next one."""
    flat = table.ravel()
    rows = np.arange(len(table)) * table.shape[1]
    at = lower + rows.reshape(-1, *[1] * (lower.ndim - 1))
    first = flat.take(at)
    at += 1
    rise = flat.take(at)
    rise -= first
    rise *= share
    rise += first
    return rise


def normal_score(share: np.ndarray) -> np.ndarray:
    """The value that a standard normal variable is below in ``share`` (any shape, 0..1) of cases.

    -9 for a share of 0, 9 for a share of 1.
    """
    inverse = NormalDist().inv_cdf
    scores = [
        inverse(value) if 0 < value < 1 else (9.0 if value >= 1 else -9.0)
        for value in share.ravel().tolist()
    ]
    return np.array(scores, dtype=np.float32).reshape(share.shape)


def normal_share(scores: np.ndarray) -> np.ndarray:
    """The share (any shape) of cases in which a standard normal variable is below ``scores``."""
    grid = np.linspace(-9.0, 9.0, 1801)
    distribution = NormalDist()
    return np.interp(scores, grid, [distribution.cdf(value) for value in grid.tolist()])


@lru_cache(maxsize=32)
def _waves(
    num_frames: int, length: int, *memory: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Waves (W,T) over a circle of ``length`` frames and how strong each is in each joint (J,W).

    ``memory`` per joint: frames of the quick and the slow part, share of the slow one.
    """
    times, share = np.array(memory)[:, :2], np.array(memory)[:, 2:]
    length += length % 2
    lag = np.arange(length)
    lag = np.minimum(lag, length - lag)
    quick, slow = fading(lag / np.maximum(times[..., None], 1e-6)).swapaxes(0, 1)
    power = np.fft.rfft((1 - share) * quick + share * slow, axis=-1).real
    power = np.maximum(power, 0.0) / power.mean(axis=1, keepdims=True)
    heard = np.flatnonzero(power.max(axis=0) >= _LEAST_POWER)
    angle = heard[:, None] * np.arange(num_frames) * (2 * np.pi / length)
    # Frequency 0 and the highest have no sine and count once.
    has_sine = (heard > 0) & (heard < length // 2)
    waves = np.concatenate([np.cos(angle), np.sin(angle[has_sine])])
    strength = power[:, heard] * np.where(has_sine, 2, 1)
    strength = strength / strength.sum(axis=1, keepdims=True)
    # A cosine and a sine of half the strength each make a wave of any phase.
    amplitude = np.sqrt(np.concatenate([strength, strength[:, has_sine]], axis=1))
    return waves.astype(np.float32), amplitude.astype(np.float32)
