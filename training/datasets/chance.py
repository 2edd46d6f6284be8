"""Random numbers that synthetic views are drawn with."""

from __future__ import annotations

import numpy as np


def draw_log_uniform(
    bounds: tuple[float, float], shape: int | tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Log-uniform numbers of ``shape`` between two ``bounds`` above 0: each doubling equally likely."""
    low, high = np.log(bounds)
    return np.exp(rng.uniform(low, high, shape))
