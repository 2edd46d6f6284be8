"""Every curve is drawn, however many there are, and what is asked for is told beside it."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (make setup-train)")

from training.evaluation.plot import draw_hidden, draw_speeds
from training.evaluation.robustness import HIDDEN_SECONDS, SPEEDS, HiddenRow, SpeedRow

SOURCES = [f"source {number}" for number in range(5)]


def hidden_row(part: str, seconds: float) -> HiddenRow:
    return HiddenRow(part, seconds, 30, 90.0, 80.0, 40.0, 50.0, 45.0, 30.0, 28.0)


def test_no_source_of_speeds_is_left_out() -> None:
    rows = [SpeedRow(speed, 30, 60.0, 80.0) for speed in SPEEDS]
    (axes,) = draw_speeds(dict.fromkeys(SOURCES, rows)).axes
    labels = [line.get_label() for line in axes.lines]
    assert labels == [f"{source}: 60.0 mm at its own speed" for source in SOURCES]


def test_no_hidden_part_is_left_out_and_the_limits_are_told() -> None:
    parts = [f"part {number}" for number in range(4)]
    rows = [hidden_row(part, seconds) for part in parts for seconds in HIDDEN_SECONDS]
    hidden, visible = draw_hidden(dict.fromkeys(SOURCES, rows)).axes
    assert len(hidden.lines) == len(visible.lines) == len(SOURCES) * len(parts) + 1
    for axes, limit_mm in ((hidden, 120), (visible, 5)):
        assert [text.get_text() for text in axes.texts] == [f"at most {limit_mm} mm is asked for"]
