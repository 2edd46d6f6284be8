"""What of the recipe pays? ``python -m training.experiments.ablation --data MOCAP --real REAL``.

Small networks, trained alike from scratch but for one setting, compared on mocap's validation split and
the real validation clips. The table is written anew after every finished run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from core.learning.distributed import Share
from core.learning.loss_weights import RayLossWeights
from core.learning.trainer import Task

from ..configs import Experiment, default
from ..datasets.detector import AS_FITTED
from ..datasets.view_config import ViewConfig
from ..ray_reading import RayReading
from ..ray_task import make_ray_task
from .ray_arm import (
    MocapSplits,
    arm_parser,
    load_mocap_splits,
    short_experiment,
    train_ray_arm,
)
from .report import write_table
from .validation import Scores, load_validation, score_cells

_TOLD_POSES = RayReading(has_reach=False, is_on_rays=False)
"""Whoever is not told of rays in metres cannot correct them: x and y are told, relative to the root."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A setting, in the table's words, and what it changes."""

    title: str
    change: Callable[[Experiment], Experiment]


def _views(**changes: object) -> Callable[[Experiment], Experiment]:
    return lambda base: replace(base, views=replace(base.views, **changes))


def _reading(reading: RayReading) -> Callable[[Experiment], Experiment]:
    return lambda base: replace(base, reading=reading)


def _loss(**weights: float) -> Callable[[Experiment], Experiment]:
    return lambda base: replace(base, loss=RayLossWeights(**weights))


def _lifter(**changes: object) -> Callable[[Experiment], Experiment]:
    return lambda base: replace(base, lifter=replace(base.lifter, **changes))


def _chunks(length: int) -> Callable[[Experiment], Experiment]:
    """Windows of another length, as many as make the same number of output frames a step."""
    return lambda base: replace(
        base,
        chunk_length=length,
        batch_size=max(1, base.batch_size * base.chunk_length // length),
    )


_NO_NOISE = {"variety": AS_FITTED, "joint_offset": 0.0, "share_dropped": 0.0, "max_bursts": 0}
_ALL_SEEN = {
    f"share_{part}": 0.0
    for part in ("cropped", "close_up", "lower_body_hidden", "limb_hidden", "lost")
}

ARMS: dict[str, Arm] = {
    "base": Arm("the recipe", lambda base: base),
    "image": Arm(
        "place in the image, poses told, no ruler (paper)",
        _reading(replace(_TOLD_POSES, place="image")),
    ),
    "root": Arm(
        "place from the root, poses told, no ruler", _reading(replace(_TOLD_POSES, place="root"))
    ),
    "size": Arm(
        "turned camera, by apparent size, poses told", _reading(replace(_TOLD_POSES, place="size"))
    ),
    "metres": Arm("turned camera, by the ruler, poses told", _reading(_TOLD_POSES)),
    "no_reach": Arm(
        "no depth reach: rays corrected, no foreshortening told",
        _reading(RayReading(has_reach=False)),
    ),
    "no_rays": Arm(
        "no ray-consistent output: poses told, reach told", _reading(RayReading(is_on_rays=False))
    ),
    "no_confidence": Arm("no confidence input", _reading(RayReading(has_confidence=False))),
    "no_noise": Arm("noise: none", _views(detector="perfect", **_NO_NOISE)),
    "gaussian": Arm("noise: gaussian guess", _views(detector="gaussian", **_NO_NOISE)),
    "fitted": Arm("noise: the fitted detector alone, no variety", _views(variety=AS_FITTED)),
    "mean_bodies": Arm("no proportion scaling", _views(body_spread=0.0, share_children=0.0)),
    "true_speed": Arm("no speed augmentation", _views(min_speed=1.0, max_speed=1.0)),
    "all_seen": Arm("no partial views", _views(**_ALL_SEEN)),
    "frames_27": Arm("27 frames", _lifter(filter_widths=(3, 3, 3))),
    "frames_243": Arm("243 frames", _lifter(filter_widths=(3, 3, 3, 3, 3))),
    "channels_128": Arm("128 channels", _lifter(channels=128)),
    "channels_512": Arm("512 channels", _lifter(channels=512)),
    "chunk_24": Arm("24 output frames of a window", _chunks(24)),
    "chunk_192": Arm("192 output frames of a window", _chunks(192)),
    "no_velocity": Arm("no velocity term", _loss(velocity=0.0)),
    "bone_length": Arm("bone-length term", _loss(bone_length=0.5)),
    "no_uncertainty": Arm("no depth uncertainty", _loss(likelihood=0.0)),
    "causal": Arm("causal", _lifter(causal=True)),
}
"""Every arm by name; the first is what the others differ from."""


def make_base(options: argparse.Namespace, seed: int) -> Experiment:
    """The default model's recipe, small and short."""
    lifter = replace(default().lifter, channels=options.channels)
    base = short_experiment("ablation", lifter, options, warmup_steps=100, seed=seed)
    # As they are today: a later default must not change what a table compares.
    return replace(base, views=ViewConfig())


def main(arguments: list[str] | None = None) -> None:
    """Train every arm and seed; print and write the table after each."""
    parsed = parse(arguments)
    splits = load_mocap_splits(parsed.data)
    clips = load_validation(parsed.data, parsed.real, num_views=parsed.views)
    found = splits.fingerprint()
    results: dict[str, list[Mapping[str, Scores]]] = {}
    # A seed of every arm before the next: what is there first compares all of them.
    for seed in parsed.seeds:
        for name in parsed.arms:
            print(f"arm {name}, seed {seed}: {ARMS[name].title}", flush=True)
            scores = train_ray_arm(
                ARMS[name].change(make_base(parsed, seed)),
                lambda experiment, device, is_begun: _make_task(
                    experiment, splits, device, is_begun=is_begun
                ),
                clips,
                parsed.run / f"{name}-seed{seed}",
                description={"fingerprint": found, "num_views": parsed.views},
            )
            results.setdefault(name, []).append(scores)
            write_results(parsed.run, results)


def _make_task(
    experiment: Experiment, splits: MocapSplits, device: torch.device, *, is_begun: bool
) -> Task:
    return make_ray_task(
        experiment, splits.train, splits.val, device=device, share=Share(), is_begun=is_begun
    )


def write_results(folder: Path, results: Mapping[str, Sequence[Mapping[str, Scores]]]) -> None:
    """The table: a row per arm, mean and spread (standard deviation) over its seeds."""
    rows = [
        {"arm": name, "setting": ARMS[name].title, "seeds": len(runs), **score_cells(runs)}
        for name, runs in results.items()
    ]
    write_table(folder / "ablation.md", rows)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line's options."""
    parser = arm_parser(__doc__, arms=list(ARMS), run="runs/ablation")
    parser.add_argument("--channels", type=int, default=256)
    parser.set_defaults(epochs=8, steps_per_epoch=100, learning_rate=1.5e-3)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
