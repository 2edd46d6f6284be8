"""One person in one frame as read, and stacking many of them into arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import (
    BLAZEPOSE_33,
    BODY_25,
    BODY_25B,
    COCO_17,
    COCO_18,
    COCO_WHOLEBODY_133,
    HALPE_26,
)
from ..skeleton import Skeleton
from .file_content import show

SKELETON_BY_COUNT: dict[int, Skeleton] = {
    17: COCO_17,
    18: COCO_18,
    25: BODY_25,
    26: HALPE_26,
    33: BLAZEPOSE_33,
    133: COCO_WHOLEBODY_133,
    # Halpe-136: its first 26 are the body.
    136: HALPE_26,
}
# Telling BODY_25 from BODY_25B: the right order's bones are clearly shorter than the wrong one's.
_CLEARLY_SHORTER = 0.9
_NO_BONE_LENGTH = 1.0


class PersonRow(NamedTuple):
    """One person in one frame: ``keypoints`` (J,3) x, y, confidence as the file has them."""

    frame: int
    keypoints: np.ndarray
    track_id: int
    where: str


@dataclass(frozen=True, slots=True)
class StackedRows:
    """Rows of one joint count: ``keypoints`` (N,J,3), and what else was in the file."""

    keypoints: np.ndarray
    row_frames: np.ndarray
    track_ids: np.ndarray
    skeleton: Skeleton
    warnings: tuple[str, ...] = ()


def parse_keypoints(values: Any, where: str) -> np.ndarray:
    """(J,3) x, y, confidence from ``[x, y, c, x, y, c, ...]`` or ``[[x, y, c], ...]``.

    null is NaN. Raises
    ------
    InputFormatError
        When a value is not a number or the count is no multiple of three.
    """
    array = _numbers(values, where)
    if array.ndim == 1 and array.size % 3 == 0:
        return array.reshape(-1, 3)
    if array.ndim == 2 and array.shape[1] == 3:
        return array
    raise InputFormatError(
        f"{where}: expected x, y, confidence for every joint, found {array.size} numbers"
    )


def join_scores(points: Any, scores: Any, where: str) -> np.ndarray:
    """(J,3) from ``[[x, y], ...]`` and one score per joint (None = 1 everywhere).

    Raises
    ------
    InputFormatError
        When a value is not a number or the lengths differ.
    """
    positions = _numbers(points, where)
    if not positions.size:
        return np.zeros((0, 3))
    if positions.ndim != 2 or positions.shape[1] not in (2, 3):
        raise InputFormatError(
            f"{where}: expected a pair x, y for every joint, found shape {positions.shape}"
        )
    if scores is None:
        confidence = positions[:, 2] if positions.shape[1] == 3 else np.ones(len(positions))
    else:
        confidence = _numbers(scores, where)
    if confidence.shape != (len(positions),):
        raise InputFormatError(
            f"{where}: expected a score for each of {len(positions)} joints, found "
            f"{confidence.size}"
        )
    return np.column_stack((positions[:, :2], confidence))


def parse_table(rows: Any, where: str) -> np.ndarray:
    """(J,k) numbers from a list of J lists of k, k of 2 to 5; null is NaN.

    Raises
    ------
    InputFormatError
        When a value is not a number or the rows differ in length.
    """
    table = _numbers(rows, where)
    if table.ndim != 2 or not 2 <= table.shape[1] <= 5:
        raise InputFormatError(f"{where}: expected 2 to 5 numbers a joint, found {table.shape}")
    return table


def _numbers(values: Any, where: str) -> np.ndarray:
    if not isinstance(values, list):
        raise InputFormatError(f"{where}: expected a list of numbers, found {show(values)}")
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputFormatError(f"{where}: {_first_fault(values)}") from error


def _first_fault(values: Sequence[Any]) -> str:
    """Which joint of an unusable list is at fault."""
    is_nested = any(isinstance(value, list) for value in values)
    num_joints = len(values) if is_nested else len(values) // 3
    skeleton = SKELETON_BY_COUNT.get(num_joints)
    for position, value in enumerate(values):
        try:
            item = np.array(value, dtype=float)
        except (TypeError, ValueError, OverflowError):
            is_number = False
        else:
            is_number = item.ndim == int(is_nested)
        if not is_number:
            joint = position if is_nested else position // 3
            # 25 joints come in two orders, so their names are not known here.
            is_named = skeleton is not None and num_joints != 25 and joint < skeleton.num_joints
            name = f" ({skeleton.joint_names[joint]})" if is_named and skeleton else ""
            return f"joint {joint}{name}: expected numbers, found {show(value)}"
    return "expected the same count of numbers for every joint"


def stack_rows(
    rows: Sequence[PersonRow], *, path: Path, may_skip: bool = False
) -> tuple[StackedRows, tuple[PersonRow, ...]]:
    """Rows as arrays with the skeleton their joint count stands for, and the rows left out.

    Rows whose joint count differs from the commonest are left out where ``may_skip``.

    Raises
    ------
    InputFormatError
        When the count is none of the known ones, or differs between rows without ``may_skip``.
    """
    rows = [row for row in rows if len(row.keypoints)]
    if not rows:
        empty = np.zeros(0, dtype=int)
        return StackedRows(np.zeros((0, 17, 3)), empty, empty, COCO_17), ()
    counts = Counter(len(row.keypoints) for row in rows)
    num_joints = counts.most_common(1)[0][0]
    odd = tuple(row for row in rows if len(row.keypoints) != num_joints)
    if num_joints not in SKELETON_BY_COUNT:
        first = next(row for row in rows if len(row.keypoints) == num_joints)
        known = ", ".join(str(count) for count in SKELETON_BY_COUNT)
        raise InputFormatError(
            f"{first.where}: expected a known joint count ({known}), found {num_joints}"
        )
    if odd and not may_skip:
        raise InputFormatError(
            f"{odd[0].where}: expected {num_joints} joints as elsewhere in {path.name}, found "
            f"{len(odd[0].keypoints)}"
        )
    kept = [row for row in rows if len(row.keypoints) == num_joints]
    keypoints = np.stack([row.keypoints for row in kept])
    skeleton, warnings = _skeleton_of(keypoints)
    stacked = StackedRows(
        keypoints[:, : skeleton.num_joints],
        np.array([row.frame for row in kept], dtype=np.int64),
        np.array([row.track_id for row in kept], dtype=np.int64),
        skeleton,
        warnings,
    )
    return stacked, odd


def _skeleton_of(keypoints: np.ndarray) -> tuple[Skeleton, tuple[str, ...]]:
    """The skeleton of (N,J,3) keypoints, and a warning where that was a guess."""
    if keypoints.shape[1] != BODY_25.num_joints:
        return SKELETON_BY_COUNT[keypoints.shape[1]], ()
    lengths = [relative_bone_length(keypoints, skeleton) for skeleton in (BODY_25, BODY_25B)]
    # No bone in sight (NaN) speaks against an order as much as a long one.
    length_25, length_25b = np.nan_to_num(lengths, nan=_NO_BONE_LENGTH)
    skeleton = BODY_25 if length_25 <= length_25b else BODY_25B
    if min(length_25, length_25b) <= _CLEARLY_SHORTER * max(length_25, length_25b):
        return skeleton, ()
    message = f"BODY_25 and BODY_25B cannot be told apart for sure here: read as {skeleton.name}"
    return skeleton, (message,)


def relative_bone_length(keypoints: np.ndarray, skeleton: Skeleton) -> float:
    """Mean bone length over the clip, as a share of the person's extent; NaN when nobody is seen.

    ``keypoints`` (N,J,3) x, y, confidence. In a wrong joint order bones join far-off joints, so the
    right order is the one with the shorter bones.
    """
    positions = keypoints[..., :2]
    usable = np.isfinite(keypoints).all(-1) & (np.abs(positions) < 1e6).all(-1)
    seen = usable & (keypoints[..., 2] > 0)
    positions = np.where(seen[..., None], positions, np.nan)
    positions = positions[seen.sum(1) >= 2]
    seen = seen[seen.sum(1) >= 2]
    if not len(positions):
        return float("nan")
    extent = np.linalg.norm(np.nanmax(positions, axis=1) - np.nanmin(positions, axis=1), axis=-1)
    bones = skeleton.bones
    length = np.linalg.norm(positions[:, bones[:, 1]] - positions[:, bones[:, 0]], axis=-1)
    share = length / np.maximum(extent, 1e-9)[:, None]
    share = share[np.isfinite(share)]
    return float(share.mean()) if share.size else float("nan")
