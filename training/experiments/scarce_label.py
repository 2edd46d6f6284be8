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

from ..configs import DataConfig, Experiment, SemiConfig, paper_semi_s1_10pct
from ..datasets.protocol import select_clips, unlabelled
from ..datasets.splits import Splits
from ..datasets.studio import StudioConfig
from .arm import ArmScores, film_splits, train_arm
from .report import draw_label_curve, write_table

_FPS = 30
_NEVER_UNLABELLED = "idle"
"""Performers that only stand about are left out of the unlabelled stream."""


def make_experiment(
    *,
    learning_rate: float,
    dropout: float,
    relative_input_scale: float,
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
        lifter=replace(
            base.lifter,
            channels=256,
            dropout=dropout,
            relative_input_scale=relative_input_scale,
            fps=_FPS,
        ),
        training=TrainingConfig(
            num_epochs=num_epochs,
            learning_rate=learning_rate,
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


@dataclass(frozen=True, slots=True, eq=False)
class Studio:
    """Everyone's clips in the virtual studio: true 2D, four cameras."""

    train: ClipSet
    validation: ClipSet
    test: ClipSet

    def splits(self, performer: str, share: float, *, seed: int) -> Splits:
        """The performer's labelled share, drawn by ``seed``, and everyone else's 2D."""
        others = [
            subject
            for subject in self.train.subjects
            if subject != performer and _NEVER_UNLABELLED not in subject
        ]
        labelled = select_clips(
            self.train, subjects=[performer], actions=None, share=share, seed=seed
        )
        stream = unlabelled(select_clips(self.train, subjects=others, actions=None))
        return Splits(labelled, stream, self.validation)


def open_studio(folder: Path) -> Studio:
    """Film the mocap's three splits."""
    lifter = replace(paper_semi_s1_10pct().lifter, fps=_FPS)
    config = StudioConfig(fps=_FPS, noise=0.0)
    return Studio(*film_splits(folder, lifter, studio=config))


def main(arguments: list[str] | None = None) -> None:
    """Train every arm and seed, then print, write and draw the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="mocap folder with its splits")
    parser.add_argument("--run", type=Path, default=Path("runs/scarce_label"))
    parser.add_argument("--performer", default="cmu_014", help="whose labels are known")
    parser.add_argument(
        "--arms",
        nargs="+",
        default=["supervised:0.1", "semi-supervised:0.1", "supervised:0.01", "supervised:1"],
        help="ARM:LABELLED_SHARE",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps-per-epoch", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--warmup-epochs", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument(
        "--input-scale", type=float, default=5.0, help="0: raw coordinates, as in the paper"
    )
    parser.add_argument(
        "--root-on-ray", action="store_true", help="the trajectory network learns depth alone"
    )
    parser.add_argument("--tune", action="store_true", help="do not look at the test clips")
    parsed = parser.parse_args(arguments)
    studio = open_studio(parsed.data)
    semi = SemiConfig(warmup_epochs=parsed.warmup_epochs, is_root_on_ray=parsed.root_on_ray)
    results: dict[tuple[str, float], list[ArmScores]] = {}
    for arm in parsed.arms:
        name, _, share = arm.partition(":")
        for seed in parsed.seeds:
            experiment = make_experiment(
                learning_rate=parsed.learning_rate,
                dropout=parsed.dropout,
                relative_input_scale=parsed.input_scale,
                semi=semi if name == "semi-supervised" else None,
                num_epochs=parsed.epochs,
                steps_per_epoch=parsed.steps_per_epoch,
                batch_size=parsed.batch_size,
                seed=seed,
            )
            scores = train_arm(
                experiment,
                studio.splits(parsed.performer, float(share), seed=seed),
                None if parsed.tune else studio.test,
                parsed.run / f"{name}-{share}-seed{seed}",
                description={
                    "mocap": str(parsed.data),
                    "performer": parsed.performer,
                    "share": float(share),
                },
            )
            results.setdefault((name, float(share)), []).append(scores)
    write_results(parsed.run, results)


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
