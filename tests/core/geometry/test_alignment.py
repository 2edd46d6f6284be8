"""Alignment finds the transform that made the points, and the least error where none did."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.geometry.alignment import align_rigid, align_similarity


def random_case(seed: int, batch: int = 20, points: int = 7) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(batch, points, 3))
    rotation = quaternion.normalise(rng.normal(size=(batch, 4)))
    scale = rng.uniform(0.2, 3.0, size=batch)
    return source, scale, rotation, rng.normal(size=(batch, 3))


@pytest.mark.parametrize("seed", range(3))
def test_similarity_is_recovered(seed: int) -> None:
    source, scale, rotation, translation = random_case(seed)
    turned = quaternion.rotate(rotation[:, None], source)
    target = scale[:, None, None] * turned + translation[:, None]
    found = align_similarity(source, target)
    np.testing.assert_allclose(found.apply(source), target, atol=1e-9)
    np.testing.assert_allclose(found.scale, scale)
    np.testing.assert_allclose(found.translation, translation, atol=1e-9)


def test_rigid_motion_is_recovered_and_has_no_scale() -> None:
    source, scale, rotation, translation = random_case(4)
    target = quaternion.rotate(rotation[:, None], source) + translation[:, None]
    np.testing.assert_allclose(align_rigid(source, target).apply(source), target, atol=1e-9)
    scaled = align_rigid(source, scale[:, None, None] * target)
    np.testing.assert_array_equal(scaled.scale, 1.0)
    same = np.abs(np.sum(scaled.rotation * rotation, axis=-1))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)


def test_a_mirror_image_is_not_matched_by_a_reflection() -> None:
    source = random_case(5)[0]
    found = align_similarity(source, source * np.array([-1.0, 1.0, 1.0]))
    np.testing.assert_allclose(np.linalg.det(quaternion.to_matrix(found.rotation)), 1.0)
    assert (np.abs(found.apply(source) - source * [-1.0, 1.0, 1.0]).max(axis=(1, 2)) > 0.05).all()


def test_no_nearby_transform_is_better() -> None:
    rng = np.random.default_rng(6)
    source, target = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    found = align_similarity(source, target)
    best = np.sum((found.apply(source) - target) ** 2)
    for _ in range(200):
        turn = quaternion.from_rotation_vector(rng.normal(size=3) * 0.05)
        rotation = quaternion.multiply(turn, found.rotation)
        scale = found.scale * (1.0 + rng.normal() * 0.02)
        moved = scale * quaternion.rotate(rotation, source) + found.translation
        moved += rng.normal(size=3) * 0.02
        assert np.sum((moved - target) ** 2) >= best


def test_points_without_weight_do_not_count() -> None:
    source, scale, rotation, translation = random_case(7)
    turned = quaternion.rotate(rotation[:, None], source)
    target = scale[:, None, None] * turned + translation[:, None]
    weights = np.ones(source.shape[:2])
    weights[:, 2] = 0.0
    spoilt = target.copy()
    spoilt[:, 2] += 100.0
    np.testing.assert_allclose(
        align_similarity(source, spoilt, weights).apply(source), target, atol=1e-9
    )


def test_flat_and_collapsed_points_stay_finite() -> None:
    source, *_ = random_case(8)
    flat = source * np.array([1.0, 1.0, 0.0])
    np.testing.assert_allclose(align_similarity(flat, flat).apply(flat), flat, atol=1e-9)
    collapsed = align_similarity(np.ones((5, 3)), source[0, :5])
    np.testing.assert_allclose(
        collapsed.apply(np.ones((5, 3))), np.tile(source[0, :5].mean(axis=0), (5, 1)), atol=1e-9
    )


def test_different_shapes_are_refused() -> None:
    with pytest.raises(LiftError, match="expected two arrays"):
        align_similarity(np.zeros((4, 3)), np.zeros((5, 3)))
