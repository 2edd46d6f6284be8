"""Keypoints in the joints of another set, the ones that it alone has made of those around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.joint_sets import convert_joints
from core.skeleton import Skeleton
from core.types import Keypoints2D

_HIPS = ("left_hip", "right_hip")
_SHOULDERS = ("left_shoulder", "right_shoulder")
_EYES, _EARS = ("left_eye", "right_eye"), ("left_ear", "right_ear")
# What a joint is the middle of, best first.
_MADE_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "pelvis": (("mid_hip",), _HIPS),
    "mid_hip": (("pelvis",), _HIPS),
    "spine": ((*_HIPS, *_SHOULDERS),),
    "thorax": (_SHOULDERS, ("neck",)),
    "neck": (("thorax",), _SHOULDERS),
    "nose": (_EYES, _EARS),
    "head": (("head_top",), _EYES, _EARS, ("nose",)),
    "head_top": (("head",), _EYES, _EARS, ("nose",)),
    "left_toe": (("left_big_toe",),),
    "right_toe": (("right_big_toe",),),
    "left_big_toe": (("left_toe",),),
    "right_big_toe": (("right_toe",),),
}


def with_joints(keypoints: Keypoints2D, skeleton: Skeleton) -> tuple[Keypoints2D, list[str]]:
    """The keypoints of ``skeleton``'s joints, and the names of those that had to be made.

    A joint that the keypoints lack, or never show, is the middle of others ("pelvis": the hips), as
    sure as the least sure of them. What cannot be made either has confidence 0 and lies amid the rest.
    """
    converted = convert_joints(keypoints, skeleton)
    seen = {
        name
        for joint, name in enumerate(keypoints.skeleton.joint_names)
        if (keypoints.confidence[:, joint] > 0).any()
    }
    positions, confidence = converted.positions.copy(), converted.confidence.copy()
    made: list[str] = []
    for joint, name in enumerate(skeleton.joint_names):
        sources = next((part for part in _MADE_OF.get(name, ()) if seen.issuperset(part)), None)
        if name not in seen and sources is not None:
            taken = keypoints.skeleton.indices(*sources)
            positions[:, joint] = keypoints.positions[:, taken].mean(axis=1)
            confidence[:, joint] = keypoints.confidence[:, taken].min(axis=1)
            made.append(name)
    is_there = np.isin(skeleton.joint_names, [*seen, *made])
    shown = positions[:, is_there] if is_there.any() else keypoints.positions
    positions[:, ~is_there] = shown.mean(axis=1, keepdims=True)
    return replace(converted, positions=positions, confidence=confidence), made
