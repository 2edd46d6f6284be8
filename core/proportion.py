"""Mean human proportions: the ruler by which an image of a person is measured.

Limbs as in METHOD.md section 8; trunk and head as detectors' joints lie, measured against the leg on
the real clips that noise may be fitted to (three sequences of ``real/aistpp``: trunk 0.67 to 0.71, thorax
to nose 0.30 to 0.32 of a leg; mocap's joint centres: 0.61 and 0.24), most of the way; feet from common
anthropometric tables.
"""

from __future__ import annotations

import numpy as np

from .joint_sets import LIFTED_21

HUMAN_BONE_LENGTHS: dict[str, float] = {
    "hip": 0.115,
    "knee": 0.415,
    "ankle": 0.405,
    "spine": 0.275,
    "thorax": 0.275,
    "nose": 0.24,
    "head": 0.345,
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
