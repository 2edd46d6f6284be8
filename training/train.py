"""Train a lifter: ``python -m training.train EXPERIMENT --data PATH [--run FOLDER]``.

EXPERIMENT is one of ``training.configs``; several GPUs or machines train one model under ``torchrun``.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
import torch.distributed as dist

from core.errors import LiftError
from core.learning.checkpoint_file import read_checkpoint
from core.learning.distributed import Share
from core.learning.trainer import Silence, Task, train

from .configs import Experiment
from .datasets.mocap_folder import load_mocap
from .datasets.splits import load_splits
from .device import check_share, choose_device, join_processes, usable_precision
from .paper_task import make_paper_task
from .ray_task import make_ray_task
from .run_config import MAY_CHANGE, SINCE_ADDED, Fingerprint, describe_run, fingerprint
from .run_folder import RunFolder
from .train_options import TrainOptions, read_options, resolve


def main(arguments: list[str] | None = None) -> int:
    """Train as the command line says; 0 when done, 1 when data or run is bad, 130 when interrupted."""
    options = read_options(arguments)
    try:
        return _train_until_stopped(options)
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _train_until_stopped(options: TrainOptions) -> int:
    share = Share()
    try:
        share = join_processes(options.device)
        run(options, share)
    except KeyboardInterrupt:
        if share.is_first:
            num_epochs = _num_epochs_done(options.run / "last.pt")
            next_time = f"goes on after epoch {num_epochs}" if num_epochs else "begins anew"
            print(f"stopped; the same command {next_time}", file=sys.stderr)
        return 130
    return 0


def _num_epochs_done(last_checkpoint: Path) -> int:
    return read_checkpoint(last_checkpoint)["epoch"] if last_checkpoint.exists() else 0


def run(options: TrainOptions, share: Share) -> list[dict[str, float]]:
    """Load the data, train, and leave the run folder behind; one row of figures per epoch."""
    device = choose_device(options.device, share)
    experiment = resolve(options)
    experiment, task, found = make_task(experiment, options, device=device, share=share)
    training = usable_precision(experiment.training, device)
    folder = None
    if share.is_first:
        if training != experiment.training:
            print("precision: float32, since this CPU has no bfloat16 instructions", flush=True)
        described = describe_run(experiment, options.paths, found)
        folder = RunFolder(options.run, described, may_change=MAY_CHANGE, since_added=SINCE_ADDED)
    with folder or nullcontext():
        return train(
            task,
            training,
            last_checkpoint=options.run / "last.pt",
            best_checkpoint=options.run / "best.pt",
            lifter_json=json.dumps(asdict(experiment.lifter)),
            observer=folder or Silence(),
            seed=experiment.seed,
            share=share,
        )


def make_task(
    experiment: Experiment, options: TrainOptions, *, device: torch.device, share: Share
) -> tuple[Experiment, Task, Fingerprint]:
    """The experiment as the data makes it, its task, and what tells this data from other data."""
    check_share(experiment.batch_size, share)
    if experiment.recipe == "ray":
        train_clips, skipped = load_mocap(options.paths.data, "train")
        val_clips, more = load_mocap(options.paths.data, "val")
        found = f"{len(train_clips)} clips to learn from, {len(val_clips)} for validation"
        _tell(found, skipped + more, share)
        task = make_ray_task(
            experiment,
            train_clips,
            val_clips,
            device=device,
            share=share,
            is_begun=(options.run / "last.pt").exists(),
        )
        mocap = {"train": train_clips, "validation": val_clips}
        lengths = {
            split: [(f"{clip.group}/{clip.name}", len(clip.positions)) for clip in clips]
            for split, clips in mocap.items()
        }
        return experiment, task, fingerprint(lengths)
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
    task = make_paper_task(experiment, splits, device=device, share=share)
    sets = {
        "train": splits.train,
        "unlabelled": splits.unlabelled,
        "validation": splits.validation,
    }
    lengths = {
        split: [(clip.name, clip.num_frames) for clip in clips.clips] if clips else []
        for split, clips in sets.items()
    }
    return experiment, task, fingerprint(lengths)


def _tell(found: str, notes: list[str] | tuple[str, ...], share: Share) -> None:
    if share.is_first:
        left_out = f"; {len(notes)} left out or noted:" if notes else ""
        print(f"data: {found}{left_out}", *notes, sep="\n  ", flush=True)


if __name__ == "__main__":
    sys.exit(main())
