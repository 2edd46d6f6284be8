"""Swings are the shortest way, also where it is not unique; swing and twist make the whole."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry import quaternion
from core.geometry.swing_twist import (
    angle_about,
    any_perpendicular,
    normalise_vectors,
    perpendicular,
    split_swing_twist,
    swing_between,
)


def random_directions(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def angle_of(rotations: np.ndarray) -> np.ndarray:
    return np.linalg.norm(quaternion.to_rotation_vector(rotations), axis=-1)


def test_swing_takes_start_to_end_by_the_angle_between_them() -> None:
    start, end = random_directions(200), random_directions(200, seed=1)
    swing = swing_between(start, end)
    np.testing.assert_allclose(quaternion.rotate(swing, start), end, atol=1e-12)
    np.testing.assert_allclose(angle_of(swing), np.arccos(np.sum(start * end, -1)), atol=1e-7)


def test_swing_between_equal_directions_is_the_identity() -> None:
    start = random_directions(20)
    np.testing.assert_allclose(
        swing_between(start, start), np.tile(quaternion.IDENTITY, (20, 1)), atol=1e-15
    )


@pytest.mark.parametrize("offset", [0.0, 1e-15, 1e-11, 1e-8, 1e-4])
def test_swing_holds_up_to_opposite_directions(offset: float) -> None:
    start = random_directions(50)
    away = any_perpendicular(start)
    end = -np.cos(offset) * start + np.sin(offset) * away
    swing = swing_between(start, end)
    np.testing.assert_allclose(quaternion.rotate(swing, start), end, atol=1e-9)
    np.testing.assert_allclose(angle_of(swing), np.pi - offset, atol=1e-9)


def test_half_turn_takes_the_axis_that_it_is_given() -> None:
    start, axis = np.array([0.0, 1.0, 0.0]), np.array([0.6, 0.0, 0.8])
    swing = swing_between(start, -start, half_turn_axis=axis)
    np.testing.assert_allclose(swing, [0.0, *axis], atol=1e-12)


def test_swing_and_twist_make_up_the_rotation() -> None:
    rotations = quaternion.normalise(np.random.default_rng(2).normal(size=(100, 4)))
    axis = random_directions(100, seed=5)
    swing, twist = split_swing_twist(rotations, axis)
    np.testing.assert_allclose(quaternion.multiply(swing, twist), rotations, atol=1e-12)
    np.testing.assert_allclose(quaternion.rotate(twist, axis), axis, atol=1e-12)
    np.testing.assert_allclose(np.sum(swing[:, 1:] * axis, axis=-1), 0.0, atol=1e-12)


def test_angle_about_is_signed_and_ignores_what_lies_along_the_axis() -> None:
    x, y, z = np.eye(3)
    np.testing.assert_allclose(angle_about(x, y, z), np.pi / 2.0)
    np.testing.assert_allclose(angle_about(y + 3.0 * z, x, z), -np.pi / 2.0)


def test_normalise_vectors_falls_back_where_there_is_no_length() -> None:
    vectors = np.array([[0.0, 0.0, 0.0], [0.0, 3.0, 4.0]])
    expected = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])
    np.testing.assert_allclose(normalise_vectors(vectors, fallback=np.eye(3)[0]), expected)


def test_perpendicular_parts_stand_at_right_angles() -> None:
    axis, vectors = random_directions(50), random_directions(50, seed=4)
    np.testing.assert_allclose(np.sum(perpendicular(vectors, axis) * axis, -1), 0.0, atol=1e-12)
    chosen = any_perpendicular(axis)
    np.testing.assert_allclose(np.sum(chosen * axis, -1), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(chosen, axis=-1), 1.0)
