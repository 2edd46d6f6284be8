"""Filters against closed forms, dense solvers and invariants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LiftError
from core.filters import (
    OneEuroFilter,
    fade_in,
    fill_gaps,
    neighbours,
    running_median,
    runs,
    smooth_low_pass,
    smooth_penalized,
)
from core.filters.block_tridiagonal import solve_pentadiagonal


def test_neighbours_of_a_gap_are_its_edges() -> None:
    before, after = neighbours(np.array([False, True, False, False, True, False]))
    assert before.tolist() == [-1, 1, 1, 1, 4, 4]
    assert after.tolist() == [1, 1, 4, 4, 4, 6]


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ([], []),
        ([False, False], []),
        ([True, True], [[0, 2]]),
        ([True, False, False, True, True, False, True], [[0, 1], [3, 5], [6, 7]]),
    ],
)
def test_runs_are_told_by_their_first_frame_and_the_one_after_their_last(
    mask: list[bool], expected: list[list[int]]
) -> None:
    assert runs(np.array(mask, dtype=bool)).tolist() == expected


def test_a_fade_is_level_at_both_ends_and_even_about_its_middle() -> None:
    assert fade_in(np.array([-3.0, 0.0, 0.5, 1.0, 7.0])).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    share = np.linspace(0.0, 1.0, 101)
    faded = fade_in(share)
    np.testing.assert_allclose(faded + faded[::-1], 1.0)
    assert (np.diff(faded) > 0).all() and np.diff(faded)[[0, -1]].max() < 4e-4
    assert fade_in(0.25) == pytest.approx(0.15625)


class TestFillGaps:
    def test_a_straight_line_is_restored_exactly(self) -> None:
        line = np.arange(40.0)[:, None] * [2.0, -3.0] + 5.0
        is_known = np.ones(40, bool)
        is_known[10:22] = False
        for smooth in (True, False):
            filled = fill_gaps(np.where(is_known[:, None], line, 99.0), is_known, smooth=smooth)
            np.testing.assert_allclose(filled, line, atol=1e-9)

    def test_a_cubic_fill_follows_a_curve_better_than_a_line(self) -> None:
        wave = np.sin(np.arange(120) / 9.0)
        is_known = np.ones(120, bool)
        is_known[50:62] = False
        errors = [
            np.abs(fill_gaps(wave, is_known, smooth=smooth) - wave).max()
            for smooth in (True, False)
        ]
        assert errors[0] < 0.5 * errors[1]

    def test_before_the_first_and_after_the_last_known_the_value_is_held(self) -> None:
        filled = fill_gaps(
            np.array([0.0, 0.0, 3.0, 7.0, 0.0]), np.array([False, False, True, True, False])
        )
        np.testing.assert_allclose(filled, [3, 3, 3, 7, 7])

    def test_a_channel_never_known_is_left_alone_and_others_do_not_see_it(self) -> None:
        values = np.stack([np.arange(5.0), np.full(5, 8.0)], axis=1)
        is_known = np.array([[True, False], [False, False], [True, False]] + [[True, False]] * 2)
        np.testing.assert_allclose(fill_gaps(values, is_known), values)

    @given(st.integers(1, 30), st.integers(0, 2**32 - 1))
    def test_known_samples_never_change_and_all_is_finite(self, num_frames: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        values, is_known = rng.normal(size=(num_frames, 3, 2)), rng.random((num_frames, 3)) < 0.5
        filled = fill_gaps(values, is_known)
        assert np.array_equal(filled[is_known], values[is_known])
        assert np.isfinite(filled).all()

    def test_shapes_that_do_not_agree_are_told(self) -> None:
        with pytest.raises(LiftError, match=r"match the values' \(4, 2\), found \(3,\)"):
            fill_gaps(np.zeros((4, 2)), np.ones(3, bool))


@given(st.integers(0, 4), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_running_median_is_the_median_of_each_window(
    half_width: int, num_frames: int, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=(num_frames, 2))
    padded = np.pad(values, ((half_width, half_width), (0, 0)), mode="edge")
    expected = [
        np.median(padded[frame : frame + 2 * half_width + 1], axis=0) for frame in range(num_frames)
    ]
    np.testing.assert_allclose(running_median(values, half_width=half_width), expected)


@pytest.mark.parametrize("num_frames", [2, 3, 8, 17])
@pytest.mark.parametrize("is_shared", [True, False])
def test_a_banded_system_is_solved_as_the_dense_one(num_frames: int, is_shared: bool) -> None:
    rng = np.random.default_rng(0)
    main = rng.uniform(5, 6, (num_frames, 3))
    first, second = (
        rng.uniform(-1, 1, (num_frames - away, 1 if is_shared else 3)) for away in (1, 2)
    )
    right = rng.normal(size=(num_frames, 3, 2))
    solved = solve_pentadiagonal(main, first, second, right)
    for channel in range(3):
        matrix = np.diag(main[:, channel])
        for away, beside in ((1, first), (2, second)):
            band = beside[:, 0 if is_shared else channel]
            matrix += np.diag(band, away) + np.diag(band, -away)
        np.testing.assert_allclose(matrix @ solved[:, channel], right[:, channel], atol=1e-12)


class TestSmoothLowPass:
    @pytest.mark.parametrize("num_frames", [2, 3, 10, 500])
    def test_a_straight_line_passes_unchanged(self, num_frames: int) -> None:
        line = np.linspace(-3.0, 1000.0, num_frames)[:, None] * [1.0, -2.0]
        smoothed = smooth_low_pass(line, fps=30.0, cutoff_hz=3.0)
        np.testing.assert_allclose(smoothed, line, atol=3e-3)

    @pytest.mark.parametrize(("frequency_hz", "gain"), [(0.5, 1.0), (6.0, 0.5), (14.0, 0.0)])
    def test_its_gain_is_that_of_a_butterworth_run_twice(
        self, frequency_hz: float, gain: float
    ) -> None:
        wave = np.sin(2 * math.pi * frequency_hz * np.arange(3000) / 30.0)
        smoothed = smooth_low_pass(wave, fps=30.0, cutoff_hz=6.0)
        inside = slice(500, -500)
        # In phase: the filtered wave is the wave times the gain.
        np.testing.assert_allclose(smoothed[inside], gain * wave[inside], atol=2e-3)

    def test_channels_do_not_mix_and_time_has_no_direction(self) -> None:
        noise = np.random.default_rng(0).normal(size=(200, 4, 3))
        smoothed = smooth_low_pass(noise, fps=60.0, cutoff_hz=5.0)
        alone = smooth_low_pass(noise[:, 2, 1], fps=60.0, cutoff_hz=5.0)
        np.testing.assert_allclose(smoothed[:, 2, 1], alone, atol=1e-12)
        backwards = smooth_low_pass(noise[::-1], fps=60.0, cutoff_hz=5.0)[::-1]
        np.testing.assert_allclose(backwards, smoothed, atol=1e-6)

    def test_a_cutoff_beyond_half_the_rate_filters_nothing(self) -> None:
        noise = np.random.default_rng(0).normal(size=50)
        np.testing.assert_array_equal(smooth_low_pass(noise, fps=30.0, cutoff_hz=15.0), noise)

    def test_a_rate_of_zero_is_refused(self) -> None:
        with pytest.raises(LiftError, match="positive rate and cut-off, found 0"):
            smooth_low_pass(np.zeros(9), fps=0.0, cutoff_hz=3.0)


class TestSmoothPenalized:
    @given(st.integers(3, 40), st.floats(1e-3, 1e5), st.integers(0, 2**32 - 1))
    def test_it_solves_the_dense_normal_equations(
        self, num_frames: int, strength: float, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        values, weights = rng.normal(size=(num_frames, 2, 3)), rng.random((num_frames, 2)) + 0.1
        second = np.diff(np.eye(num_frames), 2, axis=0)
        smoothed = smooth_penalized(values, weights, strength=strength)
        for channel in range(2):
            w = weights[:, channel]
            system = np.diag(w) + strength * second.T @ second
            expected = np.linalg.solve(system, w[:, None] * values[:, channel])
            np.testing.assert_allclose(smoothed[:, channel], expected, atol=1e-6)

    def test_samples_without_weight_do_not_count(self) -> None:
        values = np.sin(np.arange(100) / 9.0)
        weights = np.ones(100)
        weights[40:50] = 0.0
        spoiled = values.copy()
        spoiled[40:50] = 1e6
        smoothed = smooth_penalized(spoiled, weights, strength=1.0)
        np.testing.assert_allclose(smoothed, values, atol=0.02)

    @pytest.mark.parametrize("num_known", [0, 1, 2])
    def test_it_has_a_finite_answer_however_little_is_known(self, num_known: int) -> None:
        values, weights = np.arange(30.0), np.zeros(30)
        weights[5 : 5 + num_known] = 1.0
        smoothed = smooth_penalized(values, weights, strength=1e4)
        assert np.isfinite(smoothed).all()
        assert np.abs(smoothed).max() < 100

    def test_a_line_far_from_the_origin_passes_unchanged(self) -> None:
        line = 1e6 + np.arange(10_001.0)
        smoothed = smooth_penalized(line, np.ones(10_001), strength=1e6)
        np.testing.assert_allclose(smoothed, line, rtol=0, atol=1e-3)

    def test_negative_weights_are_refused(self) -> None:
        with pytest.raises(LiftError, match="at least 0"):
            smooth_penalized(np.zeros(5), np.full(5, -1.0), strength=1.0)


def one_by_one(
    values: np.ndarray, *, min_cutoff_hz: float = 1.0, speed_factor: float = 0.5
) -> np.ndarray:
    one_euro = OneEuroFilter(min_cutoff_hz=min_cutoff_hz, speed_factor=speed_factor)
    return np.array([one_euro.push(value, fps=30.0) for value in values])


class TestOneEuro:
    def test_it_is_smooth_at_rest_and_quick_in_motion(self) -> None:
        rng = np.random.default_rng(0)
        noise = 0.01 * rng.normal(size=300)
        step = np.where(np.arange(300) < 150, 0.0, 10.0)
        assert one_by_one(noise)[30:].std() < 0.6 * noise.std()
        assert one_by_one(step + noise, speed_factor=2.0)[156] > 9.0

    def test_its_cut_off_halves_the_power(self) -> None:
        # A first-order low-pass at a tenth of the cut-off's period per sample.
        time = np.arange(3000) / 30.0
        passed = one_by_one(np.sin(2 * np.pi * 0.5 * time), min_cutoff_hz=0.5, speed_factor=0.0)
        assert passed[300:].std() / np.sqrt(0.5) == pytest.approx(np.sqrt(0.5), rel=0.05)

    def test_half_the_rate_passes_the_same_motion(self) -> None:
        time = np.arange(301) / 30.0
        signal = np.sin(2 * np.pi * 0.3 * time)
        slow = OneEuroFilter(min_cutoff_hz=1.0, speed_factor=0.5)
        found = [slow.push(value, fps=15.0) for value in signal[::2]]
        assert np.abs(np.array(found) - one_by_one(signal)[::2]).max() < 0.05
