"""What a detector of people is, and a clip's detections by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..errors import NothingToLiftError
from ..skeleton import Skeleton
from ..types import Detections
from .sides import settle_sides


@dataclass(frozen=True, slots=True, eq=False)
class SeenPeople:
    """N people in one picture.

    ``track_ids`` (N,) whole numbers that stay with a person while they are followed; ``positions``
    (N,J,2) px, origin top-left, y down; ``confidence`` (N,J) 0..1.
    """

    track_ids: np.ndarray
    positions: np.ndarray
    confidence: np.ndarray


class Detector(Protocol):
    """Finds people's joints in the pictures of one clip, which it is shown in order."""

    @property
    def skeleton(self) -> Skeleton:
        """Which joints it finds."""
        ...

    def detect(self, image: np.ndarray) -> SeenPeople:
        """The people in the next picture, (H,W,3) uint8 in blue, green, red."""
        ...


def detect_people(
    images: Iterable[tuple[int, np.ndarray]], detector: Detector, *, where: str
) -> Detections:
    """Everyone whom a detector sees in a clip; one picture at a time is in memory.

    Parameters
    ----------
    images : iterable of (int, (H,W,3) uint8 array)
        Frame numbers, increasing, and pictures in blue, green, red.
    detector : Detector
        A new one: it remembers whom it follows.
    where : str
        What the pictures are from, for errors.

    Raises
    ------
    NothingToLiftError
        When there is no picture, or nobody is in any.
    """
    frames: list[int] = []
    seen: list[SeenPeople] = []
    size: tuple[int, int] | None = None
    for frame, image in images:
        frames.append(frame)
        size = image.shape[1], image.shape[0]
        seen.append(detector.detect(image))
    counts = [len(people.track_ids) for people in seen]
    if not sum(counts):
        raise NothingToLiftError(f"{where}: nobody in any of {len(frames)} frames")
    positions = np.concatenate([people.positions for people in seen])
    confidence = np.concatenate([people.confidence for people in seen])
    track_ids = np.concatenate([people.track_ids for people in seen])
    for track_id in np.unique(track_ids):
        rows = np.flatnonzero(track_ids == track_id)
        positions[rows], confidence[rows] = settle_sides(
            positions[rows], confidence[rows], detector.skeleton
        )
    return Detections(
        positions=positions,
        confidence=confidence,
        row_frames=np.repeat(np.array(frames, dtype=np.int64), counts),
        track_ids=track_ids,
        frames=np.array(frames, dtype=np.int64),
        image_size=size,
        fps=None,
        is_normalized=False,
        format=f"video, {detector.skeleton.name}",
        skeleton=detector.skeleton,
        has_settled_sides=True,
    )
