"""Folders of BVH files, and who in them may be learned from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from core.errors import InputFormatError

from .bvh import MocapClip, load_mocap_clip
from .npz_pair import listed

Split = Literal["train", "val", "test"]

INDEX_NAME = "index.json"
_LEVELS_ABOVE = 3
_TENTHS: dict[int, Split] = {0: "val", 1: "test"}


@dataclass(frozen=True, slots=True)
class _Index:
    """``clips``: "set/clip" -> (group, split), the sets being folders beside the file at ``path``."""

    path: Path
    clips: dict[str, tuple[str, Split]]


def is_mocap_folder(path: Path) -> bool:
    """Whether ``path`` is a folder with BVH files in it or below it."""
    return path.is_dir() and next(_bvh_files(path), None) is not None


def load_mocap(folder: Path, split: Split) -> tuple[list[MocapClip], list[str]]:
    """Every clip of one split of a folder of BVH files.

    An ``index.json`` (a list of ``set``, ``clip``, ``group`` and ``split``) in the folder, or in one of
    the few above it, says which clip belongs where: a part of a data set keeps the whole's split.
    Without one, about a tenth of the files choose (val) and a tenth test, told by a hash of their
    names, so that the same file always lands in the same split; the performer is the file's folder.

    Returns
    -------
    clips, notes
        The usable clips; a line for each one that was left out and why, and one for the clips of which
        broken frames were cut off. Of the splits that learn and test (val would repeat it) also the
        files that the index does not list, or, without one, the folders whose files are in several
        splits.

    Raises
    ------
    InputFormatError
        When the index is broken or nothing of this split can be used; names what was tried.
    """
    index = _find_index(folder)
    if index is None:
        chosen, notes = _by_name(folder, split)
        where = str(folder)
    else:
        chosen, notes = _by_index(folder, index, split)
        where = f"{folder} (split by {index.path})"
    clips: list[MocapClip] = []
    skipped: list[str] = []
    for path, group in chosen:
        try:
            clips.append(load_mocap_clip(path, group=group))
        except InputFormatError as error:
            skipped.append(str(error))
    if not clips:
        reasons = "; ".join(skipped[:3]) or "no file is in it"
        raise InputFormatError(f"{where}: empty split: no usable clip of {split!r}: {reasons}")
    told = skipped + _told_cuts(clips)
    return clips, told if split == "val" else told + notes


def _told_cuts(clips: list[MocapClip]) -> list[str]:
    cut = [clip for clip in clips if clip.num_cut_frames]
    if not cut:
        return []
    num_frames = sum(clip.num_cut_frames for clip in cut)
    return [
        f"cut off: {num_frames} frames before or after a jump or flip, of {len(cut)} clips: "
        f"{listed([clip.name for clip in cut])}"
    ]


def _find_index(folder: Path) -> _Index | None:
    """The index in ``folder``, else the nearest one above that lists files of the folder."""
    if (folder / INDEX_NAME).exists():
        return _read_index(folder / INDEX_NAME)
    place = folder.resolve()
    for parent in list(place.parents)[:_LEVELS_ABOVE]:
        # An index.json up there may be of anything; a broken one might be ours, and is an error.
        if (parent / INDEX_NAME).is_file() and _is_index(parent / INDEX_NAME):
            index = _read_index(parent / INDEX_NAME)
            inside = place.relative_to(parent).as_posix() + "/"
            if any(name.startswith(inside) for name in index.clips):
                return index
    return None


def _is_index(path: Path) -> bool:
    content = _parsed(path)
    return isinstance(content, list) and any(
        isinstance(entry, dict) and {"clip", "split"} <= entry.keys() for entry in content
    )


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _broken_index(path, error) from error


def _broken_index(path: Path, error: Exception) -> InputFormatError:
    return InputFormatError(f"{path}: expected a list of set, clip, group and split ({error!r})")


def _read_index(path: Path) -> _Index:
    entries = _parsed(path)
    try:
        for entry in entries:
            if entry["split"] not in get_args(Split):
                raise InputFormatError(
                    f"{path}: {entry['set']}/{entry['clip']}: expected the split "
                    f"{', '.join(get_args(Split))}, found {entry['split']!r}"
                )
        clips = {
            f"{entry['set']}/{entry['clip']}": (str(entry["group"]), entry["split"])
            for entry in entries
        }
    except (KeyError, TypeError) as error:
        raise _broken_index(path, error) from error
    return _Index(path, clips)


def _by_index(
    folder: Path, index: _Index, split: Split
) -> tuple[list[tuple[Path, str]], list[str]]:
    """The split's files below ``folder`` with their performers, and what the index does not list."""
    inside = folder.resolve().relative_to(index.path.parent.resolve()).as_posix() + "/"
    inside = "" if inside == "./" else inside
    found = {
        inside + path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(_bvh_files(folder))
    }
    unlisted = [name.removeprefix(inside) for name in found if name not in index.clips]
    notes = [
        f"left out: {len(unlisted)} BVH files that {index.path} does not list: {listed(unlisted)}"
    ]
    chosen = [
        (found.get(name, folder / f"{name.removeprefix(inside)}.bvh"), group)
        for name, (group, own) in index.clips.items()
        if own == split and name.startswith(inside)
    ]
    return chosen, notes if unlisted else []


def _by_name(folder: Path, split: Split) -> tuple[list[tuple[Path, str]], list[str]]:
    """The split's files, and whose are in several; each split gets one where there are three or more."""
    paths = sorted(_bvh_files(folder), key=lambda path: (_hash(path, folder), path))
    if len(paths) < 3:
        raise InputFormatError(
            f"{folder}: expected 3 BVH files or more (to learn, to choose and to test), "
            f"found {len(paths)}"
        )
    splits: list[Split] = [_TENTHS.get(_hash(path, folder) % 10, "train") for path in paths]
    for name in ("val", "test", "train"):
        if name not in splits:
            spare = max(("train", "val", "test"), key=splits.count)
            splits[splits.index(spare)] = name
    learned = {path.parent for path, own in zip(paths, splits, strict=True) if own == "train"}
    others = {path.parent for path, own in zip(paths, splits, strict=True) if own != "train"}
    both = sorted(path.name for path in learned & others)
    notes = [
        f"{folder}: no {INDEX_NAME}: split file by file, so the performers (folders) {listed(both)} are "
        "both learned from and validated or tested on: the error is not one of unseen people"
    ]
    chosen = [
        (path, path.parent.name)
        for path, own in sorted(zip(paths, splits, strict=True))
        if own == split
    ]
    return chosen, notes if both else []


def _bvh_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() == ".bvh")


def _hash(path: Path, folder: Path) -> int:
    return zlib.crc32(path.relative_to(folder).as_posix().encode())
