"""Every joint order that detectors and data sets use, as data, and conversion between them by name.

Orders: OpenPose, COCO, Halpe, COCO-WholeBody, MediaPipe and Human3.6M documentation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .skeleton import Skeleton, skeleton_from_parent_names
from .types import Keypoints2D

_COCO_BODY: list[tuple[str, str | None]] = [
    ("nose", None),
    ("left_eye", "nose"),
    ("right_eye", "nose"),
    ("left_ear", "left_eye"),
    ("right_ear", "right_eye"),
    ("left_shoulder", "nose"),
    ("right_shoulder", "nose"),
    ("left_elbow", "left_shoulder"),
    ("right_elbow", "right_shoulder"),
    ("left_wrist", "left_elbow"),
    ("right_wrist", "right_elbow"),
    ("left_hip", "left_shoulder"),
    ("right_hip", "right_shoulder"),
    ("left_knee", "left_hip"),
    ("right_knee", "right_hip"),
    ("left_ankle", "left_knee"),
    ("right_ankle", "right_knee"),
]
_LEFT_FOOT: list[tuple[str, str | None]] = [
    ("left_big_toe", "left_ankle"),
    ("left_small_toe", "left_ankle"),
    ("left_heel", "left_ankle"),
]
_RIGHT_FOOT: list[tuple[str, str | None]] = [
    ("right_big_toe", "right_ankle"),
    ("right_small_toe", "right_ankle"),
    ("right_heel", "right_ankle"),
]
_OPENPOSE_UPPER: list[tuple[str, str | None]] = [
    ("nose", "neck"),
    ("neck", None),
    ("right_shoulder", "neck"),
    ("right_elbow", "right_shoulder"),
    ("right_wrist", "right_elbow"),
    ("left_shoulder", "neck"),
    ("left_elbow", "left_shoulder"),
    ("left_wrist", "left_elbow"),
]
_OPENPOSE_FACE: list[tuple[str, str | None]] = [
    ("right_eye", "nose"),
    ("left_eye", "nose"),
    ("right_ear", "right_eye"),
    ("left_ear", "left_eye"),
]


def _numbered(prefix: str, count: int, parent: str) -> list[tuple[str, str | None]]:
    return [(f"{prefix}_{number}", parent) for number in range(count)]


COCO_17 = skeleton_from_parent_names("COCO-17", _COCO_BODY)

COCO_18 = skeleton_from_parent_names(
    "COCO-18",
    [
        *_OPENPOSE_UPPER,
        ("right_hip", "neck"),
        ("right_knee", "right_hip"),
        ("right_ankle", "right_knee"),
        ("left_hip", "neck"),
        ("left_knee", "left_hip"),
        ("left_ankle", "left_knee"),
        *_OPENPOSE_FACE,
    ],
)

BODY_25 = skeleton_from_parent_names(
    "BODY_25",
    [
        *_OPENPOSE_UPPER,
        ("mid_hip", "neck"),
        ("right_hip", "mid_hip"),
        ("right_knee", "right_hip"),
        ("right_ankle", "right_knee"),
        ("left_hip", "mid_hip"),
        ("left_knee", "left_hip"),
        ("left_ankle", "left_knee"),
        *_OPENPOSE_FACE,
        *_LEFT_FOOT,
        *_RIGHT_FOOT,
    ],
)

BODY_25B = skeleton_from_parent_names(
    "BODY_25B",
    [
        *_COCO_BODY,
        ("neck", "nose"),
        ("head_top", "neck"),
        *_LEFT_FOOT,
        *_RIGHT_FOOT,
    ],
)

HALPE_26 = skeleton_from_parent_names(
    "Halpe-26",
    [
        *_COCO_BODY,
        ("head_top", "neck"),
        ("neck", "nose"),
        ("mid_hip", "neck"),
        ("left_big_toe", "left_ankle"),
        ("right_big_toe", "right_ankle"),
        ("left_small_toe", "left_ankle"),
        ("right_small_toe", "right_ankle"),
        ("left_heel", "left_ankle"),
        ("right_heel", "right_ankle"),
    ],
)

COCO_WHOLEBODY_133 = skeleton_from_parent_names(
    "COCO-WholeBody-133",
    [
        *_COCO_BODY,
        *_LEFT_FOOT,
        *_RIGHT_FOOT,
        *_numbered("face", 68, "nose"),
        *_numbered("left_hand", 21, "left_wrist"),
        *_numbered("right_hand", 21, "right_wrist"),
    ],
)

BLAZEPOSE_33 = skeleton_from_parent_names(
    "BlazePose-33",
    [
        ("nose", None),
        ("left_eye_inner", "nose"),
        ("left_eye", "left_eye_inner"),
        ("left_eye_outer", "left_eye"),
        ("right_eye_inner", "nose"),
        ("right_eye", "right_eye_inner"),
        ("right_eye_outer", "right_eye"),
        ("left_ear", "left_eye_outer"),
        ("right_ear", "right_eye_outer"),
        ("left_mouth", "nose"),
        ("right_mouth", "nose"),
        ("left_shoulder", "nose"),
        ("right_shoulder", "nose"),
        ("left_elbow", "left_shoulder"),
        ("right_elbow", "right_shoulder"),
        ("left_wrist", "left_elbow"),
        ("right_wrist", "right_elbow"),
        ("left_pinky", "left_wrist"),
        ("right_pinky", "right_wrist"),
        ("left_index", "left_wrist"),
        ("right_index", "right_wrist"),
        ("left_thumb", "left_wrist"),
        ("right_thumb", "right_wrist"),
        ("left_hip", "left_shoulder"),
        ("right_hip", "right_shoulder"),
        ("left_knee", "left_hip"),
        ("right_knee", "right_hip"),
        ("left_ankle", "left_knee"),
        ("right_ankle", "right_knee"),
        ("left_heel", "left_ankle"),
        ("right_heel", "right_ankle"),
        # "foot index" in MediaPipe's words: the tip of the big toe.
        ("left_big_toe", "left_heel"),
        ("right_big_toe", "right_heel"),
    ],
)

_H36M_BODY: list[tuple[str, str | None]] = [
    ("pelvis", None),
    ("right_hip", "pelvis"),
    ("right_knee", "right_hip"),
    ("right_ankle", "right_knee"),
    ("left_hip", "pelvis"),
    ("left_knee", "left_hip"),
    ("left_ankle", "left_knee"),
    ("spine", "pelvis"),
    ("thorax", "spine"),
    ("nose", "thorax"),
    ("head", "thorax"),
    ("left_shoulder", "thorax"),
    ("left_elbow", "left_shoulder"),
    ("left_wrist", "left_elbow"),
    ("right_shoulder", "thorax"),
    ("right_elbow", "right_shoulder"),
    ("right_wrist", "right_elbow"),
]

H36M_17 = skeleton_from_parent_names("Human3.6M-17", _H36M_BODY)

LIFTED_21 = skeleton_from_parent_names(
    "lifted-21",
    [
        *_H36M_BODY,
        ("left_heel", "left_ankle"),
        ("left_toe", "left_ankle"),
        ("right_heel", "right_ankle"),
        ("right_toe", "right_ankle"),
    ],
)

HUMAN36M_17_OF_32: tuple[int, ...] = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
"""Where the joints of ``H36M_17`` stand among Human3.6M's original 32."""

HUMANEVA_15 = skeleton_from_parent_names(
    "HumanEva-15",
    [
        ("pelvis", None),
        ("thorax", "pelvis"),
        ("left_shoulder", "thorax"),
        ("left_elbow", "left_shoulder"),
        ("left_wrist", "left_elbow"),
        ("right_shoulder", "thorax"),
        ("right_elbow", "right_shoulder"),
        ("right_wrist", "right_elbow"),
        ("left_hip", "pelvis"),
        ("left_knee", "left_hip"),
        ("left_ankle", "left_knee"),
        ("right_hip", "pelvis"),
        ("right_knee", "right_hip"),
        ("right_ankle", "right_knee"),
        ("head", "thorax"),
    ],
)

MPII_16 = skeleton_from_parent_names(
    "MPII-16",
    [
        ("right_ankle", "right_knee"),
        ("right_knee", "right_hip"),
        ("right_hip", "pelvis"),
        ("left_hip", "pelvis"),
        ("left_knee", "left_hip"),
        ("left_ankle", "left_knee"),
        ("pelvis", None),
        ("thorax", "pelvis"),
        ("neck", "thorax"),
        ("head_top", "neck"),
        ("right_wrist", "right_elbow"),
        ("right_elbow", "right_shoulder"),
        ("right_shoulder", "thorax"),
        ("left_shoulder", "thorax"),
        ("left_elbow", "left_shoulder"),
        ("left_wrist", "left_elbow"),
    ],
)

BODY_23 = skeleton_from_parent_names("COCO-17+feet", [*_COCO_BODY, *_LEFT_FOOT, *_RIGHT_FOOT])
"""What the default model reads: COCO-17 and six foot keypoints, any of them missing."""

JOINT_SETS: dict[str, Skeleton] = {
    skeleton.name: skeleton
    for skeleton in (
        COCO_17,
        COCO_18,
        BODY_25,
        BODY_25B,
        HALPE_26,
        COCO_WHOLEBODY_133,
        BLAZEPOSE_33,
        H36M_17,
        LIFTED_21,
        HUMANEVA_15,
        MPII_16,
        BODY_23,
    )
}

BODY_12: tuple[str, ...] = (
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""The joints that every detector marks and that evaluation on real video compares."""


def convert_joints(keypoints: Keypoints2D, skeleton: Skeleton) -> Keypoints2D:
    """The same keypoints in another joint set: matched by name, others missing (confidence 0)."""
    source = keypoints.skeleton
    if source is skeleton:
        return keypoints
    num_frames = keypoints.num_frames
    positions = np.zeros((num_frames, skeleton.num_joints, 2))
    confidence = np.zeros((num_frames, skeleton.num_joints))
    shared = [name for name in skeleton.joint_names if name in source.joint_names]
    taken, placed = source.indices(*shared), skeleton.indices(*shared)
    positions[:, placed] = keypoints.positions[:, taken]
    confidence[:, placed] = keypoints.confidence[:, taken]
    return replace(keypoints, positions=positions, confidence=confidence, skeleton=skeleton)


def _marks() -> np.ndarray:
    """(21,23) weights that make output joints of detected ones; zero rows where nothing is marked."""
    weights = np.zeros((LIFTED_21.num_joints, BODY_23.num_joints))
    midpoints = {"pelvis": ("left_hip", "right_hip"), "thorax": ("left_shoulder", "right_shoulder")}
    for joint, name in enumerate(LIFTED_21.joint_names):
        marked = midpoints.get(name, (name.replace("_toe", "_big_toe"),))
        if all(source in BODY_23.joint_names for source in marked):
            weights[joint, BODY_23.indices(*marked)] = 1 / len(marked)
    return weights


_MARKS = _marks()
_IS_USED = _MARKS > 0
_IS_MARKED = _IS_USED.any(axis=-1)


def lifted_from_detected(
    points: np.ndarray, confidence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where a detector saw the output joints.

    Parameters
    ----------
    points : (...,23,C) array
        Of the ``BODY_23`` joints, any unit.
    confidence : (...,23) array

    Returns
    -------
    points, confidence
        (...,21,C) and (...,21) of the ``LIFTED_21`` joints; the confidence is the least of the
        keypoints that make a joint, 0 for those that no detector marks (spine, head top).
    """
    least = np.where(_IS_USED, confidence[..., None, :], np.inf).min(axis=-1)
    lifted_confidence = np.where(_IS_MARKED, least, 0.0)
    known = np.where((confidence > 0)[..., None], points, 0.0)
    return _MARKS @ known, lifted_confidence
