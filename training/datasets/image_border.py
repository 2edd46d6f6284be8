"""People partly outside the image, as detectors report them.

A joint outside is mostly not reported; just outside, some detectors put it on the border, unsure.
"""

from __future__ import annotations

import numpy as np

from core.filters import smooth_low_pass
from core.joint_sets import BODY_23

# Left, top, right, bottom: which side of the image cuts the person.
_SIDE_SHARES = (0.22, 0.12, 0.22, 0.44)
_CUT = (0.08, 0.5)
_MARGIN = (0.3, 1.5)
_REACH = 0.05
_BORDER_CONFIDENCE = (0.15, 0.5)
_WAIST = (0.8, 1.3)
_CHEST = (0.25, 0.65)
_SHARE_WAIST_UP = 0.5
_FRAMING_HZ = 0.5
_SHOULDERS = BODY_23.indices("left_shoulder", "right_shoulder")
_HIPS = BODY_23.indices("left_hip", "right_hip")


def crop(rays: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An image that one side of the person reaches out of, the same for a whole window.

    Parameters
    ----------
    rays : (n,T,23,2) array
    rng : numpy.random.Generator

    Returns
    -------
    rays, factors
        (n,T,23,2) and (n,T,23) by which the confidence is to be multiplied.
    """
    count = len(rays)
    low, high = rays.min(axis=2).mean(axis=1), rays.max(axis=2).mean(axis=1)
    size = high - low
    margin = rng.uniform(*_MARGIN, (count, 4))
    side = rng.choice(4, size=count, p=_SIDE_SHARES)
    margin[np.arange(count), side] = -rng.uniform(*_CUT, count)
    first = (low - margin[:, :2] * size)[:, None, None]
    last = (high + margin[:, 2:] * size)[:, None, None]
    clipped = np.clip(rays, first, last)
    outside = np.abs(rays - clipped).max(axis=-1) / _height(size)
    return _report(rays, clipped, outside, rng)


def frame_upper_body(
    rays: np.ndarray, during: np.ndarray, fps: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """An image that ends below the chest or the waist and follows the person, while ``during`` (n,T).

    The border lies across the trunk: a raised hand is seen, a hanging one is not.

    Parameters, returns
    -------------------
    As ``crop``.
    """
    count = len(rays)
    shoulders, hips = (rays[:, :, joints].mean(axis=2) for joints in (_SHOULDERS, _HIPS))
    trunk = (hips - shoulders).mean(axis=1)
    length = np.maximum(np.linalg.norm(trunk, axis=-1, keepdims=True), 1e-6)
    is_waist_up = rng.random((count, 1)) < _SHARE_WAIST_UP
    place = np.where(
        is_waist_up, rng.uniform(*_WAIST, (count, 1)), rng.uniform(*_CHEST, (count, 1))
    )
    followed = smooth_low_pass(shoulders.swapaxes(0, 1), fps=fps, cutoff_hz=_FRAMING_HZ)
    border = followed.swapaxes(0, 1) + (place * trunk)[:, None]
    down = (trunk / length)[:, None, None]
    beyond = ((rays - border[:, :, None]) * down).sum(axis=-1)
    beyond = np.where(during[..., None], np.maximum(beyond, 0.0), 0.0)
    clipped = rays - beyond[..., None] * down
    size = np.ptp(rays, axis=2).mean(axis=1)
    return _report(rays, clipped, beyond / _height(size), rng)


def _height(size: np.ndarray) -> np.ndarray:
    """(n,1,1) ray units: the person's larger side."""
    return size.max(axis=-1)[:, None, None]


def _report(
    rays: np.ndarray, clipped: np.ndarray, outside: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What is reported of joints that lie ``outside`` (n,T,23) by so many heights of the person."""
    by_joint = (len(rays), 1, rays.shape[2])
    reach = rng.exponential(_REACH, by_joint)
    unsure = rng.uniform(*_BORDER_CONFIDENCE, by_joint)
    is_out = outside > 0
    factors = np.where(is_out, np.where(outside < reach, unsure, 0.0), 1.0)
    return np.where(is_out[..., None], clipped, rays), factors
