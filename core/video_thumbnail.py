"""A small picture of each person, cut from their video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .errors import LiftError
from .io.video_reader import VideoReader, open_video
from .opencv import load_opencv
from .types import Keypoints2D

_MARGIN_SHARE = 0.12
_SMALLEST_SIDE_PX = 16


def cut_thumbnails(
    video: Path, people: Sequence[Keypoints2D], size: int
) -> tuple[np.ndarray | None, ...]:
    """What each person looks like where they are seen best, largest and most surely.

    Parameters
    ----------
    video : Path
        Of constant rate, upright as ``open_video`` shows it.
    people : sequence of Keypoints2D
        In the video's pixels.
    size : int
        px of a side.

    Returns
    -------
    tuple of (size,size,3) uint8 arrays
        Red, green, blue, the top row first; None where no picture can be had.
    """
    try:
        reader = open_video(video)
    except LiftError:
        return (None,) * len(people)
    try:
        return tuple(_cut_out(reader, person, size) for person in people)
    finally:
        reader.close()


def _cut_out(reader: VideoReader, person: Keypoints2D, size: int) -> np.ndarray | None:
    row = _best_row(person)
    seen = person.positions[row][person.confidence[row] > 0]
    image = reader.image_at(int(person.frames[row]))
    if image is None or not len(seen):
        return None
    opencv = load_opencv()
    low, high = seen.min(axis=0), seen.max(axis=0)
    side = max((1 + 2 * _MARGIN_SHARE) * float((high - low).max()), _SMALLEST_SIDE_PX)
    # Area by area of the picture, dark beyond its edges.
    scale = size / side
    left, top = (low + high) / 2 - side / 2
    step = max(1, int(1 / scale))
    reduced = opencv.resize(image, None, fx=1 / step, fy=1 / step, interpolation=opencv.INTER_AREA)
    to_thumbnail = scale * np.array([[step, 0.0, -left], [0.0, step, -top]])
    cut = opencv.warpAffine(reduced, to_thumbnail, (size, size), flags=opencv.INTER_LINEAR)
    return np.ascontiguousarray(cut[..., ::-1])


def _best_row(person: Keypoints2D) -> int:
    is_seen = person.confidence > 0
    points = np.where(is_seen[..., None], person.positions, np.nan)
    points[~is_seen.any(axis=1)] = 0.0
    extent = np.nanmax(points, axis=1) - np.nanmin(points, axis=1)
    return int(np.argmax(person.confidence.sum(axis=1) * extent.max(axis=-1)))
