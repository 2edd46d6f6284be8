"""VideoPose3D's 2D detections: ``positions_2d`` pickled in an npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import COCO_17, H36M_17
from .assembly import FoundPeople
from .file_content import show
from .person_row import SKELETON_BY_COUNT
from .pickled_npz import read_npz


def is_videopose3d(names: tuple[str, ...]) -> bool:
    """Whether an npz with these array names holds VideoPose3D detections."""
    return "positions_2d" in names


def read_videopose3d(path: Path) -> FoundPeople:
    """The person of the first video, action and camera in the file; a warning names the others.

    Raises
    ------
    InputFormatError
        When the file is broken or holds no (T,J,2) positions.
    """
    arrays = read_npz(path, ("positions_2d", "metadata"))
    videos = _item(arrays["positions_2d"])
    metadata = _item(arrays["metadata"]) if "metadata" in arrays else {}
    warnings: list[str] = []
    video, actions = _first(videos, f"{path}: positions_2d", "videos", warnings)
    action, clips = _first(actions, f"{path}: video {show(video)}", "actions", warnings)
    where = f"{path}: video {show(video)}, {show(action)}"
    positions = _positions(clips, where, warnings)
    num_frames, num_joints = positions.shape[:2]
    skeleton = SKELETON_BY_COUNT.get(num_joints, COCO_17)
    layout = str(metadata.get("layout_name", "")) if isinstance(metadata, dict) else ""
    if skeleton is COCO_17 and "h36m" in layout:
        skeleton = H36M_17
    if skeleton.num_joints != num_joints:
        raise InputFormatError(f"{where}: expected 17 joints, found {num_joints}")
    has_confidence = positions.shape[2] == 3
    return FoundPeople(
        positions=positions[..., :2],
        confidence=positions[..., 2] if has_confidence else np.ones((num_frames, num_joints)),
        row_frames=np.arange(num_frames),
        track_ids=np.zeros(num_frames, dtype=np.int64),
        frames=range(num_frames),
        skeleton=skeleton,
        format=f"VideoPose3D npz, {skeleton.name}",
        units="pixels",
        image_size=_image_size(metadata, video),
        warnings=tuple(warnings),
    )


def _item(array: np.ndarray) -> Any:
    return array.item() if array.ndim == 0 else array


def _first(value: Any, where: str, noun: str, warnings: list[str]) -> tuple[Any, Any]:
    if not isinstance(value, dict) or not value:
        raise InputFormatError(f"{where}: expected a dict of {noun}, found {show(value)}")
    names = list(value)
    if len(names) > 1:
        others = ", ".join(str(name) for name in names[1:6]) + (", ..." if len(names) > 6 else "")
        warnings.append(f"of {len(names)} {noun} in the file {names[0]} was read, not {others}")
    return names[0], value[names[0]]


def _positions(clips: Any, where: str, warnings: list[str]) -> np.ndarray:
    """(T,J,2 or 3) of the first clip in ``clips``, a list of them or a single one."""
    if isinstance(clips, np.ndarray) and clips.dtype == object:
        clips = list(clips.ravel())
    if isinstance(clips, list | tuple) and clips:
        if len(clips) > 1:
            warnings.append(f"the first of {len(clips)} cameras or people in the file was read")
        clips = next(iter(clips))
    try:
        positions = np.asarray(clips, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputFormatError(f"{where}: expected numbers: {error}") from error
    if positions.ndim == 4 and len(positions):
        positions = positions[0]
    if positions.ndim != 3 or positions.shape[2] not in (2, 3):
        raise InputFormatError(f"{where}: expected shape (T, 17, 2), found {positions.shape}")
    return positions


def _image_size(metadata: Any, video: Any) -> tuple[int, int] | None:
    sizes = metadata.get("video_metadata") if isinstance(metadata, dict) else None
    return size_from(sizes.get(video) if isinstance(sizes, dict) else None)


def size_from(value: Any) -> tuple[int, int] | None:
    """(width, height) px from ``{"w": ..., "h": ...}``; None where it does not say."""
    if not isinstance(value, dict):
        return None
    size = (value.get("w"), value.get("h"))
    if not all(isinstance(side, int | float | np.number) and 1 <= side < 1e6 for side in size):
        return None
    return int(size[0]), int(size[1])  # type: ignore[arg-type]
