"""MediaPipe's 33 pose landmarks in CSV: a row per frame, or a row per landmark."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import BLAZEPOSE_33
from .assembly import FoundPeople
from .blazepose import choose_columns, found_landmarks

_NUM_JOINTS = BLAZEPOSE_33.num_joints
_COORDINATES = {
    "x": 0,
    "y": 1,
    "v": 2,
    "c": 2,
    "vis": 2,
    "visibility": 2,
    "score": 2,
    "confidence": 2,
}
_COORDINATE_WORDS = "|".join(sorted(_COORDINATES, key=len, reverse=True))
_COORDINATE_LAST = re.compile(rf"(.+?)[ _.\-]({_COORDINATE_WORDS})")
_COORDINATE_FIRST = re.compile(rf"({_COORDINATE_WORDS})[ _.\-]?(\d+)")
_FRAME_NAMES = ("frame", "frame_id", "frame_number", "frame_idx", "frame_index", "frame_no")
_LANDMARK_NAMES = ("landmark", "landmark_id", "landmark_index", "joint", "joint_id", "id", "name")
# MediaPipe's own names where they differ from the joint set's.
_ALIASES = {
    "mouth_left": "left_mouth",
    "mouth_right": "right_mouth",
    "left_foot_index": "left_big_toe",
    "right_foot_index": "right_big_toe",
}


def read_blazepose_csv(content: bytes, path: Path) -> FoundPeople:
    """The person in a CSV of landmarks, with or without a header.

    Raises
    ------
    InputFormatError
        When it is not such a table; the message names line and column.
    """
    header, first_line, cells = _read_cells(content, path)
    if header is None:
        frames, keypoints = _from_unnamed(_parse_numbers(cells, path, first_line), path)
    elif {"x", "y"} <= set(header):
        frames, keypoints = _from_long(header, cells, path, first_line)
    else:
        frames, keypoints = _from_wide(header, cells, path, first_line)
    is_number = np.isfinite(frames) & (np.abs(frames) < 1e15)
    if not is_number.all():
        line = first_line + int(np.argmin(is_number))
        raise InputFormatError(f"{path}, line {line}: expected a frame number")
    numbers = frames.astype(np.int64)
    _, first = np.unique(numbers, return_index=True)
    first.sort()
    num_repeated = len(numbers) - len(first)
    warning = f"{num_repeated} lines repeat a frame number: the first of each was taken"
    return found_landmarks(
        keypoints[first],
        numbers[first],
        [int(number) for number in numbers[first]],
        layout="CSV",
        warnings=(warning,) if num_repeated else (),
    )


def _read_cells(content: bytes, path: Path) -> tuple[list[str] | None, int, list[list[str]]]:
    """The header in lower case if there is one, the first data line's number, the data cells."""
    try:
        text = content.decode("utf-8-sig")
        first_line = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first_line.count)
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputFormatError(f"{path}: not a CSV file: {error}") from error
    header: list[str] | None = None
    if rows and any(cell.strip() and _to_float(cell) is None for cell in rows[0]):
        header = [cell.strip().lower() for cell in rows.pop(0)]
    num_header_lines = 0 if header is None else 1
    if not rows:
        raise InputFormatError(f"{path}: expected lines of landmarks, found none")
    width = len(header) if header is not None else len(rows[0])
    for line, row in enumerate(rows, start=1 + num_header_lines):
        if len(row) != width:
            raise InputFormatError(
                f"{path}, line {line}: expected {width} columns, found {len(row)}"
            )
    return header, 1 + num_header_lines, rows


def _to_float(cell: str) -> float | None:
    try:
        return float(cell) if cell.strip() else float("nan")
    except ValueError:
        return None


def _parse_numbers(cells: list[list[str]], path: Path, first_line: int) -> np.ndarray:
    """(rows, columns) numbers; an empty cell is NaN."""
    try:
        return np.array(cells, dtype=float)
    except ValueError:
        pass  # An empty or a broken cell: told apart below, one by one.
    table = np.empty((len(cells), len(cells[0])))
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            value = _to_float(cell)
            if value is None:
                raise InputFormatError(
                    f"{path}, line {first_line + row}, column {column + 1}: expected a number, "
                    f"found {cell[:40]!r}"
                )
            table[row, column] = value
    return table


def _from_unnamed(table: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frames (T,) and keypoints (T,33,3) of unnamed columns: [frame [time]] then landmarks."""
    num_columns, num_before = divmod(table.shape[1], _NUM_JOINTS)
    if not 2 <= num_columns <= 5 or num_before > 2:
        raise InputFormatError(
            f"{path}: expected 33 landmarks of 2 to 5 columns each, found {table.shape[1]} columns"
        )
    frames = table[:, 0] if num_before else np.arange(len(table), dtype=float)
    landmarks = table[:, num_before:].reshape(len(table), _NUM_JOINTS, num_columns)
    return frames, choose_columns(landmarks)


def _from_wide(
    header: list[str], cells: list[list[str]], path: Path, first_line: int
) -> tuple[np.ndarray, np.ndarray]:
    """Frames (T,) and keypoints (T,33,3) of a row per frame with named columns."""
    columns: dict[str, dict[int, int]] = {}
    for column, name in enumerate(header):
        last, first = _COORDINATE_LAST.fullmatch(name), _COORDINATE_FIRST.fullmatch(name)
        if first is not None:
            columns.setdefault(first[2], {}).setdefault(_COORDINATES[first[1]], column)
        elif last is not None:
            columns.setdefault(last[1], {}).setdefault(_COORDINATES[last[2]], column)
    complete = {joint: places for joint, places in columns.items() if {0, 1} <= set(places)}
    order = _joint_order(list(complete), path)
    frame_column = next((header.index(name) for name in _FRAME_NAMES if name in header), None)
    chosen = [place for places in complete.values() for place in places.values()]
    chosen += [] if frame_column is None else [frame_column]
    wanted = sorted(set(chosen))
    numbers = _parse_numbers([[row[place] for place in wanted] for row in cells], path, first_line)
    keypoints = np.ones((len(cells), _NUM_JOINTS, 3))
    for joint, places in zip(order, complete.values(), strict=True):
        for coordinate, place in places.items():
            keypoints[:, joint, coordinate] = numbers[:, wanted.index(place)]
    if frame_column is None:
        return np.arange(len(cells), dtype=float), keypoints
    return numbers[:, wanted.index(frame_column)], keypoints


def _joint_order(joints: list[str], path: Path) -> list[int]:
    """Which joint each name stands for: by name, else by number, else in the order given."""
    if len(joints) != _NUM_JOINTS:
        raise InputFormatError(
            f"{path}: expected columns x and y of 33 landmarks, found {len(joints)}"
        )
    plain = [re.sub(r"[ .\-]", "_", joint).removeprefix("pose_") for joint in joints]
    names = [_ALIASES.get(joint, joint) for joint in plain]
    if set(names) == set(BLAZEPOSE_33.joint_names):
        return BLAZEPOSE_33.indices(*names)
    digits = [re.findall(r"\d+", joint) for joint in joints]
    if all(digits):
        numbers = np.array([int(runs[-1][-9:]) for runs in digits])
        if len(np.unique(numbers)) == _NUM_JOINTS:
            return [int(rank) for rank in np.argsort(np.argsort(numbers))]
    return list(range(_NUM_JOINTS))


def _from_long(
    header: list[str], cells: list[list[str]], path: Path, first_line: int
) -> tuple[np.ndarray, np.ndarray]:
    """Frames (T,) and keypoints (T,33,3) of a row per landmark, 33 rows a frame."""
    if len(cells) % _NUM_JOINTS:
        raise InputFormatError(
            f"{path}: expected 33 lines a frame, found {len(cells)} lines in all"
        )
    score = next((name for name in _COORDINATES if name not in "xy" and name in header), None)
    frame_name = next((name for name in _FRAME_NAMES if name in header), None)
    joint_name = next((name for name in _LANDMARK_NAMES if name in header), None)
    names = ["x", "y", *([score] if score else []), *([frame_name] if frame_name else [])]
    wanted = [header.index(name) for name in names]
    numbers = _parse_numbers([[row[place] for place in wanted] for row in cells], path, first_line)
    num_frames = len(cells) // _NUM_JOINTS
    keypoints = np.ones((num_frames, _NUM_JOINTS, 3))
    columns = 3 if score else 2
    keypoints[..., :columns] = numbers[:, :columns].reshape(num_frames, _NUM_JOINTS, columns)
    if joint_name is not None:
        place = header.index(joint_name)
        order = _joint_order([row[place].strip().lower() for row in cells[:_NUM_JOINTS]], path)
        keypoints = keypoints[:, np.argsort(order)]
    if frame_name is None:
        return np.arange(num_frames, dtype=float), keypoints
    frames = numbers[:, -1].reshape(num_frames, _NUM_JOINTS)
    is_whole = (frames == frames[:, :1]).all(axis=1)
    if not is_whole.all():
        line = first_line + _NUM_JOINTS * int(np.argmin(is_whole))
        raise InputFormatError(f"{path}, line {line}: expected 33 lines with one frame number")
    return frames[:, 0], keypoints
