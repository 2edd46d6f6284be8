"""Random numbers that synthetic views are drawn with."""

from __future__ import annotations

import numpy as np


def draw_log_uniform(
    bounds: tuple[float, float], shape: int | tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Numbers between two ``bounds`` above 0, twice as large as likely as half as large."""
    low, high = np.log(bounds)
    return np.exp(rng.uniform(low, high, shape))
