"""Folders of BVH files, and who in them may be learned from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from core.errors import InputFormatError

from .bvh import MocapClip, load_mocap_clip

Split = Literal["train", "val", "test"]

INDEX_NAME = "index.json"
_TENTHS: dict[int, Split] = {0: "val", 1: "test"}


def is_mocap_folder(path: Path) -> bool:
    """Whether ``path`` is a folder with BVH files in it or below it."""
    return path.is_dir() and next(_bvh_files(path), None) is not None


def load_mocap(folder: Path, split: Split) -> tuple[list[MocapClip], list[str]]:
    """Every clip of one split of a folder of BVH files.

    An ``index.json`` (a list of ``set``, ``clip``, ``group`` and ``split``) says which clip belongs
    where. Without one, about a tenth of the files choose (val) and a tenth test, told by a hash of
    their names, so that the same file always lands in the same split; the performer is the file's
    folder.

    Returns
    -------
    clips, skipped
        The usable clips, and a line for each one that was left out and why.

    Raises
    ------
    InputFormatError
        When the index is broken or nothing of this split can be used; names what was tried.
    """
    index_path = folder / INDEX_NAME
    listed = _indexed(index_path, split) if index_path.exists() else _by_name(folder, split)
    clips: list[MocapClip] = []
    skipped: list[str] = []
    for path, group in listed:
        try:
            clips.append(load_mocap_clip(path, group=group))
        except InputFormatError as error:
            skipped.append(str(error))
    if not clips:
        reasons = "; ".join(skipped[:3]) or "no file is in it"
        raise InputFormatError(f"{folder}: empty split: no usable clip of {split!r}: {reasons}")
    return clips, skipped


def _indexed(index_path: Path, split: Split) -> list[tuple[Path, str]]:
    try:
        entries = json.loads(index_path.read_text(encoding="utf-8"))
        for entry in entries:
            if entry["split"] not in get_args(Split):
                raise InputFormatError(
                    f"{index_path}: {entry['set']}/{entry['clip']}: expected the split "
                    f"{', '.join(get_args(Split))}, found {entry['split']!r}"
                )
        return [
            (index_path.parent / entry["set"] / f"{entry['clip']}.bvh", str(entry["group"]))
            for entry in entries
            if entry["split"] == split
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFormatError(
            f"{index_path}: expected a list of set, clip, group and split ({error!r})"
        ) from error


def _by_name(folder: Path, split: Split) -> list[tuple[Path, str]]:
    """The split's files; each split gets one at least where there are three files or more."""
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
    return [
        (path, path.parent.name)
        for path, own in sorted(zip(paths, splits, strict=True))
        if own == split
    ]


def _bvh_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() == ".bvh")


def _hash(path: Path, folder: Path) -> int:
    return zlib.crc32(path.relative_to(folder).as_posix().encode())
