"""Train a lifter: ``python -m training.train EXPERIMENT --data PATH [--run FOLDER]``.

EXPERIMENT is one of ``training.configs``; several GPUs or machines train one model under ``torchrun``.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict

import torch
import torch.distributed as dist

from core.errors import LiftError
from core.learning.distributed import Share
from core.learning.trainer import Silence, Task, train

from .configs import Experiment
from .datasets.mocap_folder import load_mocap
from .datasets.splits import load_splits
from .device import check_share, choose_device, join_processes
from .paper_task import make_paper_task
from .ray_task import make_ray_task
from .run_config import describe_run
from .run_folder import RunFolder
from .train_options import TrainOptions, read_options, resolve

_MAY_CHANGE = ("training.num_epochs", "training.use_compile", "paths", "device")


def main(arguments: list[str] | None = None) -> int:
    """Train as the command line says; 0 when done, 1 when the data or the run is bad."""
    options = read_options(arguments)
    try:
        share = join_processes(options.device)
        run(options, share)
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


def run(options: TrainOptions, share: Share) -> list[dict[str, float]]:
    """Load the data, train, and leave the run folder behind; one row of figures per epoch."""
    device = choose_device(options.device, share)
    experiment = resolve(options)
    experiment, task = make_task(experiment, options, device=device, share=share)
    folder = None
    if share.is_first:
        described = describe_run(experiment, options.paths)
        folder = RunFolder(options.run, described, may_change=_MAY_CHANGE)
    with folder or nullcontext():
        return train(
            task,
            experiment.training,
            last_checkpoint=options.run / "last.pt",
            best_checkpoint=options.run / "best.pt",
            lifter_json=json.dumps(asdict(experiment.lifter)),
            observer=folder or Silence(),
            seed=experiment.seed,
            share=share,
        )


def make_task(
    experiment: Experiment, options: TrainOptions, *, device: torch.device, share: Share
) -> tuple[Experiment, Task]:
    """The experiment as the data makes it, and its task."""
    check_share(experiment.batch_size, share)
    if experiment.recipe == "ray":
        train_clips, skipped = load_mocap(options.paths.data, "train")
        val_clips, more = load_mocap(options.paths.data, "val")
        found = f"{len(train_clips)} clips to learn from, {len(val_clips)} for validation"
        _tell(found, skipped + more, share)
        return experiment, make_ray_task(
            experiment, train_clips, val_clips, device=device, share=share
        )
    splits = load_splits(
        options.paths,
        experiment.data,
        experiment.lifter,
        seed=experiment.seed,
        with_unlabelled=experiment.semi is not None,
    )
    unlabelled = splits.unlabelled.num_frames if splits.unlabelled else 0
    _tell(
        f"{splits.train.num_frames} labelled frames, {unlabelled} unlabelled, "
        f"{splits.validation.num_frames} for validation",
        splits.notes,
        share,
    )
    experiment = experiment.for_clips(splits.train)
    return experiment, make_paper_task(experiment, splits, device=device, share=share)


def _tell(found: str, notes: list[str] | tuple[str, ...], share: Share) -> None:
    if share.is_first:
        left_out = f"; {len(notes)} left out or noted:" if notes else ""
        print(f"data: {found}{left_out}", *notes, sep="\n  ", flush=True)


if __name__ == "__main__":
    sys.exit(main())
