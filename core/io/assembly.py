"""The last step of every reader: repair, order and check what was found, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import NothingToLiftError
from ..skeleton import Skeleton
from ..types import Detections

# "unknown" may be pixels or fractions of the image; "signed" may also be OpenPose's -1..1.
Units = Literal["pixels", "unknown", "signed"]

MAX_COORDINATE = 1e6
# Fractions may leave 0..1 where a joint is outside the picture; pixels never stay this low.
_MAX_FRACTION = 2.0
_MIN_UNSIGNED = -0.02
# Names that hold times or random numbers would span more frames than any video has.
_MAX_FRAME_SPAN = 1_000_000
_MAX_SPAN_PER_FRAME = 20


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """What a format's reader found, as it stands in the file.

    ``positions`` (N,J,2) and ``confidence`` (N,J) in the file's own units, NaN allowed;
    ``row_frames``, ``track_ids`` (N,); ``frames`` every frame number read, in the file's order;
    ``has_settled_sides`` as in ``Detections``.
    """

    positions: np.ndarray
    confidence: np.ndarray
    row_frames: np.ndarray
    track_ids: np.ndarray
    frames: Sequence[int]
    skeleton: Skeleton
    format: str
    units: Units
    image_size: tuple[int, int] | None = None
    fps: Fraction | None = None
    warnings: tuple[str, ...] = ()
    has_settled_sides: bool = False


def assemble_detections(path: Path, found: FoundPeople) -> Detections:
    """Detections from what a reader found: finite, 0..1 confidence, frames in order.

    Joints that are not finite, or exactly at 0,0, count as missing; rows without any joint as
    nobody. Every repair that a user should know of is in ``warnings``.

    Raises
    ------
    NothingToLiftError
        When nobody is in any frame.
    """
    warnings = list(found.warnings)
    positions, confidence = _repair_joints(found, warnings)
    confidence = _confidence_to_unit(confidence, warnings)
    positions, confidence, is_normalized = _resolve_units(positions, confidence, found.units)
    positions = np.where(confidence[..., None] > 0, positions, 0.0)
    is_person = (confidence > 0).any(axis=1)
    frames = np.asarray(found.frames, dtype=np.int64)
    if not is_person.any():
        raise NothingToLiftError(f"{path}: nobody in any of {len(np.unique(frames))} frames")
    frames, row_frames = _order_frames(frames, found.row_frames[is_person], warnings)
    order = np.argsort(row_frames, kind="stable")
    row_frames = row_frames[order]
    track_ids = found.track_ids[is_person][order]
    if _repeats_within_a_frame(row_frames, track_ids):
        warnings.append("the file's person ids repeat within a frame: ignored, people are tracked")
        track_ids = np.full_like(track_ids, -1)
    return Detections(
        positions=positions[is_person][order],
        confidence=confidence[is_person][order],
        row_frames=row_frames,
        track_ids=track_ids,
        frames=frames,
        image_size=found.image_size,
        fps=found.fps,
        is_normalized=is_normalized,
        format=found.format,
        skeleton=found.skeleton,
        warnings=tuple(warnings),
        has_settled_sides=found.has_settled_sides,
    )


def _repair_joints(found: FoundPeople, warnings: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Positions and confidence, both 0 where either is not usable."""
    positions = np.asarray(found.positions, dtype=float)
    confidence = np.asarray(found.confidence, dtype=float)
    is_usable = np.isfinite(confidence) & (np.abs(positions) <= MAX_COORDINATE).all(axis=-1)
    is_broken = ~is_usable & (confidence != 0)
    if is_broken.any():
        row, joint = np.argwhere(is_broken)[0]
        warnings.append(
            f"{int(is_broken.sum())} keypoints were NaN, infinite or absurdly far away, counted as "
            f"missing (first: frame {found.row_frames[row]}, {found.skeleton.joint_names[joint]})"
        )
    positions = np.where(is_usable[..., None], positions, 0.0)
    return positions, np.where(is_usable, np.maximum(confidence, 0.0), 0.0)


def _confidence_to_unit(confidence: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Confidence on any scale, as 0..1: divided by its own high end where that is above 1."""
    seen = confidence[confidence > 0]
    if not seen.size or seen.max() <= 1:
        return confidence
    high = max(1.0, float(np.quantile(seen, 0.99, method="higher")))
    if high > 1.1:
        warnings.append(f"confidence reaches {high:.3g}: divided by that to lie in 0..1")
    return np.minimum(confidence / high, 1.0)


def _resolve_units(
    positions: np.ndarray, confidence: np.ndarray, units: Units
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Positions in pixels or fractions 0..1, the confidence, and whether they are fractions."""
    seen = positions[confidence > 0]
    if (
        units == "signed"
        and _are_fractions(seen)
        and float(np.quantile(seen, 0.01)) < _MIN_UNSIGNED
    ):
        return (positions + 1.0) / 2.0, confidence, True
    # Detectors write 0,0 for a joint they did not find, some with a score.
    confidence = np.where((positions == 0).all(axis=-1), 0.0, confidence)
    return positions, confidence, units != "pixels" and _are_fractions(positions[confidence > 0])


def _are_fractions(seen: np.ndarray) -> bool:
    return bool(seen.size) and float(np.quantile(np.abs(seen), 0.95)) <= _MAX_FRACTION


def _order_frames(
    frames: np.ndarray, row_frames: np.ndarray, warnings: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Strictly increasing frame numbers, and those of the rows."""
    backward = np.flatnonzero(np.diff(frames) < 0)
    if backward.size:
        first = backward[0]
        warnings.append(
            f"frames were out of order (first: {frames[first + 1]} after {frames[first]}): sorted"
        )
    ordered = np.unique(frames)
    span = int(ordered[-1] - ordered[0])
    if span > max(_MAX_FRAME_SPAN, _MAX_SPAN_PER_FRAME * len(ordered)):
        warnings.append(
            f"frame numbers run from {ordered[0]} to {ordered[-1]} for {len(ordered)} frames: "
            "counted from 0 instead"
        )
        return np.arange(len(ordered)), np.searchsorted(ordered, row_frames)
    return ordered, row_frames


def _repeats_within_a_frame(row_frames: np.ndarray, track_ids: np.ndarray) -> bool:
    is_tracked = track_ids >= 0
    pairs = np.stack((row_frames[is_tracked], track_ids[is_tracked]), axis=1)
    return len(np.unique(pairs, axis=0)) < len(pairs)
