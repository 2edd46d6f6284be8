"""How the command line's values are read: each function raises argparse's error for the rest."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import inf, nan

from core.io.frame_rate import parse_frame_rate


def image_size(text: str) -> str:
    """``1920x1080``, width and height in pixels, as it is kept in a run's config."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"expected pixels as 1920x1080, found {text!r}")
    return f"{int(width)}x{int(height)}"


def frame_rate(text: str) -> float:
    """``25``, ``29.97`` or ``30000/1001`` Hz."""
    rate = parse_frame_rate(text)
    if rate is None:
        raise argparse.ArgumentTypeError(f"expected a rate as 25 or 30000/1001, found {text!r}")
    return float(rate)


def _number(
    kind: type[int] | type[float], is_valid: Callable[[float], bool], expected: str
) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = nan
        if not is_valid(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, found {text!r}")
        return value

    return parse


whole = _number(int, lambda value: value >= 0, "a whole number")
count = _number(int, lambda value: value >= 1, "a whole number of 1 or more")
more_than_zero = _number(float, lambda value: 0 < value < inf, "a number above 0")
share_below_one = _number(float, lambda value: 0 <= value < 1, "a number from 0 to below 1")
learning_rate = _number(float, lambda value: 0 < value <= 1, "a number above 0, at most 1")
field_of_view = _number(float, lambda value: 0 < value < 180, "a number above 0 and below 180")
