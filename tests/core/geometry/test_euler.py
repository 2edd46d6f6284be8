"""Euler angles give their rotations back, in six orders, and never jump."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry import quaternion
from core.geometry.euler import EULER_ORDERS, EulerOrder, from_euler, to_euler

X, Y, Z = np.eye(3)


def wandering_rotations(num_frames: int = 3000, seed: int = 3) -> np.ndarray:
    """(T, 4): turns of 3 degrees a frame about slowly changing axes, all over the sphere."""
    steps = np.random.default_rng(seed).normal(size=(num_frames, 3))
    smooth = np.stack([np.convolve(step, np.full(20, 0.05), "same") for step in steps.T], axis=-1)
    turns = quaternion.from_rotation_vector(0.2 * smooth)
    rotations = [quaternion.IDENTITY]
    for turn in turns[1:]:
        rotations.append(quaternion.multiply(turn, rotations[-1]))
    return quaternion.normalise(np.array(rotations))


def assert_same_rotations(actual: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(np.abs(np.sum(actual * expected, axis=-1)), 1.0, atol=1e-12)


def test_xyz_turns_about_x_first() -> None:
    angles = np.array([np.pi / 2.0, 0.0, np.pi / 2.0])
    turned = quaternion.rotate(from_euler(angles, "XYZ"), Y)
    np.testing.assert_allclose(turned, Z, atol=1e-15)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_angles_give_their_rotations_back(order: EulerOrder) -> None:
    rotations = wandering_rotations()
    assert_same_rotations(from_euler(to_euler(rotations, order), order), rotations)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_smooth_angles_come_back_as_they_were_over_many_turns(order: EulerOrder) -> None:
    time = np.linspace(0.0, 1.0, 400)
    # The middle angle goes beyond a quarter turn, where the other solution is the usual one.
    angles = np.stack([9.0 * time, 8.0 * np.sin(2.0 * time), -11.0 * time], axis=-1)
    found = to_euler(from_euler(angles, order), order, near=angles[0])
    np.testing.assert_allclose(found, angles, atol=1e-9)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_away_from_the_pole_angles_step_little_more_than_rotations(order: EulerOrder) -> None:
    rotations = wandering_rotations()
    angles = to_euler(rotations, order)
    step = np.linalg.norm(
        quaternion.to_rotation_vector(quaternion.between(rotations[:-1], rotations[1:])), axis=-1
    )
    middle = angles[:, "XYZ".index(order[1])]
    nearest_to_pole = np.minimum(np.abs(np.cos(middle[1:])), np.abs(np.cos(middle[:-1])))
    is_far = nearest_to_pole > 0.2
    assert is_far.mean() > 0.5
    assert (np.abs(np.diff(angles, axis=0)).max(axis=-1)[is_far] < step[is_far] / 0.15).all()


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_exactly_at_the_pole_the_first_angle_stays_as_it_was(order: EulerOrder) -> None:
    first, middle, last = ("XYZ".index(axis) for axis in order)
    angles = np.zeros((50, 3))
    angles[:, first] = 0.4
    angles[:, middle] = np.minimum(np.linspace(0.0, np.pi, 50), np.pi / 2.0)
    angles[:, last] = np.linspace(0.0, 2.0, 50)
    np.testing.assert_allclose(to_euler(from_euler(angles, order), order), angles, atol=1e-7)


def test_the_first_frame_is_near_to_what_is_asked() -> None:
    rotations = from_euler(np.array([[0.1, 0.2, 0.3]]), "XYZ")
    near = np.array([0.1 + np.pi, np.pi - 0.2, 0.3 + 5.0 * np.pi])
    np.testing.assert_allclose(to_euler(rotations, "XYZ", near=near), near[None], atol=1e-12)


def test_many_bones_at_once_are_as_one_by_one() -> None:
    rotations = np.stack([wandering_rotations(300, seed) for seed in range(4)], axis=1)
    together = to_euler(rotations, "YZX")
    alone = np.stack([to_euler(rotations[:, bone], "YZX") for bone in range(4)], axis=1)
    np.testing.assert_allclose(together, alone, atol=1e-12)
