"""One arm of an experiment: a network trained in its own run folder, and its scores."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from core.learning.clips import ClipSet
from core.learning.distributed import Share
from core.learning.trainer import train

from ..configs import Experiment
from ..datasets.splits import Splits
from ..evaluation.protocol import evaluate_clips
from ..paper_task import make_paper_task, make_predictor
from ..run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class ArmScores:
    """Frame-averaged errors on the test clips (mm, mm per frame) and on the validation clips."""

    test_mpjpe_mm: float
    test_p_mpjpe_mm: float
    test_mpjve_mm: float
    val_mpjpe_mm: float


def train_arm(experiment: Experiment, splits: Splits, test: ClipSet, folder: Path) -> ArmScores:
    """Train one arm and score its last checkpoint, one pass; a finished arm is read back."""
    scores_path = folder / "scores.json"
    if scores_path.exists():
        return ArmScores(**json.loads(scores_path.read_text(encoding="utf-8")))
    experiment = experiment.for_clips(splits.train)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = make_paper_task(experiment, splits, device=device, share=Share())
    with RunFolder(folder, asdict(experiment)) as run_folder:
        history = train(
            task,
            experiment.training,
            last_checkpoint=run_folder.last_checkpoint,
            best_checkpoint=run_folder.best_checkpoint,
            lifter_json=json.dumps(asdict(experiment.lifter)),
            observer=run_folder,
            seed=experiment.seed,
            share=Share(),
        )
    model_pos = getattr(task.objective, "model_pos", None)
    assert isinstance(model_pos, torch.nn.Module)
    predict = make_predictor(model_pos, experiment.lifter, test, use_flip=False)
    clips = evaluate_clips(predict, test.clips)
    num_frames = sum(score.num_frames for score in clips)
    num_steps = sum(score.num_frames - 1 for score in clips)
    scores = ArmScores(
        test_mpjpe_mm=sum(s.mpjpe_mm * s.num_frames for s in clips) / num_frames,
        test_p_mpjpe_mm=sum(s.p_mpjpe_mm * s.num_frames for s in clips) / num_frames,
        test_mpjve_mm=sum((s.mpjve_mm or 0.0) * (s.num_frames - 1) for s in clips) / num_steps,
        val_mpjpe_mm=history[-1]["val_mpjpe_mm"],
    )
    scores_path.write_text(json.dumps(asdict(scores), indent=2) + "\n", encoding="utf-8")
    return scores
