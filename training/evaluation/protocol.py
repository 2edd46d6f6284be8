"""The paper's protocol: errors of root-relative poses per action, averaged over the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import LiftError
from core.learning.clips import TrainingClip
from core.metrics import mpjpe, mpjve, n_mpjpe, p_mpjpe

AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """Mean errors of an action's frames, mm, or of all rows; ``subject`` "" where all are pooled.

    ``mpjve_mm`` (mm per frame) is the mean over pairs of consecutive frames: None where there is but
    one frame.
    """

    subject: str
    action: str
    num_frames: int
    mpjpe_mm: float
    p_mpjpe_mm: float
    n_mpjpe_mm: float
    mpjve_mm: float | None


@dataclass(frozen=True, slots=True)
class ClipScore(ScoreRow):
    """Mean errors of one clip's frames."""

    camera_name: str


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """One row per action (and subject), and their mean, every row counting alike."""

    rows: tuple[ScoreRow, ...]
    average: ScoreRow


def evaluate_clips(
    predict: Callable[[TrainingClip], np.ndarray], clips: Sequence[TrainingClip]
) -> list[ClipScore]:
    """Compare predicted poses with every clip's own, joint 0 of the truth at the origin.

    Parameters
    ----------
    predict : callable
        A clip to its poses (T,K,3) m, relative to the root, in camera space.
    clips : sequence of TrainingClip
        Labelled.

    Raises
    ------
    LiftError
        When there is no clip, or one is unlabelled, or its prediction has another shape or a number
        that is not finite; names the clip.
    """
    if not clips:
        raise LiftError("evaluation: expected at least one clip, found none")
    return [_score(clip, predict(clip)) for clip in clips]


def by_action(scores: Iterable[ClipScore], *, group: Callable[[str], str]) -> ScoreTable:
    """Errors per action, all subjects and cameras pooled frame by frame, as for Human3.6M.

    Parameters
    ----------
    scores : iterable of ClipScore
    group : callable
        A clip's action to the name that it is reported under ("Walking 1" to "Walking").

    Raises
    ------
    LiftError
        When there is no score.
    """
    return _tabulate(scores, lambda score: ("", group(score.action)))


def by_subject_and_action(
    scores: Iterable[ClipScore], *, group: Callable[[str], str]
) -> ScoreTable:
    """Errors per subject and action, cameras pooled frame by frame, as for HumanEva.

    Parameters
    ----------
    scores : iterable of ClipScore
    group : callable
        A clip's action to the name that it is reported under ("Walking 1 chunk0" to "Walking").

    Raises
    ------
    LiftError
        When there is no score.
    """
    return _tabulate(scores, lambda score: (score.subject, group(score.action)))


def pooled(scores: Sequence[ClipScore]) -> ScoreRow:
    """Errors of all clips, pooled frame by frame.

    Raises
    ------
    LiftError
        When there is no score.
    """
    return _tabulate(scores, lambda _: ("", "all")).rows[0]


def _score(clip: TrainingClip, predicted: np.ndarray) -> ClipScore:
    if clip.positions is None:
        raise LiftError(f"{clip.name}: expected 3D positions to compare with, found none")
    truth = clip.positions - clip.positions[:, :1]
    predicted = np.asarray(predicted, dtype=float)
    if predicted.shape != truth.shape:
        raise LiftError(
            f"{clip.name}: expected predicted poses {truth.shape}, found {predicted.shape}"
        )
    is_broken = ~np.isfinite(predicted).all(axis=-1)
    if is_broken.any():
        frame, joint = np.argwhere(is_broken)[0].tolist()
        raise LiftError(
            f"{clip.name}: the prediction at frame {frame}, joint {joint} is not a finite number "
            f"({int(is_broken.sum())} such)"
        )
    return ClipScore(
        subject=clip.subject,
        action=clip.action,
        camera_name=clip.camera_name,
        num_frames=len(truth),
        mpjpe_mm=1000 * mpjpe(predicted, truth),
        p_mpjpe_mm=1000 * p_mpjpe(predicted, truth),
        n_mpjpe_mm=1000 * n_mpjpe(predicted, truth),
        mpjve_mm=1000 * mpjve(predicted, truth) if len(truth) > 1 else None,
    )


def _tabulate(
    scores: Iterable[ClipScore], key_of: Callable[[ClipScore], tuple[str, str]]
) -> ScoreTable:
    groups: dict[tuple[str, str], list[ClipScore]] = {}
    for score in scores:
        groups.setdefault(key_of(score), []).append(score)
    if not groups:
        raise LiftError("evaluation: expected at least one clip's scores, found none")
    rows = [_pool(subject, action, groups[subject, action]) for subject, action in sorted(groups)]
    return ScoreTable(rows=tuple(rows), average=_average(rows))


def _pool(subject: str, action: str, scores: list[ClipScore]) -> ScoreRow:
    """Mean over all frames of all clips; MPJVE over all pairs of consecutive frames."""
    frames = [score.num_frames for score in scores]
    moving = [
        (score.mpjve_mm, score.num_frames - 1) for score in scores if score.mpjve_mm is not None
    ]
    return ScoreRow(
        subject=subject,
        action=action,
        num_frames=sum(frames),
        mpjpe_mm=_mean([score.mpjpe_mm for score in scores], frames),
        p_mpjpe_mm=_mean([score.p_mpjpe_mm for score in scores], frames),
        n_mpjpe_mm=_mean([score.n_mpjpe_mm for score in scores], frames),
        mpjve_mm=_mean(*zip(*moving, strict=True)) if moving else None,
    )


def _average(rows: list[ScoreRow]) -> ScoreRow:
    velocities = [row.mpjve_mm for row in rows if row.mpjve_mm is not None]
    return ScoreRow(
        subject="",
        action=AVERAGE,
        num_frames=sum(row.num_frames for row in rows),
        mpjpe_mm=_mean([row.mpjpe_mm for row in rows]),
        p_mpjpe_mm=_mean([row.p_mpjpe_mm for row in rows]),
        n_mpjpe_mm=_mean([row.n_mpjpe_mm for row in rows]),
        mpjve_mm=_mean(velocities) if velocities else None,
    )


def _mean(values: Sequence[float], weights: Sequence[int] | None = None) -> float:
    return float(np.average(values, weights=weights))
