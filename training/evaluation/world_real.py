"""Calibrated recordings with triangulated markers: the world figures of real video.

A folder has ``calibration.toml``, ``triangulated.trc`` and a folder of OpenPose files for each camera,
``camNN_json``. Markers stand where several detectors agreed, not where joints are: heel and toe markers
move with the shoe.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource, open_clip
from core.errors import InputFormatError
from core.geometry.camera import project_to_pixels, world_to_camera
from core.joint_sets import BODY_12

from ..datasets.trc import read_trc
from .world_measure import FOOT_POINTS, WorldTruth
from .world_view import CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN, WorldView

CALIBRATION_NAME, MARKERS_NAME = "calibration.toml", "triangulated.trc"

_FPS = Fraction(60)
_SHIFTS = (-1, 0, 1)
_JOINTS = (*BODY_12, *FOOT_POINTS)
_MARKERS = tuple(name.replace("_toe", "_big_toe") for name in _JOINTS)
_LEAST_CONFIDENCE = 0.3


def is_marker_folder(folder: Path) -> bool:
    """Whether ``folder`` holds a calibrated recording with markers."""
    return (folder / CALIBRATION_NAME).is_file() and (folder / MARKERS_NAME).is_file()


def load_marker_views(folder: Path, *, only: str = "") -> list[WorldView]:
    """Three views for each camera: with its calibration, with its focal length alone, with nothing.

    The height of the person is not told; without a calibration the pipeline takes its default.

    Parameters
    ----------
    folder : Path
    only : str
        Cameras whose name, or folder's name, holds this text.

    Raises
    ------
    InputFormatError
        When the folder has no ``camNN_json``, or none that is meant; and as ``read_trc``.
    """
    markers = read_trc(folder / MARKERS_NAME, _MARKERS)
    cameras = {
        path: f"cam_{match[1]}"
        for path in sorted(folder.iterdir())
        if path.is_dir() and (match := re.fullmatch(r"cam(.+)_json", path.name))
    }
    if not cameras:
        raise InputFormatError(f"{folder}: expected folders camNN_json with OpenPose files")
    chosen = {path: name for path, name in cameras.items() if only in path.name or only in name}
    if not chosen:
        raise InputFormatError(
            f"{folder}: --only {only}: expected a part of {', '.join(cameras.values())}"
        )
    return [view for path, name in chosen.items() for view in _views_of(path, name, markers)]


def find_shift(source: ClipSource, markers: np.ndarray) -> int:
    """By how many frames, -1 to 1, a camera is ahead of the markers (T,J,3) m: its frame t shows t + shift.

    At which the markers project nearest to the keypoints, each joint's constant offset apart; frames
    with a marker that is NaN do not count.

    Raises
    ------
    InputFormatError
        When no frame has all markers.
    """
    seen = source.people[0]
    is_known = np.isfinite(markers).all(axis=(1, 2))
    joints = seen.skeleton.indices(*_MARKERS)
    distances: list[float] = []
    for shift in _SHIFTS:
        rows = seen.frames + shift
        kept = (rows >= max(_SHIFTS)) & (rows < len(markers) - max(_SHIFTS))
        kept[kept] = is_known[rows[kept]]
        if not kept.any():
            raise InputFormatError(
                f"{source.path}: expected frames with all of {', '.join(_MARKERS)}, found none"
            )
        projected = project_to_pixels(
            world_to_camera(markers[rows[kept]], source.camera), source.camera
        )
        off = projected - seen.positions[kept][:, joints]
        off = np.linalg.norm(off - np.median(off, axis=0), axis=-1)
        distances.append(
            float(np.median(off[seen.confidence[kept][:, joints] > _LEAST_CONFIDENCE]))
        )
    return _SHIFTS[int(np.argmin(distances))]


def _views_of(path: Path, camera_name: str, markers: np.ndarray) -> list[WorldView]:
    calibrated = open_clip(
        path, fps=_FPS, calibration=path.parent / CALIBRATION_NAME, camera_name=camera_name
    )
    size, focal_length = calibrated.image_size, float(calibrated.camera.focal_length.mean())
    sources = {
        CALIBRATED: calibrated,
        FOCAL_GIVEN: open_clip(path, fps=_FPS, image_size=size, focal_length_px=focal_length),
        FOCAL_UNKNOWN: open_clip(path, fps=_FPS, image_size=size),
    }
    shift = find_shift(calibrated, markers)
    truth = WorldTruth(
        positions=markers,
        joints=_JOINTS,
        first_frame=-shift,
        camera=calibrated.camera,
        is_contact=None,
        is_placed=True,
    )
    return [
        WorldView(
            clip=path.parent.name,
            group=camera_name,
            case=case,
            source=source,
            height_m=None,
            truth=replace(truth, is_placed=source.is_calibrated),
            shift_frames=shift,
        )
        for case, source in sources.items()
    ]
