"""Tracklets joined to tracks: who goes on where a detection was missing or in doubt."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..filters import BoolArray, FloatArray, IntArray
from .assignment import assign
from .detection_rows import DetectionRows

# Distances in body sizes, times in seconds.
_LONGEST_GAP, _LONGEST_SOLID_GAP = 2.0, 1.0
_SOLID_ROWS = 5
_REACH, _REACH_PER_SECOND, _LARGEST_REACH = 0.35, 1.2, 1.2
_HOLE_REACH = 0.35
_LARGEST_SIZE_RATIO = 1.6
_SPEED_ROWS, _SPEED_SECONDS, _SPEED_LASTS = 8, 0.3, 0.5
_LOOK_ROWS, _LEAST_LOOK_ROWS = 30, 10
_SIZE_WEIGHT, _BONES_WEIGHT = 0.5, 1.0
# What a change of speed costs, per body size a second, and at most.
_TURN_WEIGHT, _LARGEST_TURN = 0.25, 0.3
_TOGETHER_SECONDS = 0.25


def join_tracklets(
    rows: DetectionRows, tracklets: Sequence[IntArray], *, fps: float
) -> list[IntArray]:
    """Tracklets joined over doubts and over gaps of up to two seconds.

    First those long enough to have a direction, over what lies between (a crossing, most often);
    then the short ones are put into the holes where they fit; then whatever is left, in time order.
    """
    solid = [tracklet for tracklet in tracklets if len(tracklet) >= _SOLID_ROWS]
    short = [tracklet for tracklet in tracklets if len(tracklet) < _SOLID_ROWS]
    tracks = _join_in_time_order(rows, solid, longest_gap=_LONGEST_SOLID_GAP, fps=fps)
    tracks, left = _fill_holes(rows, tracks, short, fps=fps)
    parts = sorted([*tracks, *left], key=lambda track: int(track[0]))
    return _join_in_time_order(rows, parts, longest_gap=_LONGEST_GAP, fps=fps)


@dataclass(frozen=True, slots=True, eq=False)
class TrackEnd:
    """One end of a track: where it is, where it goes, and what the person looks like there.

    ``speed`` (2,) px per frame; ``bones`` (K,) px at most over a second, None for too few rows.
    """

    frame: int
    positions: FloatArray
    is_known: BoolArray
    centre: FloatArray
    speed: FloatArray
    has_speed: bool
    size: float
    bones: FloatArray | None

    def size_apart(self, other: TrackEnd) -> float:
        """Difference of the logarithms of both apparent sizes."""
        return abs(math.log(self.size / other.size))

    def bones_apart(self, other: TrackEnd) -> float:
        """Mean difference of the logarithms of bone lengths, at most 0.5; 0 while unknown."""
        if self.bones is None or other.bones is None:
            return 0.0
        both = (self.bones > 0) & (other.bones > 0)
        if not both.any():
            return 0.0
        return min(float(np.abs(np.log(self.bones[both] / other.bones[both])).mean()), 0.5)


def track_end(rows: DetectionRows, track: IntArray, *, is_last: bool, fps: float) -> TrackEnd:
    """The first or the last end of a track (rows in time order)."""
    near = track[-_SPEED_ROWS:] if is_last else track[:_SPEED_ROWS]
    at = int(track[-1] if is_last else track[0])
    near = near[np.abs(rows.frames[near] - rows.frames[at]) <= max(1.0, _SPEED_SECONDS * fps)]
    look = track[-_LOOK_ROWS:] if is_last else track[:_LOOK_ROWS]
    speed = np.zeros(2)
    if len(near) > 1:
        known = rows.is_known[near[1:]] & rows.is_known[near[:-1]]
        weight = known[..., None] / np.maximum(known.sum(axis=1), 1)[:, None, None]
        steps = (np.diff(rows.positions[near], axis=0) * weight).sum(axis=1)
        speed = steps.sum(axis=0) / (rows.frames[near[-1]] - rows.frames[near[0]])
    bones = None
    if len(look) >= _LEAST_LOOK_ROWS:
        bones = np.sort(rows.bones[look], axis=0)[int(0.9 * (len(look) - 1))]
    return TrackEnd(
        frame=int(rows.frames[at]),
        positions=rows.positions[at],
        is_known=rows.is_known[at],
        centre=rows.centres[at],
        speed=speed,
        has_speed=len(near) > 2,
        size=float(np.median(rows.sizes[look])),
        bones=bones,
    )


def _join_in_time_order(
    rows: DetectionRows, tracklets: Sequence[IntArray], *, longest_gap: float, fps: float
) -> list[IntArray]:
    """Each tracklet given to the track that it continues best, if any; both in time order."""
    parts: list[list[IntArray]] = []
    ends: list[TrackEnd] = []
    active: list[int] = []
    for group in _concurrent(rows, tracklets, fps=fps):
        starts = [track_end(rows, tracklet, is_last=False, fps=fps) for tracklet in group]
        oldest = starts[0].frame - longest_gap * fps
        active = [slot for slot in active if ends[slot].frame >= oldest]
        costs = [
            [_join_cost(ends[slot], start, longest_gap=longest_gap, fps=fps) for slot in active]
            for start in starts
        ]
        chosen = assign(costs, cost_of_none=2.0 * _LARGEST_REACH)
        candidates = list(active)
        for tracklet, column in zip(group, chosen, strict=True):
            if column < 0:
                active.append(len(parts))
                parts.append([tracklet])
                ends.append(track_end(rows, tracklet, is_last=True, fps=fps))
            else:
                slot = candidates[column]
                parts[slot].append(tracklet)
                recent = np.concatenate([part[-_LOOK_ROWS:] for part in parts[slot][-_LOOK_ROWS:]])
                ends[slot] = track_end(rows, recent, is_last=True, fps=fps)
    return [np.concatenate(track) for track in parts]


def _concurrent(
    rows: DetectionRows, tracklets: Sequence[IntArray], *, fps: float
) -> list[list[IntArray]]:
    """Tracklets that start together and overlap in time, so that each belongs to someone else."""
    groups: list[list[IntArray]] = []
    earliest_end, latest_start = -1, -1.0
    for tracklet in tracklets:
        start, end = int(rows.frames[tracklet[0]]), int(rows.frames[tracklet[-1]])
        if groups and start <= earliest_end and start <= latest_start:
            groups[-1].append(tracklet)
            earliest_end = min(earliest_end, end)
        else:
            groups.append([tracklet])
            earliest_end, latest_start = end, start + _TOGETHER_SECONDS * fps
    return groups


def _join_cost(end: TrackEnd, start: TrackEnd, *, longest_gap: float, fps: float) -> float:
    seconds = (start.frame - end.frame) / fps
    if not 0 < seconds <= longest_gap:
        return math.inf
    reach = min(_REACH + _REACH_PER_SECOND * seconds, _LARGEST_REACH)
    distance = _distance(end, start, fps=fps)
    size_apart = end.size_apart(start)
    if distance > reach or size_apart > math.log(_LARGEST_SIZE_RATIO):
        return math.inf
    turn = 0.0
    if end.has_speed and start.has_speed:
        change = float(np.hypot(*(start.speed - end.speed))) * fps / max(end.size, start.size)
        turn = min(_TURN_WEIGHT * change, _LARGEST_TURN)
    return distance + turn + _SIZE_WEIGHT * size_apart + _BONES_WEIGHT * end.bones_apart(start)


def _distance(earlier: TrackEnd, later: TrackEnd, *, fps: float) -> float:
    """Body sizes between the later pose and where the earlier one's speed leads.

    With the speeds of both ends their mean is used; that of one end alone is trusted less and less.
    """
    num_frames = later.frame - earlier.frame
    way = earlier.speed * _SPEED_LASTS * (1.0 - math.exp(-num_frames / fps / _SPEED_LASTS)) * fps
    if earlier.has_speed and later.has_speed:
        way = 0.5 * (earlier.speed + later.speed) * num_frames
    shared = earlier.is_known & later.is_known
    offset = (
        later.positions[shared] - earlier.positions[shared]
        if shared.any()
        else (later.centre - earlier.centre)[None]
    )
    apart = np.hypot(*(offset - way).T) / max(earlier.size, later.size)
    return float(np.minimum(apart, 1.5).mean())


def _fill_holes(
    rows: DetectionRows, tracks: list[IntArray], short: list[IntArray], *, fps: float
) -> tuple[list[IntArray], list[IntArray]]:
    """Short tracklets put into the holes of tracks where they fit; and those that fit nowhere."""
    filled: list[list[int]] = [track.tolist() for track in tracks]
    left: list[IntArray] = []
    for group in _concurrent(rows, short, fps=fps):
        costs = [[_hole_cost(rows, track, tracklet) for track in filled] for tracklet in group]
        chosen = assign(costs, cost_of_none=2.0 * _HOLE_REACH)
        for tracklet, column in zip(group, chosen, strict=True):
            if column < 0:
                left.append(tracklet)
            else:
                at = bisect.bisect_left(filled[column], int(tracklet[0]))
                filled[column][at:at] = tracklet.tolist()
    return [np.array(track) for track in filled], left


def _hole_cost(rows: DetectionRows, track: list[int], tracklet: IntArray) -> float:
    """Body sizes between a tracklet and the straight way over a hole of a track around it."""
    row = int(tracklet[0])
    at = bisect.bisect_left(track, row)
    if at in (0, len(track)):
        return math.inf
    before, after = track[at - 1], track[at]
    start, end = int(rows.frames[before]), int(rows.frames[after])
    if not (start < rows.frames[row] and rows.frames[tracklet[-1]] < end):
        return math.inf
    share = (int(rows.frames[row]) - start) / (end - start)
    shared = rows.is_known[before] & rows.is_known[after] & rows.is_known[row]
    if not shared.any():
        return math.inf
    way = (1 - share) * rows.positions[before][shared] + share * rows.positions[after][shared]
    apart = np.hypot(*(rows.positions[row][shared] - way).T).mean() / rows.sizes[row]
    return float(apart) if apart < _HOLE_REACH else math.inf
