"""What the network sees: rays instead of pixels, in metres instead of image units.

A joint's pixel is undistorted to a ray, the camera is virtually turned to look at the person, and the
image of the person is measured with a ruler of mean human bone lengths. What is left depends on the
pose and the viewing direction alone, not on the camera, the distance or the place in the image
(METHOD.md section 7). How much shorter than itself a bone appears tells how far it points into depth,
up to the sign: that magnitude, its ``depth_reach``, is given to the network as well (section 8).

All arrays carry any leading axes ``...``, then time T.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..joint_sets import BODY_23, lifted_from_detected
from .ruler import REACH_TO_INPUT, REACH_TO_OUTPUT, depth_reach, frame_scale, measure_bones
from .window import SymmetricWindow, TimeWindow, TrailingWindow

IN_FEATURES = 4
"""Per input joint: x, y (m), confidence, depth reach (m)."""
OUT_FEATURES = 5
"""Per output joint: x and y correction (m), depth as a share of the bone's reach, depth beside it (m),
log of the depth's uncertainty (m)."""
NUM_CLIP_OUTPUTS = 5
"""Per frame: logits of left and right foot contact; direction of gravity (x, y, z)."""

_TORSO = BODY_23.indices("left_shoulder", "right_shoulder", "left_hip", "right_hip")


@dataclass(frozen=True, slots=True, eq=False)
class NormalizedRays:
    """Network input and what is needed to read its output.

    ``features`` (...,T,23,4) network input; ``rotation`` (...,T,3,3) from the camera to the virtual
    camera that looks at the person; ``scale`` (...,T) ray units per metre (1 / depth of the person);
    ``rays`` (...,T,21,2) x/z, y/z in the virtual camera of the output joints that were seen;
    ``ray_confidence`` (...,T,21), 0 where a joint was not seen; ``depth_reach`` (...,T,21) m.
    """

    features: np.ndarray
    rotation: np.ndarray
    scale: np.ndarray
    rays: np.ndarray
    ray_confidence: np.ndarray
    depth_reach: np.ndarray


def normalize_rays(
    rays: np.ndarray, confidence: np.ndarray, *, is_causal: bool = False
) -> NormalizedRays:
    """Turn undistorted rays of a clip into network input.

    Parameters
    ----------
    rays : (...,T,23,2) array
        x/z and y/z of the ``BODY_23`` joints in the camera.
    confidence : (...,T,23) array
        0 where a joint is missing.
    is_causal : bool
        No frame's input depends on later frames: for causal networks, in training and use.

    Returns
    -------
    NormalizedRays
    """
    window = TrailingWindow() if is_causal else SymmetricWindow()
    return normalize_through(rays, confidence, window)


def normalize_through(
    rays: np.ndarray, confidence: np.ndarray, window: TimeWindow
) -> NormalizedRays:
    """``normalize_rays`` with the person's place and size found through ``window``."""
    is_seen = confidence > 0
    center = window.smooth_center(*_person_center(rays, is_seen))
    rotation = _rotation_to_axis(center)
    turned = _turn_rays(rays, rotation)
    lengths, is_known = measure_bones(np.where(is_seen[..., None], turned, 0.0), is_seen)
    scale = window.level_scale(*frame_scale(lengths, is_known))
    metres = np.where(is_seen[..., None], turned / scale[..., None, None], 0.0)
    apparent, is_known = measure_bones(metres, is_seen)
    reach = depth_reach(apparent, window.longest_bones(apparent, is_known), is_known)
    features = np.concatenate(
        [
            metres,
            confidence[..., None],
            (reach @ REACH_TO_INPUT * is_seen)[..., None],
        ],
        axis=-1,
    )
    seen_rays, seen_confidence = lifted_from_detected(turned, confidence)
    return NormalizedRays(
        features=features.astype(np.float32),
        rotation=rotation,
        scale=scale,
        rays=seen_rays,
        ray_confidence=seen_confidence,
        depth_reach=reach @ REACH_TO_OUTPUT,
    )


def _person_center(rays: np.ndarray, is_seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the person is: (...,T,2) mean of the seen torso joints (of all if none), and if known."""
    torso = np.zeros(is_seen.shape[-1])
    torso[_TORSO] = 1.0
    weights = is_seen * torso
    weights = np.where(weights.any(axis=-1, keepdims=True), weights, is_seen)
    total = weights.sum(axis=-1)
    center = np.einsum("...j,...jc->...c", weights, np.where(is_seen[..., None], rays, 0.0))
    return center / np.maximum(total, 1)[..., None], total > 0


def _rotation_to_axis(center: np.ndarray) -> np.ndarray:
    """(...,3,3) least rotation that turns the ray (x, y, 1) of ``center`` (...,2) onto +z."""
    ray = np.concatenate([center, np.ones_like(center[..., :1])], axis=-1)
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    x, y, z = ray[..., 0], ray[..., 1], ray[..., 2]
    share = 1 / (1 + z)
    rotation = np.empty((*ray.shape, 3))
    rotation[..., 0, 0], rotation[..., 1, 1] = 1 - x * x * share, 1 - y * y * share
    rotation[..., 0, 1] = rotation[..., 1, 0] = -x * y * share
    rotation[..., 0, 2], rotation[..., 1, 2] = -x, -y
    rotation[..., 2, :] = ray
    return rotation


def _turn_rays(rays: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Rays (...,T,J,2) seen from a camera turned by ``rotation`` (...,T,3,3)."""
    turned = rays @ rotation[..., :2].swapaxes(-1, -2)
    turned = turned + rotation[..., None, :, 2]
    # A ray behind the turned camera cannot be drawn; it is far outside any image.
    return turned[..., :2] / np.maximum(turned[..., 2:], 1e-2)
