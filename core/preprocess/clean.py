"""One person's keypoints made fit for lifting: dense in time, without swaps, outliers, short gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..correction import Correction
from ..errors import LiftError
from ..filters import BoolArray, FloatArray, IntArray, fill_gaps, neighbours, running_median
from ..skeleton import Skeleton
from ..types import Keypoints2D
from .body_size import body_centre_and_size, body_joints
from .correct import swapped_sides, wrong_joints
from .swaps import exchange_sides, find_swaps

_FPS_IF_UNKNOWN = 30.0
_LONGEST_SPAN = 5_000_000
# Some detectors' scores are all low: never doubt more than what is under this share of the median.
_SHARE_OF_MEDIAN = 0.5
# An outlier is at least this far from the running median (body sizes), and this many times as far
# as is usual around that time. Chosen on real/aistpp 01-03 at 60, 30 and 15 Hz.
_OUTLIER_HALF_WINDOW_SECONDS = 0.08
_OUTLIER_DISTANCE = 0.06
_OUTLIER_DEVIATIONS = 4.0
# Below this rate a joint moves so far between frames that the distance must grow with their spacing.
_OUTLIER_FULL_RATE = 24.0
_FILLED_CONFIDENCE = 0.5


def clean(
    keypoints: Keypoints2D,
    *,
    corrections: Sequence[Correction] = (),
    min_confidence: float = 0.2,
    max_gap_seconds: float = 0.25,
) -> tuple[Keypoints2D, tuple[str, ...]]:
    """Repair one person's keypoints and give them on every frame from the first to the last seen.

    Left-right swaps are undone, where corrections do not settle them, and outliers removed. What is
    missing, or below ``min_confidence``, for at most ``max_gap_seconds`` is interpolated smoothly, with
    half the confidence of its edges. In longer gaps the confidence is 0 and the position a straight
    line. Doubt that lasts longer is kept as detected, with its own low confidence.

    Parameters
    ----------
    keypoints : Keypoints2D
        px; frames may be missing. Without a rate, 30 Hz is assumed for all durations.
    corrections : sequence of Correction
        Of this person: their swapped sides are exchanged first, and their wrong joints missing.
    min_confidence : float
        0..1. Not applied where all the detector's scores are the same, and lowered where they are
        all low.
    max_gap_seconds : float
        Longest gap that is filled. Where only every n-th frame was detected, the frames between are
        filled whatever their number.

    Returns
    -------
    keypoints : Keypoints2D
        Dense ``frames``; confidence 0..1.
    warnings : tuple of str
        What was done, in plain words, with counts.

    Raises
    ------
    LiftError
        When there is no frame, or the frame numbers span more than five million.
    """
    frames = keypoints.frames.astype(np.int64)
    if len(frames) == 0:
        raise LiftError(f"person {keypoints.person}: expected at least one frame, found none")
    span = int(frames[-1] - frames[0]) + 1
    if span > _LONGEST_SPAN:
        raise LiftError(
            f"person {keypoints.person}: expected consecutive frame numbers, found {len(frames)} "
            f"frames numbered {frames[0]} to {frames[-1]}"
        )
    fps = float(keypoints.fps) if keypoints.fps else _FPS_IF_UNKNOWN
    stride = max(1, round(float(np.median(np.diff(frames))))) if len(frames) > 1 else 1
    positions = keypoints.positions.astype(np.float64)
    confidence = np.clip(keypoints.confidence.astype(np.float64), 0.0, 1.0)
    positions, confidence, threshold, size, is_swapped = _put_right(
        positions,
        confidence,
        frames,
        corrections,
        skeleton=keypoints.skeleton,
        has_settled_sides=keypoints.has_settled_sides,
        min_confidence=min_confidence,
        fps=fps,
        stride=stride,
    )
    is_outlier = _find_outliers(positions, confidence > 0, size, fps=fps / stride)
    confidence[is_outlier] = 0.0

    places = frames - frames[0]
    dense_positions = np.zeros((span, *positions.shape[1:]))
    dense_confidence = np.zeros((span, confidence.shape[1]))
    dense_positions[places], dense_confidence[places] = positions, confidence
    filled_positions, filled_confidence, is_filled = _fill(
        dense_positions,
        dense_confidence,
        (dense_confidence > 0) & (dense_confidence < threshold),
        max_gap=max(round(max_gap_seconds * fps), stride - 1),
    )
    cleaned = replace(
        keypoints,
        positions=filled_positions,
        confidence=filled_confidence,
        frames=np.arange(frames[0], frames[-1] + 1),
    )
    is_seen = np.zeros(span, bool)
    is_seen[places] = True
    return cleaned, _describe(
        is_swapped=is_swapped,
        is_outlier=is_outlier,
        is_filled=is_filled,
        is_frame_absent=~is_seen,
        confidence=filled_confidence,
        stride=stride,
    )


def _put_right(
    positions: FloatArray,
    confidence: FloatArray,
    frames: IntArray,
    corrections: Sequence[Correction],
    *,
    skeleton: Skeleton,
    has_settled_sides: bool,
    min_confidence: float,
    fps: float,
    stride: int,
) -> tuple[FloatArray, FloatArray, float, FloatArray, BoolArray]:
    """Sides put right by the user and by continuity, wrong joints taken out.

    Returns
    -------
    positions, confidence : (T, J, 2) and (T, J)
    threshold : float
        Least confidence that counts as sure.
    size : (T,) float
        px: the apparent height.
    is_swapped : (T, J) bool
        What continuity alone told.
    """
    is_exchanged, is_settled = swapped_sides(frames, skeleton, corrections)
    if has_settled_sides:
        is_settled = np.ones_like(is_settled)
    positions, confidence = exchange_sides(positions, confidence, is_exchanged, skeleton)
    is_wrong = wrong_joints(frames, skeleton, corrections)
    # A wrong keypoint must say nothing about sides either, and may yet be named for its mirror image.
    believed = np.where(is_wrong | is_wrong[:, skeleton.mirror], 0.0, confidence)
    threshold = _confidence_threshold(believed, min_confidence)
    joints = body_joints(skeleton)
    size = _steady_size(positions[:, joints], believed[:, joints] > 0, fps=fps / stride)
    is_swapped = find_swaps(
        positions, believed, frames, size, skeleton=skeleton, fps=fps, is_settled=is_settled
    )
    positions, confidence = exchange_sides(positions, confidence, is_swapped, skeleton)
    return (
        np.where(is_wrong[..., None], 0.0, positions),
        np.where(is_wrong, 0.0, confidence),
        threshold,
        size,
        is_swapped,
    )


def _confidence_threshold(confidence: FloatArray, min_confidence: float) -> float:
    """The least confidence that counts as sure, for this detector's own scale of scores."""
    scores = confidence[confidence > 0]
    if scores.size == 0 or scores.min() == scores.max():
        return 0.0
    return min(min_confidence, _SHARE_OF_MEDIAN * float(np.median(scores)))


def _steady_size(positions: FloatArray, is_known: BoolArray, *, fps: float) -> FloatArray:
    """(T,) px: the apparent height over time, without single frames' errors and deep crouches."""
    _, size = body_centre_and_size(positions, is_known)
    is_measured = is_known.sum(axis=1) >= 3
    if not is_measured.any():
        return np.ones(len(positions))
    size = fill_gaps(size, is_measured, smooth=False)
    typical = float(np.median(size))
    size = running_median(size, half_width=min(round(0.5 * fps), 60))
    return np.maximum(size, max(0.5 * typical, 1e-6))


def _find_outliers(
    positions: FloatArray, is_known: BoolArray, size: FloatArray, *, fps: float
) -> BoolArray:
    """(T, J) joints that are far from their own running median, for that time (Hampel 1974)."""
    half_width = int(np.clip(round(_OUTLIER_HALF_WINDOW_SECONDS * fps), 1, 10))
    if len(positions) < 2 * half_width + 1:
        return np.zeros(is_known.shape, bool)
    smooth = fill_gaps(positions, is_known, smooth=False)
    offset = smooth - running_median(smooth, half_width=half_width)
    distance = np.sqrt((offset**2).sum(axis=-1))
    usual = running_median(distance, half_width=2 * half_width)
    least = _OUTLIER_DISTANCE * max(1.0, _OUTLIER_FULL_RATE / fps)
    limit = np.maximum(least * size[:, None], _OUTLIER_DEVIATIONS * usual)
    return is_known & (distance > limit)


def _fill(
    positions: FloatArray, confidence: FloatArray, is_doubtful: BoolArray, *, max_gap: int
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Bridge what is doubtful or missing for a short time; (T, J) says where.

    Doubt that lasts is kept with its own low confidence: on real footage detections of lasting low
    confidence (a face turned away) are far nearer to the truth than any line across the stretch.
    """
    is_bridged = _short_gaps((confidence > 0) & ~is_doubtful, max_gap=max_gap)
    is_known = (confidence > 0) & ~is_bridged
    is_filled = is_bridged | _short_gaps(is_known, max_gap=max_gap)
    straight = fill_gaps(positions, is_known, smooth=False)
    curved = fill_gaps(positions, is_known)
    filled = np.where(is_filled[..., None], curved, straight)
    edges = fill_gaps(confidence, is_known, smooth=False)
    filled_confidence = np.where(is_filled, _FILLED_CONFIDENCE * edges, confidence)
    is_ever = is_known.any(axis=0)
    if is_ever.any() and not is_ever.all():
        # A joint that is never seen has no place of its own: the middle of those that are.
        filled[:, ~is_ever] = filled[:, is_ever].mean(axis=1, keepdims=True)
    return filled, filled_confidence, is_filled


def _short_gaps(is_known: BoolArray, *, max_gap: int) -> BoolArray:
    """(T, J) the unknown samples in gaps of at most ``max_gap`` frames with known ones around."""
    before, after = neighbours(is_known)
    is_inside = ~is_known & (before >= 0) & (after < len(is_known))
    return is_inside & (after - before - 1 <= max_gap)


def _describe(
    *,
    is_swapped: BoolArray,
    is_outlier: BoolArray,
    is_filled: BoolArray,
    is_frame_absent: BoolArray,
    confidence: FloatArray,
    stride: int,
) -> tuple[str, ...]:
    """What was done, one sentence each, nothing about what was not needed."""
    num_frames = len(confidence)
    num_swapped = int(is_swapped.any(axis=1).sum())
    is_lost = (confidence == 0).all(axis=1)
    warnings: list[str] = []
    if stride > 1:
        warnings.append(
            f"keypoints on about every {stride}. frame only: the frames between are interpolated"
        )
    elif is_frame_absent.any():
        warnings.append(f"frames without a detection: {is_frame_absent.sum()} of {num_frames}")
    if num_swapped:
        warnings.append(f"frames where left and right were swapped back: {num_swapped}")
    if is_outlier.any():
        warnings.append(f"outlying joint positions removed: {is_outlier.sum()}")
    if is_filled.any():
        share = 100.0 * is_filled.mean()
        warnings.append(
            "doubtful or missing joint positions interpolated over short gaps: "
            f"{is_filled.sum()} ({share:.1f} %)"
        )
    if is_lost.any():
        warnings.append(f"frames in longer gaps, kept as missing: {is_lost.sum()} of {num_frames}")
    return tuple(warnings)
