"""Few labels, much video: ``python -m training.experiments.scarce_label --data MOCAP``.

The paper's scarce-label experiment (METHOD.md section 4) on mocap in the virtual studio: a tenth of one
performer's clips is labelled, of the other performers only the true 2D is known, performers that nobody
has seen are tested. Both arms take the same number of optimiser steps; the supervised arm is also
trained with other shares of the performer's labels.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.learning.clips import ClipSet
from core.learning.schedule import TrainingConfig
from core.lifting.config import LifterConfig

from ..configs import DataConfig, Experiment, SemiConfig, paper_semi_s1_10pct
from ..datasets.protocol import select_clips, unlabelled
from ..datasets.splits import Splits, load_filmed
from ..datasets.studio import StudioConfig
from .arm import ArmScores, train_arm
from .report import draw_label_curve, write_table

_FPS = 30
_NEVER_UNLABELLED = "idle"
"""Performers that only stand about are left out of the unlabelled stream."""


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """What was tuned on the validation split, arm by arm."""

    learning_rate: float
    dropout: float


def make_experiment(
    *,
    settings: ArmSettings,
    num_epochs: int,
    steps_per_epoch: int,
    batch_size: int,
    semi: SemiConfig | None,
    seed: int,
) -> Experiment:
    """One arm: 27 frames, 256 channels, windows of one output frame."""
    base = paper_semi_s1_10pct()
    return replace(
        base,
        lifter=replace(base.lifter, channels=256, dropout=settings.dropout, fps=_FPS),
        training=TrainingConfig(
            num_epochs=num_epochs,
            learning_rate=settings.learning_rate,
            schedule="trapezoid",
            warmup_steps=200,
            cooldown_share=0.5,
        ),
        data=DataConfig(),
        semi=semi,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        seed=seed,
    )


def make_splits(
    folder: Path, lifter: LifterConfig, *, performer: str, share: float
) -> tuple[Splits, ClipSet]:
    """Labelled, unlabelled and validation clips, and the test clips: true 2D, four cameras."""
    studio = StudioConfig(fps=_FPS, noise=0.0)
    train, _ = load_filmed(folder, "train", lifter, seed=0, studio=studio)
    validation, _ = load_filmed(folder, "val", lifter, seed=0, studio=studio)
    test, _ = load_filmed(folder, "test", lifter, seed=0, studio=studio)
    others = [
        subject
        for subject in train.subjects
        if subject != performer and _NEVER_UNLABELLED not in subject
    ]
    labelled = select_clips(train, subjects=[performer], actions=None, share=share)
    stream = unlabelled(select_clips(train, subjects=others, actions=None))
    return Splits(labelled, stream, validation), test


def main() -> None:
    """Train every arm and seed, then print, write and draw the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="mocap folder with its splits")
    parser.add_argument("--run", type=Path, default=Path("runs/scarce_label"))
    parser.add_argument("--performer", default="cmu_014", help="whose labels are known")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.1, 1.0])
    parser.add_argument("--semi-share", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps-per-epoch", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--warmup-epochs", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, nargs=2, default=[1e-3, 1e-3])
    parser.add_argument("--dropout", type=float, nargs=2, default=[0.25, 0.25])
    parser.add_argument("--skip-supervised", action="store_true")
    parser.add_argument("--skip-semi", action="store_true")
    arguments = parser.parse_args()
    results: dict[tuple[str, float], list[ArmScores]] = {}
    arms = [("supervised", share) for share in arguments.shares if not arguments.skip_supervised]
    if not arguments.skip_semi:
        arms.append(("semi-supervised", arguments.semi_share))
    semi = SemiConfig(warmup_epochs=arguments.warmup_epochs)
    lifter = replace(paper_semi_s1_10pct().lifter, fps=_FPS)
    for name, share in arms:
        is_semi = name == "semi-supervised"
        splits, test = make_splits(
            arguments.data, lifter, performer=arguments.performer, share=share
        )
        for seed in arguments.seeds:
            experiment = make_experiment(
                settings=ArmSettings(arguments.learning_rate[is_semi], arguments.dropout[is_semi]),
                num_epochs=arguments.epochs,
                steps_per_epoch=arguments.steps_per_epoch,
                batch_size=arguments.batch_size,
                semi=semi if is_semi else None,
                seed=seed,
            )
            folder = arguments.run / f"{name}-{share:g}-seed{seed}"
            scores = train_arm(experiment, splits, test, folder)
            results.setdefault((name, share), []).append(scores)
    write_results(arguments.run, results)


def write_results(folder: Path, results: dict[tuple[str, float], list[ArmScores]]) -> None:
    """Table and plot: mean and spread (standard deviation over seeds) of each arm."""

    def spread(values: list[float]) -> str:
        return f"{np.mean(values):.1f} ± {np.std(values, ddof=min(len(values) - 1, 1)):.1f}"

    rows = [
        {
            "arm": name,
            "labelled share": f"{share:.0%}",
            "seeds": len(scores),
            "MPJPE (mm)": spread([score.test_mpjpe_mm for score in scores]),
            "P-MPJPE (mm)": spread([score.test_p_mpjpe_mm for score in scores]),
            "MPJVE (mm/frame)": spread([score.test_mpjve_mm for score in scores]),
            "validation MPJPE (mm)": spread([score.val_mpjpe_mm for score in scores]),
        }
        for (name, share), scores in results.items()
    ]
    write_table(folder / "scarce_label.md", rows)
    errors = {key: [score.test_mpjpe_mm for score in scores] for key, scores in results.items()}
    for (name, share), values in errors.items():
        supervised = errors.get(("supervised", share))
        if name == "semi-supervised" and supervised:
            gain = 1 - np.mean(values) / np.mean(supervised)
            print(f"gain over the supervised arm at {share:.0%}: {gain:.1%}")
    draw_label_curve(folder / "scarce_label.png", errors)


if __name__ == "__main__":
    main()
