"""How large a person truly is: an image alone does not tell, so something else must."""

from __future__ import annotations

import numpy as np

from ..joint_sets import LIFTED_21
from .bone_lengths import standing_height

_DEFAULT_HEIGHT_M = 1.70
# A height outside these, found from the ground, means that the feet do not touch it.
_USUAL_HEIGHTS = (1.2, 2.2)


def choose_scale(
    bone_lengths: np.ndarray,
    *,
    height_m: float | None,
    floor_scale: float | None,
    floor_trust: float = 1.0,
) -> tuple[float, str]:
    """The factor that brings a person to their true size, and where it comes from, in words.

    Parameters
    ----------
    bone_lengths : (21,) array
        m, of the bone that ends at each joint, before scaling.
    height_m : float or None
        The person's, where it is given.
    floor_scale : float or None
        The factor with which feet stand on a calibrated floor, where there is one.
    floor_trust : float
        0..1, how surely they do: between the height that is assumed otherwise and that factor.
    """
    height = standing_height(bone_lengths, LIFTED_21.joint_names)
    if height_m is not None:
        return height_m / height, f"given height {height_m:.2f} m"
    assumed = _DEFAULT_HEIGHT_M / height
    if floor_scale is not None and _USUAL_HEIGHTS[0] < floor_scale * height < _USUAL_HEIGHTS[1]:
        scale = assumed + floor_trust * (floor_scale - assumed)
        return scale, "feet on the ground of the calibration"
    return assumed, f"assumed height {_DEFAULT_HEIGHT_M:.2f} m"
