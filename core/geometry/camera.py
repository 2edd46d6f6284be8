"""Pinhole cameras with lens distortion: points to pixels, pixels to rays, world to camera and back.

Camera axes: x right, y down, z forward. World: z up.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..types import Camera
from .quaternion import conjugate, rotate

DistortionModel = Literal["opencv", "human36m"]

DEFAULT_FOV_DEG = 50.0
"""Field of view across the image's longer side that is taken when nothing else is known."""

MIN_DEPTH = 0.3
"""m: nobody is nearer to the camera."""

_NUM_UNDISTORT_STEPS = 12


def project(
    points_camera: np.ndarray,
    *,
    focal_length: np.ndarray,
    principal_point: np.ndarray,
    radial: np.ndarray,
    tangential: np.ndarray,
    clamp: bool = False,
    distortion: DistortionModel = "human36m",
) -> np.ndarray:
    """Project points in camera space to the image.

    Parameters
    ----------
    points_camera : (...,3) array
        Any length unit; z > 0 is in front.
    focal_length, principal_point : (...,2) arrays
        In the unit of the result (px, or fractions of the image's width).
    radial : (...,3) array
        k1, k2, k3.
    tangential : (...,2) array
        p1, p2.
    clamp : bool
        Clamp x/z and y/z to [-1, 1] before distortion, so that points beside the camera stay finite in
        training (METHOD.md section 4).
    distortion : {"human36m", "opencv"}
        How the tangential terms act: as Human3.6M's cameras are published (the paper), or as OpenCV.

    Returns
    -------
    (...,2) array
    """
    plane = points_camera[..., :2] / points_camera[..., 2:]
    if clamp:
        plane = np.clip(plane, -1.0, 1.0)
    distorted = distort(plane, radial=radial, tangential=tangential, distortion=distortion)
    return np.asarray(focal_length) * distorted + np.asarray(principal_point)


def distort(
    plane: np.ndarray,
    *,
    radial: np.ndarray,
    tangential: np.ndarray,
    distortion: DistortionModel = "opencv",
) -> np.ndarray:
    """Where a lens puts the ideal points x/z, y/z (...,2); same unit."""
    radial, tangential = np.asarray(radial), np.asarray(tangential)
    squared = (plane**2).sum(axis=-1, keepdims=True)
    stretch = 1 + squared * (
        radial[..., :1] + squared * (radial[..., 1:2] + squared * radial[..., 2:3])
    )
    if distortion == "human36m":
        lean = (tangential * plane).sum(axis=-1, keepdims=True)
        return plane * (stretch + lean) + tangential * squared
    product = plane[..., :1] * plane[..., 1:]
    swapped = tangential[..., ::-1]
    return plane * stretch + 2 * tangential * product + swapped * (squared + 2 * plane**2)


def pixels_to_rays(pixels: np.ndarray, camera: Camera) -> np.ndarray:
    """Undistorted x/z and y/z (...,2) of pixels (...,2), by fixed-point iteration (OpenCV's model).

    (T,J,2) of a camera whose lens zooms.
    """
    distorted = (pixels - camera.principal_point) / _focal_length_per_joint(camera)
    if not camera.radial.any() and not camera.tangential.any():
        return distorted
    plane = distorted
    for _ in range(_NUM_UNDISTORT_STEPS):
        moved = distort(plane, radial=camera.radial, tangential=camera.tangential)
        plane = plane + np.clip(distorted - moved, -0.5, 0.5)
    return plane


def project_to_pixels(points_camera: np.ndarray, camera: Camera) -> np.ndarray:
    """Pixels (...,2) of points (...,3) in camera space, by the camera's own lens (OpenCV's model).

    (T,J,3) of a camera whose lens zooms.
    """
    return project(
        points_camera,
        focal_length=_focal_length_per_joint(camera),
        principal_point=camera.principal_point,
        radial=camera.radial,
        tangential=camera.tangential,
        distortion="opencv",
    )


def world_to_camera(points_world: np.ndarray, camera: Camera) -> np.ndarray:
    """Points (T,J,3) m from world to camera space."""
    rotation, position = _per_frame(camera)
    return rotate(rotation, points_world - position)


def camera_to_world(points_camera: np.ndarray, camera: Camera) -> np.ndarray:
    """Points (T,J,3) m from camera to world space."""
    rotation, position = _per_frame(camera)
    return rotate(conjugate(rotation), points_camera) + position


def _focal_length_per_joint(camera: Camera) -> np.ndarray:
    """(2,) px, or (T,1,2) of a lens that zooms."""
    focal_length = camera.focal_length
    return focal_length if focal_length.ndim == 1 else focal_length[:, None]


def _per_frame(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The camera's pose with a joint axis: (1,4) and (1,3), or (T,1,4) and (T,1,3)."""
    return camera.rotation_world_to_camera[..., None, :], camera.position_world[..., None, :]


def camera_at_origin(focal_length_px: float, image_size: tuple[int, int]) -> Camera:
    """An ideal camera at the world's origin whose axes are the world's: camera space is world space."""
    width, height = image_size
    return Camera(
        focal_length=np.full(2, float(focal_length_px)),
        principal_point=np.array([width / 2, height / 2]),
        radial=np.zeros(3),
        tangential=np.zeros(2),
        rotation_world_to_camera=np.array([1.0, 0.0, 0.0, 0.0]),
        position_world=np.zeros(3),
    )


def focal_length_from_fov(fov_deg: float, side_px: float) -> float:
    """Focal length (px) at which ``side_px`` pixels span ``fov_deg`` degrees."""
    return side_px / 2 / np.tan(np.radians(fov_deg) / 2)


def normalize_screen(pixels: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """The paper's image units (...,2): x in [-1, 1] across the width, the aspect ratio kept."""
    width, height = image_size
    return pixels / width * 2 - np.array([1, height / width])
