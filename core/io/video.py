"""A video's size, rate and rotation, read from its header without decoding a frame."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import InputFormatError
from .avi import read_avi_track
from .matroska import read_matroska_track
from .mp4 import read_mp4_track
from .video_track import VideoTrack, rate_and_times

_SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi")
# What detectors and their users add to a video's name.
_NAME_ENDINGS = (
    "json",
    "keypoints",
    "openpose",
    "alphapose",
    "mmpose",
    "mediapipe",
    "blazepose",
    "yolo",
    "labels",
    "kpts",
    "poses",
    "pose",
    "2d",
)
_MAX_SIDE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class VideoInfo:
    """A video as a player shows it.

    ``size`` (width, height) px after ``rotation_deg`` (clockwise: 0, 90, 180 or 270); ``fps`` Hz,
    exact, the average where it varies; ``frame_times`` (T,) s from the first frame, None where the
    rate is constant.
    """

    path: Path
    size: tuple[int, int]
    fps: Fraction
    num_frames: int
    rotation_deg: int
    frame_times: np.ndarray | None


def read_video_info(path: Path) -> VideoInfo:
    """Size, rate and rotation of an MP4, MOV, M4V, MKV, WebM or AVI file.

    Raises
    ------
    InputFormatError
        When the file is missing, unreadable, broken, or of another kind.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            track = _read_track(file, path)
    except OSError as error:
        raise InputFormatError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (struct.error, IndexError, ValueError, OverflowError, MemoryError) as error:
        raise InputFormatError(f"{path}: broken video header: {error}") from error
    width, height = track.size
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise InputFormatError(f"{path}: expected a size in px, found {width}x{height}")
    fps, frame_times = rate_and_times(track, str(path))
    is_turned = track.rotation_deg in (90, 270)
    return VideoInfo(
        path=path,
        size=(height, width) if is_turned else (width, height),
        fps=fps,
        num_frames=len(track.ticks),
        rotation_deg=track.rotation_deg,
        frame_times=frame_times,
    )


def _read_track(file: BinaryIO, path: Path) -> VideoTrack:
    start = file.read(12)
    file.seek(0)
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return read_mp4_track(file, str(path))
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return read_matroska_track(file, str(path))
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return read_avi_track(file, str(path))
    raise InputFormatError(f"{path}: expected an MP4, MOV, MKV, WebM or AVI video, found none")


def find_video_beside(input_path: Path) -> Path | None:
    """The video that keypoints were made from: beside the file or folder, with its name.

    Endings such as ``_json`` or ``_keypoints`` may follow the video's name: ``cam01_json`` has
    ``cam01.mp4``. None where there is no such file.
    """
    path = Path(input_path).absolute()
    # A Windows folder may be called walk.v2: only a file's last suffix is an ending.
    stem = path.name if path.is_dir() else path.stem
    try:
        names = {entry.name.lower(): entry for entry in sorted(path.parent.iterdir())}
    except OSError:
        # No folder, no video beside; reading the input itself tells the user why.
        return None
    for candidate in _candidate_stems(stem):
        for suffix in ("", *_SUFFIXES):
            found = names.get(f"{candidate}{suffix}".lower())
            is_video = found is not None and found.suffix.lower() in _SUFFIXES
            if found is not None and is_video and found != path and found.is_file():
                return found
    return None


def _candidate_stems(stem: str) -> list[str]:
    """The name itself, then with one known ending after the other taken off."""
    stems = [stem]
    while True:
        lower = stems[-1].lower()
        ending = next(
            (word for word in _NAME_ENDINGS if lower.endswith(tuple(f"{c}{word}" for c in "_-. "))),
            None,
        )
        if ending is None or len(ending) + 1 >= len(lower):
            return stems
        stems.append(stems[-1][: -len(ending) - 1])
