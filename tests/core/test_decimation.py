"""Keys that straight lines replace go, and nothing strays beyond what is allowed."""

from __future__ import annotations

import numpy as np
import pytest

from core.filters.decimation import decimate, interpolate_rows


def deviation_from(values: np.ndarray, allowed: float):
    """(T,) deviation as a share of what is allowed."""
    return lambda interpolated: np.linalg.norm(interpolated - values, axis=-1) / allowed


def test_a_polygon_keeps_its_corners_alone() -> None:
    corners = np.array([0, 7, 30, 31, 64])
    heights = np.array([[0.0], [2.0], [-1.0], [5.0], [5.0]])
    values = np.interp(np.arange(65), corners, heights[:, 0])[:, None]
    rows, interpolated = decimate(values, deviation_from(values, 1e-9))
    np.testing.assert_array_equal(rows, corners)
    np.testing.assert_allclose(interpolated, values, atol=1e-12)


@pytest.mark.parametrize("allowed", [0.001, 0.02, 0.3])
def test_nothing_strays_beyond_what_is_allowed(allowed: float) -> None:
    time = np.linspace(0.0, 30.0, 3000)
    values = np.stack([np.sin(time), np.cos(1.7 * time), 0.1 * time], axis=-1)
    rows, interpolated = decimate(values, deviation_from(values, allowed))
    assert np.linalg.norm(interpolated - values, axis=-1).max() <= allowed
    np.testing.assert_array_equal(interpolated, interpolate_rows(values, rows))
    assert rows[0] == 0 and rows[-1] == 2999


def test_a_circle_needs_about_as_many_keys_as_chords_fit() -> None:
    turns, sagitta = 20.0, 0.01
    angle = np.linspace(0.0, 2.0 * np.pi * turns, 20_000)
    values = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    # Along a chord the error is at its middle: 1 - cos of half of the chord's angle.
    best = angle[-1] / (2.0 * np.arccos(1.0 - sagitta))
    rows, _ = decimate(values, deviation_from(values, sagitta))
    assert best <= len(rows) < 1.5 * best


def test_what_is_allowed_may_differ_by_frame() -> None:
    noise = np.random.default_rng(1).normal(size=(400, 1))
    allowed = np.where(np.arange(400) < 200, 100.0, 1e-9)
    rows, _ = decimate(noise, lambda x: np.abs(x - noise)[:, 0] / allowed)
    assert np.count_nonzero(rows < 199) < 5
    np.testing.assert_array_equal(rows[rows >= 200], np.arange(200, 400))


@pytest.mark.parametrize(("num_frames", "expected"), [(1, [0]), (2, [0, 1]), (900, [0, 899])])
def test_a_constant_keeps_its_ends(num_frames: int, expected: list[int]) -> None:
    values = np.full((num_frames, 4), 0.5)
    rows, _ = decimate(values, deviation_from(values, 1e-3))
    np.testing.assert_array_equal(rows, expected)
