"""Which clips are learned from, which are unlabelled, which choose and which test."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from core.errors import InputFormatError
from core.joint_sets import JOINT_SETS
from core.learning.clips import ClipSet
from core.lifting.config import LifterConfig

from ..configs import DataConfig
from .held_out import refuse_held_out
from .keypoint_files import load_keypoint_files
from .load import load_clip_set
from .mocap_folder import is_mocap_folder, load_mocap
from .npz_pair import listed
from .protocol import select_clips, unlabelled
from .studio import StudioConfig, film
from .unlabelled_view import VideoFacts

_RATE_TOLERANCE = 0.005

Purpose = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class DataPaths:
    """Where a run's data is, and what the files do not say.

    ``data``: a folder of Human3.6M's or HumanEva's npz pairs, a folder of BVH files, or a custom npz
    (then with ``truth``, ``cameras`` and ``fps``). ``detector``: which 2D of Human3.6M or HumanEva.
    ``unlabelled``: keypoint files, or folders of them, of one's own videos; ``unlabelled_fps`` Hz and
    ``unlabelled_image_size`` ("1920x1080") are theirs where the files do not say; ``fov_deg`` (across
    the image's width) or ``calibration`` (and in it ``camera_name``) is their lens.
    """

    data: Path
    detector: str | None = None
    truth: Path | None = None
    cameras: Path | None = None
    fps: float | None = None
    unlabelled: tuple[Path, ...] = ()
    fov_deg: float | None = None
    calibration: Path | None = None
    unlabelled_fps: float | None = None
    unlabelled_image_size: str | None = None
    camera_name: str | None = None

    def video_facts(self) -> VideoFacts:
        """What is said of the unlabelled videos."""
        fps, size = self.unlabelled_fps, self.unlabelled_image_size
        width, _, height = (size or "").partition("x")
        return VideoFacts(
            # 29.97002997... is 30000/1001.
            fps=None if fps is None else Fraction(fps).limit_denominator(1001),
            image_size=None if size is None else (int(width), int(height)),
            fov_deg=self.fov_deg,
            calibration=self.calibration,
            camera_name=self.camera_name,
        )


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
    subjects. The best checkpoint is then the one with the lowest test error, so ``training.evaluate``
    measures the last one of recorded data unless told otherwise. Of recorded data, whoever is neither
    tested nor unlabelled is learned from where nobody is named, and the reverse.

    Raises
    ------
    InputFormatError
        When data is missing, broken or too little for a split, a clip that needs 3D has none, a
        subject is to be both labelled and unlabelled, several subjects are not told apart, the frame
        rate is no whole number, or a recording is held out for validation.
    """
    unlabelled_subjects = config.unlabelled_subjects
    test_subjects: Sequence[str] | None = None
    if is_mocap_folder(paths.data):
        if config.test_subjects is not None:
            raise InputFormatError(
                f"{paths.data}: --test-subjects is not for BVH folders: who is tested follows from "
                "index.json, or without one from the files' names"
            )
        everyone, notes = load_filmed(paths.data, "train", lifter, seed=seed)
        shown, more = load_filmed(paths.data, "val", lifter, seed=seed)
        notes += more
        if (
            not paths.unlabelled
            and unlabelled_subjects is None
            and config.train_subjects is not None
        ):
            unlabelled_subjects = _others(everyone, config.train_subjects)
    else:
        everyone = shown = _load_recorded(paths)
        notes = []
        _check_told_apart(everyone, config)
        test_subjects = _tested_subjects(everyone, config)
    train = select_clips(
        everyone,
        subjects=_labelled_subjects(everyone, config),
        actions=config.actions,
        share=config.labelled_share,
        downsample=config.downsample,
        seed=seed,
    )
    validation = select_clips(
        shown, subjects=test_subjects, actions=config.actions, downsample=config.downsample
    )
    _check_labelled(train, "to learn from")
    _check_labelled(validation, "to validate on")
    fps = _whole_rate(train)
    if shown is everyone:
        _refuse_held_out(everyone, {*train.subjects, *(unlabelled_subjects or ())})
        notes += _told_overlap(train, validation, unlabelled_subjects if with_unlabelled else None)
    if not with_unlabelled:
        return Splits(train, None, validation, tuple(notes))
    streams: list[ClipSet] = []
    if paths.unlabelled:
        own_videos, left_out = load_keypoint_files(
            paths.unlabelled,
            train.skeleton_in,
            # A step in time must be the same to the network on both sides.
            fps=fps,
            min_frames=lifter.receptive_field,
            facts=paths.video_facts(),
        )
        streams.append(own_videos)
        notes += left_out
    if unlabelled_subjects:
        chosen = select_clips(
            everyone,
            subjects=unlabelled_subjects,
            actions=config.actions,
            downsample=config.downsample,
        )
        streams.append(unlabelled(chosen))
    clips = tuple(clip for stream in streams for clip in stream.clips)
    stream = ClipSet(clips, train.skeleton_in, None) if clips else None
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
    notes: list[str] = []
    filmed = film(
        clips,
        skeleton_in=JOINT_SETS[lifter.joint_set_in],
        skeleton_out=JOINT_SETS[lifter.joint_set_out],
        config=studio or StudioConfig(fps=lifter.fps),
        seed=seed,
        notes=notes,
    )
    return filmed, skipped + [f"{split}: {note}" for note in notes]


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
        subjects, downsample = config.test_subjects, 1
    else:
        everyone, notes, downsample = _load_recorded(paths), list[str](), config.downsample
        subjects = _tested_subjects(everyone, config)
    clips = select_clips(everyone, subjects=subjects, actions=config.actions, downsample=downsample)
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


def _labelled_subjects(everyone: ClipSet, config: DataConfig) -> Sequence[str]:
    """Whose 3D is learned from: of the unlabelled and the tested subjects it is never used unasked."""
    unlabelled_subjects = config.unlabelled_subjects or ()
    if config.train_subjects is None:
        subjects = _others(everyone, (*unlabelled_subjects, *(config.test_subjects or ())))
        # One alone cannot be told apart from anybody: the notes say so.
        if not subjects and len(everyone.subjects) == 1 and not unlabelled_subjects:
            return everyone.subjects
    else:
        subjects = config.train_subjects
    both = [name for name in subjects if name in unlabelled_subjects]
    if both:
        raise InputFormatError(
            f"expected each subject either to learn from (--train-subjects) or unlabelled "
            f"(--unlabelled-subjects), found {listed(both)} in both"
        )
    if not subjects:
        raise InputFormatError(
            f"empty split: nobody of {listed(everyone.subjects)} is left to learn from: expected "
            "some who are neither tested nor unlabelled (--train-subjects, --test-subjects)"
        )
    return subjects


def _tested_subjects(everyone: ClipSet, config: DataConfig) -> Sequence[str] | None:
    """Who is tested: whoever is not learned from, where nobody is named."""
    if config.test_subjects is not None or config.train_subjects is None:
        return config.test_subjects
    left = _others(everyone, (*config.train_subjects, *(config.unlabelled_subjects or ())))
    return left or None


def _check_told_apart(everyone: ClipSet, config: DataConfig) -> None:
    """Several subjects, and nobody said which of them the others are to be judged by."""
    is_told = config.test_subjects is not None or _tested_subjects(everyone, config) is not None
    if not is_told and len(everyone.subjects) > 1:
        raise InputFormatError(
            f"expected the subjects to test on (--test-subjects), some of "
            f"{listed(everyone.subjects)}: without, all of them would be both learned from and tested"
        )


def _refuse_held_out(everyone: ClipSet, learned: Collection[str]) -> None:
    for clip in everyone.clips:
        if clip.subject in learned:
            refuse_held_out(clip.keypoints, everyone.skeleton_in, clip.name)


def _whole_rate(clips: ClipSet) -> int:
    """The clips' rate, which a network's config has as a whole number; 29.97 Hz counts as 30."""
    fps = clips.clips[0].fps
    if round(fps) < 1 or abs(fps - round(fps)) > _RATE_TOLERANCE * fps:
        raise InputFormatError(
            f"{clips.clips[0].name}: expected a frame rate of a whole number of Hz, found {fps:g}: "
            "choose another --downsample (or --fps, for a custom npz)"
        )
    return round(fps)


def _check_labelled(clips: ClipSet, purpose: str) -> None:
    for clip in clips.clips:
        if clip.positions is None:
            raise InputFormatError(
                f"{clip.name}: expected a clip with 3D {purpose}, found 2D alone: choose other "
                "subjects, or give the 3D (--truth, for a custom npz)"
            )


def _told_overlap(
    train: ClipSet, validation: ClipSet, unlabelled_subjects: Sequence[str] | None
) -> list[str]:
    notes: list[str] = []
    both = [subject for subject in validation.subjects if subject in train.subjects]
    if both:
        notes.append(
            f"subjects {listed(both)} are learned from and validated on: the validation error is not "
            "one of unseen people (choose with --train-subjects and --test-subjects)"
        )
    seen = [subject for subject in validation.subjects if subject in (unlabelled_subjects or ())]
    if seen:
        notes.append(
            f"subjects {listed(seen)} are unlabelled and validated on: their 2D is learned from, so "
            "the validation error is not one of unseen people"
        )
    return notes
