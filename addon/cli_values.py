"""How the command line's values are read: each function raises argparse's error for the rest."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast, get_args

from ..core.io.frame_rate import parse_frame_rate
from ..core.retarget.part import PARTS
from ..core.retarget.retarget import Extremity
from .output_format import OUTPUT_FORMATS


def output_file(text: str) -> Path:
    """A file whose ending is one of OUTPUT_FORMATS."""
    if Path(text).suffix.lower() not in OUTPUT_FORMATS:
        raise ArgumentTypeError(
            f"expected a file that ends in one of {' '.join(OUTPUT_FORMATS)}, found {text!r}"
        )
    return Path(text)


def endings(text: str) -> tuple[str, ...]:
    """``bvh,fbx`` as ``(".bvh", ".fbx")``."""
    suffixes = tuple(f".{name.strip().lower().lstrip('.')}" for name in text.split(","))
    if not set(suffixes) <= set(OUTPUT_FORMATS):
        known = ",".join(suffix[1:] for suffix in OUTPUT_FORMATS)
        raise ArgumentTypeError(f"expected some of {known}, found {text!r}")
    return suffixes


def frame_rate(text: str) -> Fraction:
    """``25``, ``29.97`` or ``30000/1001``, exactly."""
    rate = parse_frame_rate(text)
    if rate is None:
        raise ArgumentTypeError(f"expected a rate as 25 or 30000/1001, found {text!r}")
    return rate


def person(text: str) -> int | Literal["all"]:
    """A 1-based number, or ``all``."""
    if text == "all":
        return "all"
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"expected 1, 2, 3 ... or all, found {text!r}")
    return int(text)


def image_size(text: str) -> tuple[int, int]:
    """``1920x1080`` as (width, height) in pixels."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ArgumentTypeError(f"expected pixels as 1920x1080, found {text!r}")
    return int(width), int(height)


def frame_range(text: str) -> tuple[int, int]:
    """``120-480``: first and last frame, from 0."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise ArgumentTypeError(f"expected the first and the last frame as 120-480, found {text!r}")
    return int(first), int(last)


def integer(lowest: int, highest: int) -> Callable[[str], int]:
    """A reader of whole numbers from ``lowest`` to ``highest``."""

    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or not lowest <= int(text) <= highest:
            raise ArgumentTypeError(
                f"expected a whole number from {lowest} to {highest}, found {text!r}"
            )
        return int(text)

    return read


def number_between(lowest: float, highest: float = math.inf) -> Callable[[str], float]:
    """A reader of numbers above ``lowest`` and below ``highest``."""

    def read(text: str) -> float:
        number = _float(text)
        if not lowest < number < highest:
            limit = "" if math.isinf(highest) else f" and below {highest}"
            raise ArgumentTypeError(f"expected a number above {lowest}{limit}, found {text!r}")
        return number

    return read


def share(text: str) -> float:
    """A number from 0 to 1, both included."""
    number = _float(text)
    if not 0.0 <= number <= 1.0:
        raise ArgumentTypeError(f"expected 0 to 1, found {text!r}")
    return number


def reach(text: str) -> frozenset[Extremity]:
    """``hands,feet``, or one of them."""
    found = frozenset(name.strip() for name in text.split(","))
    if not found <= set(get_args(Extremity)):
        raise ArgumentTypeError(f"expected hands, feet or hands,feet, found {text!r}")
    return cast(frozenset[Extremity], found)


def parts(text: str) -> frozenset[str]:
    """``head,left_arm``: some of PARTS."""
    found = frozenset(name.strip() for name in text.split(","))
    if not found <= set(PARTS):
        raise ArgumentTypeError(f"expected some of {','.join(PARTS)}, found {text!r}")
    return found


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
