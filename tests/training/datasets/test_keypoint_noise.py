"""The studio's noise lasts, and shows in its confidence."""

from __future__ import annotations

import numpy as np

from training.datasets.keypoint_noise import keypoint_noise

SHAPE = (64, 60, 23)


def test_noise_has_its_size() -> None:
    noise, _ = keypoint_noise(SHAPE, np.random.default_rng(0))
    assert 0.012 < np.median(np.linalg.norm(noise, axis=-1)) < 0.035


def test_noise_lasts_from_frame_to_frame() -> None:
    noise, _ = keypoint_noise(SHAPE, np.random.default_rng(0))
    noise = np.clip(noise, -0.1, 0.1)
    now, next_frame, later = noise[:, :-20], noise[:, 1:-19], noise[:, 20:]
    assert np.corrcoef(now.ravel(), next_frame.ravel())[0, 1] > 0.4
    assert abs(np.corrcoef(now.ravel(), later.ravel())[0, 1]) < 0.15


def test_the_confidence_is_lower_where_the_error_is_larger() -> None:
    noise, quality = keypoint_noise(SHAPE, np.random.default_rng(1))
    error = np.linalg.norm(noise, axis=-1)
    quality = quality - quality.mean(axis=(1, 2), keepdims=True)
    assert np.corrcoef(error.ravel(), quality.ravel())[0, 1] < -0.3
