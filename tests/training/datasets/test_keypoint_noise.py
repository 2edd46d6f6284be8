"""A detector's noise has the size asked for, lasts, and shows in its confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.joint_sets import BODY_23
from tests.training.datasets.made_up_clip import swaying_body
from training.datasets.bvh import BODY_POINTS
from training.datasets.keypoint_noise import detect_keypoints, keypoint_noise
from training.datasets.view_config import ViewConfig, plain_views

QUIET = replace(plain_views(), joint_offset=0.0, noise_median=1e-9, noise_spread=0.0)
MARKED = BODY_POINTS.indices(*(n.replace("_big_toe", "_toe") for n in BODY_23.joint_names))


def in_front(count: int = 64, *, num_frames: int = 60) -> np.ndarray:
    """(N,T,27,3) m, camera space, about 4 m away."""
    points = swaying_body(num_frames).positions
    seen = np.stack([points[..., 0], 1 - points[..., 2], 4 + points[..., 1]], axis=-1)
    return np.repeat(seen[None], count, axis=0)


def detect(config: ViewConfig, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return detect_keypoints(in_front(), config, np.random.default_rng(seed))


def test_without_noise_the_rays_are_the_points_but_for_outliers_and_exchanged_sides() -> None:
    rays, confidence = detect(QUIET)
    points = in_front()[:, :, MARKED]
    truth = points[..., :2] / points[..., 2:]
    exchanged = truth[:, :, BODY_23.mirror]
    off, off_exchanged = (
        np.linalg.norm(rays - expected, axis=-1) for expected in (truth, exchanged)
    )
    assert (np.minimum(off, off_exchanged) > 1e-5).mean() < 0.006
    is_exchanged = (off > 1e-5) & (off_exchanged < 1e-5)
    assert 0.0005 < is_exchanged.mean() < 0.01
    assert is_exchanged.any(axis=(1, 2)).mean() < 0.3
    assert (confidence > 0).all() and confidence.max() <= 1


def test_noise_has_the_size_that_was_asked_for() -> None:
    clean, noisy = (detect(replace(QUIET, noise_median=size))[0] for size in (1e-9, 0.02))
    metres = np.linalg.norm(noisy - clean, axis=-1) * 4
    assert 0.015 < np.median(metres) < 0.045


def test_noise_lasts_from_frame_to_frame() -> None:
    noise, _ = keypoint_noise((64, 60, 23), ViewConfig(), np.random.default_rng(0))
    noise = np.clip(noise, -0.1, 0.1)
    now, next_frame, later = noise[:, :-20], noise[:, 1:-19], noise[:, 20:]
    assert np.corrcoef(now.ravel(), next_frame.ravel())[0, 1] > 0.4
    assert abs(np.corrcoef(now.ravel(), later.ravel())[0, 1]) < 0.15


def test_the_confidence_is_lower_where_the_error_is_larger() -> None:
    noise, quality = keypoint_noise((64, 60, 23), ViewConfig(), np.random.default_rng(1))
    error = np.linalg.norm(noise, axis=-1)
    quality = quality - quality.mean(axis=(1, 2), keepdims=True)
    assert np.corrcoef(error.ravel(), quality.ravel())[0, 1] < -0.3


def test_a_detectors_joints_keep_their_offset_in_the_turning_body() -> None:
    config = replace(QUIET, joint_offset=0.02)
    points = in_front()
    rays, _ = detect_keypoints(points, config, np.random.default_rng(2))
    clean, _ = detect_keypoints(points, QUIET, np.random.default_rng(2))
    offset = np.median((rays - clean) * 4, axis=1)
    assert 0.015 < offset.std() < 0.025
