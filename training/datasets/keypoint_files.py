"""Folders of any keypoint files as unlabelled clips: what a detector found in one's own videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource
from core.errors import InputFormatError, LiftError
from core.geometry.camera import pixels_to_rays
from core.learning.clips import ClipSet, TrainingClip
from core.preprocess.clean import clean
from core.preprocess.resample import make_timeline, resample
from core.skeleton import Skeleton
from core.types import Camera, Keypoints2D

from .held_out import held_out_recording, refuse_held_out
from .joint_substitutes import with_joints
from .keypoint_search import FoundClips, search_clips
from .npz_pair import listed
from .unlabelled_view import UnlabelledView, VideoFacts, open_views

# The add-on's words for what is called otherwise on the command line of training.
_OPTION_NAMES = {"(give --fps)": "(give --unlabelled-fps)"}


def load_keypoint_files(
    paths: Sequence[Path],
    skeleton: Skeleton,
    *,
    fps: int,
    min_frames: int,
    facts: VideoFacts,
) -> tuple[ClipSet, list[str]]:
    """Everyone in keypoint files of any format, cleaned and resampled, as unlabelled clips.

    The subject is the file's stem (with its folders' names where stems repeat), the action
    "person N" (of a VideoPose3D custom npz: the video, the action and that). Joints that a file lacks
    are made of those around them where they can be, else have confidence 0 and lie amid the others;
    a calibrated lens's distortion is taken out of the keypoints, so that every clip's camera is a
    pinhole. A clip whose image size nobody tells is left out: where its people stand in the picture,
    and how wide the lens sees, would both be made up.

    Parameters
    ----------
    paths : sequence of Path
        Keypoint files, folders of one clip's frames, or folders, however deep, of any of these.
    skeleton : Skeleton
        The joints to give.
    fps : int
        Hz, of the clips given back.
    min_frames : int
        People seen in fewer frames at that rate are left out.
    facts : VideoFacts
        The same of all files.

    Returns
    -------
    ClipSet
    list of str
        What was left out, assumed or repaired, file by file.

    Raises
    ------
    InputFormatError
        When a path does not exist, a recording is held out for validation, or nothing can be used.
    """
    found, notes = FoundClips(), list[str]()
    for path in map(Path, paths):
        search_clips(path, found)
    if found.others:
        endings = Counter(path.suffix or "no ending" for path in found.others)
        counts = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
        notes.append(f"left out: {len(found.others)} files that hold no keypoints ({counts})")
    notes += [f"left out: {folder}: an empty folder" for folder in found.empty_folders]
    sources = list(dict.fromkeys(path.absolute() for path in found.clips))
    if len(sources) < len(found.clips):
        notes.append(f"left out: {len(found.clips) - len(sources)} clips that were given twice")
    clips: list[TrainingClip] = []
    num_unusable = 0
    for path, subject in zip(sources, _subjects(sources), strict=True):
        try:
            views, more = open_views(path, facts)
        # One bad file among hundreds must not cost the others; it is named and counted.
        except LiftError as error:
            num_unusable += 1
            notes.append(f"left out: {error}")
            continue
        notes += more
        for view in views:
            clips += _view_clips(view, skeleton, subject, fps, min_frames, notes)
    if num_unusable:
        notes.append(f"{num_unusable} of {len(sources)} keypoint files could not be used")
    if not clips:
        reasons = "; ".join(notes) or "no file"
        raise InputFormatError(
            f"{', '.join(map(str, paths)) or 'no path'}: expected keypoint files with people seen in "
            f"at least {min_frames} frames at {fps} Hz, found none ({reasons})"
        )
    return ClipSet(tuple(clips), skeleton, None), notes


def _view_clips(
    view: UnlabelledView,
    skeleton: Skeleton,
    subject: str,
    fps: int,
    min_frames: int,
    notes: list[str],
) -> list[TrainingClip]:
    """Everyone's clip in one view."""
    source = view.source
    name = "/".join(part for part in (subject, view.action, view.camera_name) if part)
    people = _not_held_out(source, name, notes)
    if source.is_size_guessed:
        notes.append(
            f"left out: {name}: image size unknown, no video of its name beside it "
            "(give --unlabelled-image-size WxH)"
        )
        return []
    notes += [f"{name}: {_in_our_words(warning)}" for warning in source.warnings]
    if source.focal_source.startswith("assumed"):
        notes.append(f"{name}: field of view unknown: {source.focal_source}")
    clips = [
        _person_clip(view, person, skeleton, subject, fps, min_frames, notes) for person in people
    ]
    return [clip for clip in clips if clip is not None]


def _not_held_out(source: ClipSource, name: str, notes: list[str]) -> list[Keypoints2D]:
    """The people that may be learned from; an error where that is nobody.

    One of several is left out alone: a recording that is held out may be shown beside another.
    """
    recordings = [held_out_recording(one.positions, one.skeleton) for one in source.people]
    if all(recordings):
        for person in source.people:
            refuse_held_out(person.positions, person.skeleton, str(source.path))
    for person, recording in zip(source.people, recordings, strict=True):
        if recording is not None:
            notes.append(
                f"left out: {name}/person {person.person}: {recording}, for validation alone"
            )
    return [
        person
        for person, recording in zip(source.people, recordings, strict=True)
        if recording is None
    ]


def _in_our_words(warning: str) -> str:
    for theirs, ours in _OPTION_NAMES.items():
        warning = warning.replace(theirs, ours)
    return warning


def _person_clip(
    view: UnlabelledView,
    person: Keypoints2D,
    skeleton: Skeleton,
    subject: str,
    fps: int,
    min_frames: int,
    notes: list[str],
) -> TrainingClip | None:
    """One person's clip; None, with a note, where there is too little of them."""
    source = view.source
    action = "/".join(part for part in (view.action, f"person {person.person}") if part)
    name = "/".join(part for part in (subject, action, view.camera_name) if part)
    try:
        cleaned, repairs = clean(person)
        timeline = make_timeline(cleaned, fps=Fraction(fps), frame_times=source.frame_times)
    except LiftError as error:
        notes.append(f"left out: {name}: {error}")
        return None
    resampled = resample(cleaned, timeline)
    num_seen = int((resampled.confidence > 0).any(axis=1).sum())
    if num_seen < min_frames:
        notes.append(
            f"left out: {name}: seen in {num_seen} frames at {fps} Hz, fewer than {min_frames}"
        )
        return None
    notes += [f"{name}: {repair}" for repair in repairs]
    undistorted, camera = _without_distortion(resampled, source.camera)
    keypoints, made = with_joints(undistorted, skeleton)
    if made:
        notes.append(f"{name}: {len(made)} joints made of others: {listed(made)}")
    unseen = np.flatnonzero((keypoints.confidence == 0).all(axis=0))
    if len(unseen):
        names = listed([skeleton.joint_names[joint] for joint in unseen.tolist()])
        notes.append(f"{name}: {len(unseen)} joints never seen (confidence 0): {names}")
    return TrainingClip(
        subject=subject,
        action=action,
        camera_name=view.camera_name,
        keypoints=keypoints.positions.astype(np.float32),
        confidence=keypoints.confidence.astype(np.float32),
        positions=None,
        camera=camera,
        image_size=source.image_size,
        fps=float(fps),
    )


def _without_distortion(keypoints: Keypoints2D, camera: Camera) -> tuple[Keypoints2D, Camera]:
    """The keypoints as a pinhole of the same focal length would see them, and that pinhole."""
    if not camera.radial.any() and not camera.tangential.any():
        return keypoints, camera
    rays = pixels_to_rays(keypoints.positions, camera)
    positions = rays * camera.focal_length + camera.principal_point
    pinhole = replace(camera, radial=np.zeros(3), tangential=np.zeros(2))
    return replace(keypoints, positions=positions), pinhole


def _subjects(paths: Sequence[Path]) -> list[str]:
    """Each clip's name: its stem, with as many of its folders as tell it from all others."""
    parts = [(*path.parts[:-1], _stem(path)) for path in paths]
    names = ["/".join(part[-1:]) for part in parts]
    for depth in range(2, max(map(len, parts), default=0) + 1):
        counts = Counter(names)
        names = [
            "/".join(part[-depth:]) if counts[name] > 1 else name
            for name, part in zip(names, parts, strict=True)
        ]
    return names


def _stem(path: Path) -> str:
    return path.stem if path.is_file() else path.name
