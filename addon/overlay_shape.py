"""What the overlay is made of: coloured lines and discs, as arrays that a shader takes.

Positions (...,2) are px of the region, y up; colours (...,4) RGBA.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.joint_sets import BODY_23, lifted_from_detected
from ..core.video_trace import VideoTrace

_NUM_SIDES = 16
_SOFT_EDGE_PX = 1.0
_DARK = (0.0, 0.0, 0.0, 0.55)
_WHITE = (1.0, 1.0, 1.0, 0.9)
# Red to yellow to blue: told apart by those who do not tell red from green, and over most pictures.
# Detectors seldom give more to a joint that they see well.
_SURE = 0.8
_DOUBTFUL_TO_SURE = np.array([(1.0, 0.16, 0.1, 1.0), (1.0, 0.8, 0.1, 1.0), (0.1, 0.75, 1.0, 1.0)])


def _drawn_bones() -> np.ndarray:
    """(B,2) pairs of ``BODY_23`` joints: its bones, but shoulders and hips as lines across."""
    names = BODY_23.joint_names
    pairs = [(names[parent], names[joint]) for parent, joint in BODY_23.bones]
    pairs = [pair for pair in pairs if not (pair[0] == "nose" and "shoulder" in pair[1])]
    pairs += [
        ("left_shoulder", "right_shoulder"),
        ("left_hip", "right_hip"),
        ("left_ear", "left_shoulder"),
        ("right_ear", "right_shoulder"),
    ]
    return np.array([BODY_23.indices(*pair) for pair in pairs])


DRAWN_BONES = _drawn_bones()
"""(B,2): the ``BODY_23`` joints that are joined by lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Separate lines: ``positions`` (2N,2) and ``colors`` (2N,4) of their ends, ``width`` px."""

    positions: np.ndarray
    colors: np.ndarray
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """``positions`` (3N,2) and ``colors`` (3N,4) of their corners."""

    positions: np.ndarray
    colors: np.ndarray


def keypoint_shapes(
    trace: VideoTrace, row: int, to_region: np.ndarray, *, unit: float
) -> list[Lines | Triangles]:
    """The keypoints of one frame, dark-edged, their colour telling the detector's confidence.

    Parameters
    ----------
    trace : VideoTrace
    row : int
    to_region : (2,3) array
        From pixels of the picture (x, y, 1) to the region.
    unit : float
        px of a line's width.
    """
    positions = _to_region(trace.seen[row], to_region)
    confidence = trace.confidence[row]
    is_seen = confidence > 0
    colors = confidence_colors(confidence)
    bones = DRAWN_BONES[is_seen[DRAWN_BONES].all(axis=1)].ravel()
    return [
        Lines(positions[bones], _one_color(_DARK, len(bones)), 4 * unit),
        discs(positions[is_seen], _one_color(_DARK, int(is_seen.sum())), 5 * unit),
        Lines(positions[bones], colors[bones], 2 * unit),
        discs(positions[is_seen], colors[is_seen], 4 * unit),
    ]


def distance_shapes(
    trace: VideoTrace, row: int, to_region: np.ndarray, *, unit: float
) -> list[Lines | Triangles]:
    """A white line from each detected joint to a dot where the lifted one is seen."""
    seen, confidence = lifted_from_detected(trace.seen[row], trace.confidence[row])
    is_seen = confidence > 0
    ends = np.stack([seen, trace.solved[row]], axis=1)[is_seen]
    positions = _to_region(ends, to_region)
    lines = positions.reshape(-1, 2)
    return [
        Lines(lines, _one_color(_DARK, len(lines)), 2 * unit),
        Lines(lines, _one_color(_WHITE, len(lines)), 1 * unit),
        discs(positions[:, 1], _one_color(_WHITE, len(positions)), 1.25 * unit),
    ]


def confidence_colors(confidence: np.ndarray) -> np.ndarray:
    """(...,4) of confidence 0..1 (...): red, by way of yellow, to blue from 0.8 on."""
    place = 2 * np.clip(confidence / _SURE, 0.0, 1.0)[..., None]
    doubtful, middle, sure = _DOUBTFUL_TO_SURE
    low, high = np.clip(place, 0, 1), np.clip(place - 1, 0, 1)
    return doubtful + low * (middle - doubtful) + high * (sure - middle)


def discs(centres: np.ndarray, colors: np.ndarray, radius: float) -> Triangles:
    """Discs (N,2) with a soft edge."""
    angle = np.linspace(0, 2 * np.pi, _NUM_SIDES + 1)
    way = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    inner, outer = radius * way, (radius + _SOFT_EDGE_PX) * way
    fan = np.stack([np.zeros_like(way[1:]), inner[:-1], inner[1:]], axis=1)
    edge = [
        np.stack([inner[:-1], outer[:-1], outer[1:]], axis=1),
        np.stack([inner[:-1], outer[1:], inner[1:]], axis=1),
    ]
    corners = np.concatenate([fan, *edge]).reshape(-1, 2)
    is_outer = np.linalg.norm(corners, axis=-1) > radius + 0.5 * _SOFT_EDGE_PX
    tinted = np.repeat(colors[:, None], len(corners), axis=1)
    tinted[:, is_outer, 3] = 0.0
    return Triangles((centres[:, None] + corners).reshape(-1, 2), tinted.reshape(-1, 4))


def _to_region(pixels: np.ndarray, to_region: np.ndarray) -> np.ndarray:
    return pixels @ to_region[:, :2].T + to_region[:, 2]


def _one_color(color: tuple[float, float, float, float], count: int) -> np.ndarray:
    return np.tile(color, (count, 1))
