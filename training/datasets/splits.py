"""Which clips are learned from, which are unlabelled, which choose and which test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import InputFormatError
from core.joint_sets import JOINT_SETS
from core.learning.clips import ClipSet
from core.lifting.config import LifterConfig

from ..configs import DataConfig
from .keypoint_files import load_keypoint_files
from .load import load_clip_set
from .mocap_folder import is_mocap_folder, load_mocap
from .npz_pair import listed
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
        When data is missing, broken or too little for a split, a clip that needs 3D has none, or a
        subject is to be both labelled and unlabelled.
    """
    unlabelled_subjects = config.unlabelled_subjects
    if is_mocap_folder(paths.data):
        everyone, notes = load_filmed(paths.data, "train", lifter, seed=seed)
        shown, more = load_filmed(paths.data, "val", lifter, seed=seed)
        notes += more
        if unlabelled_subjects is None and config.train_subjects is not None:
            unlabelled_subjects = _others(everyone, config.train_subjects)
    else:
        everyone = shown = _load_recorded(paths)
        notes = []
    train = select_clips(
        everyone,
        subjects=_labelled_subjects(everyone, config),
        actions=config.actions,
        share=config.labelled_share,
        downsample=config.downsample,
        seed=seed,
    )
    validation = select_clips(
        shown,
        subjects=config.test_subjects,
        actions=config.actions,
        downsample=config.downsample,
    )
    _check_labelled(train, "to learn from")
    _check_labelled(validation, "to validate on")
    if shown is everyone:
        notes += _told_overlap(train, validation)
    if not with_unlabelled:
        return Splits(train, None, validation, tuple(notes))
    stream: ClipSet | None = None
    if paths.unlabelled:
        stream, left_out = load_keypoint_files(
            paths.unlabelled,
            train.skeleton_in,
            # A step in time must be the same to the network on both sides.
            fps=round(train.clips[0].fps),
            min_frames=lifter.receptive_field,
            fov_deg=paths.fov_deg,
            calibration=paths.calibration,
        )
        notes += left_out
    elif unlabelled_subjects:
        chosen = select_clips(
            everyone,
            subjects=unlabelled_subjects,
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


def load_test(
    paths: DataPaths, config: DataConfig, lifter: LifterConfig, *, seed: int
) -> tuple[ClipSet, list[str]]:
    """What a run is measured on, and what was left out.

    Raises
    ------
    InputFormatError
        As ``load_splits``.
    """
    if is_mocap_folder(paths.data):
        # Filmed at the network's own rate: nothing is left to be downsampled.
        everyone, notes = load_filmed(paths.data, "test", lifter, seed=seed)
        downsample = 1
    else:
        everyone, notes, downsample = _load_recorded(paths), list[str](), config.downsample
    clips = select_clips(
        everyone, subjects=config.test_subjects, actions=config.actions, downsample=downsample
    )
    _check_labelled(clips, "to test on")
    return clips, notes


def _load_recorded(paths: DataPaths) -> ClipSet:
    return load_clip_set(
        paths.data,
        detector=paths.detector,
        path_3d=paths.truth,
        cameras=paths.cameras,
        fps=paths.fps,
    )


def _others(clips: ClipSet, subjects: Sequence[str]) -> tuple[str, ...]:
    return tuple(subject for subject in clips.subjects if subject not in subjects)


def _labelled_subjects(everyone: ClipSet, config: DataConfig) -> Sequence[str] | None:
    """Whose 3D is learned from: of the unlabelled subjects it is never used."""
    if config.unlabelled_subjects is None:
        return config.train_subjects
    if config.train_subjects is None:
        return _others(everyone, config.unlabelled_subjects)
    both = [name for name in config.train_subjects if name in config.unlabelled_subjects]
    if both:
        raise InputFormatError(
            f"expected each subject either to learn from (--train-subjects) or unlabelled "
            f"(--unlabelled-subjects), found {listed(both)} in both"
        )
    return config.train_subjects


def _check_labelled(clips: ClipSet, purpose: str) -> None:
    for clip in clips.clips:
        if clip.positions is None:
            raise InputFormatError(
                f"{clip.name}: expected a clip with 3D {purpose}, found 2D alone: choose other "
                "subjects, or give the 3D (--truth, for a custom npz)"
            )


def _told_overlap(train: ClipSet, validation: ClipSet) -> list[str]:
    both = [subject for subject in validation.subjects if subject in train.subjects]
    if not both:
        return []
    return [
        f"subjects {listed(both)} are learned from and validated on: the validation error is not "
        "one of unseen people (choose with --train-subjects and --test-subjects)"
    ]
