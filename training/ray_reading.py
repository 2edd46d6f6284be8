"""What a network of rays is shown of a view: all that the ablations can take from it.

The default is what ``core.lifting`` does, and the only reading that model files know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.joint_sets import lifted_from_detected
from core.lifting.normalization import NormalizedRays, normalize_through
from core.lifting.window import SymmetricWindow, TimeWindow, TrailingWindow

CONFIDENCE_FEATURE, REACH_FEATURE = 2, 3
"""Places among the input's ``IN_FEATURES``."""

_LEAST_SIZE = 1e-4


@dataclass(frozen=True, slots=True)
class RayReading:
    """How a view's rays become the network's input, and its output a pose.

    Parameters
    ----------
    place : {"metres", "size", "root", "image"}
        Where joints are said to be. "metres": seen by a camera turned to the person, by the ruler of
        mean bone lengths. "size": the same in units of the figure's apparent size. "root": in the image,
        from the middle of the person. "image": in the image, as in the paper, in focal lengths.
    has_confidence : bool
        The detector's confidence is an input; else only whether a joint was seen, by its place not being 0.
    has_reach : bool
        The ruler tells how far each bone reaches into depth: as an input, and as what the network's
        depths are shares of.
    is_on_rays : bool
        The network corrects x and y of where the joints were seen; else it tells them, relative to the
        root.
    """

    place: Literal["metres", "size", "root", "image"] = "metres"
    has_confidence: bool = True
    has_reach: bool = True
    is_on_rays: bool = True

    def __post_init__(self) -> None:
        # Places far off the line of sight say nothing of a metre there.
        assert not (self.is_on_rays and self.place in ("root", "image")), "no ray is in metres"


@dataclass(frozen=True, slots=True, eq=False)
class ReadRays:
    """A view as a network reads it.

    ``shown``: its ``features`` are the network's input, its ``rotation``, ``scale``, ``rays`` and
    ``ray_confidence`` tell where the person is seen. ``base_xy`` (...,T,21,2) m: what the network's x
    and y add to; ``depth_reach`` (...,T,21) m: what its depths are shares of.
    """

    shown: NormalizedRays
    base_xy: np.ndarray
    depth_reach: np.ndarray


def read_rays(
    rays: np.ndarray, confidence: np.ndarray, reading: RayReading, *, is_causal: bool = False
) -> ReadRays:
    """``core.lifting.normalization.normalize_rays``, as ``reading`` has it.

    Parameters
    ----------
    rays : (...,T,23,2) array
    confidence : (...,T,23) array
    reading : RayReading
    is_causal : bool
    """
    window = TrailingWindow() if is_causal else SymmetricWindow()
    shown = normalize_through(rays, confidence, window)
    if reading.place in ("root", "image"):
        shown = _in_image(shown, rays, confidence, is_centred=reading.place == "root")
    elif reading.place == "size":
        shown = _by_size(shown, confidence, window)
    is_hidden = [not reading.has_confidence, not reading.has_reach]
    hidden = np.array([CONFIDENCE_FEATURE, REACH_FEATURE])[is_hidden]
    shown.features[..., hidden] = 0
    is_seen = shown.ray_confidence[..., None] > 0
    seen_xy = np.where(is_seen, shown.rays / shown.scale[..., None, None], 0.0)
    return ReadRays(
        shown=shown,
        base_xy=seen_xy * reading.is_on_rays,
        depth_reach=shown.depth_reach * reading.has_reach,
    )


def _in_image(
    shown: NormalizedRays, rays: np.ndarray, confidence: np.ndarray, *, is_centred: bool
) -> NormalizedRays:
    """Places in the image, in focal lengths, and poses along the camera's own axes."""
    ahead = shown.rotation[..., 2, :]
    center = ahead[..., :2] / ahead[..., 2:]
    places = rays - center[..., None, :] if is_centred else rays
    features = shown.features.copy()
    features[..., :2] = np.where(confidence[..., None] > 0, places, 0.0)
    seen_rays, _ = lifted_from_detected(rays, confidence)
    axes = np.broadcast_to(np.eye(3), shown.rotation.shape)
    return replace(shown, features=features, rays=seen_rays, rotation=axes)


def _by_size(shown: NormalizedRays, confidence: np.ndarray, window: TimeWindow) -> NormalizedRays:
    """Places in units of how widely the joints are strewn about their middle."""
    features = shown.features.copy()
    is_seen = confidence > 0
    count = np.maximum(is_seen.sum(axis=-1), 1)[..., None]
    places = features[..., :2]
    middle = (places * is_seen[..., None]).sum(axis=-2) / count
    strewn = ((places - middle[..., None, :]) ** 2).sum(axis=-1) * is_seen
    size = np.sqrt(strewn.sum(axis=-1, keepdims=True) / count)
    level = window.level_scale(size, (is_seen.sum(axis=-1) > 2) & (size[..., 0] > 0))
    features[..., :2] /= np.maximum(level, _LEAST_SIZE)[..., None, None]
    return replace(shown, features=features)
