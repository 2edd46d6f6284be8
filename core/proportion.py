"""Mean human proportions: the ruler by which an image of a person is measured.

Source: METHOD.md section 8 (limbs and trunk); head and feet from common anthropometric tables.
"""

from __future__ import annotations

import numpy as np

from .joint_sets import LIFTED_21

HUMAN_BONE_LENGTHS: dict[str, float] = {
    "hip": 0.115,
    "knee": 0.415,
    "ankle": 0.405,
    "spine": 0.25,
    "thorax": 0.25,
    "nose": 0.20,
    "head": 0.315,
    "shoulder": 0.18,
    "elbow": 0.29,
    "wrist": 0.26,
    "heel": 0.085,
    "toe": 0.195,
}
"""Metres from each joint's parent in ``LIFTED_21`` to the joint, both sides alike."""


def mean_bone_lengths() -> np.ndarray:
    """(21,) m: mean human length of the bone that ends at each joint of ``LIFTED_21``; 0 at the root."""
    names = [name.split("_")[-1] for name in LIFTED_21.joint_names]
    return np.array([HUMAN_BONE_LENGTHS.get(name, 0.0) for name in names])
