"""People followed over frames: from everyone that a detector found to one clip per person."""

from __future__ import annotations

import math

import numpy as np

from ..errors import LiftError, NothingToLiftError
from ..filters import IntArray
from ..types import Detections, Keypoints2D
from .detection_rows import DetectionRows, prepare_rows
from .track_joining import join_tracklets, track_end
from .tracklets import find_tracklets

_FPS_IF_UNKNOWN = 30.0
# Who is seen for less than this, or in few of the frames between, and for a small share of the
# longest, was never there.
_SHORT_SECONDS, _SHORT_SHARE, _LEAST_DENSITY = 0.25, 0.2, 0.5
_RETURN_SECONDS, _RETURN_REACH, _RETURN_SIZE_RATIO, _RETURN_BONES = 10.0, 1.5, 1.5, 0.3


def track(detections: Detections) -> tuple[tuple[Keypoints2D, ...], tuple[str, ...]]:
    """Follow people over frames: one clip per person, who is seen in most frames first.

    Stretches where there is no doubt are linked first (see ``find_tracklets``; this uses the
    detector's own track ids where they are plausible). They are then joined in time order, over
    crossings and gaps of up to two seconds: the cheapest assignment by where constant velocity from
    both sides leads, by apparent size and by bone lengths. People who leave and come back are
    joined where they are alike. Duplicates and short false detections are left out.

    Parameters
    ----------
    detections : Detections
        px.

    Returns
    -------
    people : tuple of Keypoints2D
        Numbered from 1; ``frames`` are those in which the person was seen.
    warnings : tuple of str
        What was done, in plain words, with counts.

    Raises
    ------
    LiftError
        When positions are fractions of the image.
    NothingToLiftError
        When nobody is seen in any frame.
    """
    if detections.is_normalized:
        raise LiftError(
            "track: expected positions in pixels, found fractions of the image; the image size is "
            "needed first"
        )
    fps = float(detections.fps) if detections.fps else _FPS_IF_UNKNOWN
    rows, num_duplicates = prepare_rows(detections)
    if len(rows) == 0:
        raise NothingToLiftError(f"nobody was detected in any of {len(detections.frames)} frames")
    warnings: list[str] = []
    if num_duplicates:
        warnings.append(f"duplicate detections of a person in a frame, left out: {num_duplicates}")
    tracklets, id_warnings = find_tracklets(rows, fps=fps)
    warnings.extend(id_warnings)
    tracks = join_tracklets(rows, tracklets, fps=fps)
    tracks, num_dropped = _drop_short(rows, tracks, fps=fps)
    if num_dropped:
        warnings.append(f"false or momentary detections of people, left out: {num_dropped}")
    tracks, num_returns = _join_returns(rows, tracks, fps=fps)
    if num_returns:
        warnings.append(f"people who left and came back, taken as the same person: {num_returns}")
    tracks.sort(key=lambda track: (-len(track), -float(rows.sizes[track].mean())))
    if len(tracks) > 1:
        warnings.append(f"people found: {len(tracks)}")
    people = tuple(
        _keypoints_of(detections, rows, track, person) for person, track in enumerate(tracks, 1)
    )
    return people, tuple(warnings)


def _keypoints_of(
    detections: Detections, rows: DetectionRows, track: IntArray, person: int
) -> Keypoints2D:
    source = rows.source[track]
    return Keypoints2D(
        positions=detections.positions[source].astype(np.float64),
        confidence=detections.confidence[source].astype(np.float64),
        frames=rows.frames[track],
        image_size=detections.image_size,
        fps=detections.fps,
        person=person,
        skeleton=detections.skeleton,
        has_settled_sides=detections.has_settled_sides,
    )


def _drop_short(
    rows: DetectionRows, tracks: list[IntArray], *, fps: float
) -> tuple[list[IntArray], int]:
    """The tracks without those too short or too flickering to be anyone; the longest stays."""
    longest = max(len(track) for track in tracks)
    seen = np.unique(rows.frames)
    stride = float(np.median(np.diff(seen))) if len(seen) > 1 else 1.0
    least = min(max(3.0, _SHORT_SECONDS * fps / stride), _SHORT_SHARE * longest)
    kept: list[IntArray] = []
    for track in tracks:
        span = float(rows.frames[track[-1]] - rows.frames[track[0]]) / stride + 1.0
        is_steady = len(track) >= _LEAST_DENSITY * span or len(track) >= _SHORT_SHARE * longest
        if len(track) >= least and is_steady:
            kept.append(track)
    return kept, len(tracks) - len(kept)


def _join_returns(
    rows: DetectionRows, tracks: list[IntArray], *, fps: float
) -> tuple[list[IntArray], int]:
    """Tracks joined over long gaps to the person who was there before, the most alike first.

    Someone who is always alone may come back anywhere, at any time; among several people only near
    to where the person was lost, within ten seconds.
    """
    firsts = [track_end(rows, track, is_last=False, fps=fps) for track in tracks]
    lasts = [track_end(rows, track, is_last=True, fps=fps) for track in tracks]
    num_frames = len(np.unique(np.concatenate([rows.frames[track] for track in tracks])))
    is_alone = num_frames == sum(len(track) for track in tracks)
    pairs: list[tuple[float, int, int]] = []
    for i, last in enumerate(lasts):
        for j, first in enumerate(firsts):
            seconds = (first.frame - last.frame) / fps
            if seconds <= 0 or (seconds >= _RETURN_SECONDS and not is_alone):
                continue
            size_apart, bones_apart = last.size_apart(first), last.bones_apart(first)
            distance = float(np.hypot(*(first.centre - last.centre))) / max(last.size, first.size)
            is_near = distance < _RETURN_REACH
            is_alike = size_apart < math.log(_RETURN_SIZE_RATIO) and bones_apart < _RETURN_BONES
            if is_alike and (is_near or is_alone):
                pairs.append((size_apart + bones_apart + 0.1 * distance + 0.1 * seconds, i, j))
    following: dict[int, int] = {}
    for _, i, j in sorted(pairs):
        if i not in following and j not in following.values():
            following[i] = j
    joined: list[IntArray] = []
    for start in set(range(len(tracks))) - set(following.values()):
        chain = [start]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        joined.append(np.concatenate([tracks[index] for index in chain]))
    return joined, len(following)
