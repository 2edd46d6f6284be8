"""Joints as the network's numbers say."""

from __future__ import annotations

import numpy as np

from core.detect.landmark import NUM_NUMBERS, decode_landmarks, join_landmarks
from core.detect.region import regions_about

_REGIONS = regions_about(
    np.array([[100.0, 200.0], [500.0, 500.0]]), np.array([[100.0, 160.0], [540.0, 500.0]])
)


def _numbers() -> np.ndarray:
    """Everything in the middle of the crops, but for the nose and the rim."""
    points = np.full((2, 39, 5), 128.0)
    points[..., 3] = 0.0
    points[:, 0, :2] = (128, 64)
    points[:, 34, :2] = (128, 0)
    points[0, 0, 3] = np.log(3)
    return points.reshape(2, NUM_NUMBERS)


def test_joints_are_placed_through_their_region() -> None:
    people = decode_landmarks(_numbers(), np.array([0.9, 0.8]), _REGIONS)
    assert people.positions.shape == (2, 33, 2)
    assert np.allclose(people.positions[0, 0], [100, 200 - 25])
    assert np.allclose(people.positions[1, 0], [500 + 25, 500])
    assert np.allclose(people.positions[:, 5], _REGIONS.centers)


def test_confidence_is_the_visibility() -> None:
    people = decode_landmarks(_numbers(), np.array([0.9, 0.8]), _REGIONS)
    assert np.allclose(people.confidence[0, :2], [0.75, 0.5])


def test_the_next_region_is_about_the_two_points_after_the_joints() -> None:
    people = decode_landmarks(_numbers(), np.array([0.9, 0.8]), _REGIONS)
    assert np.allclose(people.regions.centers, _REGIONS.centers)
    assert np.allclose(people.regions.sizes, 1.25 * _REGIONS.sizes)
    assert np.allclose(people.regions.ups, _REGIONS.ups)


def test_nobody_has_no_joints() -> None:
    nobody = decode_landmarks(np.zeros((0, NUM_NUMBERS)), np.zeros(0), _REGIONS[[]])
    assert nobody.positions.shape == (0, 33, 2)
    everyone = join_landmarks(
        [nobody, decode_landmarks(_numbers(), np.array([0.9, 0.8]), _REGIONS)]
    )
    assert len(everyone) == 2
