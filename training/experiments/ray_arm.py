"""One arm of an experiment on networks of rays: trained in its own run folder, scored once."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import log
from pathlib import Path

import numpy as np
import torch

from core.io.atomic import atomic_output
from core.learning.network import TemporalModel
from core.learning.schedule import TrainingConfig
from core.learning.trainer import Task
from core.lifting.config import LifterConfig
from core.lifting.normalization import IN_FEATURES, NUM_CLIP_OUTPUTS, OUT_FEATURES
from core.lifting.weights import LifterWeights, fold_batch_norm

from ..configs import Experiment, default
from ..datasets.bvh import MocapClip
from ..datasets.mocap_folder import load_mocap
from ..ray_reading import CONFIDENCE_FEATURE, REACH_FEATURE
from ..run_config import SINCE_ADDED, fingerprint
from ..run_folder import RunFolder
from .arm import train_in_folder
from .validation import Scores, ValidationClips, score

_REACH_SHARE, _LOG_SIGMA = 2, 4
_CONSTANT_SIGMA = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class MocapSplits:
    """The clips that networks learn from, and those that tell how they do."""

    train: Sequence[MocapClip]
    val: Sequence[MocapClip]

    def fingerprint(self) -> dict[str, dict[str, object]]:
        """What tells this mocap from other mocap."""
        return fingerprint(
            {
                split: [(f"{clip.group}/{clip.name}", len(clip.positions)) for clip in clips]
                for split, clips in (("train", self.train), ("validation", self.val))
            }
        )


def short_experiment(
    name: str, lifter: LifterConfig, options: argparse.Namespace, *, warmup_steps: int, seed: int
) -> Experiment:
    """The default recipe for another network, on a short schedule that cools down for half of it.

    Parameters
    ----------
    name : str
    lifter : LifterConfig
    options : argparse.Namespace
        Of ``arm_parser``: how long and how fast it trains.
    warmup_steps : int
    seed : int
    """
    base = default()
    return replace(
        base,
        name=name,
        lifter=lifter,
        training=TrainingConfig(
            num_epochs=options.epochs,
            optimizer="adamw",
            learning_rate=options.learning_rate,
            schedule="trapezoid",
            warmup_steps=warmup_steps,
            cooldown_share=0.5,
            weight_decay=base.training.weight_decay,
            clip_norm=base.training.clip_norm,
            batch_norm_momentum=base.training.batch_norm_momentum,
            best_by=base.training.best_by,
        ),
        batch_size=options.batch_size,
        steps_per_epoch=options.steps_per_epoch,
        seed=seed,
    )


def arm_parser(
    description: str | None, *, arms: Sequence[str], run: str
) -> argparse.ArgumentParser:
    """The options that experiments on networks of rays have in common; how long they train is their own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="mocap folder with its splits")
    parser.add_argument("--real", type=Path, required=True, help="folder of real clips")
    parser.add_argument("--run", type=Path, default=Path(run))
    parser.add_argument("--arms", nargs="+", choices=list(arms), default=list(arms))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps-per-epoch", type=int)
    parser.add_argument("--batch-size", type=int, default=16, help="windows of each stream")
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--views", type=int, default=32, help="of mocap, to validate on")
    return parser


def load_mocap_splits(folder: Path) -> MocapSplits:
    """Training and validation clips of a mocap folder; prints how many were left out."""
    train_clips, notes = load_mocap(folder, "train")
    val_clips, more = load_mocap(folder, "val")
    print(
        f"mocap: {len(train_clips)} clips to learn from, {len(val_clips)} for validation; "
        f"{len(notes) + len(more)} notes on what was left out or cut",
        flush=True,
    )
    return MocapSplits(train_clips, val_clips)


def train_ray_arm(
    experiment: Experiment,
    make_task: Callable[[Experiment, torch.device, bool], Task],
    clips: ValidationClips,
    folder: Path,
    *,
    description: Mapping[str, object],
) -> dict[str, Scores]:
    """Train one arm and score its last checkpoint; a finished arm is read back.

    Parameters
    ----------
    experiment : Experiment
    make_task : callable
        The task of an experiment on a device; whether its run has begun.
    clips : mapping
        ``load_validation``.
    folder : Path
        The arm's run folder.
    description : mapping
        Whatever else the result follows from.

    Raises
    ------
    LiftError
        When the folder holds another arm.
    """
    described = json.loads(json.dumps({**asdict(experiment), **description}, default=str))
    with RunFolder(folder, described, since_added=SINCE_ADDED) as run_folder:
        path = folder / "scores.json"
        if path.exists():
            return _read_scores(path)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        task = make_task(experiment, device, run_folder.last_checkpoint.exists())
        train_in_folder(run_folder, task, experiment)
        network = task.objective.get_submodule("model_pos")
        assert isinstance(network, TemporalModel)
        scores = score(weights_of(network, experiment), experiment.reading, clips)
        with atomic_output(path) as partial:
            stored = {name: asdict(figures) for name, figures in scores.items()}
            partial.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    return scores


def _read_scores(path: Path) -> dict[str, Scores]:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {name: Scores(**figures) for name, figures in stored.items()}


def weights_of(network: TemporalModel, experiment: Experiment) -> LifterWeights:
    """A trained network as a model file holds it, deaf to what its reading hides.

    What was never an input, nor asked for, has weights that mean nothing: they are zero, and an
    uncertainty that was not learned is a constant.
    """
    state = {name: value.cpu().numpy() for name, value in network.state_dict().items()}
    weights = fold_batch_norm(experiment.lifter, state)
    reading, loss = experiment.reading, experiment.loss
    first, last = (tuple(map(np.copy, weights.layers[place])) for place in (0, -1))
    shown = first[0].reshape(len(first[0]), -1, IN_FEATURES, first[0].shape[2])
    told_weight = last[0][:-NUM_CLIP_OUTPUTS].reshape(-1, OUT_FEATURES, last[0].shape[1])
    told_bias = last[1][:-NUM_CLIP_OUTPUTS].reshape(-1, OUT_FEATURES)
    if not reading.has_confidence:
        shown[:, :, CONFIDENCE_FEATURE] = 0
    if not reading.has_reach:
        shown[:, :, REACH_FEATURE] = 0
        told_weight[:, _REACH_SHARE] = told_bias[:, _REACH_SHARE] = 0
    if not loss.likelihood:
        told_weight[:, _LOG_SIGMA], told_bias[:, _LOG_SIGMA] = 0, log(_CONSTANT_SIGMA)
    layers = ((first[0], first[1]), *weights.layers[1:-1], (last[0], last[1]))
    return LifterWeights(weights.config, layers)
