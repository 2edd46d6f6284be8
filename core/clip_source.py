"""A clip as it is opened: its people, and what its file leaves open: rate, size, lens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from .errors import LiftError
from .geometry.camera import DEFAULT_FOV_DEG, camera_at_origin, focal_length_from_fov
from .geometry.camera_motion import is_moving
from .io.calibration import read_calibration
from .io.camera_path import read_camera_path
from .io.keypoints import read_keypoints, with_image_size
from .io.video import VideoInfo, find_video_beside, read_video_info
from .moving_camera import follow_path, with_lens_of_path, without_zoom
from .preprocess.track import track
from .types import Camera, Detections, Keypoints2D

FALLBACK_FPS = Fraction(30)
FPS_UNKNOWN = f"frame rate unknown: took {FALLBACK_FPS} frames per second (give --fps)"


@dataclass(frozen=True, slots=True, eq=False)
class ClipSource:
    """What is known of a clip before anything is computed.

    ``people`` ordered by frames seen; ``frame_span`` first and last source frame; ``frame_times`` s of
    every video frame where its rate varies, else None; ``focal_source`` and ``warnings`` in words;
    ``is_calibrated`` when the camera's place in the world is given, in metres; ``is_rate_guessed`` when
    nothing told the frame rate, ``is_size_guessed`` when nothing but the keypoints' extent told the image
    size.

    A ``camera`` that moves has a pose for every frame of ``frame_span``; where it is not calibrated
    either, its positions have an unknown unit. Of a lens that zooms, ``zoom`` (T,) is each frame's focal
    length as a multiple of ``camera``'s, and ``people`` are as that constant lens would show them.
    """

    path: Path
    format: str
    joint_set: str
    people: tuple[Keypoints2D, ...]
    frame_span: tuple[int, int]
    fps: Fraction
    frame_times: np.ndarray | None
    image_size: tuple[int, int]
    camera: Camera
    focal_source: str
    is_calibrated: bool
    warnings: tuple[str, ...]
    is_rate_guessed: bool = False
    is_size_guessed: bool = False
    zoom: np.ndarray | None = None

    @property
    def has_camera_path(self) -> bool:
        """Whether the camera moves along a given path."""
        return is_moving(self.camera)


def open_clip(
    path: Path,
    *,
    fps: Fraction | None = None,
    image_size: tuple[int, int] | None = None,
    video: Path | None = None,
    fov_deg: float | None = None,
    focal_length_px: float | None = None,
    calibration: Path | None = None,
    camera_name: str | None = None,
    camera_path: Path | None = None,
) -> ClipSource:
    """Read a clip and settle its rate, size and lens.

    What the caller gives wins; then what the keypoint file says; then the video (given, or found
    beside the file); then a default, with a warning.

    Raises
    ------
    LiftError
        When the keypoints, the given video, the calibration or the camera's path cannot be used.
    """
    path = Path(path)
    detections = read_keypoints(path)
    video_warnings: list[str] = []
    video_info = _video_info(path, video, video_warnings)
    return settle_clip(
        path,
        replace(detections, warnings=(*detections.warnings, *video_warnings)),
        video_info=video_info,
        fps=fps,
        image_size=image_size,
        fov_deg=fov_deg,
        focal_length_px=focal_length_px,
        calibration=calibration,
        camera_name=camera_name,
        camera_path=camera_path,
    )


def settle_clip(
    path: Path,
    detections: Detections,
    *,
    video_info: VideoInfo | None = None,
    fps: Fraction | None = None,
    image_size: tuple[int, int] | None = None,
    fov_deg: float | None = None,
    focal_length_px: float | None = None,
    calibration: Path | None = None,
    camera_name: str | None = None,
    camera_path: Path | None = None,
) -> ClipSource:
    """``open_clip`` of keypoints that are read already; ``path`` is where they came from.

    Raises
    ------
    LiftError
        When the calibration or the camera's path cannot be used, or a given number is out of range.
    """
    warnings = list(detections.warnings)
    calibrated = None if calibration is None else read_calibration(calibration, camera_name)
    if camera_path is not None and calibrated is not None:
        raise LiftError(
            f"{calibration} and {camera_path} both say where the camera is: expected one of them"
        )
    path_of_camera = None if camera_path is None else read_camera_path(camera_path)
    frame_times = None
    if fps is None:
        fps = detections.fps or (video_info.fps if video_info else None)
        # Times of a varying rate count only where that rate is the one in use.
        if video_info is not None and fps == video_info.fps:
            frame_times = video_info.frame_times
    if fps is None and path_of_camera is not None:
        fps = path_of_camera.fps
    is_rate_guessed = fps is None
    if fps is None:
        fps = FALLBACK_FPS
        warnings.append(FPS_UNKNOWN)
    if frame_times is not None and len(frame_times) <= int(detections.frames[-1]):
        frame_times = None
        warnings.append("the video is shorter than the keypoints: took a constant frame rate")
    image_size = image_size or detections.image_size or (video_info.size if video_info else None)
    image_size = without_padding(image_size, calibrated)
    is_size_guessed = image_size is None
    if image_size is None:
        image_size = _guess_image_size(detections)
        warnings.append(
            f"image size unknown: took {image_size[0]}x{image_size[1]} from the keypoints' extent "
            "(give --image-size)"
        )
    detections = with_image_size(detections, image_size)
    frame_span = (int(detections.frames[0]), int(detections.frames[-1]))
    camera, focal_source = choose_camera(image_size, calibrated, fov_deg, focal_length_px)
    zoom = None
    if path_of_camera is not None:
        if fov_deg is None and focal_length_px is None:
            camera, focal_source = with_lens_of_path(
                path_of_camera, camera, focal_source, image_size
            )
        camera, zoom = follow_path(path_of_camera, camera, frame_span, fps)
        detections = without_zoom(detections, camera, zoom, frame_span)
    people, tracking_notes = track(replace(detections, fps=fps, image_size=image_size))
    return ClipSource(
        path=path,
        format=detections.format,
        joint_set=detections.skeleton.name,
        people=tuple(replace(person, fps=fps, image_size=image_size) for person in people),
        frame_span=frame_span,
        fps=fps,
        frame_times=frame_times,
        image_size=image_size,
        camera=camera,
        focal_source=focal_source,
        is_calibrated=calibrated is not None
        or (path_of_camera is not None and path_of_camera.metres_per_unit is not None),
        warnings=(*warnings, *tracking_notes),
        is_rate_guessed=is_rate_guessed,
        is_size_guessed=is_size_guessed,
        zoom=zoom,
    )


def without_padding(
    image_size: tuple[int, int] | None, calibrated: tuple[Camera, tuple[int, int]] | None
) -> tuple[int, int] | None:
    """The size of the picture that is in an image.

    Parameters
    ----------
    image_size : (int, int) or None
        Width and height, px; None where unknown.
    calibrated : (Camera, (int, int)) or None
        A calibration's camera and its image size: that is the size where none is known, or where
        they differ by a codec's padding only, not by another resolution.
    """
    if calibrated is None:
        return image_size
    size = calibrated[1]
    if image_size is None:
        return size
    is_padding = all(abs(a - b) <= 0.02 * b for a, b in zip(image_size, size, strict=True))
    return size if is_padding else image_size


def choose_camera(
    image_size: tuple[int, int],
    calibrated: tuple[Camera, tuple[int, int]] | None,
    fov_deg: float | None,
    focal_length_px: float | None,
) -> tuple[Camera, str]:
    """The camera of an image, and where its focal length comes from.

    Parameters
    ----------
    image_size : (int, int)
        Width and height, px.
    calibrated : (Camera, (int, int)) or None
        A calibration's camera and its image size; its place in the world is kept.
    fov_deg : float or None
        Across the image's width.
    focal_length_px : float or None

    Raises
    ------
    LiftError
        When the calibration is for a picture of another shape.
    """
    if calibrated is not None:
        camera, size = calibrated
        share = np.array(image_size) / np.array(size)
        if abs(share[0] / share[1] - 1) > 0.02:
            raise LiftError(
                f"the calibration is for {size[0]}x{size[1]} px, the clip is "
                f"{image_size[0]}x{image_size[1]} px"
            )
        camera = replace(
            camera,
            focal_length=camera.focal_length * share,
            principal_point=camera.principal_point * share,
        )
        return camera, "calibration"
    if focal_length_px is not None:
        return camera_at_origin(focal_length_px, image_size), "given focal length"
    if fov_deg is not None:
        focal = focal_length_from_fov(fov_deg, image_size[0])
        return camera_at_origin(focal, image_size), f"given field of view of {fov_deg:g} degrees"
    focal = focal_length_from_fov(DEFAULT_FOV_DEG, max(image_size))
    return (
        camera_at_origin(focal, image_size),
        f"assumed {DEFAULT_FOV_DEG:g} degrees across the longer side",
    )


def _video_info(path: Path, video: Path | None, warnings: list[str]) -> VideoInfo | None:
    """The given video's, else that of one found beside the keypoints, if it can be read."""
    if video is not None:
        return read_video_info(video)
    beside = find_video_beside(path)
    if beside is None:
        return None
    try:
        return read_video_info(beside)
    except LiftError as error:
        warnings.append(f"the video beside the keypoints was not used: {error}")
        return None


def _guess_image_size(detections: Detections) -> tuple[int, int]:
    """An image that holds every keypoint, (1, 1) scaled up for fractions of an unknown image."""
    if detections.is_normalized:
        return 1920, 1080
    seen = detections.positions[detections.confidence > 0]
    extent = seen.max(axis=0) if len(seen) else np.array([1.0, 1.0])
    return max(1, int(np.ceil(extent[0]))), max(1, int(np.ceil(extent[1])))
