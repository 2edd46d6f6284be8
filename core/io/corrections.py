"""Corrections of a clip as a JSON file, made to be read and written by hand too.

    {
      "format": "lift-corrections", "version": 1,
      "corrections": [
        {"kind": "swapped", "part": "body", "frames": [120, 134]},
        {"kind": "not swapped", "part": "arms", "frames": [180, 183]},
        {"kind": "wrong joint", "joint": "left_wrist", "frames": [300, 310], "person": 2},
        {"kind": "planted", "foot": "left", "frames": [40, 62]},
        {"kind": "not planted", "foot": "right", "frames": [70, 75]}
      ]
    }

``frames``: first and last, both included, as the clip's keypoints number them (their first is mostly 0),
which are also the numbers of the report's untrusted frames and of ``--poses``; not Blender's frames.
``person``: optional, by default 1; as ``--person`` counts them.
``kind``, and what it is about:

- "swapped": the detector took left for right, of "part" "body" (arms, legs and face), "arms" or "legs";
- "not swapped": sides of "part" are as detected; the automatic repair leaves them alone;
- "wrong joint": the keypoint of "joint", a joint's name, is ignored and bridged;
- "planted": the "foot" "left" or "right" stands still; "not planted": it does not stand.

Corrections of the same thing must not overlap.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..correction import KINDS, Correction, require_apart, subject_key
from ..errors import InputFormatError, LiftError, NotAvailableError
from .atomic import atomic_output
from .file_content import parse_json, read_bytes, show

FORMAT, VERSION = "lift-corrections", 1

_KEYS = ("format", "version", "corrections")


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """The corrections in a JSON file (its keys: see the module).

    Raises
    ------
    InputFormatError
        When the file is broken, a key is missing, unknown or of a wrong kind, a joint is unknown, a
        range is none, or two corrections overlap; the message names the file and the entry.
    NotAvailableError
        When it is of a later version.
    """
    path = Path(path)
    document = parse_json(read_bytes(path), str(path))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputFormatError(f'{path}: expected corrections: an object with "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise NotAvailableError(
            f"{path}: expected version {VERSION}, found {show(document.get('version'))}"
        )
    _check_keys(document, _KEYS, str(path))
    entries = document.get("corrections")
    if not isinstance(entries, list):
        raise InputFormatError(f'{path}: expected "corrections", a list, found {show(entries)}')
    corrections = tuple(
        _correction(entry, f"{path}, correction {number}")
        for number, entry in enumerate(entries, start=1)
    )
    try:
        require_apart(corrections)
    except LiftError as error:
        raise InputFormatError(str(error)) from error
    return corrections


def write_corrections(path: Path, corrections: Sequence[Correction]) -> None:
    """Write ``corrections`` as ``read_corrections`` reads them, whole or not at all.

    Raises
    ------
    LiftError
        When the file cannot be written.
    """
    lines = ",\n".join(
        "    " + json.dumps(_entry(each), ensure_ascii=False) for each in corrections
    )
    listed = f"[\n{lines}\n  ]" if lines else "[]"
    text = f'{{\n  "format": "{FORMAT}",\n  "version": {VERSION},\n  "corrections": {listed}\n}}\n'
    with atomic_output(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _entry(correction: Correction) -> dict[str, object]:
    return {
        "kind": correction.kind,
        subject_key(correction.kind): correction.subject,
        "frames": [correction.first_frame, correction.last_frame],
        "person": correction.person,
    }


def _correction(entry: Any, where: str) -> Correction:
    if not isinstance(entry, dict):
        raise InputFormatError(f"{where}: expected an object, found {show(entry)}")
    kind = entry.get("kind")
    if kind not in KINDS:
        raise InputFormatError(
            f'{where}: expected "kind" as one of {", ".join(KINDS)}, found {show(kind)}'
        )
    key = subject_key(kind)
    _check_keys(entry, ("kind", key, "frames", "person"), where)
    subject = entry.get(key)
    if not isinstance(subject, str):
        raise InputFormatError(f'{where}: expected "{key}", a name, found {show(subject)}')
    first, last = _frames(entry.get("frames"), where)
    person = entry.get("person", 1)
    if not _is_whole(person):
        raise InputFormatError(f'{where}: expected "person", a whole number, found {show(person)}')
    try:
        return Correction(kind, subject, first, last, person, where)
    except LiftError as error:
        raise InputFormatError(str(error)) from error


def _frames(value: Any, where: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_whole, value)):
        raise InputFormatError(
            f'{where}: expected "frames", the first and the last frame number, found {show(value)}'
        )
    return value[0], value[1]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_keys(holder: dict[str, Any], known: Sequence[str], where: str) -> None:
    """A misspelt key must not pass for one that is not given."""
    for key in holder:
        if key not in known:
            raise InputFormatError(f"{where}: expected {', '.join(known)}; found {key!r}")
