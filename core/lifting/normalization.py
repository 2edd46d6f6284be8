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

from ..filters import fill_gaps
from ..joint_sets import BODY_23, LIFTED_21, lifted_from_detected
from ..proportion import HUMAN_BONE_LENGTHS

IN_FEATURES = 4
"""Per input joint: x, y (m), confidence, depth reach (m)."""
OUT_FEATURES = 5
"""Per output joint: x and y correction (m), depth as a share of the bone's reach, depth beside it (m),
log of the depth's uncertainty (m)."""
NUM_CLIP_OUTPUTS = 5
"""Per frame: logits of left and right foot contact; direction of gravity (x, y, z)."""

_RULER_WINDOW = 91
_RULER_HOP = 8
_CENTER_WINDOW = 31
# How much too long the least foreshortened bones appear on average (measured on synthetic views:
# noise, nearness to the camera and varying proportions add to it).
_RULER_BIAS = 1.08

_LENGTH = HUMAN_BONE_LENGTHS
# Bones that both a detector and the output see: (ends in BODY_23, mean length).
_RULER: tuple[tuple[tuple[str, ...], tuple[str, ...], float], ...] = (
    (("left_hip",), ("left_knee",), _LENGTH["knee"]),
    (("right_hip",), ("right_knee",), _LENGTH["knee"]),
    (("left_knee",), ("left_ankle",), _LENGTH["ankle"]),
    (("right_knee",), ("right_ankle",), _LENGTH["ankle"]),
    (("left_shoulder",), ("left_elbow",), _LENGTH["elbow"]),
    (("right_shoulder",), ("right_elbow",), _LENGTH["elbow"]),
    (("left_elbow",), ("left_wrist",), _LENGTH["wrist"]),
    (("right_elbow",), ("right_wrist",), _LENGTH["wrist"]),
    (("left_hip",), ("right_hip",), 2 * _LENGTH["hip"]),
    (("left_shoulder",), ("right_shoulder",), 2 * _LENGTH["shoulder"]),
    (
        ("left_hip", "right_hip"),
        ("left_shoulder", "right_shoulder"),
        _LENGTH["spine"] + _LENGTH["thorax"],
    ),
)
_PAIRED_BONES = ((0, 1), (2, 3), (4, 5), (6, 7))


def _incidence() -> tuple[np.ndarray, np.ndarray]:
    """(B,23) weights of each bone's start and end among the input joints."""
    start, end = np.zeros((2, len(_RULER), BODY_23.num_joints))
    for bone, (heads, tails, _) in enumerate(_RULER):
        start[bone, BODY_23.indices(*heads)] = 1 / len(heads)
        end[bone, BODY_23.indices(*tails)] = 1 / len(tails)
    return start, end


def _reach_targets() -> tuple[np.ndarray, np.ndarray]:
    """Share of each ruler bone's reach: (B,23) by input joint, (B,21) by output bone."""
    to_input = np.zeros((len(_RULER), BODY_23.num_joints))
    to_output = np.zeros((len(_RULER), LIFTED_21.num_joints))
    for bone, (_, tails, _) in enumerate(_RULER[:8]):
        to_input[bone, BODY_23.index(tails[0])] = 1.0
        to_output[bone, LIFTED_21.index(tails[0])] = 1.0
    for bone, part in ((8, "hip"), (9, "shoulder")):
        for side in ("left_", "right_"):
            to_input[bone, BODY_23.index(side + part)] = 0.5
            to_output[bone, LIFTED_21.index(side + part)] = 0.5
    to_input[10, BODY_23.index("nose")] = 0.5
    to_output[10, LIFTED_21.indices("spine", "thorax")] = 0.5
    return to_input, to_output


_BONE_START, _BONE_END = _incidence()
_BONE_LENGTHS = np.array([length for _, _, length in _RULER])
_REACH_TO_INPUT, _REACH_TO_OUTPUT = _reach_targets()
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


def normalize_rays(rays: np.ndarray, confidence: np.ndarray) -> NormalizedRays:
    """Turn undistorted rays of a clip into network input.

    Parameters
    ----------
    rays : (...,T,23,2) array
        x/z and y/z of the ``BODY_23`` joints in the camera.
    confidence : (...,T,23) array
        0 where a joint is missing.

    Returns
    -------
    NormalizedRays
    """
    is_seen = confidence > 0
    center = _smooth(_fill_time(*_person_center(rays, is_seen)), _CENTER_WINDOW)
    rotation = _rotation_to_axis(center)
    turned = _turn_rays(rays, rotation)
    scale = _measure_scale(turned, is_seen)
    metres = np.where(is_seen[..., None], turned / scale[..., None, None], 0.0)
    reach = _depth_reach(metres, is_seen)
    features = np.concatenate(
        [
            metres,
            confidence[..., None],
            (reach @ _REACH_TO_INPUT * is_seen)[..., None],
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
        depth_reach=reach @ _REACH_TO_OUTPUT,
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


def _fill_time(values: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """``values`` (...,T,C) with unknown frames interpolated along T (kept if none is known)."""
    if is_known.all():
        return values
    by_frame = np.moveaxis(values, -2, 0)
    filled = fill_gaps(by_frame, np.moveaxis(is_known, -1, 0), smooth=False)
    return np.moveaxis(filled, 0, -2)


def _smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Running mean of (...,T,C) over ``window`` frames, shorter at the ends (edges repeated)."""
    half = window // 2
    pad = [(0, 0)] * (values.ndim - 2) + [(half + 1, half), (0, 0)]
    total = np.cumsum(np.pad(values, pad, mode="edge"), axis=-2)
    return (total[..., window:, :] - total[..., :-window, :]) / window


def _rotation_to_axis(center: np.ndarray) -> np.ndarray:
    """(...,3,3) least rotation that turns the ray (x, y, 1) of ``center`` (...,2) onto +z."""
    ray = np.concatenate([center, np.ones_like(center[..., :1])], axis=-1)
    x, y, z = np.moveaxis(ray / np.linalg.norm(ray, axis=-1, keepdims=True), -1, 0)
    share = 1 / (1 + z)
    rows = [
        [1 - x * x * share, -x * y * share, -x],
        [-x * y * share, 1 - y * y * share, -y],
        [x, y, z],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _turn_rays(rays: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Rays (...,T,J,2) seen from a camera turned by ``rotation`` (...,T,3,3)."""
    turned = np.einsum("...ic,...jc->...ji", rotation[..., :2], rays)
    turned = turned + rotation[..., None, :, 2]
    # A ray behind the turned camera cannot be drawn; it is far outside any image.
    return turned[..., :2] / np.maximum(turned[..., 2:], 1e-2)


def _bone_vectors(points: np.ndarray, is_seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ruler bones (...,T,B,2) and whether both their ends were seen (...,T,B)."""
    used = (_BONE_START + _BONE_END) > 0
    vectors = np.einsum("bj,...jc->...bc", _BONE_END - _BONE_START, points)
    missing = np.einsum("bj,...j->...b", used.astype(float), 1.0 - is_seen)
    return vectors, missing < 0.5


def _measure_scale(rays: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
    """(...,T) ray units per metre: what the least foreshortened bones around a frame measure."""
    vectors, is_known = _bone_vectors(np.where(is_seen[..., None], rays, 0.0), is_seen)
    ratios = np.where(is_known, np.linalg.norm(vectors, axis=-1) / _BONE_LENGTHS, 0.0)
    ranked = np.sort(ratios, axis=-1)
    num_known = is_known.sum(axis=-1)
    rank = len(_RULER) - 1 - (num_known * 0.2).astype(int)
    per_frame = np.take_along_axis(ranked, rank[..., None], axis=-1)
    filled = _fill_time(per_frame, (num_known > 2) & (per_frame[..., 0] > 0))
    level = _running_quantile(filled, 0.6) / _RULER_BIAS
    return np.maximum(_smooth(level, _CENTER_WINDOW)[..., 0], 1e-4)


def _depth_reach(metres: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
    """(...,T,B) m: how far each ruler bone reaches into depth, from how much shorter it appears."""
    vectors, is_known = _bone_vectors(metres, is_seen)
    apparent = np.where(is_known, np.linalg.norm(vectors, axis=-1), 0.0)
    longest = _running_quantile(apparent, 0.8)
    for left, right in _PAIRED_BONES:
        pair = np.maximum(longest[..., left], longest[..., right])
        longest[..., left] = longest[..., right] = pair
    lengths = np.clip(longest, 0.9 * _BONE_LENGTHS, 1.1 * _BONE_LENGTHS)
    reach = np.sqrt(np.maximum(lengths**2 - apparent**2, 0.0))
    return np.where(is_known, reach, 0.0)


def _running_quantile(values: np.ndarray, share: float) -> np.ndarray:
    """Quantile of (...,T,C) over a window along T, evaluated every few frames and interpolated."""
    num_frames = values.shape[-2]
    centers = np.unique(np.append(np.arange(0, num_frames, _RULER_HOP), num_frames - 1))
    half = _RULER_WINDOW // 2
    # Every third frame of the window is enough for a quantile.
    window = centers[:, None] + np.arange(-half, half + 1, 3)
    gathered = values[..., np.clip(window, 0, num_frames - 1), :]
    rank = round(share * (window.shape[1] - 1))
    levels = np.partition(gathered, rank, axis=-2)[..., rank, :]
    frames = np.arange(num_frames)
    upper = np.clip(np.searchsorted(centers, frames), 1, max(len(centers) - 1, 1))
    upper = np.minimum(upper, len(centers) - 1)
    lower = np.maximum(upper - 1, 0)
    span = np.maximum(centers[upper] - centers[lower], 1)
    blend = ((frames - centers[lower]) / span)[:, None]
    return levels[..., lower, :] + blend * (levels[..., upper, :] - levels[..., lower, :])


def ancestor_matrix() -> np.ndarray:
    """(21,21): 1 where the column's joint lies on the row's path from the root, itself included."""
    matrix = np.eye(LIFTED_21.num_joints)
    for joint, parent in enumerate(LIFTED_21.parents):
        if parent >= 0:
            matrix[joint] += matrix[parent]
    matrix[:, 0] = 0.0
    return matrix
