"""Feet and legs among the ``LIFTED_21`` joints, left before right, and what they tell of the ground."""

from __future__ import annotations

import numpy as np

from ..joint_sets import LIFTED_21

_SIDES = ("left", "right")
LEGS = [LIFTED_21.indices(f"{side}_hip", f"{side}_knee", f"{side}_ankle") for side in _SIDES]
FEET = [LIFTED_21.indices(f"{side}_ankle", f"{side}_heel", f"{side}_toe") for side in _SIDES]
SOLES = [LIFTED_21.indices(f"{side}_heel", f"{side}_toe") for side in _SIDES]
FEWEST_STANDING_SECONDS = 1 / 6
"""Of feet that stand, added up: fewer do not tell where the ground is."""

_SURE = 0.4
"""Confidence from which on a joint is seen."""
_OFF_GROUND = 0.08


def lowest_points(joints: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(...,2,3) of each foot the heel or the toe, which is lower; ``joints`` (...,21,3), ``up`` (3,)."""
    soles = joints[..., SOLES, :]
    lowest = (soles @ up).argmin(axis=-1)[..., None, None]
    return np.take_along_axis(soles, lowest, axis=-2)[..., 0, :]


def leg_trust(confidence: np.ndarray) -> np.ndarray:
    """(...,2) 0..1 by ``confidence`` (...,21), how far each whole leg was seen: a guess proves nothing."""
    return np.clip(confidence[..., LEGS].min(axis=-1) / _SURE, 0.0, 1.0)


def standing_trust(confidence: np.ndarray, contact_probability: np.ndarray) -> np.ndarray:
    """(...,2) 0..1 how far to believe that each foot stands: ``leg_trust`` of what is likely."""
    return leg_trust(confidence) * np.clip(2 * contact_probability - 1, 0.0, 1.0)


def ground_trust(height: np.ndarray) -> np.ndarray:
    """1 on the ground, a half 8 cm (``height`` in m) above or below it: what stands there is doubted."""
    return 1 / (1 + (height / _OFF_GROUND) ** 2)
