"""A detector's view of body points: its own joints, noise that lasts, outliers, exchanged sides."""

from __future__ import annotations

import numpy as np

from core.joint_sets import BODY_23

from .bvh import BODY_POINTS
from .view_config import ViewConfig

_DETECTED = BODY_POINTS.indices(*(name.replace("_big_toe", "_toe") for name in BODY_23.joint_names))
_SWAPPED = np.zeros((3, BODY_23.num_joints), dtype=bool)
_SWAPPED[0, BODY_23.indices("left_elbow", "right_elbow", "left_wrist", "right_wrist")] = True
_SWAPPED[1, BODY_23.index("left_knee") :] = True
_SWAPPED[2, BODY_23.index("left_shoulder") :] = True
_SHARE_SWAPPED = 0.15
_MAX_SWAPPED_FRAMES = 6
_LEAST_DEPTH = 0.3
_LEAST_CONFIDENCE = 0.05
_MEDIAN, _SPREAD, _OFFSET = 0.016, 0.5, 0.02


def detect_keypoints(
    points: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What a detector would report where it sees all.

    Parameters
    ----------
    points : (N,T,27,3) array
        ``BODY_POINTS`` in m, camera space.
    config : ViewConfig
    rng : numpy.random.Generator

    Returns
    -------
    rays, confidence
        (N,T,23,2) x/z, y/z of ``BODY_23`` and (N,T,23) above 0.
    """
    marked = points[..., _DETECTED, :] + _joint_offsets(points, config, rng)
    x, y, z = np.moveaxis(marked, -1, 0)
    z = np.maximum(z, _LEAST_DEPTH)
    rays = np.stack([x / z, y / z], axis=-1)
    noise, quality = keypoint_noise(z.shape, config, rng)
    depth = np.maximum(points[..., 0, 2], 0.5)[..., None, None]
    rays += noise.astype(rays.dtype) / depth
    confidence = np.clip(quality.astype(rays.dtype), _LEAST_CONFIDENCE, 1.0)
    return _swap_sides(rays, rng), confidence


def keypoint_noise(
    shape: tuple[int, int, int], config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Noise (N,T,J,2) m across the view, quick and slow, and a confidence (N,T,J) that follows it."""
    count = shape[0]
    level = _MEDIAN * np.exp(rng.normal(0, _SPREAD, (count, 1, 1)))
    level = level * np.exp(_slow_noise(shape, 10, rng) * 0.6)
    quick = rng.normal(size=(*shape, 2)).astype(np.float32) * 0.6
    slow = _slow_noise((*shape, 2), 8, rng)
    noise = (quick + slow) * level[..., None]
    outliers = rng.uniform(size=shape) < 0.004
    noise = np.where(outliers[..., None], rng.normal(size=(*shape, 2)) * 0.25, noise)
    error = np.linalg.norm(noise, axis=-1)
    sharpness = rng.uniform(2.0, 10.0, (count, 1, 1))
    top = rng.uniform(0.65, 1.0, (count, 1, 1))
    quality = top - sharpness * (0.5 * error + 0.5 * level) + rng.normal(size=shape) * 0.05
    return noise, quality


def _joint_offsets(points: np.ndarray, config: ViewConfig, rng: np.random.Generator) -> np.ndarray:
    """(N,T,23,3) m: a detector's joints are not mocap's: offsets that turn with the trunk."""
    left = (
        points[..., BODY_POINTS.index("left_hip"), :]
        - points[..., BODY_POINTS.index("right_hip"), :]
    )
    up = points[..., BODY_POINTS.index("spine"), :] - points[..., 0, :]
    left = _unit(left)
    forward = _unit(np.cross(left, up))
    axes = np.stack([left, forward, np.cross(forward, left)], axis=-2)
    offsets = rng.normal(size=(len(points), 1, len(_DETECTED), 3)) * _OFFSET
    return offsets.astype(points.dtype) @ axes


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _slow_noise(shape: tuple[int, ...], period: int, rng: np.random.Generator) -> np.ndarray:
    """Unit normal noise along axis 1 that changes over about ``period`` frames."""
    num_frames = shape[1]
    num_knots = num_frames // period + 3
    knots = rng.normal(size=(shape[0], num_knots, *shape[2:])).astype(np.float32)
    place = np.arange(num_frames) / period
    lower = place.astype(int)
    blend = (place - lower).reshape(-1, *[1] * (len(shape) - 2)).astype(np.float32)
    return (knots[:, lower] * (1 - blend) + knots[:, lower + 1] * blend) / np.sqrt(
        blend**2 + (1 - blend) ** 2
    )


def _swap_sides(rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Left and right exchanged for a few frames in some windows, as detectors do."""
    count, num_frames = rays.shape[:2]
    is_swapped = rng.random(count) < _SHARE_SWAPPED
    begins = rng.integers(num_frames, size=count)
    lengths = rng.integers(1, _MAX_SWAPPED_FRAMES + 1, count) * is_swapped
    joints = _SWAPPED[rng.integers(len(_SWAPPED), size=count)]
    frames = np.arange(num_frames)
    lasts = (frames >= begins[:, None]) & (frames < (begins + lengths)[:, None])
    where = lasts[:, :, None] & joints[:, None]
    # Copied before it is written to.
    rays[where] = rays[:, :, BODY_23.mirror][where]
    return rays
