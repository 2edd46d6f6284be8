"""One's own videos in VideoPose3D's npz format, with or without 3D, with or without cameras."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputFormatError
from core.learning.clips import ClipSet

from .camera_table import CameraTable, View, read_camera_table
from .npz_pair import (
    DetectedVideos,
    checked_positions,
    read_detected_videos,
    read_true_positions,
)
from .pairing import Truth, pair_clips, pair_world_clips

_JOINT_COUNTS = (15, 17, 21, 32)


def load_custom(
    path_2d: Path, *, path_3d: Path | None, cameras: Path | None, fps: float
) -> ClipSet:
    """Every video, action and camera of a custom 2D file, labelled where there is a 3D file.

    Parameters
    ----------
    path_2d : Path
        npz with ``positions_2d`` (video -> action -> list of (T,J,2 or 3), px and confidence) and
        ``metadata``.
    path_3d : Path, or None
        npz with ``positions_3d`` (the same videos and actions), m: with ``cameras`` (T,K,3) in world
        space; without, (T,K,3) in camera space, or a list of them, one per camera. K is 17
        (Human3.6M), 32 (its original joints), 15 (HumanEva) or 21 (LIFTED_21).
    cameras : Path, or None
        JSON shaped as ``human36m_cameras.json``; None leaves the clips' ``camera`` None.
    fps : float
        Hz.

    Raises
    ------
    InputFormatError
        When a file is missing or broken, or 2D, 3D and cameras do not match: the message says where.
    """
    if not np.isfinite(fps) or fps <= 0:
        raise InputFormatError(f"{path_2d}: expected a positive frame rate, found {fps}")
    detected = read_detected_videos(path_2d)
    true = None if path_3d is None else read_true_positions(path_3d)
    if cameras is None:
        return pair_clips(
            detected,
            true,
            views_of=partial(_unknown_views, detected),
            truth_of=_camera_space_truth,
            may_lack_3d=lambda _: False,
            fps=fps,
        )
    table = read_camera_table(cameras)
    _check_image_sizes(detected, table)
    return pair_world_clips(
        detected,
        true,
        table,
        subject_key=str,
        joint_counts=_JOINT_COUNTS,
        may_lack_3d=lambda _: False,
        fps=fps,
    )


def _unknown_views(detected: DetectedVideos, video: str, action: str) -> tuple[View, ...]:
    """As many nameless cameras as an action has; one alone needs no number."""
    count = len(detected.videos[video][action])
    names = [""] if count == 1 else [str(number) for number in range(count)]
    return tuple(View(name, image_size=None, pose=None, camera=None) for name in names)


def _camera_space_truth(value: Any, where: str, views: tuple[View, ...]) -> Truth:
    is_list = isinstance(value, list | tuple) or (
        isinstance(value, np.ndarray) and (value.dtype == object or value.ndim == 4)
    )
    arrays = list(value) if is_list else [value]
    if len(arrays) != len(views):
        raise InputFormatError(
            f"{where}: expected 3D in camera space for each of {len(views)} cameras, found "
            f"{len(arrays)} (for 3D in world space, give the cameras)"
        )
    checked = [
        checked_positions(array, f"{where}/{view.name}" if view.name else where, _JOINT_COUNTS)
        for array, view in zip(arrays, views, strict=True)
    ]
    if len({skeleton.name for _, skeleton in checked}) > 1:
        raise InputFormatError(f"{where}: expected 3D of the same joints in every camera")
    return tuple(positions.astype(np.float32) for positions, _ in checked), checked[0][1]


def _check_image_sizes(detected: DetectedVideos, table: CameraTable) -> None:
    for video, size in detected.image_sizes.items():
        for name, other in zip(table.names, table.image_sizes, strict=True):
            if other is not None and other != size:
                raise InputFormatError(
                    f"{detected.path}: {video}: expected the image size of camera {name} in "
                    f"{table.path.name}, {other[0]}x{other[1]}, found {size[0]}x{size[1]}"
                )
