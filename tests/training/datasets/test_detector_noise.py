"""Noise with a memory, and tables read between their nodes."""

import numpy as np
import pytest

from training.datasets.detector_noise import (
    draw_unit_noise,
    fading,
    normal_score,
    normal_share,
    place_between,
    read_between,
    smooth_over_time,
)

FPS = 30.0


def draw(seconds, slow_share, *, mixing=None, num_clips=400, num_frames=60):
    seconds = np.array(seconds)
    return draw_unit_noise(
        (len(seconds), num_clips, num_frames),
        seconds,
        np.array(slow_share),
        np.eye(len(seconds)) if mixing is None else np.array(mixing),
        np.random.default_rng(0),
        fps=FPS,
    )


def test_noise_has_variance_one_whatever_its_memory():
    noise = draw([[0.001, 0.1], [0.1, 0.5], [0.02, 0.3]], [0.0, 1.0, 0.5])
    np.testing.assert_allclose(noise.var(axis=(1, 2)), 1.0, rtol=0.1)
    np.testing.assert_allclose(noise.mean(axis=(1, 2)), 0.0, atol=0.1)


def test_noise_fades_from_memory_as_its_two_times_say():
    times, share = [[0.05, 0.3], [0.1, 0.2]], [0.5, 0.3]
    noise = draw(times, share, num_clips=2000)
    for lag in (1, 3, 10):
        found = (noise[..., lag:] * noise[..., :-lag]).mean(axis=(1, 2))
        seconds = lag / FPS
        wanted = [
            (1 - part) * fading(seconds / quick) + part * fading(seconds / slow)
            for (quick, slow), part in zip(times, share, strict=True)
        ]
        np.testing.assert_allclose(found, wanted, atol=0.05)


def test_a_quick_joint_beside_a_very_slow_one_stays_quick():
    noise = draw([[0.001, 0.01], [2.0, 6.0]], [0.0, 1.0])
    following = (noise[..., 1:] * noise[..., :-1]).mean(axis=(1, 2)) / noise.var(axis=(1, 2))
    assert abs(following[0]) < 0.05
    assert following[1] > 0.95


def test_mixing_makes_joints_err_together():
    noise = draw([[0.05, 0.1]] * 2, [0.5, 0.5], mixing=[[1.0, 0.0], [0.8, 0.6]])
    assert (noise[0] * noise[1]).mean() == pytest.approx(0.8, abs=0.05)


def test_a_table_is_read_in_straight_lines_and_held_beyond_its_ends():
    nodes = np.array([0.0, 1.0, 2.0])
    table = np.array([[0.0, 10.0, 30.0], [1.0, 1.0, 5.0]])
    values = np.array([[-1.0, 0.5, 1.5, 9.0]] * 2)
    read = read_between(table, *place_between(values, nodes))
    np.testing.assert_allclose(read, [[0, 5, 20, 30], [1, 1, 3, 5]], atol=0.05)


def test_smoothing_keeps_a_straight_line_and_spreads_a_spike():
    line = np.arange(20.0)
    np.testing.assert_allclose(smooth_over_time(line, reach=2)[2:-2], line[2:-2])
    spike = np.zeros((1, 9))
    spike[0, 4] = 9.0
    np.testing.assert_allclose(smooth_over_time(spike, reach=2)[0, 2:7], [1, 2, 3, 2, 1])


def test_scores_and_shares_undo_each_other():
    shares = np.array([0.001, 0.2, 0.5, 0.99])
    np.testing.assert_allclose(normal_share(normal_score(shares)), shares, rtol=1e-3)
    np.testing.assert_array_equal(normal_score(np.array([0.0, 0.5, 1.0])), [-9.0, 0.0, 9.0])
