"""Gaps and runs along the first axis (frames): where they are, and filling gaps."""

from __future__ import annotations

import numpy as np

from ..errors import LiftError
from .arrays import BoolArray, FloatArray, IntArray

# How many known samples back the speed at the edge of a gap is measured: one alone is mostly noise.
_SPEED_SPAN = 3


def neighbours(is_known: BoolArray) -> tuple[IntArray, IntArray]:
    """For every sample the index of the last known one at or before it, and the first at or after.

    Parameters
    ----------
    is_known : (T, ...) bool

    Returns
    -------
    before, after : (T, ...) int
        -1 and T where there is none.
    """
    num_frames = len(is_known)
    index = np.arange(num_frames).reshape(-1, *[1] * (is_known.ndim - 1))
    before = np.maximum.accumulate(np.where(is_known, index, -1), axis=0)
    after = np.where(is_known, index, num_frames)
    after = np.minimum.accumulate(after[::-1], axis=0)[::-1]
    return before, after


def runs(mask: BoolArray) -> IntArray:
    """(R, 2) first frame and frame after the last of every run of True in ``mask`` (T,), in order."""
    edges = np.diff(mask.astype(np.int8), prepend=0, append=0)
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=-1)


def fill_gaps(values: FloatArray, is_known: BoolArray, *, smooth: bool = True) -> FloatArray:
    """Fill unknown samples from the known ones of the same channel.

    Inside, a cubic Hermite curve that keeps the speed at both edges of the gap, or a straight line;
    before the first and after the last known sample the value is held. A channel without any known
    sample is left as it is.

    Parameters
    ----------
    values : (T, ..., C) or (T, ...) float
    is_known : (T, ...) bool
        Shape of ``values``, or without its trailing axes.
    smooth : bool
        Cubic where True, linear where False.

    Returns
    -------
    (T, ...) float
        A new array; known samples are unchanged.

    Raises
    ------
    LiftError
        When the shapes do not agree.
    """
    if is_known.shape != values.shape[: is_known.ndim]:
        raise LiftError(
            f"fill_gaps: expected is_known to match the values' {values.shape}, "
            f"found {is_known.shape}"
        )
    filled = np.array(values, dtype=np.result_type(values.dtype, np.float32))
    num_frames = len(values)
    if num_frames == 0 or is_known.all():
        return filled
    before, after = neighbours(is_known)
    has_any = np.broadcast_to(is_known.any(axis=0), is_known.shape)
    before, after = (
        np.where(before < 0, after, before),
        np.where(after >= num_frames, before, after),
    )
    holes = np.nonzero(~is_known & has_any)
    frame, channel = holes[0], holes[1:]
    start, end = before[holes], after[holes]
    gap = np.maximum(end - start, 1)
    trailing = (-1,) + (1,) * (values.ndim - is_known.ndim)
    x = np.where(end > start, (frame - start) / gap, 0.0).reshape(trailing)
    first, last = filled[(start, *channel)], filled[(end, *channel)]
    result = first + x * (last - first)
    if smooth:
        chord = (last - first) / gap.reshape(trailing)

        def excess_speed(edge: IntArray, far: IntArray) -> FloatArray:
            """The channel's speed just outside the gap, less the gap's own mean speed."""
            span = edge - far
            is_near = (np.abs(span) >= 1) & (np.abs(span) <= 2 * _SPEED_SPAN)
            outside = filled[(edge, *channel)] - filled[(far, *channel)]
            outside = outside / np.where(is_near, span, 1).reshape(trailing)
            return np.where(is_near.reshape(trailing), outside - chord, 0.0)

        def known_at(frames: IntArray, table: IntArray) -> IntArray:
            return table[(np.clip(frames, 0, num_frames - 1), *channel)]

        speed_in = excess_speed(start, known_at(start - _SPEED_SPAN, before))
        speed_out = excess_speed(end, known_at(end + _SPEED_SPAN, after))
        is_inside = (end > start).reshape(trailing)
        curve = x * (1 - x) * ((1 - x) * speed_in - x * speed_out) * gap.reshape(trailing)
        result = result + np.where(is_inside, curve, 0.0)
    filled[holes] = result
    return filled
