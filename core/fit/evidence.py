"""What the image says about each output joint: its ray, and how far to trust it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.camera import pixels_to_rays
from ..joint_sets import BODY_23, convert_joints, lifted_from_detected
from ..types import Camera, Keypoints2D


class RayEvidence(NamedTuple):
    """``rays`` (T,21,2) undistorted x/z, y/z in the camera; ``confidence`` (T,21), 0 = not seen."""

    rays: np.ndarray
    confidence: np.ndarray


def ray_evidence(keypoints: Keypoints2D, camera: Camera) -> RayEvidence:
    """Rays of the ``LIFTED_21`` joints in a clip of any joint set; the camera's lens alone is used."""
    body = convert_joints(keypoints, BODY_23)
    rays = pixels_to_rays(body.positions, camera)
    return RayEvidence(*lifted_from_detected(rays, body.confidence))
