"""What F-curves hold means the rotation that it was made from, and is continuous."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from core.geometry import quaternion
from core.geometry.euler import EULER_ORDERS
from core.geometry.rotation_mode import RotationMode, from_curve_values, to_curve_values

MODES: tuple[RotationMode, ...] = ("QUATERNION", "AXIS_ANGLE", *EULER_ORDERS)


def swinging_rotations() -> np.ndarray:
    """(T, 4) wxyz with random signs: swings by up to 70 degrees, passing near to rest."""
    time = np.linspace(0.0, 6.0, 500)[:, None]
    vectors = 0.7 * np.sin(time * np.array([1.0, 1.3, 1.7]) + np.array([0.0, 0.4, 2.0]))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(500, 1))
    return signs * quaternion.from_rotation_vector(vectors)


@pytest.mark.parametrize("mode", MODES)
def test_values_mean_their_rotations(mode: RotationMode) -> None:
    rotations = swinging_rotations()
    found = from_curve_values(to_curve_values(rotations, mode), mode)
    np.testing.assert_allclose(np.abs(np.sum(found * rotations, axis=-1)), 1.0, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_values_do_not_jump(mode: RotationMode) -> None:
    values = to_curve_values(swinging_rotations(), mode)
    assert np.abs(np.diff(values, axis=0)).max() < 0.15


@pytest.mark.parametrize("mode", MODES)
def test_a_start_near_to_other_values_is_the_same_motion(mode: RotationMode) -> None:
    rotations = swinging_rotations()
    usual = to_curve_values(rotations, mode)
    other = -usual[0] if len(usual[0]) == 4 else usual[0] + 4.0 * np.pi
    found = to_curve_values(rotations, mode, near=other)
    np.testing.assert_allclose(found[0], other, atol=1e-12)
    again = from_curve_values(found, mode)
    np.testing.assert_allclose(np.abs(np.sum(again * rotations, axis=-1)), 1.0, atol=1e-12)


def test_an_axis_and_angle_pass_through_rest_without_turning_over() -> None:
    angles = np.linspace(-1.0, 1.0, 101)
    axis = np.array([0.6, 0.0, 0.8])
    values = to_curve_values(quaternion.from_axis_angle(axis, angles), "AXIS_ANGLE")
    expected = np.concatenate([angles[:, None], np.tile(axis, (101, 1))], axis=-1)
    np.testing.assert_allclose(np.sign(values[0, 0]) * -values, expected, atol=1e-9)


def test_an_angle_goes_on_beyond_a_whole_turn() -> None:
    angles = np.linspace(0.1, 20.0, 400)
    rotations = quaternion.from_axis_angle(np.array([0.0, 1.0, 0.0]), angles)
    values = to_curve_values(rotations, "AXIS_ANGLE")
    np.testing.assert_allclose(values[:, 0], angles, atol=1e-9)


def test_a_bone_at_rest_has_blenders_axis() -> None:
    rest = np.tile(quaternion.IDENTITY, (3, 1))
    np.testing.assert_array_equal(to_curve_values(rest, "AXIS_ANGLE"), [[0.0, 0.0, 1.0, 0.0]] * 3)


def test_every_mode_is_tested() -> None:
    quaternion_and_axis, eulers = get_args(RotationMode)
    assert set(MODES) == {*get_args(quaternion_and_axis), *get_args(eulers)}
