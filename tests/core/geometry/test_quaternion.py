"""Quaternions agree with rotation matrices, and stay exact where formulas usually break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geometry import quaternion

COMPONENTS = st.floats(-1.0, 1.0, allow_nan=False)
QUATERNIONS = (
    st.tuples(COMPONENTS, COMPONENTS, COMPONENTS, COMPONENTS)
    .filter(lambda q: np.linalg.norm(q) > 1e-3)
    .map(lambda q: np.array(q) / np.linalg.norm(q))
)
VECTORS = st.tuples(COMPONENTS, COMPONENTS, COMPONENTS).map(np.array)


def assert_same_rotation(actual: np.ndarray, expected: np.ndarray, atol: float = 1e-9) -> None:
    """``q`` and ``-q`` are the same rotation."""
    signs = np.where(np.sum(actual * expected, axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
    np.testing.assert_allclose(signs * actual, expected, atol=atol)


def random_quaternions(*shape: int, seed: int = 0) -> np.ndarray:
    return quaternion.normalise(np.random.default_rng(seed).normal(size=(*shape, 4)))


def test_quarter_turn_about_z_takes_x_to_y() -> None:
    turn = quaternion.from_axis_angle(np.array([0.0, 0.0, 1.0]), np.pi / 2.0)
    np.testing.assert_allclose(turn, [np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)], atol=1e-15)
    np.testing.assert_allclose(quaternion.rotate(turn, np.eye(3)[0]), [0.0, 1.0, 0.0], atol=1e-15)


@given(QUATERNIONS, QUATERNIONS, VECTORS)
def test_product_turns_by_the_second_factor_first(
    a: np.ndarray, b: np.ndarray, v: np.ndarray
) -> None:
    together = quaternion.rotate(quaternion.multiply(a, b), v)
    np.testing.assert_allclose(together, quaternion.rotate(a, quaternion.rotate(b, v)), atol=1e-12)


@given(QUATERNIONS, VECTORS)
def test_matrix_and_quaternion_turn_alike(q: np.ndarray, v: np.ndarray) -> None:
    matrix = quaternion.to_matrix(q)
    np.testing.assert_allclose(matrix @ v, quaternion.rotate(q, v), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrix), 1.0, atol=1e-12)


@given(QUATERNIONS)
def test_matrix_round_trip(q: np.ndarray) -> None:
    assert_same_rotation(quaternion.from_matrix(quaternion.to_matrix(q)), q)


@pytest.mark.parametrize("axis", [*np.eye(3), np.array([0.6, 0.0, 0.8]), np.ones(3) / 3**0.5])
@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, np.pi - 1e-9, np.pi])
def test_matrix_round_trip_holds_at_no_turn_and_at_half_turns(
    axis: np.ndarray, angle: float
) -> None:
    q = quaternion.from_axis_angle(axis, angle)
    assert_same_rotation(quaternion.from_matrix(quaternion.to_matrix(q)), q, atol=1e-12)


@given(VECTORS)
def test_rotation_vector_round_trip(v: np.ndarray) -> None:
    q = quaternion.from_rotation_vector(v)
    np.testing.assert_allclose(np.linalg.norm(q), 1.0, atol=1e-12)
    np.testing.assert_allclose(quaternion.to_rotation_vector(q), v, atol=1e-9)


def test_rotation_vector_takes_the_short_way() -> None:
    long_way = quaternion.from_axis_angle(np.eye(3)[0], 1.5 * np.pi)
    shorter = quaternion.to_rotation_vector(long_way)
    np.testing.assert_allclose(shorter, [-0.5 * np.pi, 0.0, 0.0], atol=1e-12)


def test_zero_quaternion_normalises_to_the_identity() -> None:
    normalised = quaternion.normalise(np.array([[0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(normalised, [quaternion.IDENTITY, quaternion.IDENTITY])


@given(QUATERNIONS, QUATERNIONS)
def test_between_leads_from_the_first_to_the_second(a: np.ndarray, b: np.ndarray) -> None:
    led = quaternion.multiply(quaternion.between(a, b), a)
    np.testing.assert_allclose(led, b, atol=1e-12)


@given(QUATERNIONS, QUATERNIONS)
def test_slerp_starts_and_ends_at_its_ends(a: np.ndarray, b: np.ndarray) -> None:
    assert_same_rotation(quaternion.slerp(a, b, 0.0), a)
    assert_same_rotation(quaternion.slerp(a, b, 1.0), b)


def test_slerp_turns_evenly_and_takes_a_share_per_frame() -> None:
    axis = np.array([0.0, 0.6, 0.8])
    share = np.linspace(0.0, 1.0, 11)
    end = -quaternion.from_axis_angle(axis, 2.0)
    between = quaternion.slerp(quaternion.IDENTITY, end, share)
    assert_same_rotation(between, quaternion.from_axis_angle(axis, 2.0 * share))


def test_unroll_removes_every_sign_jump_and_keeps_the_rotations() -> None:
    rng = np.random.default_rng(3)
    steps = quaternion.from_rotation_vector(rng.normal(size=(200, 5, 3)) * 0.2)
    smooth = [random_quaternions(5)]
    for step in steps:
        smooth.append(quaternion.multiply(step, smooth[-1]))
    rotations = np.stack(smooth)
    flipped = rotations * rng.choice([-1.0, 1.0], size=(*rotations.shape[:2], 1))
    unrolled = quaternion.unroll(flipped)
    assert (np.sum(unrolled[1:] * unrolled[:-1], axis=-1) > 0.0).all()
    assert (unrolled[0, :, 0] >= 0.0).all()
    assert_same_rotation(unrolled, rotations)


def test_leading_axes_broadcast() -> None:
    q, v = random_quaternions(7, 1), np.random.default_rng(1).normal(size=(3, 3))
    assert quaternion.rotate(q, v).shape == (7, 3, 3)
    assert quaternion.multiply(q, random_quaternions(3)).shape == (7, 3, 4)
    assert quaternion.from_axis_angle(np.eye(3)[0], np.zeros((4, 2))).shape == (4, 2, 4)
    assert quaternion.from_matrix(quaternion.to_matrix(q)).shape == (7, 1, 4)
