"""A clip opened as its settings say, from keypoints or from a video, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path

from .clip_source import ClipSource, open_clip, settle_clip
from .errors import LiftError
from .io.video import find_video_beside
from .io.video_reader import is_video
from .lift_cache import ClipMemory, LiftCache, file_state
from .lift_settings import LiftSettings
from .video_people import find_video_people


def open_source(
    path: Path,
    settings: LiftSettings,
    *,
    memory: ClipMemory,
    progress: Callable[[float], None],
) -> ClipSource:
    """Open a clip: of a video, find its people first.

    Parameters
    ----------
    path : Path
        Keypoint file or folder, or a video.
    settings : LiftSettings
    memory : ClipMemory
        From ``memory_of``, of the same path and settings.
    progress : callable
        Called with the share 0..1 of a video that was looked at.

    Raises
    ------
    LiftError
        When the clip, the given video, the calibration or the camera's path cannot be used, or a range of
        frames is given of keypoints.
    """
    return _remembered(memory, lambda: _open(path, settings, progress))


def recall_source(path: Path, settings: LiftSettings, *, cache: LiftCache) -> ClipSource:
    """The clip that was opened with these settings, of a video as well; opened now if it is forgotten."""
    memory = memory_of(path, settings, cache)
    return open_source(path, settings, memory=memory, progress=lambda _share: None)


def memory_of(path: Path, settings: LiftSettings, cache: LiftCache) -> ClipMemory:
    """What ``cache`` holds of the clip as it is on disk now, opened with these settings."""
    return cache.clip(_clip_key(path, settings))


def _remembered(memory: ClipMemory, make: Callable[[], ClipSource]) -> ClipSource:
    return memory.recall("source", 0, None, make)


def _clip_key(path: Path, settings: LiftSettings) -> Hashable:
    """All that a ``ClipSource`` depends on."""
    files = (
        path,
        settings.video or find_video_beside(path),
        settings.calibration,
        settings.camera_path,
    )
    return (
        # As it was given, too: that is how reports and messages call it.
        str(path),
        settings.fps,
        settings.image_size,
        settings.frame_range,
        settings.fov_deg,
        settings.focal_length_px,
        settings.camera_name,
        *map(file_state, files),
    )


def _open(path: Path, settings: LiftSettings, progress: Callable[[float], None]) -> ClipSource:
    if is_video(path):
        if settings.video is not None:
            raise LiftError(f"{path}: is a video itself: expected no other, found {settings.video}")
        detections, video_info = find_video_people(
            path,
            frame_range=settings.frame_range,
            cache=settings.keypoint_cache,
            progress=progress,
        )
        return settle_clip(
            path,
            detections,
            video_info=video_info,
            fps=settings.fps,
            image_size=settings.image_size,
            fov_deg=settings.fov_deg,
            focal_length_px=settings.focal_length_px,
            calibration=settings.calibration,
            camera_name=settings.camera_name,
            camera_path=settings.camera_path,
        )
    if settings.frame_range is not None:
        raise LiftError(f"{path}: a range of frames is for videos: expected one, found keypoints")
    return open_clip(
        path,
        fps=settings.fps,
        image_size=settings.image_size,
        video=settings.video,
        fov_deg=settings.fov_deg,
        focal_length_px=settings.focal_length_px,
        calibration=settings.calibration,
        camera_name=settings.camera_name,
        camera_path=settings.camera_path,
    )
