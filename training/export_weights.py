"""Turn a training checkpoint into a model file: ``python -m training.export_weights RUN MODEL.npz``."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch

from core.lifting.config import LifterConfig
from core.lifting.weights import LifterWeights, fold_batch_norm, save_weights

from .train import default_config


def weights_of_checkpoint(path: Path) -> LifterWeights:
    """The network of a training checkpoint, BatchNorm folded, no pickled code run."""
    checkpoint = torch.load(path, weights_only=True, map_location="cpu")
    state = {name: tensor.numpy() for name, tensor in checkpoint["model"].items()}
    config: LifterConfig = default_config(int(state["expand_conv.weight"].shape[0]))
    summary = {"num_steps": int(checkpoint["num_steps_done"])}
    return fold_batch_norm(replace(config, training=summary), state)


def main() -> None:
    """Parse the command line and convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="last.pt of a run folder")
    parser.add_argument("model", type=Path, help="the .npz to write")
    parser.add_argument("--summary", type=Path, help="JSON with the training summary to store")
    arguments = parser.parse_args()
    weights = weights_of_checkpoint(arguments.checkpoint)
    if arguments.summary:
        summary = json.loads(arguments.summary.read_text(encoding="utf-8"))
        weights = replace(
            weights,
            config=replace(weights.config, training={**weights.config.training, **summary}),
        )
    save_weights(arguments.model, weights)
    size = arguments.model.stat().st_size / 1e6
    print(f"{arguments.model}: {weights.num_parameters:,} numbers, {size:.1f} MB")


if __name__ == "__main__":
    main()
