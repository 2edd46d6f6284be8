"""Frame rates: exact where they can be read, and refused at once where they cannot."""

from __future__ import annotations

from fractions import Fraction

import pytest

from core.io.frame_rate import parse_frame_rate


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (25, Fraction(25)),
        (12.5, Fraction(25, 2)),
        ("25", Fraction(25)),
        (" 29.97\n", Fraction(2997, 100)),
        ("30000/1001", Fraction(30000, 1001)),
        (".5", Fraction(1, 2)),
        ("60.", Fraction(60)),
        (repr(30000 / 1001), Fraction(repr(30000 / 1001))),
    ],
)
def test_a_rate_is_read_exactly(value: object, rate: Fraction) -> None:
    assert parse_frame_rate(value) == rate


@pytest.mark.parametrize(
    "value",
    [
        *(0, -25, 0.0, float("nan"), float("inf"), True, None, [25], b"25"),
        *("", "fast", "-25", "0", "1/0", "25/", "1/2/3", "nan", "inf", "2_5", "٢٥"),
        # Each of these would be a number of a billion digits, or of a million.
        *("1e999999999", "1E-999999999", "9" * 1_000_000, "1/" + "9" * 1_000_000),
    ],
)
def test_all_else_is_none(value: object) -> None:
    assert parse_frame_rate(value) is None
