"""How large a person appears: the unit in which tracking and cleaning measure every distance."""

from __future__ import annotations

import numpy as np

from ..filters import BoolArray, FloatArray
from ..skeleton import Skeleton

# A standing person's height over the spread (root mean square distance) of the joints.
_HEIGHT_OVER_SPREAD = 3.4
_DENSE_PARTS = ("face_", "left_hand_", "right_hand_")


def body_joints(skeleton: Skeleton) -> list[int]:
    """Indices of the joints of trunk, limbs and head, without the many of fingers and face."""
    return [
        joint
        for joint, name in enumerate(skeleton.joint_names)
        if not name.startswith(_DENSE_PARTS)
    ]


def body_centre_and_size(
    positions: FloatArray, is_known: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Mean of the known joints, and their spread scaled to a standing person's height.

    Parameters
    ----------
    positions : (N, J, 2) float
        px.
    is_known : (N, J) bool

    Returns
    -------
    centre : (N, 2) float
        px; 0 where nothing is known.
    size : (N,) float
        px; 0 where fewer than two joints are known.
    """
    weight = is_known.astype(positions.dtype)
    count = np.maximum(weight.sum(axis=1), 1)
    centre = (positions * weight[..., None]).sum(axis=1) / count[:, None]
    offset = positions - centre[:, None]
    square = ((offset**2).sum(axis=-1) * weight).sum(axis=1) / count
    return centre, _HEIGHT_OVER_SPREAD * np.sqrt(square)
