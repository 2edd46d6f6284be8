"""A detector's joints keep their offset in the turning body."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.datasets.made_up_clip import swaying_body
from training.datasets.joint_offset import offset_joints


def test_offsets_have_their_spread_and_turn_with_the_trunk() -> None:
    points = np.repeat(swaying_body(60).positions[None], 64, axis=0)
    offsets = offset_joints(points, 0.02, np.random.default_rng(2))
    assert offsets.shape == (64, 60, 23, 3)
    assert offsets.std() == pytest.approx(0.02, rel=0.1)
    # Constant in length, not in direction: the body turns.
    lengths = np.linalg.norm(offsets, axis=-1)
    assert np.allclose(lengths, lengths[:, :1], atol=1e-6)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = offset_joints(points @ turn.T, 0.02, np.random.default_rng(2))
    assert np.allclose(turned, offsets @ turn.T, atol=1e-6)
