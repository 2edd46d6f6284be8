"""Frame rates as people, programs and files write them."""

from __future__ import annotations

import re
from fractions import Fraction

# A text with an exponent, or endless digits, stands for a number that takes for ever to write out.
_RATE = re.compile(r"\d{1,20}(\.\d{0,20})?|\.\d{1,20}|\d{1,20}/\d{1,20}", re.ASCII)


def parse_frame_rate(value: object) -> Fraction | None:
    """The exact rate in Hz that a number, or a text as ``29.97`` or ``30000/1001``, stands for.

    None where ``value`` is something else, or not above 0.
    """
    if isinstance(value, str):
        value = value.strip()
        if not _RATE.fullmatch(value):
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        rate = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return rate if rate > 0 else None
