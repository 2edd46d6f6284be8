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


def moved_by(seed: int, points: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(seed)
    turn = quaternion.normalise(rng.normal(size=4))
    return quaternion.rotate(turn, points) + rng.normal(size=3)


@pytest.mark.parametrize("frames", [30, 100, 199, 250])
def test_world_errors_ignore_where_each_segment_is(frames: int) -> None:
    target = random_motion(frames=frames)
    segments = np.split(target, [100] if frames >= 200 else [])
    moved = np.concatenate([moved_by(seed, segment) for seed, segment in enumerate(segments)])
    for use_scale, size in ((False, 1.0), (True, 1.0), (True, 1.7)):
        for metric in (metrics.w_mpjpe, metrics.wa_mpjpe):
            assert metric(size * moved, target, use_scale=use_scale) < 1e-9
    # Of more than one segment, no one motion would do.
    if frames >= 200:
        assert np.abs(moved - moved_by(0, target)).max() > 0.1


@pytest.mark.parametrize("use_scale", [False, True])
def test_w_mpjpe_aligns_two_frames_and_counts_what_follows(use_scale: bool) -> None:
    target = random_motion(frames=250)
    predicted = target.copy()
    for begin, end in ((2, 100), (102, 250)):
        predicted[begin:end] += np.array([0.03, 0.0, 0.04])
    off = metrics.w_mpjpe(predicted, target, use_scale=use_scale)
    assert off == pytest.approx(0.05 * (98 + 148) / 250)
    assert metrics.wa_mpjpe(predicted, target, use_scale=use_scale) < off


def test_rigid_world_errors_keep_an_error_of_size() -> None:
    target = random_motion(frames=80)
    apart = np.linalg.norm(target - target.mean(axis=(0, 1)), axis=-1)
    expected = 0.1 * apart.mean()
    assert metrics.wa_mpjpe(1.1 * target, target, use_scale=False) == pytest.approx(expected)
    first = np.linalg.norm(target - target[:2].mean(axis=(0, 1)), axis=-1)
    expected = 0.1 * first.mean()
    assert metrics.w_mpjpe(1.1 * target, target, use_scale=False) == pytest.approx(expected)


def test_path_length_is_the_sum_of_the_steps() -> None:
    square = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [0, 0, 0]], dtype=float)
    assert metrics.path_length(square) == pytest.approx(8.0)
    assert metrics.path_length(square[:1]) == 0.0


def test_root_translation_error_is_per_distance_travelled() -> None:
    way = np.linspace(0, 10, 101)[:, None] * np.array([1.0, 0.0, 0.0])
    assert metrics.root_translation_error(moved_by(0, way), way) < 1e-9
    mean_from_middle = 2 * sum(0.1 * step for step in range(51)) / 101
    off = metrics.root_translation_error(1.1 * way, way)
    assert off == pytest.approx(0.1 * mean_from_middle / 10)
    assert np.isnan(metrics.root_translation_error(way, np.zeros_like(way)))


@pytest.mark.parametrize("angle", [0.0, 1e-7, 0.05, np.pi / 2, 3.0, np.pi])
def test_direction_error_is_the_angle_whatever_the_lengths(angle: float) -> None:
    up = np.array([0.0, 0.0, 2.0])
    tilted = 5.0 * np.array([np.sin(angle), 0.0, np.cos(angle)])
    assert metrics.direction_error(tilted, up) == pytest.approx(angle, abs=1e-12)


def test_bone_length_spread_is_that_of_the_worst_bone() -> None:
    parents = (-1, 0, 1)
    rigid = np.array([[0, 0, 0], [0, 0, 0.4], [0, 0.3, 0.4]], dtype=float)
    turns = quaternion.normalise(np.random.default_rng(3).normal(size=(40, 1, 4)))
    motion = quaternion.rotate(turns, np.broadcast_to(rigid, (40, 3, 3)))
    assert metrics.bone_length_spread(motion, parents) < 1e-12
    signs = np.where(np.arange(40) % 2, 1.0, -1.0)[:, None]
    motion[:, 2] += 0.02 / 0.3 * signs * (motion[:, 2] - motion[:, 1])
    assert metrics.bone_length_spread(motion, parents) == pytest.approx(0.02)


def test_penetration_is_the_depth_of_the_lowest_point_over_all_frames() -> None:
    feet = np.ones((10, 4, 3))
    assert metrics.penetration(feet) == 0.0
    feet[:5, 1, 2], feet[:5, 2, 2] = -0.02, -0.06
    assert metrics.penetration(feet) == pytest.approx(0.03)


def test_floating_is_the_height_of_the_lower_point_of_standing_feet() -> None:
    feet = np.zeros((10, 2, 2, 3))
    feet[:, 0, :, 2] = 0.03, 0.5
    feet[:, 1, :, 2] = -0.2, 0.7
    is_contact = np.zeros((10, 2), dtype=bool)
    assert np.isnan(metrics.floating(feet, is_contact))
    is_contact[:6, 0] = True
    assert metrics.floating(feet, is_contact) == pytest.approx(0.03)
    # What is in the ground does not float.
    is_contact[:6, 1] = True
    assert metrics.floating(feet, is_contact) == pytest.approx(0.015)


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(LiftError, match="one shape"):
        metrics.wa_mpjpe(np.zeros((9, 2, 3)), np.zeros((8, 2, 3)), use_scale=False)
    with pytest.raises(LiftError, match="one shape"):
        metrics.root_translation_error(np.zeros((9, 2)), np.zeros((9, 2)))
    with pytest.raises(LiftError, match="one shape"):
        metrics.mpjpe(np.zeros((3, 2, 3)), np.zeros((3, 3, 3)))
    with pytest.raises(LiftError, match="4 frames"):
        metrics.jitter(np.zeros((3, 2, 3)), fps=30.0)
    with pytest.raises(LiftError, match="1/30 s"):
        metrics.foot_slide(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), fps=30.0)
    with pytest.raises(LiftError, match="one shape"):
        metrics.mpjve(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)))
