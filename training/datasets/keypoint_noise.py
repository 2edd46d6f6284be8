"""A plain guess of a detector's noise, for the studio: quick and slow errors, outliers, a confidence.

``detector`` is the one that was fitted to real detections.
"""

from __future__ import annotations

import numpy as np

_MEDIAN, _SPREAD = 0.016, 0.5
"""m across the view: size of the errors, and how much (of its logarithm) clips differ."""


def keypoint_noise(
    shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Noise (N,T,J,2) m across the view, quick and slow, and a confidence (N,T,J) that follows it."""
    count = shape[0]
    level = _MEDIAN * np.exp(rng.normal(0, _SPREAD, (count, 1, 1)))
    level = level * np.exp(_slow_noise(shape, 10, rng) * 0.6)
    quick = rng.normal(size=(*shape, 2)).astype(np.float32) * 0.6
    slow = _slow_noise((*shape, 2), 8, rng)
    noise = (quick + slow) * level[..., None]
    outliers = rng.uniform(size=shape) < 0.004
    noise = np.where(outliers[..., None], rng.normal(size=(*shape, 2)) * 0.25, noise)
    error = np.linalg.norm(noise, axis=-1)
    sharpness = rng.uniform(2.0, 10.0, (count, 1, 1))
    top = rng.uniform(0.65, 1.0, (count, 1, 1))
    quality = top - sharpness * (0.5 * error + 0.5 * level) + rng.normal(size=shape) * 0.05
    return noise, quality


def _slow_noise(shape: tuple[int, ...], period: int, rng: np.random.Generator) -> np.ndarray:
    """Unit normal noise along axis 1 that changes over about ``period`` frames."""
    num_frames = shape[1]
    num_knots = num_frames // period + 3
    knots = rng.normal(size=(shape[0], num_knots, *shape[2:])).astype(np.float32)
    place = np.arange(num_frames) / period
    lower = place.astype(int)
    blend = (place - lower).reshape(-1, *[1] * (len(shape) - 2)).astype(np.float32)
    return (knots[:, lower] * (1 - blend) + knots[:, lower + 1] * blend) / np.sqrt(
        blend**2 + (1 - blend) ** 2
    )
