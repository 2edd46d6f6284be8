"""A person's 2D skeleton, or a cutting of their video, as a small picture to tell people apart by."""

from __future__ import annotations

import base64
import zlib

import numpy as np

from ..core.joint_sets import BODY_23, convert_joints
from ..core.types import Keypoints2D
from .overlay_shape import DRAWN_BONES

# Joints are kept as bytes: of the figure's longer side, 255 for what was not seen.
_SIDE, _UNSEEN = 254, 255
_MARGIN = 0.08
_BACKGROUND = np.array([0.1, 0.1, 0.1])
_MIDDLE, _LEFT, _RIGHT = (0.85, 0.85, 0.85), (0.35, 0.7, 1.0), (1.0, 0.6, 0.25)
_LINE_SHARE = 0.022
_THINNEST_LINE_PX = 0.7


def figure_of(keypoints: Keypoints2D) -> str:
    """The frame of a clip in which most of the person was seen, and most surely: 46 bytes in hex."""
    body = convert_joints(keypoints, BODY_23)
    row = int(np.argmax(body.confidence.sum(axis=1)))
    points, is_seen = body.positions[row], body.confidence[row] > 0
    if not is_seen.any():
        return bytes([_UNSEEN] * points.size).hex()
    low, high = points[is_seen].min(axis=0), points[is_seen].max(axis=0)
    side = max(float((high - low).max()), 1e-6)
    # In the middle of a square, its longer side filled.
    placed = (points - (low + high) / 2) / side + 0.5
    stored = np.round(_SIDE * placed).clip(0, _SIDE)
    return np.where(is_seen[:, None], stored, _UNSEEN).astype(np.uint8).tobytes().hex()


def draw_figure(figure: str, size: int) -> np.ndarray:
    """What ``figure_of`` gave as a picture: left blue, right orange, on dark.

    Returns
    -------
    (size,size,4) float32 array
        RGBA 0..1; the lowest row first.
    """
    stored = np.frombuffer(bytes.fromhex(figure), dtype=np.uint8).reshape(-1, 2)
    is_seen = stored[:, 0] != _UNSEEN
    joints = (_MARGIN + (1 - 2 * _MARGIN) * stored / _SIDE) * size
    bones = DRAWN_BONES[is_seen[DRAWN_BONES].all(axis=1)]
    picture = np.ones((size, size, 4), dtype=np.float32)
    picture[..., :3] = _BACKGROUND
    half_width = max(_LINE_SHARE * size, _THINNEST_LINE_PX)
    ends = joints[bones].astype(np.float32)
    distance = _distance_to_lines(size, ends[:, 0], ends[:, 1])
    cover = np.clip(half_width + 0.5 - distance, 0.0, 1.0)
    for color in (_MIDDLE, _RIGHT, _LEFT):
        drawn = cover[..., [_color_of(bone) == color for bone in bones.tolist()]]
        share = drawn.max(axis=-1, initial=0.0)[..., None]
        picture[..., :3] += share * (color - picture[..., :3])
    return picture


def cutting_text(cutting: np.ndarray) -> str:
    """A cutting (S,S,3) uint8 of a video, the top row first, as text that a file can keep."""
    return base64.b85encode(zlib.compress(cutting.tobytes(), 9)).decode("ascii")


def draw_cutting(text: str, size: int) -> np.ndarray:
    """What ``cutting_text`` gave, as ``draw_figure`` draws; ``size`` divides the cutting's."""
    stored = np.frombuffer(zlib.decompress(base64.b85decode(text)), dtype=np.uint8)
    side = round((len(stored) / 3) ** 0.5)
    areas = stored.reshape(size, side // size, size, side // size, 3).mean(axis=(1, 3))
    picture = np.ones((size, size, 4), dtype=np.float32)
    picture[..., :3] = areas[::-1] / 255
    return picture


def _distance_to_lines(size: int, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(S,S,B) px of a picture's pixels, the lowest row first, to each line (B,2) to (B,2)."""
    middles = np.arange(size, dtype=np.float32) + 0.5
    along_x, along_y = (ends - starts).T
    across = middles[None, :, None] - starts[:, 0]
    down = middles[::-1, None, None] - starts[:, 1]
    length = np.maximum(along_x**2 + along_y**2, 1e-9)
    place = np.clip((across * along_x + down * along_y) / length, 0.0, 1.0)
    return np.hypot(across - place * along_x, down - place * along_y)


def _color_of(bone: list[int]) -> tuple[float, float, float]:
    """A side's where both ends are on it."""
    sides = {BODY_23.joint_names[joint].partition("_")[0] for joint in bone}
    return _LEFT if sides == {"left"} else _RIGHT if sides == {"right"} else _MIDDLE
