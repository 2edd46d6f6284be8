"""The benchmark of live use runs: both ways of pushing frames are told."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.lifting.weights import save_weights
from tests.core.lifting.small_network import random_weights, ray_config
from tests.training.tiny_training import call
from training import stream_benchmark


def test_the_time_of_a_frame_is_told_with_json_and_without(tmp_path: Path) -> None:
    path = tmp_path / "causal.npz"
    save_weights(path, random_weights(ray_config()))
    done = call(stream_benchmark.main, "--frames", 110, "--model", path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"live use, {path}, 110 frames")
    rows = [line.split() for line in done.out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["arrays", "JSON"]
    assert all(float(word) >= 0 for row in rows for word in row[-6:])


def test_fewer_frames_than_warm_up_are_refused() -> None:
    done = call(stream_benchmark.main, "--frames", 100)
    assert done.code == 2 and "expected more than the 100 that warm up" in done.err


def test_random_weights_have_the_shape_of_the_network() -> None:
    config = ray_config()
    expected = random_weights(config).layers
    found = stream_benchmark.random_weights(config).layers
    assert [weight.shape for weight, _ in found] == [weight.shape for weight, _ in expected]
