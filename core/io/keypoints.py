"""Reading keypoints of any format: recognised by what is in the file, never by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError, LiftError, NothingToLiftError
from ..types import Detections
from .assembly import FoundPeople, assemble_detections
from .blazepose import (
    BLAZEPOSE_FRAME,
    is_blazepose_clip,
    read_blazepose_json,
    read_blazepose_npy,
)
from .blazepose_csv import read_blazepose_csv
from .coco import (
    ALPHAPOSE_CMU_FRAME,
    is_alphapose_by_image,
    is_coco_results,
    read_alphapose_by_image,
    read_coco_results,
)
from .detectron import is_detectron, read_detectron
from .file_content import parse_json, read_bytes, show
from .frame_file import list_frame_files, read_frame_file, read_frame_folder
from .mmpose import MMPOSE_FRAME, is_mmpose, read_mmpose
from .native import is_native, read_native, write_keypoints_npz
from .openpose import OPENPOSE_FRAME
from .pickled_npz import list_npz_names
from .videopose3d import is_videopose3d, read_videopose3d
from .yolo import (
    YOLO_JSON_FRAME,
    YOLO_LABEL_FRAME,
    has_frame_numbers,
    is_yolo_clip,
    read_numbered_detections,
    read_yolo_clip,
)

__all__ = ["read_keypoints", "with_image_size", "write_keypoints_npz"]

# What a JSON file with a whole clip may be; the first that matches reads it.
_JSON_CLIPS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Path], FoundPeople]], ...] = (
    (is_mmpose, read_mmpose),
    (is_coco_results, read_coco_results),
    (is_alphapose_by_image, read_alphapose_by_image),
    (has_frame_numbers, read_numbered_detections),
    (is_yolo_clip, read_yolo_clip),
)
_JSON_FRAMES = (
    OPENPOSE_FRAME,
    ALPHAPOSE_CMU_FRAME,
    YOLO_JSON_FRAME,
    MMPOSE_FRAME,
    BLAZEPOSE_FRAME,
)
_NPZ_FORMATS: tuple[
    tuple[Callable[[tuple[str, ...]], bool], Callable[[Path], FoundPeople]], ...
] = (
    (is_videopose3d, read_videopose3d),
    (is_detectron, read_detectron),
    (is_native, read_native),
)
_KNOWN = (
    "OpenPose, COCO, AlphaPose, MMPose, YOLO-pose or MediaPipe JSON, YOLO-pose txt, MediaPipe CSV "
    "or npy, VideoPose3D, Detectron or keypoint npz"
)


def read_keypoints(path: Path) -> Detections:
    """Everyone that a detector found, from a file or folder of any known format.

    Repairs are told in ``warnings``: frames out of order, numbered twice or unusable, keypoints
    that are not finite, confidence beyond 0..1, people or videos left out.

    Raises
    ------
    InputFormatError
        When the path is missing, unreadable, of no known format, or broken.
    NothingToLiftError
        When nobody is in any frame.
    """
    path = Path(path)
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:
        raise InputFormatError(f"{path}: cannot be read: {error}") from error
    if not is_there:
        raise InputFormatError(f"{path}: no such file or folder")
    return assemble_detections(path, _read_folder(path) if is_folder else _read_file(path))


def with_image_size(detections: Detections, image_size: tuple[int, int]) -> Detections:
    """The same detections with ``image_size`` (width, height) px; fractions 0..1 become pixels.

    Raises
    ------
    LiftError
        When a side is not positive.
    """
    width, height = image_size
    if width <= 0 or height <= 0:
        raise LiftError(f"expected an image size of at least 1x1 px, found {width}x{height}")
    positions = detections.positions
    if detections.is_normalized:
        positions = positions * np.array([width, height], dtype=float)
    return replace(
        detections, positions=positions, image_size=(int(width), int(height)), is_normalized=False
    )


def _read_folder(path: Path) -> FoundPeople:
    paths = list_frame_files(path)
    if paths[0].suffix.lower() == ".txt":
        return read_frame_folder(path, (YOLO_LABEL_FRAME,))
    if len(paths) == 1:
        # A detector's output folder may hold the whole clip in one file.
        return _read_json(read_bytes(paths[0]), paths[0])
    return read_frame_folder(path, _JSON_FRAMES)


def _read_file(path: Path) -> FoundPeople:
    content = read_bytes(path)
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise InputFormatError(f"{path}: expected keypoints, found an empty file")
    if content.startswith(b"PK"):
        return _read_npz(path)
    if content.startswith(b"\x93NUMPY"):
        return read_blazepose_npy(path)
    if start[:1] in (b"{", b"["):
        return _read_json(content, path)
    if _is_video(content):
        raise InputFormatError(
            f"{path}: expected keypoints, found a video: run a 2D pose detector on it first"
        )
    if b"\0" in content[:4096]:
        raise InputFormatError(f"{path}: expected {_KNOWN}; found none of these")
    first_line = start.split(b"\n", 1)[0]
    if any(delimiter in first_line for delimiter in (b",", b";", b"\t")):
        return read_blazepose_csv(content, path)
    if path.suffix.lower() in (".json", ".csv"):
        raise InputFormatError(f"{path}: not valid {path.suffix[1:].upper()}, nor any known format")
    table = YOLO_LABEL_FRAME.decode(content, str(path))
    return read_frame_file(path, table, YOLO_LABEL_FRAME)


def _is_video(content: bytes) -> bool:
    is_mp4 = content[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
    return is_mp4 or content.startswith(b"\x1a\x45\xdf\xa3") or content[8:12] == b"AVI "


def _read_json(content: bytes, path: Path) -> FoundPeople:
    value = parse_json(content, str(path))
    for matches, read_clip in _JSON_CLIPS:
        if matches(value):
            return read_clip(value, path)
    for frame_format in _JSON_FRAMES:
        # Landmarks of a clip and of a frame look alike: the clip reader takes both.
        if frame_format is not BLAZEPOSE_FRAME and frame_format.matches(value):
            return read_frame_file(path, value, frame_format)
    if is_blazepose_clip(value):
        return read_blazepose_json(value, path)
    if value == [] or (isinstance(value, list) and not any(value)):
        raise NothingToLiftError(f"{path}: nobody in any of {len(value)} frames")
    keys = f" with {', '.join(list(value)[:5])}" if isinstance(value, dict) and value else ""
    raise InputFormatError(f"{path}: expected {_KNOWN}; found JSON, {show(value)}{keys}")


def _read_npz(path: Path) -> FoundPeople:
    names = list_npz_names(path)
    for matches, read_format in _NPZ_FORMATS:
        if matches(names):
            return read_format(path)
    # A damaged name may hold anything; an error is one line.
    printable = ["".join(c if c.isprintable() else "?" for c in name) for name in names[:8]]
    found = ", ".join(printable) or "nothing"
    raise InputFormatError(f"{path}: expected {_KNOWN}; found an npz with {found}")
