"""The ruler that an image of a person is measured with: bones of mean human length.

Where a bone lies across the line of sight it appears in its full length, and tells how large an image
of a metre is. How much shorter it appears than it is tells how far it reaches into depth.

All arrays carry any leading axes ``...``, then time T.
"""

from __future__ import annotations

import numpy as np

from ..joint_sets import BODY_23, LIFTED_21
from ..proportion import HUMAN_BONE_LENGTHS

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
_LEFT_BONES, _RIGHT_BONES = [0, 2, 4, 6], [1, 3, 5, 7]
NUM_RULER_BONES = len(_RULER)


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
_USED = ((_BONE_START + _BONE_END) > 0).astype(float)
_SPAN = _BONE_END - _BONE_START
_BONE_LENGTHS = np.array([length for _, _, length in _RULER])
REACH_TO_INPUT, REACH_TO_OUTPUT = _reach_targets()
"""(B,23) and (B,21): how much of each ruler bone's reach a joint is told."""


def measure_bones(points: np.ndarray, is_seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How long the ruler's bones appear.

    Parameters
    ----------
    points : (...,T,23,2) array
        ``BODY_23`` joints in the image, any unit; 0 where not seen.
    is_seen : (...,T,23) bool array

    Returns
    -------
    lengths : (...,T,B) array
        In the unit of ``points``; 0 where unknown.
    is_known : (...,T,B) bool array
        Where both ends were seen.
    """
    vectors = _SPAN @ points
    missing = (1.0 - is_seen) @ _USED.T
    is_known = missing < 0.5
    return np.where(is_known, np.linalg.norm(vectors, axis=-1), 0.0), is_known


def frame_scale(lengths: np.ndarray, is_known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Image units per metre by the least foreshortened bones of each frame alone.

    Parameters
    ----------
    lengths, is_known : (...,T,B) arrays
        From ``measure_bones``.

    Returns
    -------
    scale : (...,T,1) array
    is_measured : (...,T) bool array
        Where more than two bones are known.
    """
    ranked = np.sort(lengths / _BONE_LENGTHS, axis=-1)
    num_known = is_known.sum(axis=-1)
    rank = NUM_RULER_BONES - 1 - (num_known * 0.2).astype(int)
    scale = np.take_along_axis(ranked, rank[..., None], axis=-1)
    return scale, (num_known > 2) & (scale[..., 0] > 0)


def depth_reach(apparent: np.ndarray, longest: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """How far each ruler bone reaches into depth, from how much shorter it appears.

    Parameters
    ----------
    apparent, is_known : (...,T,B) arrays
        m: from ``measure_bones``.
    longest : (...,T,B) array
        m: how long each bone appears where it is foreshortened least.

    Returns
    -------
    (...,T,B) array
        m, up to its sign; 0 where unknown.
    """
    longest = longest.copy()
    pairs = np.maximum(longest[..., _LEFT_BONES], longest[..., _RIGHT_BONES])
    longest[..., _LEFT_BONES] = longest[..., _RIGHT_BONES] = pairs
    lengths = np.clip(longest, 0.9 * _BONE_LENGTHS, 1.1 * _BONE_LENGTHS)
    reach = np.sqrt(np.maximum(lengths**2 - apparent**2, 0.0))
    return np.where(is_known, reach, 0.0)
