"""Networks of random weights, small enough for tests."""

from __future__ import annotations

import numpy as np

from core.joint_sets import BODY_23, LIFTED_21
from core.lifting.config import LifterConfig
from core.lifting.normalization import IN_FEATURES, NUM_CLIP_OUTPUTS, OUT_FEATURES
from core.lifting.weights import LifterWeights


def ray_config(*, causal=True, filter_widths=(3, 3, 3), channels=16, **changes):
    """The default model's contract in a small shape."""
    settings = {
        "num_joints_in": BODY_23.num_joints,
        "in_features": IN_FEATURES,
        "num_joints_out": LIFTED_21.num_joints,
        "out_features": OUT_FEATURES,
        "num_clip_outputs": NUM_CLIP_OUTPUTS,
        "normalization": "ray",
        "joint_set_in": BODY_23.name,
        "joint_set_out": LIFTED_21.name,
        "fps": 30,
    }
    return LifterConfig(
        **{**settings, **changes}, causal=causal, filter_widths=filter_widths, channels=channels
    )


def random_weights(config, seed=0):
    """Weights that keep the size of what goes through them."""
    rng = np.random.default_rng(seed)
    inputs = config.num_joints_in * config.in_features
    shapes = [(config.channels, inputs, config.filter_widths[0])]
    for width, _ in config.block_kernels():
        shapes += [(config.channels, config.channels, width), (config.channels, config.channels, 1)]
    shapes.append((config.num_outputs, config.channels, 1))
    layers = tuple(
        (
            (rng.normal(size=shape) / np.sqrt(shape[1] * shape[2])).astype(np.float32),
            (0.1 * rng.normal(size=shape[0])).astype(np.float32),
        )
        for shape in shapes
    )
    return LifterWeights(config, layers)
