"""One arm of an experiment: a network trained in its own run folder, and its scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path

import torch
from torch import nn

from core.io.atomic import atomic_output
from core.learning.clips import ClipSet
from core.learning.distributed import Share
from core.learning.trainer import Task, train
from core.lifting.config import LifterConfig

from ..configs import Experiment
from ..datasets.splits import Purpose, Splits, load_filmed
from ..datasets.studio import StudioConfig
from ..evaluation.protocol import evaluate_clips, pooled
from ..paper_task import make_paper_task, make_predictor
from ..run_config import SINCE_ADDED
from ..run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class ArmScores:
    """Frame-averaged errors on the test clips (mm, mm per frame) and on the validation clips."""

    test_mpjpe_mm: float
    test_p_mpjpe_mm: float
    test_mpjve_mm: float
    val_mpjpe_mm: float


def train_arm(
    experiment: Experiment,
    splits: Splits,
    test: ClipSet | None,
    folder: Path,
    *,
    description: Mapping[str, object],
) -> ArmScores:
    """Train one arm and score its last checkpoint in one pass; a finished arm is read back.

    Parameters
    ----------
    experiment : Experiment
    splits : Splits
    test : ClipSet or None
        None while settings are being chosen: the test clips are not looked at.
    folder : Path
        The arm's run folder.
    description : mapping
        Whatever else the result follows from: where the data is, who is labelled.

    Raises
    ------
    LiftError
        When the folder holds another arm.
    """
    experiment = experiment.for_clips(splits.train)
    described = {**asdict(experiment), **description, "has_test": test is not None}
    described = json.loads(json.dumps(described))
    with RunFolder(folder, described, since_added=SINCE_ADDED) as run_folder:
        scores_path = folder / "scores.json"
        if scores_path.exists():
            return ArmScores(**json.loads(scores_path.read_text(encoding="utf-8")))
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        task = make_paper_task(experiment, splits, device=device, share=Share())
        history = train_in_folder(run_folder, task, experiment)
        scores = _score(task.objective, experiment, test, history[-1]["val_mpjpe_mm"])
        with atomic_output(scores_path) as partial:
            partial.write_text(json.dumps(asdict(scores), indent=2) + "\n", encoding="utf-8")
    return scores


def train_in_folder(
    run_folder: RunFolder, task: Task, experiment: Experiment
) -> list[dict[str, float]]:
    """Train in one process, going on from the folder's last checkpoint; the figures of every epoch."""
    return train(
        task,
        experiment.training,
        last_checkpoint=run_folder.last_checkpoint,
        best_checkpoint=run_folder.best_checkpoint,
        lifter_json=json.dumps(asdict(experiment.lifter)),
        observer=run_folder,
        seed=experiment.seed,
        share=Share(),
    )


def _score(
    objective: nn.Module, experiment: Experiment, test: ClipSet | None, val_mpjpe_mm: float
) -> ArmScores:
    if test is None:
        return ArmScores(nan, nan, nan, val_mpjpe_mm)
    model_pos = getattr(objective, "model_pos", None)
    assert isinstance(model_pos, nn.Module)
    predict = make_predictor(model_pos, experiment.lifter, test, use_flip=False)
    scores = pooled(evaluate_clips(predict, test.clips))
    assert scores.mpjve_mm is not None
    return ArmScores(scores.mpjpe_mm, scores.p_mpjpe_mm, scores.mpjve_mm, val_mpjpe_mm)


def film_splits(
    folder: Path, lifter: LifterConfig, *, studio: StudioConfig | None = None
) -> tuple[ClipSet, ClipSet, ClipSet]:
    """Training, validation and test clips of a mocap folder; prints what was left out."""
    filmed: list[ClipSet] = []
    names: tuple[Purpose, ...] = ("train", "val", "test")
    for name in names:
        clips, notes = load_filmed(folder, name, lifter, seed=0, studio=studio)
        print(f"{name}: {clips.num_frames} frames", *notes, sep="\n  ", flush=True)
        filmed.append(clips)
    return filmed[0], filmed[1], filmed[2]
