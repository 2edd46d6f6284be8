"""Going over from one thing to another without a jump in value or speed."""

from __future__ import annotations

import numpy as np

from .arrays import FloatArray


def fade_in(share: FloatArray | float) -> FloatArray:
    """Smoothstep of ``share`` (...): 0 up to 0, 1 from 1 on, level at both ends."""
    clipped = np.clip(np.asarray(share, dtype=float), 0.0, 1.0)
    return clipped * clipped * (3.0 - 2.0 * clipped)
