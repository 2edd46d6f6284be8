"""Directions have length 1."""

from __future__ import annotations

import numpy as np

from training.datasets.vector import unit


def test_vectors_keep_their_direction_at_length_one() -> None:
    vectors = np.random.default_rng(0).normal(size=(4, 5, 3))
    directions = unit(vectors)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1.0)
    np.testing.assert_allclose(np.cross(directions, vectors), 0.0, atol=1e-12)
    np.testing.assert_array_equal(unit(vectors.T, axis=0), directions.T)
    assert unit(vectors.astype(np.float32)).dtype == np.float32


def test_nothing_has_no_direction() -> None:
    np.testing.assert_array_equal(unit(np.zeros((2, 3))), np.zeros((2, 3)))
