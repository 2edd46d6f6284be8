"""Triangulated markers from OpenSim's TRC files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import InputFormatError

# Lines before the first frame; the names of the markers stand in the fourth.
_NUM_HEADER_LINES, _NAMES_LINE = 5, 3
# Frame number and time stand before the first marker.
_FIRST_COLUMN = 2


def read_trc(path: Path, joints: Sequence[str]) -> np.ndarray:
    """Markers by the joints that they stand for, in the axes of the calibration.

    Parameters
    ----------
    path : Path
        Of markers in metres that are named OpenSim's way (RShoulder, RBigToe ...), y up.
    joints : sequence of str
        Names as in ``JOINT_SETS`` (right_shoulder, right_big_toe ...).

    Returns
    -------
    (T,J,3) array
        m, z up; NaN where a cell is blank.

    Raises
    ------
    InputFormatError
        When the file cannot be read, lacks a marker, or a line is too short or holds a word where a
        number is expected.
    """
    lines = _read_lines(path)
    names = lines[_NAMES_LINE].split("\t")[_FIRST_COLUMN::3]
    columns: list[int] = []
    for joint in joints:
        marker = _marker_name(joint)
        if marker not in names:
            found = ", ".join(name for name in names if name)
            raise InputFormatError(
                f"{path}: line {_NAMES_LINE + 1}: expected a marker {marker}, found {found or 'none'}"
            )
        columns.append(_FIRST_COLUMN + 3 * names.index(marker))
    rows = [
        [_read_numbers(path, number, line.split("\t"), column, names) for column in columns]
        for number, line in enumerate(lines[_NUM_HEADER_LINES:], _NUM_HEADER_LINES + 1)
        if line.strip()
    ]
    if not rows:
        raise InputFormatError(f"{path}: expected a line for each frame, found none")
    # There (x, y, z), here (z, x, y).
    return np.array(rows)[..., [2, 0, 1]]


def _read_lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFormatError(f"{path}: expected a TRC file of markers: {error}") from error
    if len(lines) < _NUM_HEADER_LINES:
        raise InputFormatError(
            f"{path}: expected a TRC file with {_NUM_HEADER_LINES} lines of header, "
            f"found {len(lines)} line(s)"
        )
    return lines


def _read_numbers(
    path: Path, line_number: int, cells: list[str], column: int, names: list[str]
) -> list[float]:
    """Three coordinates of the marker that begins at ``column``; NaN where a cell is blank."""
    words = [cell.strip() for cell in cells[column : column + 3]]
    where = f"{path}: line {line_number}: marker {names[(column - _FIRST_COLUMN) // 3]}"
    if len(words) < 3:
        raise InputFormatError(f"{where}: expected three coordinates, found {len(words)}")
    try:
        return [float(word) if word else np.nan for word in words]
    except ValueError as error:
        raise InputFormatError(f"{where}: expected numbers, found {' '.join(words)!r}") from error


def _marker_name(joint: str) -> str:
    side, _, part = joint.partition("_")
    return side[0].upper() + part.title().replace("_", "")
