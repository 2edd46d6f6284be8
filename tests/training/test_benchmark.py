"""The benchmark runs: what it measures is printed, whatever a busy machine makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.lifting.weights import save_weights
from tests.core.lifting.small_network import random_weights, ray_config
from tests.training.tiny_training import call
from training import benchmark


def test_every_network_s_speed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(benchmark._PAPER, channels=8, filter_widths=(3, 3))
    monkeypatch.setattr(benchmark, "_PAPER", small)
    path = tmp_path / "mine.npz"
    save_weights(path, random_weights(ray_config()))
    done = call(benchmark.main, "--parts", "inference", "--frames", 40, "--model", path)
    assert (done.code, done.err) == (0, "")
    rows = [line.split(maxsplit=2) for line in done.out.splitlines() if line.startswith("  ")]
    assert [row[2].split(",")[0] for row in rows] == ["torch", *["NumPy"] * 4]
    # The networks alone, then lifting; each beside the paper's.
    assert [float(row[1]) for row in (rows[1], rows[3])] == [1.0, 1.0]
    assert [str(path) in row[2] for row in rows] == [False, False, True, False, True]


def test_a_long_clip_is_the_demo_clip_to_and_fro() -> None:
    clip = benchmark.long_clip(250)
    assert np.array_equal(clip.frames, np.arange(250))
    assert np.array_equal(clip.positions[99 + 1 : 99 + 50], clip.positions[50:99][::-1])
    assert np.array_equal(clip.positions[198:], clip.positions[:52])
