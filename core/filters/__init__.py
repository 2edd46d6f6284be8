"""Filters along the first axis (frames), vectorised over every other axis; all are pure."""

from __future__ import annotations

from .arrays import BoolArray, FloatArray, IntArray
from .gaps import fill_gaps, neighbours
from .penalized import smooth_penalized
from .smooth import one_euro, running_median, smooth_low_pass

__all__ = [
    "BoolArray",
    "FloatArray",
    "IntArray",
    "fill_gaps",
    "neighbours",
    "one_euro",
    "running_median",
    "smooth_low_pass",
    "smooth_penalized",
]
