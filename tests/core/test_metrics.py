"""Metrics match the reference implementation's numbers and mean what METHOD.md says."""

from __future__ import annotations

import numpy as np
import pytest

from core import metrics
from core.errors import LiftError
from core.geometry import quaternion
from tests.shared_data import shared_data


def random_motion(seed: int = 0, frames: int = 40, joints: int = 17) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=(frames, joints, 3)) * 0.05
    return np.cumsum(steps, axis=0)


@pytest.mark.parametrize("name", ["mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"])
def test_parity_with_the_reference(name: str) -> None:
    reference = np.load(shared_data("parity/metrics.npz"))
    found = getattr(metrics, name)(reference["predicted"], reference["target"])
    assert found == pytest.approx(float(reference[name]), rel=1e-5)


def test_weighted_parity_with_the_reference() -> None:
    reference = np.load(shared_data("parity/metrics.npz"))
    found = metrics.weighted_mpjpe(
        reference["predicted"], reference["target"], reference["weights"]
    )
    assert found == pytest.approx(float(reference["weighted_mpjpe"]), rel=1e-5)


def test_mpjpe_is_the_mean_distance() -> None:
    target = random_motion()
    assert metrics.mpjpe(target + np.array([0.03, 0.04, 0.0]), target) == pytest.approx(0.05)


def test_p_mpjpe_ignores_each_frames_similarity() -> None:
    rng, target = np.random.default_rng(1), random_motion()
    rotation = quaternion.normalise(rng.normal(size=(40, 1, 4)))
    moved = rng.uniform(0.5, 2.0, size=(40, 1, 1)) * quaternion.rotate(rotation, target)
    assert metrics.p_mpjpe(moved + rng.normal(size=(40, 1, 3)), target) < 1e-9
    assert metrics.p_mpjpe(target * [-1.0, 1.0, 1.0], target) > 0.01


def test_n_mpjpe_ignores_each_frames_scale_only() -> None:
    target = random_motion()
    scale = np.random.default_rng(2).uniform(0.5, 2.0, size=(40, 1, 1))
    assert metrics.n_mpjpe(scale * target, target) < 1e-12
    assert metrics.n_mpjpe(target[:, :, [1, 2, 0]], target) > 0.01


def test_mpjve_ignores_a_constant_offset() -> None:
    target = random_motion()
    assert metrics.mpjve(target + 5.0, target) < 1e-12
    drift = np.arange(40)[:, None, None] * np.array([0.003, 0.0, 0.004])
    assert metrics.mpjve(target + drift, target) == pytest.approx(0.005)


def test_jitter_is_the_third_difference() -> None:
    seconds = np.arange(60)[:, None, None] / 30.0
    cubic = seconds**3 * np.array([0.0, 0.0, 2.0]) * np.ones((1, 4, 1))
    assert metrics.jitter(cubic, fps=30.0) == pytest.approx(1.2)
    assert metrics.jitter(seconds**2 * np.ones((1, 4, 3)), fps=30.0) < 1e-8


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0, 120.0])
def test_foot_slide_is_the_speed_while_the_true_foot_stands(fps: float) -> None:
    seconds = np.arange(int(fps)) / fps
    target = np.zeros((len(seconds), 2, 3))
    target[:, 1, 0] = 2.0 * seconds
    predicted = target.copy()
    predicted[:, 0] += seconds[:, None] * np.array([0.03, 0.04, 0.5])
    assert metrics.foot_slide(predicted, target, fps=fps) == pytest.approx(50.0)


def test_foot_slide_without_a_standing_foot_is_not_a_number() -> None:
    walk = np.arange(30)[:, None, None] * np.ones((1, 4, 3))
    assert np.isnan(metrics.foot_slide(walk, walk, fps=30.0))


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(LiftError, match="one shape"):
        metrics.mpjpe(np.zeros((3, 2, 3)), np.zeros((3, 3, 3)))
    with pytest.raises(LiftError, match="4 frames"):
        metrics.jitter(np.zeros((3, 2, 3)), fps=30.0)
    with pytest.raises(LiftError, match="1/30 s"):
        metrics.foot_slide(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), fps=30.0)
    with pytest.raises(LiftError, match="one shape"):
        metrics.mpjve(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)))
