"""A detector's joints keep their offset in the turning body."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.datasets.made_up_clip import swaying_body
from training.datasets.joint_offset import offset_joints


def test_offsets_have_their_spread_and_turn_with_the_trunk() -> None:
    angle = 0.05 * np.arange(60)
    cosine, sine, zero = np.cos(angle), np.sin(angle), 0 * angle
    turning = np.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, zero + 1], axis=-1)
    turning = turning.reshape(60, 3, 3)
    points = swaying_body(60).positions @ turning.swapaxes(-1, -2)
    points = np.repeat(points[None], 64, axis=0)
    offsets = offset_joints(points, 0.02, np.random.default_rng(2))
    assert offsets.shape == (64, 60, 23, 3)
    assert offsets.std() == pytest.approx(0.02, rel=0.1)
    # Constant in length, not in direction: the body turns.
    lengths = np.linalg.norm(offsets, axis=-1)
    assert np.allclose(lengths, lengths[:, :1], atol=1e-6)
    assert np.allclose(offsets, offsets[:, :1] @ turning.swapaxes(-1, -2), atol=1e-6)
    steps = np.linalg.norm(np.diff(offsets, axis=1), axis=-1)
    assert (steps.max(axis=(1, 2)) > 1e-4).all()
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = offset_joints(points @ turn.T, 0.02, np.random.default_rng(2))
    assert np.allclose(turned, offsets @ turn.T, atol=1e-6)
