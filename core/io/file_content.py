"""Reading bytes, JSON and frame numbers from files that may be anything."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import InputFormatError

_EXTENSION = re.compile(r"\.[A-Za-z]\w{0,5}$")
_DIGITS = re.compile(r"\d+", re.ASCII)
_MAX_DIGITS = 15
_MAX_FRAME_NUMBER = 10**_MAX_DIGITS


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises
    ------
    InputFormatError
        When the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputFormatError(f"{path}: cannot be read: {error.strerror or error}") from error


def parse_json(content: bytes, where: str) -> Any:
    """The decoded JSON of ``content``; ``where`` opens the message when it is none.

    Raises
    ------
    InputFormatError
        When ``content`` is not JSON: broken, cut short, nested without end.
    """
    if not content.strip():
        raise InputFormatError(f"{where}: expected JSON, found an empty file")
    try:
        return json.loads(content)
    except RecursionError as error:
        raise InputFormatError(f"{where}: not valid JSON: nested too deeply") from error
    except ValueError as error:
        raise InputFormatError(f"{where}: not valid JSON: {error}") from error


def frame_number_from_name(name: str) -> int | None:
    """The frame number in a file's or image's name: its last run of digits, extension apart.

    None where the name has no digits.
    """
    runs = _DIGITS.findall(_EXTENSION.sub("", name))
    return int(runs[-1][-_MAX_DIGITS:]) if runs else None


def frame_number_from_id(value: object, where: str) -> int | None:
    """The frame number that an id in a file stands for: a number, or a name with digits in it.

    None where it is a name without digits.

    Raises
    ------
    InputFormatError
        When ``value`` is neither a whole number nor a name.
    """
    if isinstance(value, str):
        return frame_number_from_name(value)
    if isinstance(value, int | float) and abs(value) <= _MAX_FRAME_NUMBER and value == int(value):
        return int(value)
    raise InputFormatError(
        f"{where}: expected a frame number or an image name, found {show(value)}"
    )


def track_id_from(value: object) -> int:
    """A detector's identity number, bare or as the first item of a list; -1 where there is none."""
    depth = 0
    while isinstance(value, list) and value and depth < 3:
        value, depth = value[0], depth + 1
    is_number = isinstance(value, int | float) and 0 <= value <= _MAX_FRAME_NUMBER
    return int(value) if is_number else -1  # type: ignore[arg-type]


def show(value: object) -> str:
    """``value`` as a short piece of a message, always on one line."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = "null" if value is None else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
