"""Folders of any keypoint files as unlabelled clips: what a detector found in one's own videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from core.clip_source import ClipSource, open_clip
from core.errors import InputFormatError, LiftError
from core.geometry.camera import pixels_to_rays
from core.io.blazepose import is_blazepose_clip, is_blazepose_frame
from core.io.coco import is_alphapose_by_image, is_cmu_frame, is_coco_results
from core.io.file_content import parse_json, read_bytes
from core.io.frame_file import list_frame_files
from core.io.mmpose import is_mmpose, is_mmpose_frame
from core.io.openpose import is_openpose_frame
from core.io.yolo import has_frame_numbers, is_yolo_clip, is_yolo_frame
from core.joint_sets import convert_joints
from core.learning.clips import ClipSet, TrainingClip
from core.preprocess.clean import clean
from core.preprocess.resample import make_timeline, resample
from core.skeleton import Skeleton
from core.types import Camera, Keypoints2D

from .npz_pair import listed

_CLIP_ENDINGS = (".json", ".npz", ".npy", ".csv")
_JSON_CLIPS = (
    is_mmpose,
    is_coco_results,
    is_alphapose_by_image,
    has_frame_numbers,
    is_yolo_clip,
)
_JSON_FRAMES = (is_openpose_frame, is_cmu_frame, is_yolo_frame, is_mmpose_frame)
_MOST_PEOPLE = 8


@dataclass(slots=True)
class _Found:
    """What a search of folders came upon."""

    clips: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    empty_folders: list[Path] = field(default_factory=list)


def load_keypoint_files(
    paths: Sequence[Path],
    skeleton: Skeleton,
    *,
    fps: int,
    min_frames: int,
    fov_deg: float | None,
    calibration: Path | None = None,
) -> tuple[ClipSet, list[str]]:
    """Everyone in keypoint files of any format, cleaned and resampled, as unlabelled clips.

    The subject is the file's stem (with its folders' names where stems repeat), the action
    "person N". Joints that a file lacks have confidence 0 and lie amid the others; a calibrated
    lens's distortion is taken out of the keypoints, so that every clip's camera is a pinhole.

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
    fov_deg : float, or None
        Field of view across the image's width where there is no ``calibration``; None takes the
        default, which the notes then say.
    calibration : Path, or None
        TOML with the one camera of all files.

    Returns
    -------
    ClipSet
    list of str
        What was left out, assumed or repaired, file by file.

    Raises
    ------
    InputFormatError
        When a path does not exist, or nothing in them can be used.
    """
    found, notes = _Found(), list[str]()
    for path in map(Path, paths):
        _search(path, found)
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
            source = open_clip(path, fov_deg=fov_deg, calibration=calibration)
        # One bad file among hundreds must not cost the others; it is named and counted.
        except LiftError as error:
            num_unusable += 1
            notes.append(f"left out: {error}")
            continue
        notes += [f"{subject}: {warning}" for warning in source.warnings]
        if source.focal_source.startswith("assumed"):
            notes.append(f"{subject}: field of view unknown: {source.focal_source}")
        for person in source.people:
            clip = _person_clip(source, person, skeleton, subject, fps, min_frames, notes)
            clips += [] if clip is None else [clip]
    if num_unusable:
        notes.append(f"{num_unusable} of {len(sources)} keypoint files could not be used")
    if not clips:
        reasons = "; ".join(notes) or "no file"
        raise InputFormatError(
            f"{', '.join(map(str, paths)) or 'no path'}: expected keypoint files with people seen in "
            f"at least {min_frames} frames at {fps} Hz, found none ({reasons})"
        )
    return ClipSet(tuple(clips), skeleton, None), notes


def _person_clip(
    source: ClipSource,
    person: Keypoints2D,
    skeleton: Skeleton,
    subject: str,
    fps: int,
    min_frames: int,
    notes: list[str],
) -> TrainingClip | None:
    """One person's clip; None, with a note, where there is too little of them."""
    action = f"person {person.person}"
    name = f"{subject}/{action}"
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
    keypoints = _with_joints(undistorted, skeleton)
    unseen = np.flatnonzero((keypoints.confidence == 0).all(axis=0))
    if len(unseen):
        names = listed([skeleton.joint_names[joint] for joint in unseen.tolist()])
        notes.append(f"{name}: {len(unseen)} joints never seen (confidence 0): {names}")
    return TrainingClip(
        subject=subject,
        action=action,
        camera_name="",
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


def _with_joints(keypoints: Keypoints2D, skeleton: Skeleton) -> Keypoints2D:
    """The keypoints of ``skeleton``'s joints; those that the file lacks lie amid the others."""
    converted = convert_joints(keypoints, skeleton)
    is_there = np.isin(skeleton.joint_names, keypoints.skeleton.joint_names)
    if is_there.all():
        return converted
    positions = converted.positions.copy()
    shown = positions[:, is_there] if is_there.any() else keypoints.positions
    positions[:, ~is_there] = shown.mean(axis=1, keepdims=True)
    return replace(converted, positions=positions)


def _search(path: Path, found: _Found) -> None:
    """Add the clips at or below ``path``, and the files that are none."""
    if not path.exists():
        raise InputFormatError(f"{path}: no such file or folder")
    if path.is_file():
        found.clips.append(path)
        return
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    if not entries:
        found.empty_folders.append(path)
    frame_ending = _frame_ending(path, entries)
    if frame_ending is not None:
        found.clips.append(path)
    for entry in entries:
        ending = entry.suffix.lower()
        if entry.is_dir():
            _search(entry, found)
        elif ending in _CLIP_ENDINGS and ending != frame_ending:
            found.clips.append(entry)
        elif ending != frame_ending:
            found.others.append(entry)


def _frame_ending(folder: Path, entries: list[Path]) -> str | None:
    """The ending of a folder's files that are one clip's frames, None where there are no such."""
    endings = {entry.suffix.lower() for entry in entries if entry.is_file()}
    if ".json" in endings:
        return ".json" if _holds_json_frames(folder) else None
    holds_clips = any(entry.is_dir() for entry in entries) or endings & set(_CLIP_ENDINGS)
    # YOLO's labels; the reader says what is wrong with any others.
    return ".txt" if ".txt" in endings and not holds_clips else None


def _holds_json_frames(folder: Path) -> bool:
    """Whether the first JSON file that tells is a single frame."""
    for path in list_frame_files(folder):
        try:
            content = parse_json(read_bytes(path), str(path))
        # A broken frame tells nothing; the reader counts it as a missing one.
        except InputFormatError:
            continue
        if any(is_clip(content) for is_clip in _JSON_CLIPS):
            return False
        if any(is_frame(content) for is_frame in _JSON_FRAMES):
            return True
        if is_blazepose_clip(content):
            # A frame's people and a clip's frames are nested alike: only their number tells.
            return is_blazepose_frame(content) and _num_entries(content) <= _MOST_PEOPLE
    return False


def _num_entries(content: Any) -> int:
    """How many frames, or people of one frame, a list of lists of landmarks holds."""
    is_nested = isinstance(content, list) and len(content) > 0 and isinstance(content[0], list)
    return len(content) if is_nested and isinstance(content[0][0], list | dict) else 1


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
