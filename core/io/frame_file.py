"""Clips that come as one file per frame: numbering, gaps, and files that cannot be used."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError
from .assembly import FoundPeople, Units
from .file_content import frame_number_from_name, read_bytes
from .person_row import PersonRow, StackedRows, stack_rows


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """A format with one file per frame.

    ``matches`` says whether decoded content is surely of this format; ``parse`` gives the people in
    one frame (content, frame number, where it stands) and raises InputFormatError.
    """

    name: str
    decode: Callable[[bytes, str], Any]
    matches: Callable[[Any], bool]
    parse: Callable[[Any, int, str], list[PersonRow]]
    units: Units
    drop_counting_ids: bool = False


def list_frame_files(folder: Path) -> list[Path]:
    """The folder's frame files, .json or else .txt, by name.

    Raises
    ------
    InputFormatError
        When the folder cannot be read or holds neither.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise InputFormatError(f"{folder}: cannot be read: {error.strerror or error}") from error
    for suffix in (".json", ".txt"):
        chosen = sorted(name for name in names if name.lower().endswith(suffix))
        if chosen:
            return [folder / name for name in chosen]
    found = f"{len(names)} other files" if names else "an empty folder"
    raise InputFormatError(f"{folder}: expected one .json or .txt file per frame, found {found}")


def read_frame_folder(folder: Path, formats: Sequence[FrameFormat]) -> FoundPeople:
    """Everyone in a folder of frame files, whichever of ``formats`` they are.

    Files that cannot be used count as missing frames, with a warning, as long as one can.

    Raises
    ------
    InputFormatError
        When no file can be used.
    """
    numbered, warnings = _number_files(folder, list_frame_files(folder))
    frame_format, frames, rows, faults = _parse_files(numbered, formats)
    if not frames:
        raise InputFormatError(
            f"{folder}: none of {len(numbered)} frame files can be used (first: {faults[0]})"
        )
    stacked, odd = stack_rows(rows, path=folder, may_skip=True)
    if odd:
        num_joints = stacked.keypoints.shape[1]
        faults += [f"{row.where}: {len(row.keypoints)} joints, not {num_joints}" for row in odd]
        odd_frames = {row.frame for row in odd}
        frames = [frame for frame in frames if frame not in odd_frames]
        stacked, _ = stack_rows(
            [row for row in rows if row.frame not in odd_frames], path=folder, may_skip=True
        )
    if faults:
        warnings.append(
            f"{len(numbered) - len(frames)} of {len(numbered)} frame files could not be used and "
            f"count as missing frames (first: {faults[0]})"
        )
    return found_in_frames(stacked, frames, frame_format, layout="folder", warnings=tuple(warnings))


def read_frame_file(path: Path, content: Any, frame_format: FrameFormat) -> FoundPeople:
    """Everyone in a single frame file whose content is decoded already.

    Raises
    ------
    InputFormatError
        When the content is broken.
    """
    frame = frame_number_from_name(path.name) or 0
    rows = frame_format.parse(content, frame, f"{path}, frame {frame}")
    stacked, _ = stack_rows(rows, path=path)
    return found_in_frames(stacked, [frame], frame_format, layout="file", warnings=())


def found_in_frames(
    stacked: StackedRows,
    frames: Sequence[int],
    frame_format: FrameFormat,
    *,
    layout: str,
    warnings: tuple[str, ...],
) -> FoundPeople:
    """Stacked rows as FoundPeople; ``layout`` is how the frames were stored: folder, file."""
    track_ids = stacked.track_ids
    if frame_format.drop_counting_ids and _only_count(stacked.row_frames, track_ids):
        track_ids = np.full_like(track_ids, -1)
    return FoundPeople(
        positions=stacked.keypoints[..., :2],
        confidence=stacked.keypoints[..., 2],
        row_frames=stacked.row_frames,
        track_ids=track_ids,
        frames=frames,
        skeleton=stacked.skeleton,
        format=f"{frame_format.name} {layout}, {stacked.skeleton.name}",
        units=frame_format.units,
        warnings=(*warnings, *stacked.warnings),
    )


def _only_count(row_frames: np.ndarray, track_ids: np.ndarray) -> bool:
    """Whether the ids only count the people within each frame, 0 1 2 or 1 2 3."""
    first_of_frame = np.searchsorted(row_frames, row_frames)
    position = np.arange(len(row_frames)) - first_of_frame
    offset = track_ids - position
    return bool(len(offset)) and bool((offset == offset[0]).all()) and offset[0] in (0, 1)


def _number_files(folder: Path, paths: list[Path]) -> tuple[list[tuple[int, Path]], list[str]]:
    """(frame number, path) in order; files without a number, or with a used one, left out."""
    warnings: list[str] = []
    numbers = [frame_number_from_name(path.name) for path in paths]
    if all(number is None for number in numbers):
        if len(paths) > 1:
            warnings.append(
                f"no file in {folder.name} has a frame number in its name: counted from 0 by name"
            )
        return list(enumerate(paths)), warnings
    by_number: dict[int, Path] = {}
    unnumbered: list[Path] = []
    repeated: list[Path] = []
    for number, path in zip(numbers, paths, strict=True):
        if number is None:
            unnumbered.append(path)
        elif number in by_number:
            repeated.append(path)
        else:
            by_number[number] = path
    if unnumbered:
        warnings.append(
            f"{len(unnumbered)} files without a frame number in their name were left out (first: "
            f"{unnumbered[0].name})"
        )
    if repeated:
        warnings.append(
            f"{len(repeated)} files repeat a frame number and were left out (first: "
            f"{repeated[0].name})"
        )
    return sorted(by_number.items()), warnings


def _parse_files(
    numbered: list[tuple[int, Path]], formats: Sequence[FrameFormat]
) -> tuple[FrameFormat, list[int], list[PersonRow], list[str]]:
    """The format of the first file that shows one, then all frames, people and faults."""
    # Frames with nobody look alike in several formats: they wait for one that tells.
    waiting: list[tuple[int, Path, Any]] = []
    frame_format: FrameFormat | None = None
    frames: list[int] = []
    rows: list[PersonRow] = []
    faults: list[str] = []
    for frame, path in numbered:
        try:
            content = formats[0].decode(read_bytes(path), _short(path))
        except InputFormatError as error:
            faults.append(str(error))
            continue
        waiting.append((frame, path, content))
        if frame_format is None:
            frame_format = next((known for known in formats if known.matches(content)), None)
        if frame_format is not None:
            for item in waiting:
                _take(*item, frame_format, frames, rows, faults)
            waiting.clear()
    if any(content for _, _, content in waiting):
        faults += [f"{_short(path)}: expected keypoints, found none" for _, path, _ in waiting]
    else:
        # Nothing but empty lists: a detector that found nobody, whichever it was.
        frames += [frame for frame, _, _ in waiting]
    return frame_format or formats[0], frames, rows, faults


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _take(
    frame: int,
    path: Path,
    content: Any,
    frame_format: FrameFormat,
    frames: list[int],
    rows: list[PersonRow],
    faults: list[str],
) -> None:
    """Add one file's people to ``rows``, or why it cannot be used to ``faults``."""
    try:
        people = frame_format.parse(content, frame, f"{_short(path)}, frame {frame}")
    except InputFormatError as error:
        faults.append(str(error))
    else:
        frames.append(frame)
        rows.extend(people)
