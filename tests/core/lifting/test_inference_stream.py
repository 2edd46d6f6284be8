"""A network that is given its frames one by one writes what it writes for the whole clip."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LiftError
from core.lifting.inference import TemporalNetwork
from core.lifting.inference_stream import TemporalStream
from tests.core.lifting.small_network import random_weights, ray_config

SHAPES = [
    {"filter_widths": (3, 3, 3, 3), "channels": 24},
    {"filter_widths": (5, 3), "channels": 8},
    {"filter_widths": (1, 1, 1), "channels": 8},
    {"filter_widths": (3,), "channels": 8},
    {"filter_widths": (3, 3, 3), "channels": 8, "dense": True},
]


def random_clip(num_frames=200, seed=1):
    return np.random.default_rng(seed).normal(size=(num_frames, 92)).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_equals_the_forward_pass_of_the_clip(shape):
    network = TemporalNetwork(random_weights(ray_config(**shape)))
    clip = random_clip()
    expected = network.forward_clip(clip)
    stream = TemporalStream(network)
    found = np.stack([stream.push(frame) for frame in clip])
    assert expected.std() > 0.1
    assert np.abs(found - expected).max() < 1e-5


def test_it_begins_anew_after_a_reset():
    network = TemporalNetwork(random_weights(ray_config()))
    stream = TemporalStream(network)
    for frame in random_clip(seed=2):
        stream.push(frame)
    stream.reset()
    clip = random_clip(40)
    found = np.stack([stream.push(frame) for frame in clip])
    assert np.abs(found - network.forward_clip(clip)).max() < 1e-5


def test_a_symmetric_network_is_refused():
    network = TemporalNetwork(random_weights(ray_config(causal=False)))
    with pytest.raises(LiftError, match="expected a causal network, found a symmetric one"):
        TemporalStream(network)
