"""Does a longer receptive field help? ``python -m training.experiments.receptive_field --data MOCAP``.

The paper's networks of 1, 27, 81 and 243 frames and the causal one of 243, alike but for that, trained
on mocap seen by the virtual studio's noisy detector, tested on performers that none of them has seen.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from core.joint_sets import COCO_17
from core.learning.schedule import TrainingConfig

from ..configs import (
    DataConfig,
    Experiment,
    paper_1,
    paper_27,
    paper_81,
    paper_243,
    paper_243_causal,
)
from ..datasets.splits import Splits
from .arm import ArmScores, film_splits, train_arm
from .report import write_table

_FPS = 30


def make_arms(
    *,
    channels: int,
    relative_input_scale: float,
    learning_rate: float,
    num_epochs: int,
    steps_per_epoch: int,
    batch_size: int,
    chunk_length: int,
) -> dict[str, Experiment]:
    """The five experiments by name, the same but for the receptive field."""
    arms: dict[str, Experiment] = {}
    for function in (paper_1, paper_27, paper_81, paper_243, paper_243_causal):
        base = function()
        arms[function.__name__] = replace(
            base,
            lifter=replace(
                base.lifter,
                channels=channels,
                joint_set_in=COCO_17.name,
                relative_input_scale=relative_input_scale,
                fps=_FPS,
            ),
            training=TrainingConfig(
                num_epochs=num_epochs,
                learning_rate=learning_rate,
                schedule="trapezoid",
                warmup_steps=100,
                cooldown_share=0.5,
            ),
            data=DataConfig(),
            batch_size=batch_size,
            chunk_length=chunk_length,
            steps_per_epoch=steps_per_epoch,
        )
    return arms


def main(arguments: list[str] | None = None) -> None:
    """Train every arm, then print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="mocap folder with its splits")
    parser.add_argument("--run", type=Path, default=Path("runs/receptive_field"))
    parser.add_argument("--channels", type=int, default=256)
    parser.add_argument(
        "--input-scale", type=float, default=5.0, help="0: raw coordinates, as in the paper"
    )
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps-per-epoch", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=8, help="windows of a step")
    parser.add_argument("--chunk-length", type=int, default=128, help="output frames of a window")
    parser.add_argument("--only", nargs="+", help="these arms alone")
    parsed = parser.parse_args(arguments)
    arms = make_arms(
        channels=parsed.channels,
        relative_input_scale=parsed.input_scale,
        learning_rate=parsed.learning_rate,
        num_epochs=parsed.epochs,
        steps_per_epoch=parsed.steps_per_epoch,
        batch_size=parsed.batch_size,
        chunk_length=parsed.chunk_length,
    )
    train, validation, test = film_splits(parsed.data, arms["paper_243"].lifter)
    splits = Splits(train, None, validation)
    scores: dict[str, ArmScores] = {
        name: train_arm(
            arm,
            splits,
            test,
            parsed.run / name,
            description={"data": str(parsed.data)},
        )
        for name, arm in arms.items()
        if not parsed.only or name in parsed.only
    }
    rows = [
        {
            "network": name,
            "frames": arms[name].lifter.receptive_field,
            "MPJPE (mm)": f"{score.test_mpjpe_mm:.1f}",
            "P-MPJPE (mm)": f"{score.test_p_mpjpe_mm:.1f}",
            "MPJVE (mm/frame)": f"{score.test_mpjve_mm:.2f}",
            "validation MPJPE (mm)": f"{score.val_mpjpe_mm:.1f}",
        }
        for name, score in scores.items()
    ]
    write_table(parsed.run / "receptive_field.md", rows)


if __name__ == "__main__":
    main()
