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

from ..datasets.real import read_trc
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
        Cameras whose folder's name holds this text.

    Raises
    ------
    InputFormatError
        When the folder has no ``camNN_json``, or none that is meant.
    """
    # Y up; (x, y, z) there = (y, z, x) of the calibration.
    markers = read_trc(folder / MARKERS_NAME, _MARKERS)[..., [2, 0, 1]]
    folders = sorted(path for path in folder.glob("cam*_json") if path.is_dir())
    folders = [path for path in folders if only in path.name]
    if not folders:
        raise InputFormatError(f"{folder}: expected folders cam*{only}*_json with OpenPose files")
    return [view for path in folders for view in _views_of(path, markers)]


def find_shift(source: ClipSource, markers: np.ndarray) -> int:
    """By how many frames, -1 to 1, a camera is ahead of the markers (T,J,3) m: its frame t shows t + shift.

    At which the markers project nearest to the keypoints, each joint's constant offset apart.
    """
    seen = source.people[0]
    joints = seen.skeleton.indices(*_MARKERS)
    distances: list[float] = []
    for shift in _SHIFTS:
        rows = seen.frames + shift
        kept = (rows >= max(_SHIFTS)) & (rows < len(markers) - max(_SHIFTS))
        projected = project_to_pixels(
            world_to_camera(markers[rows[kept]], source.camera), source.camera
        )
        off = projected - seen.positions[kept][:, joints]
        off = np.linalg.norm(off - np.median(off, axis=0), axis=-1)
        distances.append(
            float(np.median(off[seen.confidence[kept][:, joints] > _LEAST_CONFIDENCE]))
        )
    return _SHIFTS[int(np.argmin(distances))]


def _views_of(path: Path, markers: np.ndarray) -> list[WorldView]:
    match = re.fullmatch(r"(cam)(.+)_json", path.name)
    assert match
    camera_name = "_".join(match.groups())
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
