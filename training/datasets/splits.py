"""Which clips are learned from, which are unlabelled, which choose and which test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.joint_sets import JOINT_SETS
from core.learning.clips import ClipSet
from core.lifting.config import LifterConfig

from ..configs import DataConfig
from .keypoint_files import load_keypoint_files
from .load import load_clip_set
from .mocap_folder import is_mocap_folder, load_mocap
from .protocol import select_clips, unlabelled
from .studio import StudioConfig, film

Purpose = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class DataPaths:
    """Where a run's data is, and what the files do not say.

    ``data``: a folder of Human3.6M's or HumanEva's npz pairs, a folder of BVH files, or a custom npz
    (then with ``truth``, ``cameras`` and ``fps``). ``detector``: which 2D of Human3.6M or HumanEva.
    ``unlabelled``: keypoint files, or folders of them, of one's own videos; ``fov_deg`` or
    ``calibration`` is their lens.
    """

    data: Path
    detector: str | None = None
    truth: Path | None = None
    cameras: Path | None = None
    fps: float | None = None
    unlabelled: tuple[Path, ...] = ()
    fov_deg: float | None = None
    calibration: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """``train`` labelled clips; ``unlabelled`` keypoints alone, or None; ``validation`` labelled.

    ``notes``: what was left out, in words.
    """

    train: ClipSet
    unlabelled: ClipSet | None
    validation: ClipSet
    notes: tuple[str, ...] = ()


def load_splits(
    paths: DataPaths, config: DataConfig, lifter: LifterConfig, *, seed: int, with_unlabelled: bool
) -> Splits:
    """Everything that a run of the paper's recipe learns from.

    Human3.6M and HumanEva have no split to choose on: as in the paper, validation shows the test
    subjects, and nothing is chosen by it but which checkpoint is called the best.

    Raises
    ------
    InputFormatError
        When data is missing, broken or too little for a split.
    """
    if is_mocap_folder(paths.data):
        train, skipped = load_filmed(paths.data, "train", lifter, seed=seed)
        validation, more = load_filmed(paths.data, "val", lifter, seed=seed)
        others = _without(train, config.train_subjects) if with_unlabelled else None
        notes = skipped + more
    else:
        everything = _load_recorded(paths)
        train = everything
        validation = select_clips(
            everything,
            subjects=config.test_subjects,
            actions=config.actions,
            downsample=config.downsample,
        )
        others = everything if config.unlabelled_subjects else None
        notes = []
    train = select_clips(
        train,
        subjects=config.train_subjects,
        actions=config.actions,
        share=config.labelled_share,
        downsample=config.downsample,
        seed=seed,
    )
    if not with_unlabelled:
        return Splits(train, None, validation, tuple(notes))
    stream: ClipSet | None = None
    if paths.unlabelled:
        stream, left_out = load_keypoint_files(
            paths.unlabelled,
            train.skeleton_in,
            fps=lifter.fps,
            min_frames=lifter.receptive_field,
            fov_deg=paths.fov_deg,
            calibration=paths.calibration,
        )
        notes += left_out
    elif others is not None:
        chosen = select_clips(
            others,
            subjects=config.unlabelled_subjects,
            actions=config.actions,
            downsample=config.downsample,
        )
        stream = unlabelled(chosen)
    return Splits(train, stream, validation, tuple(notes))


def load_filmed(
    folder: Path,
    split: Purpose,
    lifter: LifterConfig,
    *,
    seed: int,
    studio: StudioConfig | None = None,
) -> tuple[ClipSet, list[str]]:
    """One split of a BVH folder as the virtual studio's cameras saw it, and what was left out."""
    clips, skipped = load_mocap(folder, split)
    filmed = film(
        clips,
        skeleton_in=JOINT_SETS[lifter.joint_set_in],
        skeleton_out=JOINT_SETS[lifter.joint_set_out],
        config=studio or StudioConfig(fps=lifter.fps),
        seed=seed,
    )
    return filmed, skipped


def load_test(paths: DataPaths, config: DataConfig, lifter: LifterConfig, *, seed: int) -> ClipSet:
    """What a run is measured on.

    Raises
    ------
    InputFormatError
        As ``load_splits``.
    """
    if is_mocap_folder(paths.data):
        return load_filmed(paths.data, "test", lifter, seed=seed)[0]
    return select_clips(
        _load_recorded(paths),
        subjects=config.test_subjects,
        actions=config.actions,
        downsample=config.downsample,
    )


def _load_recorded(paths: DataPaths) -> ClipSet:
    return load_clip_set(
        paths.data,
        detector=paths.detector,
        path_3d=paths.truth,
        cameras=paths.cameras,
        fps=paths.fps,
    )


def _without(clips: ClipSet, subjects: Sequence[str] | None) -> ClipSet | None:
    """Everyone else's clips; None where there is nobody else."""
    others = [clip for clip in clips.clips if subjects is not None and clip.subject not in subjects]
    return clips.with_clips(others) if others else None
