"""Long clips run in chunks without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from core.lifting import inference
from core.lifting.config import LifterConfig
from core.lifting.inference import TemporalNetwork
from tests.core.lifting.small_network import random_weights


def weights(*, causal=False):
    config = LifterConfig(
        num_joints_in=4,
        in_features=2,
        num_joints_out=3,
        filter_widths=(3, 3),
        channels=8,
        causal=causal,
    )
    return random_weights(config, seed=3)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("num_frames", [1, 2, 63, 64, 65, 200])
def test_chunks_leave_no_seam(monkeypatch, causal, num_frames):
    network = TemporalNetwork(weights(causal=causal))
    clip = np.random.default_rng(0).normal(size=(num_frames, 8)).astype(np.float32)
    whole = network.forward_clip(clip)
    monkeypatch.setattr(inference, "_CHUNK_FRAMES", 64)
    assert np.allclose(network.forward_clip(clip), whole, atol=1e-5)


def test_one_frame_gives_what_a_still_clip_gives():
    network = TemporalNetwork(weights())
    frame = np.random.default_rng(0).normal(size=(1, 8)).astype(np.float32)
    still = network.forward_clip(np.repeat(frame, 30, axis=0))
    assert np.allclose(network.forward_clip(frame), still, atol=1e-5)
