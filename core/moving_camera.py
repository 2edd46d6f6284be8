"""A clip's camera put on a given path: its pose at every frame, its lens, and the zoom taken out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from .errors import LiftError
from .geometry.camera_motion import with_unit
from .io.camera_path import CameraPath
from .types import Camera, Detections

_SAME_RATE, _SAME_FOCAL_LENGTH = 0.002, 1e-6


def with_lens_of_path(
    path: CameraPath, camera: Camera, focal_source: str, image_size: tuple[int, int]
) -> tuple[Camera, str]:
    """The camera with the path's own lens, if it has one, and where its focal length comes from.

    Parameters
    ----------
    path : CameraPath
    camera : Camera
    focal_source : str
        Where its present focal length comes from.
    image_size : (int, int)
        Width and height, px.

    Returns
    -------
    camera, focal_source
        Of a lens that zooms the focal length is (N,2) px, one for each of the path's frames.

    Raises
    ------
    InputFormatError
        When the path's lens is for an image of another shape.
    """
    focal_lengths = path.focal_lengths(image_size)
    if focal_lengths is None:
        return camera, focal_source
    if np.ptp(focal_lengths) <= _SAME_FOCAL_LENGTH * focal_lengths.min():
        return replace(camera, focal_length=np.full(2, focal_lengths[0])), "camera path"
    both = np.repeat(focal_lengths[:, None], 2, axis=1)
    return replace(camera, focal_length=both), "camera path, a lens that zooms"


def follow_path(
    path: CameraPath, lens: Camera, frame_span: tuple[int, int], fps: Fraction
) -> tuple[Camera, np.ndarray | None]:
    """The camera at every frame of a clip.

    Parameters
    ----------
    path : CameraPath
    lens : Camera
        As ``with_lens_of_path`` gives it; its pose is replaced.
    frame_span : (int, int)
        The clip's first and last frame.
    fps : Fraction
        The clip's.

    Returns
    -------
    camera : Camera
        A pose for each of the T frames, in metres where the path has a scale, else in its own unit. Of a
        lens that zooms it has the median focal length.
    zoom : (T,) array or None
        How many times that each frame's focal length is; None of a lens that does not zoom.

    Raises
    ------
    LiftError
        When the path does not reach to all frames, or is at another rate.
    """
    if path.fps is not None and abs(float(path.fps / fps) - 1) > _SAME_RATE:
        raise LiftError(
            f"{path.path}: expected a pose for each of the clip's frames, {float(fps):g} per second, "
            f"found {float(path.fps):g}"
        )
    camera = path.camera_on(lens, np.arange(frame_span[0], frame_span[1] + 1))
    if path.metres_per_unit is not None:
        camera = with_unit(camera, path.metres_per_unit)
    if camera.focal_length.ndim == 1:
        return camera, None
    usual = np.median(camera.focal_length, axis=0)
    return replace(camera, focal_length=usual), camera.focal_length[:, 0] / usual[0]


def without_zoom(
    detections: Detections,
    camera: Camera,
    zoom: np.ndarray | None,
    frame_span: tuple[int, int],
) -> Detections:
    """The detections (px) where a lens of constant focal length would have shown them.

    ``camera`` and ``zoom`` as ``follow_path`` gives them for this ``frame_span``.
    """
    if zoom is None:
        return detections
    larger = zoom[detections.row_frames - frame_span[0]][:, None, None]
    center = camera.principal_point
    return replace(detections, positions=center + (detections.positions - center) / larger)
