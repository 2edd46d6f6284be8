"""From camera space to the image, in torch: what semi-supervised training compares with keypoints."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..geometry.camera import normalize_screen
from ..types import Camera

NUM_LENS_NUMBERS = 9
"""focal length x y, principal point x y, radial k1 k2 k3, tangential p1 p2."""

_NUM_UNDISTORT_STEPS = 12

LENS_MIRROR = (1.0, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 1.0)
"""What a mirrored image does to a lens: the principal point and the tangential term along x turn."""


def normalized_lens(camera: Camera, image_size: tuple[int, int]) -> np.ndarray:
    """(9,) a lens in the paper's image units (``normalize_screen``), distortion as it is."""
    return np.concatenate(
        [
            camera.focal_length / image_size[0] * 2,
            normalize_screen(camera.principal_point, image_size),
            camera.radial,
            camera.tangential,
        ]
    ).astype(np.float32)


def project(points_camera: Tensor, lens: Tensor, *, is_linear: bool = False) -> Tensor:
    """Project points to the paper's image units (METHOD.md section 4).

    Parameters
    ----------
    points_camera : (N,...,3) tensor
        Camera space, any length unit. x/z and y/z are clamped to [-1, 1], so that points beside or
        behind the camera stay finite.
    lens : (N,9) tensor
        As ``normalized_lens``.
    is_linear : bool
        Leave the distortion out.

    Returns
    -------
    (N,...,2) tensor
    """
    focal_length, center, radial, tangential = _lens_parts(lens, points_camera.ndim)
    plane = (points_camera[..., :2] / points_camera[..., 2:]).clamp(-1, 1)
    if not is_linear:
        plane = _distort(plane, radial, tangential)
    return focal_length * plane + center


def unproject(screen: Tensor, lens: Tensor, *, is_linear: bool = False) -> Tensor:
    """x/z and y/z (N,...,2) of the points that ``project`` puts at ``screen`` (N,...,2).

    Distortion is undone by fixed-point iteration.
    """
    focal_length, center, radial, tangential = _lens_parts(lens, screen.ndim)
    plane = distorted = (screen - center) / focal_length
    if not is_linear:
        for _ in range(_NUM_UNDISTORT_STEPS):
            moved = _distort(plane, radial, tangential)
            plane = plane + (distorted - moved).clamp(-0.5, 0.5)
    return plane


def _lens_parts(lens: Tensor, ndim: int) -> tuple[Tensor, ...]:
    lens = lens.reshape(len(lens), *[1] * (ndim - 2), NUM_LENS_NUMBERS)
    return lens.split([2, 2, 3, 2], dim=-1)


def _distort(plane: Tensor, radial: Tensor, tangential: Tensor) -> Tensor:
    squared = (plane**2).sum(dim=-1, keepdim=True)
    powers = torch.cat([squared, squared**2, squared**3], dim=-1)
    stretch = 1 + (radial * powers).sum(dim=-1, keepdim=True)
    lean = (tangential * plane).sum(dim=-1, keepdim=True)
    return plane * (stretch + lean) + tangential * squared
