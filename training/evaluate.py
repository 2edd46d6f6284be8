"""Measure a model on real clips: ``python -m training.evaluate --model MODEL.npz --data FOLDER``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.lifting.weights import load_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings

from .datasets.real import load_real_clips
from .evaluation.real import evaluate_clip, print_table


def main() -> None:
    """Parse the command line, evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="a model file (.npz)")
    parser.add_argument("--data", type=Path, required=True, help="folder of real clips")
    parser.add_argument("--smooth", type=float, default=LiftSettings().smooth, help="0 to 1")
    parser.add_argument("--only", default="", help="clips whose name holds this text")
    arguments = parser.parse_args()
    weights = load_weights(arguments.model)
    settings = LiftSettings(smooth=arguments.smooth)
    clips = [clip for clip in load_real_clips(arguments.data) if arguments.only in clip.name]
    print_table(evaluate_clip(clip, weights, settings) for clip in clips)


if __name__ == "__main__":
    main()
