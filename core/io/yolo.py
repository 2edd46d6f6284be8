"""Ultralytics YOLO-pose: one label file per frame, or its JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError
from .assembly import FoundPeople
from .file_content import frame_number_from_id, parse_json, show, track_id_from
from .frame_file import FrameFormat, found_in_frames
from .person_row import PersonRow, join_scores, stack_rows

_NUM_JOINTS = 17
_NUM_BOX_VALUES = 5  # class, x, y, w, h
_FRAME_KEYS = ("frame", "frame_id", "frame_number", "image_id")


def decode_text(content: bytes, where: str) -> list[list[float]]:
    """The numbers of a label file, line by line.

    Raises
    ------
    InputFormatError
        When it is not text, or a word is not a number.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputFormatError(f"{where}: expected text, found other bytes") from error
    table: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        try:
            values = [float(word) for word in line.split()]
        except ValueError as error:
            raise InputFormatError(f"{where}, line {number}: expected numbers: {error}") from error
        if values:
            table.append(values)
    return table


def is_label_table(content: Any) -> bool:
    """Whether a decoded label file has lines of a pose label's length."""
    return isinstance(content, list) and bool(content) and len(content[0]) > _NUM_BOX_VALUES


def parse_label_table(content: Any, frame: int, where: str) -> list[PersonRow]:
    """The people of one label file: ``class x y w h (x y v)*17 [confidence] [track]`` a line.

    Raises
    ------
    InputFormatError
        When a line has another length.
    """
    return [
        _parse_label(values, frame, f"{where}, line {number}")
        for number, values in enumerate(content, start=1)
    ]


def _parse_label(values: list[float], frame: int, where: str) -> PersonRow:
    for num_columns in (3, 2):
        end = _NUM_BOX_VALUES + num_columns * _NUM_JOINTS
        if end <= len(values) <= end + 2:
            break
    else:
        raise InputFormatError(
            f"{where}: expected 56 to 58 numbers (a box and 17 joints), found {len(values)}"
        )
    keypoints = np.ones((_NUM_JOINTS, 3))
    keypoints[:, :num_columns] = np.reshape(values[_NUM_BOX_VALUES:end], (-1, num_columns))
    # The box's confidence, then the track; either may be there alone, and only a track is whole.
    last = values[-1] if len(values) > end else -1.0
    return PersonRow(frame, keypoints, track_id_from(last) if last % 1 == 0 else -1, where)


YOLO_LABEL_FRAME = FrameFormat(
    name="YOLO txt",
    decode=decode_text,
    matches=is_label_table,
    parse=parse_label_table,
    units="unknown",
)


def is_yolo_frame(content: Any) -> bool:
    """Whether decoded JSON is one frame's list of YOLO-pose detections."""
    first = content[0] if isinstance(content, list) and content else None
    points = first.get("keypoints") if isinstance(first, dict) else None
    return isinstance(points, dict) and "x" in points and "y" in points


def parse_yolo_frame(content: Any, frame: int, where: str) -> list[PersonRow]:
    """The people of one frame's list of detections.

    Raises
    ------
    InputFormatError
        When a detection is broken, naming it.
    """
    if not isinstance(content, list):
        raise InputFormatError(f"{where}: expected a list of detections, found {show(content)}")
    return [
        _parse_detection(detection, frame, f"{where}, person {number}")
        for number, detection in enumerate(content, start=1)
    ]


def _parse_detection(detection: Any, frame: int, where: str) -> PersonRow:
    points = detection.get("keypoints") if isinstance(detection, dict) else None
    if not isinstance(points, dict):
        raise InputFormatError(f"{where}: expected keypoints with x and y, found {show(points)}")
    x, y = points.get("x"), points.get("y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
        raise InputFormatError(f"{where}: expected lists x and y of one length")
    pairs = [list(pair) for pair in zip(x, y, strict=True)]
    keypoints = join_scores(pairs, points.get("visible"), where)
    return PersonRow(frame, keypoints, track_id_from(detection.get("track_id")), where)


YOLO_JSON_FRAME = FrameFormat(
    name="YOLO JSON",
    decode=parse_json,
    matches=is_yolo_frame,
    parse=parse_yolo_frame,
    units="unknown",
)


def is_yolo_clip(content: Any) -> bool:
    """Whether decoded JSON is a list of frames, each a list of detections."""
    first = next((frame for frame in content if frame), None) if isinstance(content, list) else None
    return is_yolo_frame(first)


def read_yolo_clip(content: Any, path: Path) -> FoundPeople:
    """Everyone in a list of frames, each a list of detections.

    Raises
    ------
    InputFormatError
        When a frame is broken, naming it.
    """
    rows: list[PersonRow] = []
    for frame, detections in enumerate(content):
        rows += parse_yolo_frame(detections or [], frame, f"{path}, frame {frame}")
    stacked, _ = stack_rows(rows, path=path)
    return found_in_frames(
        stacked, range(len(content)), YOLO_JSON_FRAME, layout="file", warnings=()
    )


def has_frame_numbers(content: Any) -> bool:
    """Whether the detections of one list say which frame each belongs to."""
    return is_yolo_frame(content) and any(key in content[0] for key in _FRAME_KEYS)


def read_numbered_detections(content: Any, path: Path) -> FoundPeople:
    """Everyone in one list of detections that each name their frame.

    Raises
    ------
    InputFormatError
        When a detection is broken or names no frame.
    """
    rows: list[PersonRow] = []
    for number, detection in enumerate(content):
        there = f"{path}, entry {number}"
        keys = [key for key in _FRAME_KEYS if isinstance(detection, dict) and key in detection]
        frame = frame_number_from_id(detection[keys[0]], there) if keys else None
        if frame is None:
            raise InputFormatError(f"{there}: expected a frame number, found none")
        rows.append(_parse_detection(detection, frame, f"{there}, frame {frame}"))
    stacked, _ = stack_rows(rows, path=path)
    frames = [row.frame for row in rows]
    return found_in_frames(stacked, frames, YOLO_JSON_FRAME, layout="file", warnings=())
