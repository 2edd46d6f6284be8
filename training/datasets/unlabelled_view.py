"""Keypoints of any kind as the views of people in them: what is known of each video is settled here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource, open_clip, settle_clip
from core.errors import InputFormatError, LiftError
from core.io.assembly import FoundPeople, assemble_detections
from core.io.pickled_npz import list_npz_names
from core.io.videopose3d import is_videopose3d
from core.joint_sets import JOINT_SETS

from .npz_pair import KNOWN_LAYOUTS, DetectedVideos, listed, read_detected_videos
from .real import is_aist_sequence, read_aist_views


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the user says of the videos, None where the files are to say it.

    ``fps`` Hz; ``image_size`` (width, height) px; ``fov_deg`` across the image's width;
    ``calibration`` a TOML file, ``camera_name`` which of its cameras.
    """

    fps: Fraction | None = None
    image_size: tuple[int, int] | None = None
    fov_deg: float | None = None
    calibration: Path | None = None
    camera_name: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UnlabelledView:
    """One camera's view; ``action`` and ``camera_name`` where a file has several, else empty."""

    action: str
    camera_name: str
    source: ClipSource


def open_views(path: Path, facts: VideoFacts) -> tuple[list[UnlabelledView], list[str]]:
    """Every view in a keypoint file, and notes on what was left out or not needed.

    A VideoPose3D custom npz has one for each video, action and camera; an AIST-style sequence one for
    each of its cameras, which it knows; all other files and folders have one.

    Raises
    ------
    LiftError
        When the file, or the calibration, cannot be used.
    """
    names = _npz_names(path)
    if is_aist_sequence(names):
        return _aist_views(path, facts)
    if is_videopose3d(names):
        return _custom_views(path, facts)
    source = open_clip(
        path,
        fps=facts.fps,
        image_size=facts.image_size,
        fov_deg=facts.fov_deg,
        calibration=facts.calibration,
        camera_name=facts.camera_name,
    )
    return [UnlabelledView("", "", source)], []


def _npz_names(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    return list_npz_names(path) if is_zip else ()


def _aist_views(path: Path, facts: VideoFacts) -> tuple[list[UnlabelledView], list[str]]:
    given = [field.name for field in fields(facts) if getattr(facts, field.name) is not None]
    notes = (
        [f"{path}: has its own rate, size and cameras: {listed(given)} not used"] if given else []
    )
    views = read_aist_views(path)
    return [UnlabelledView("", name, source) for name, source in views.items()], notes


def _custom_views(path: Path, facts: VideoFacts) -> tuple[list[UnlabelledView], list[str]]:
    detected = read_detected_videos(path)
    if detected.skeleton.name not in JOINT_SETS:
        raise InputFormatError(
            f"{path}: metadata: expected a layout_name ({listed(KNOWN_LAYOUTS)}) with that layout's "
            f"num_joints and keypoints_symmetry, found joints in an unknown order "
            f"({detected.skeleton.name})"
        )
    views: list[UnlabelledView] = []
    notes: list[str] = []
    for video, action, camera_name, keypoints in _each_camera(detected):
        name = f"{path}: {video}/{action}"
        try:
            source = _custom_source(detected, video, keypoints, facts)
        # One bad video among hundreds must not cost the others; it is named.
        except LiftError as error:
            notes.append(f"left out: {name}/{camera_name}: {error}")
            continue
        views.append(UnlabelledView(f"{video}/{action}", camera_name, source))
    return views, notes


def _each_camera(detected: DetectedVideos) -> Iterator[tuple[str, str, str, np.ndarray]]:
    for video, actions in detected.videos.items():
        for action, arrays in actions.items():
            for number, keypoints in enumerate(arrays):
                yield video, action, str(number) if len(arrays) > 1 else "", keypoints


def _custom_source(
    detected: DetectedVideos, video: str, keypoints: np.ndarray, facts: VideoFacts
) -> ClipSource:
    num_frames = len(keypoints)
    has_confidence = keypoints.shape[2] == 3
    found = FoundPeople(
        positions=keypoints[..., :2],
        confidence=keypoints[..., 2] if has_confidence else np.ones(keypoints.shape[:2]),
        row_frames=np.arange(num_frames),
        track_ids=np.zeros(num_frames, dtype=np.int64),
        frames=range(num_frames),
        skeleton=detected.skeleton,
        format="VideoPose3D npz",
        units="pixels",
        image_size=detected.image_sizes.get(video),
    )
    return settle_clip(
        detected.path,
        assemble_detections(detected.path, found),
        fps=facts.fps,
        image_size=facts.image_size,
        fov_deg=facts.fov_deg,
        calibration=facts.calibration,
        camera_name=facts.camera_name,
    )
