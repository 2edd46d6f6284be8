"""The report as JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import LiftError
from core.io.report import write_report_json


def test_every_type_of_a_report_is_written(tmp_path: Path) -> None:
    report = {
        "fps": Fraction(30000, 1001),
        "whole": Fraction(30),
        "image_size": (640, 480),
        "bone_lengths_m": {"left_thigh": np.float32(0.5)},
        "num_frames": np.int64(4),
        "share": np.array([0.5, np.nan]),
        "jitter": float("inf"),
        "input": Path("a.json"),
        "warnings": ["Ä"],
        "none": None,
        "calibrated": np.bool_(True),
    }
    write_report_json(tmp_path / "a.json", report)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail) == {
        "fps": 30000 / 1001,
        "whole": 30,
        "image_size": [640, 480],
        "bone_lengths_m": {"left_thigh": 0.5},
        "num_frames": 4,
        "share": [0.5, None],
        "jitter": None,
        "input": "a.json",
        "warnings": ["Ä"],
        "none": None,
        "calibrated": True,
    }


def test_an_unwritable_report_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiftError, match="cannot write"):
        write_report_json(tmp_path / "none" / "a.json", {})
