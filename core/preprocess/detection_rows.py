"""Detections made ready for tracking: in time order, measured in body sizes, without duplicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..filters import BoolArray, FloatArray, IntArray
from ..types import Detections
from .body_size import body_centre_and_size, body_joints

_LEAST_JOINTS = 3
# Two detections in one frame whose joints are this close on average are one person (body sizes).
_DUPLICATE_DISTANCE = 0.06
_LARGEST_DISTANCE = 1.0
_PAIRS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class DetectionRows:
    """Usable detections (N), in time order.

    ``source`` (N,) row in ``Detections``; ``frames`` (N,) frame number; ``ordinals`` (N,) place of
    that frame among all frames that were read; ``track_ids`` (N,); ``positions`` (N,B,2) px and
    ``is_known`` (N,B) of the body's joints; ``centres`` (N,2) and ``sizes`` (N,) px; ``bones``
    (N,K) px, 0 where not seen.
    """

    source: IntArray
    frames: IntArray
    ordinals: IntArray
    track_ids: IntArray
    positions: FloatArray
    is_known: BoolArray
    centres: FloatArray
    sizes: FloatArray
    bones: FloatArray

    def __len__(self) -> int:
        return len(self.frames)


def prepare_rows(detections: Detections) -> tuple[DetectionRows, int]:
    """The usable rows, and the number of duplicates that were left out."""
    joints = body_joints(detections.skeleton)
    known = detections.confidence[:, joints] > 0
    num_known = known.sum(axis=1)
    least = min(_LEAST_JOINTS, int(num_known.max(initial=0)))
    order = np.lexsort((-detections.confidence.sum(axis=1), detections.row_frames))
    order = order[num_known[order] >= max(least, 1)]
    rows = _measure(detections, order, joints)
    is_duplicate = find_duplicates(rows)
    if not is_duplicate.any():
        return rows, 0
    return _measure(detections, order[~is_duplicate], joints), int(is_duplicate.sum())


def _measure(detections: Detections, source: IntArray, joints: list[int]) -> DetectionRows:
    frames = detections.row_frames[source].astype(np.int64)
    read = np.union1d(detections.frames, frames)
    positions = detections.positions[source][:, joints].astype(np.float32)
    is_known = detections.confidence[source][:, joints] > 0
    centres, sizes = body_centre_and_size(positions, is_known)
    typical = float(np.median(sizes)) if len(sizes) else 1.0
    place = {joint: index for index, joint in enumerate(joints)}
    bones = [
        (place[parent], place[child])
        for parent, child in detections.skeleton.bones.tolist()
        if parent in place and child in place
    ]
    start, end = np.array(bones, dtype=np.int64).reshape(-1, 2).T
    lengths = np.sqrt(((positions[:, start] - positions[:, end]) ** 2).sum(axis=-1))
    return DetectionRows(
        source=source,
        frames=frames,
        ordinals=np.searchsorted(read, frames),
        track_ids=detections.track_ids[source].astype(np.int64),
        positions=positions,
        is_known=is_known,
        centres=centres,
        # A face alone is small, but its person is not.
        sizes=np.maximum(sizes, max(0.3 * typical, 1e-3)),
        bones=np.where(is_known[:, start] & is_known[:, end], lengths, 0.0),
    )


def pair_distance(rows: DetectionRows, first: IntArray, second: IntArray) -> FloatArray:
    """(P,) mean distance of the joints that both rows show, each at most 1, in body sizes.

    Like COCO's object keypoint similarity, but linear: 0 the same pose in the same place, about 0.2
    a shoulder's width aside, 1 elsewhere. Rows without a joint in common are compared by centre.
    """
    distance = np.empty(len(first))
    for begin in range(0, len(first), _PAIRS_AT_ONCE):
        a, b = first[begin : begin + _PAIRS_AT_ONCE], second[begin : begin + _PAIRS_AT_ONCE]
        size = np.maximum(rows.sizes[a], rows.sizes[b])
        offset = rows.positions[a] - rows.positions[b]
        each = np.sqrt(offset[..., 0] ** 2 + offset[..., 1] ** 2) / size[:, None]
        shared = rows.is_known[a] & rows.is_known[b]
        count = shared.sum(axis=1)
        mean = np.where(shared, np.minimum(each, _LARGEST_DISTANCE), 0.0).sum(axis=1)
        apart = np.sqrt(((rows.centres[a] - rows.centres[b]) ** 2).sum(axis=-1)) / size
        distance[begin : begin + len(a)] = np.where(
            count > 0, mean / np.maximum(count, 1), np.minimum(apart, _LARGEST_DISTANCE)
        )
    return distance


def pairs_between(
    ordinals: IntArray, *, step: int, is_wanted: BoolArray | None = None
) -> tuple[IntArray, IntArray]:
    """Every pair of rows whose frames lie ``step`` apart (0: the same frame, earlier row first).

    ``is_wanted`` tells, by ordinal, the frames of the first rows; all where it is not given.
    """
    if len(ordinals) == 0:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    begins = np.searchsorted(ordinals, np.arange(int(ordinals[-1]) + 2 + step))
    rows = np.arange(len(ordinals)) if is_wanted is None else np.nonzero(is_wanted[ordinals])[0]
    others = ordinals[rows] + step
    counts = begins[others + 1] - begins[others]
    first = np.repeat(rows, counts)
    within = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    second = np.repeat(begins[others], counts) + within
    if step == 0:
        is_pair = first < second
        first, second = first[is_pair], second[is_pair]
    return first, second


def find_duplicates(rows: DetectionRows) -> BoolArray:
    """(N,) rows that show the same person as a better row of their frame (better rows first)."""
    first, second = pairs_between(rows.ordinals, step=0)
    is_duplicate = np.zeros(len(rows), bool)
    shared = (rows.is_known[first] & rows.is_known[second]).sum(axis=1)
    fewer = np.minimum(rows.is_known[first].sum(axis=1), rows.is_known[second].sum(axis=1))
    is_same = (shared >= np.maximum(1, 0.6 * fewer)) & (
        pair_distance(rows, first, second) < _DUPLICATE_DISTANCE
    )
    is_duplicate[second[is_same]] = True
    return is_duplicate
