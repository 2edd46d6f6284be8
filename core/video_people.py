"""A video's people: every picture looked at by the detector that comes with the program."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from .detect.blazepose import DETECTOR_NAME, BlazePoseDetector
from .detect.detector import detect_people
from .detect.network import load_networks
from .errors import LiftError
from .io.detection_cache import cache_file, keep_detections, recall_detections
from .io.video import VideoInfo
from .io.video_reader import VideoReader, open_video
from .types import Detections


def find_video_people(
    path: Path,
    *,
    frame_range: tuple[int, int] | None = None,
    cache: Path | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> tuple[Detections, VideoInfo]:
    """Everyone in a video, and the video's size, rate and times.

    Parameters
    ----------
    path : Path
    frame_range : (int, int) or None
        First and last frame to look at, from 0, both included.
    cache : Path or None
        A folder where what is found is kept, and looked up first.
    progress : callable
        Called with the share 0..1 that is done; what it raises ends the work, and nothing stays.

    Raises
    ------
    InputFormatError
        When the file is no video, or none whose pictures can be decoded.
    NothingToLiftError
        When nobody is in any frame.
    NotAvailableError
        When there is no OpenCV.
    """
    if cache is None:
        return _look_at(path, frame_range, progress)
    kept_at = cache_file(cache, path, detector_name=DETECTOR_NAME, frame_range=frame_range)
    kept = recall_detections(kept_at)
    if kept is not None:
        detections, info = kept
        return detections, replace(info, path=path)
    detections, info = _look_at(path, frame_range, progress)
    try:
        keep_detections(kept_at, detections, info)
    except LiftError as error:
        detections = replace(detections, warnings=(*detections.warnings, f"not kept: {error}"))
    return detections, info


def _look_at(
    path: Path, frame_range: tuple[int, int] | None, progress: Callable[[float], None]
) -> tuple[Detections, VideoInfo]:
    reader = open_video(path)
    first, last = frame_range or (0, None)
    num_wanted = reader.num_expected if last is None else last + 1
    detector = BlazePoseDetector(load_networks())
    images = reader.images(first=first, last=last)
    try:
        detections = detect_people(
            _watched(images, reader, num_wanted, progress), detector, where=str(path)
        )
    finally:
        # Cancelled or not, the file is let go.
        images.close()
    info = reader.info()
    if last is None and reader.is_cut_short:
        note = f"the video ends after {reader.num_read} of {info.num_frames} frames: cut short?"
        detections = replace(detections, warnings=(*detections.warnings, note))
    return detections, info


def _watched(
    images: Iterable[tuple[int, np.ndarray]],
    reader: VideoReader,
    num_wanted: int,
    progress: Callable[[float], None],
) -> Generator[tuple[int, np.ndarray]]:
    for frame, image in images:
        progress(min(1.0, reader.num_read / max(num_wanted, 1)))
        yield frame, image
