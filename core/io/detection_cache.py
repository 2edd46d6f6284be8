"""What a detector found in videos, kept in a folder so that no video is looked at twice."""

from __future__ import annotations

import hashlib
import os
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import JOINT_SETS
from ..types import Detections
from .atomic import atomic_output
from .pickled_npz import read_npz
from .video import VideoInfo

_SUFFIX = ".keypoints.npz"
_LARGEST_FOLDER_BYTES = 500 << 20
_HASHED_BYTES = 1 << 20
_NAMES = (
    *("positions", "confidence", "row_frames", "track_ids", "frames", "image_size"),
    *("texts", "fps", "num_frames", "rotation_deg", "frame_times", "has_settled_sides"),
)


def cache_file(
    folder: Path, video: Path, *, detector_name: str, frame_range: tuple[int, int] | None
) -> Path:
    """Where in ``folder`` a video's keypoints are kept: a name made of all that they depend on.

    Of the video these are its size and how it begins and ends; a copy elsewhere is the same.

    Raises
    ------
    InputFormatError
        When the video cannot be read.
    """
    try:
        with video.open("rb") as file:
            start = file.read(_HASHED_BYTES)
            num_bytes = file.seek(0, os.SEEK_END)
            file.seek(max(0, num_bytes - _HASHED_BYTES))
            content = start + file.read(_HASHED_BYTES)
    except OSError as error:
        raise InputFormatError(f"{video}: cannot be read: {error.strerror or error}") from error
    made_of = f"{detector_name}|{frame_range}|{num_bytes}|".encode() + content
    return folder / f"{hashlib.sha256(made_of).hexdigest()[:32]}{_SUFFIX}"


def recall_detections(path: Path) -> tuple[Detections, VideoInfo] | None:
    """What is kept at ``path``; None where nothing is, or nothing that is whole."""
    if not path.is_file():
        return None
    try:
        arrays = read_npz(path, _NAMES)
        kept = _from_arrays(path, arrays)
        os.utime(path)
    except (InputFormatError, OSError, KeyError, ValueError):
        # A damaged file is made anew.
        return None
    return kept


def keep_detections(path: Path, detections: Detections, info: VideoInfo) -> None:
    """Keep what was found at ``path``; the folder's oldest files go when it grows too large.

    Raises
    ------
    LiftError
        When the file cannot be written.
    """
    with atomic_output(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez_compressed(
                file,
                positions=detections.positions.astype(np.float32),
                confidence=detections.confidence.astype(np.float32),
                row_frames=detections.row_frames,
                track_ids=detections.track_ids,
                frames=detections.frames,
                image_size=np.array(info.size),
                texts=np.array([detections.format, detections.skeleton.name, *detections.warnings]),
                fps=np.array([info.fps.numerator, info.fps.denominator]),
                num_frames=np.array(info.num_frames),
                rotation_deg=np.array(info.rotation_deg),
                has_settled_sides=np.array(detections.has_settled_sides),
                frame_times=np.zeros(0) if info.frame_times is None else info.frame_times,
            )
    _limit_folder(path.parent)


def _from_arrays(path: Path, arrays: dict[str, np.ndarray]) -> tuple[Detections, VideoInfo]:
    format_name, joint_set, *warnings = (str(text) for text in arrays["texts"])
    width, height = (int(side) for side in arrays["image_size"])
    detections = Detections(
        positions=arrays["positions"].astype(float),
        confidence=arrays["confidence"].astype(float),
        row_frames=arrays["row_frames"],
        track_ids=arrays["track_ids"],
        frames=arrays["frames"],
        image_size=(width, height),
        fps=None,
        is_normalized=False,
        format=format_name,
        skeleton=JOINT_SETS[joint_set],
        warnings=tuple(warnings),
        has_settled_sides=bool(arrays["has_settled_sides"]),
    )
    numerator, denominator = arrays["fps"].tolist()
    times = arrays["frame_times"]
    info = VideoInfo(
        path=path,
        size=(width, height),
        fps=Fraction(numerator, denominator),
        num_frames=int(arrays["num_frames"]),
        rotation_deg=int(arrays["rotation_deg"]),
        frame_times=times if len(times) else None,
    )
    return detections, info


def _limit_folder(folder: Path) -> None:
    """Remove the files that were not used for longest while all are too large together."""
    files = [(path, path.stat()) for path in folder.glob(f"*{_SUFFIX}")]
    files.sort(key=lambda each: each[1].st_mtime, reverse=True)
    total = 0
    for path, state in files:
        total += state.st_size
        if total > _LARGEST_FOLDER_BYTES:
            path.unlink(missing_ok=True)
