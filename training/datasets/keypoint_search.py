"""Clips in folders: which files are keypoints, which folders are one clip's frames, what is neither."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InputFormatError
from core.io.blazepose import is_blazepose_clip, is_blazepose_frame
from core.io.coco import is_alphapose_by_image, is_cmu_frame, is_coco_results
from core.io.file_content import parse_json, read_bytes
from core.io.frame_file import list_frame_files
from core.io.mmpose import is_mmpose, is_mmpose_frame
from core.io.openpose import is_openpose_frame
from core.io.yolo import has_frame_numbers, is_yolo_clip, is_yolo_frame

_CLIP_ENDINGS = (".json", ".npz", ".npy", ".csv")
_JSON_CLIPS = (
    is_mmpose,
    is_coco_results,
    is_alphapose_by_image,
    has_frame_numbers,
    is_yolo_clip,
)
_JSON_FRAMES = (is_openpose_frame, is_cmu_frame, is_yolo_frame, is_mmpose_frame)
_MOST_PEOPLE = 8


@dataclass(slots=True)
class FoundClips:
    """What a search of folders came upon."""

    clips: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    empty_folders: list[Path] = field(default_factory=list)


def search_clips(path: Path, found: FoundClips) -> None:
    """Add the clips at or below ``path``, and the files that are none, to ``found``.

    Raises
    ------
    InputFormatError
        When there is no such path.
    """
    if not path.exists():
        raise InputFormatError(f"{path}: no such file or folder")
    if path.is_file():
        found.clips.append(path)
        return
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    if not entries:
        found.empty_folders.append(path)
    frame_ending = _frame_ending(path, entries)
    if frame_ending is not None:
        found.clips.append(path)
    for entry in entries:
        ending = entry.suffix.lower()
        if entry.is_dir():
            search_clips(entry, found)
        elif ending in _CLIP_ENDINGS and ending != frame_ending:
            found.clips.append(entry)
        elif ending != frame_ending:
            found.others.append(entry)


def _frame_ending(folder: Path, entries: list[Path]) -> str | None:
    """The ending of a folder's files that are one clip's frames, None where there are no such."""
    endings = {entry.suffix.lower() for entry in entries if entry.is_file()}
    if ".json" in endings:
        return ".json" if _holds_json_frames(folder) else None
    holds_clips = any(entry.is_dir() for entry in entries) or endings & set(_CLIP_ENDINGS)
    # YOLO's labels; the reader says what is wrong with any others.
    return ".txt" if ".txt" in endings and not holds_clips else None


def _holds_json_frames(folder: Path) -> bool:
    """Whether the first JSON file that tells is a single frame."""
    for path in list_frame_files(folder):
        try:
            content = parse_json(read_bytes(path), str(path))
        # A broken frame tells nothing; the reader counts it as a missing one.
        except InputFormatError:
            continue
        if any(is_clip(content) for is_clip in _JSON_CLIPS):
            return False
        if any(is_frame(content) for is_frame in _JSON_FRAMES):
            return True
        if is_blazepose_clip(content):
            # A frame's people and a clip's frames are nested alike: only their number tells.
            return is_blazepose_frame(content) and _num_entries(content) <= _MOST_PEOPLE
    return False


def _num_entries(content: Any) -> int:
    """How many frames, or people of one frame, a list of lists of landmarks holds."""
    is_nested = isinstance(content, list) and len(content) > 0 and isinstance(content[0], list)
    return len(content) if is_nested and isinstance(content[0][0], list | dict) else 1
