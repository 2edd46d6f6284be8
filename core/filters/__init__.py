"""Filters along the first axis (frames), vectorised over every other axis; all are pure.

``OneEuroFilter`` alone is given its frames one by one, and remembers the last.
"""

from __future__ import annotations

from .arrays import BoolArray, FloatArray, IntArray
from .fade import fade_in
from .gaps import fill_gaps, neighbours, runs
from .one_euro import OneEuroFilter
from .penalized import smooth_penalized
from .smooth import running_median, smooth_low_pass

__all__ = [
    "BoolArray",
    "FloatArray",
    "IntArray",
    "OneEuroFilter",
    "fade_in",
    "fill_gaps",
    "neighbours",
    "running_median",
    "runs",
    "smooth_low_pass",
    "smooth_penalized",
]
