"""A clip of one person whose keypoints and camera are in memory, as if it had been opened."""

from __future__ import annotations

from pathlib import Path

from core.clip_source import ClipSource
from core.types import Camera, Keypoints2D


def clip_of_one_person(
    keypoints: Keypoints2D,
    camera: Camera,
    *,
    path: Path,
    format: str,
    focal_source: str,
    is_calibrated: bool = False,
) -> ClipSource:
    """The clip, with nothing left to settle.

    Parameters
    ----------
    keypoints : Keypoints2D
        T successive frames, their rate known.
    camera : Camera
    path : Path
        Where they come from, for messages.
    format, focal_source : str
        In words.
    is_calibrated : bool
        Whether the camera's place in the world is known.
    """
    assert keypoints.fps is not None and keypoints.image_size is not None
    return ClipSource(
        path=path,
        format=format,
        joint_set=keypoints.skeleton.name,
        people=(keypoints,),
        frame_span=(int(keypoints.frames[0]), int(keypoints.frames[-1])),
        fps=keypoints.fps,
        frame_times=None,
        image_size=keypoints.image_size,
        camera=camera,
        focal_source=focal_source,
        is_calibrated=is_calibrated,
        warnings=(),
    )
