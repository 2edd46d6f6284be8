"""The default humanoid: the scheme ``default``, its rest pose built to a person's measured lengths.

Blender's conventions: Z up, the character faces -Y, its left side is +X, bones run along their own
+Y. Rest is a T pose with straight arms and legs. Rolls are Rigify's: local X is every hinge, and a
positive turn about it bends elbows forward, knees back and the trunk forward on both sides, so
that poses paste flipped.

The spine starts at the pelvis, as the hips do: a pelvis frame that holds both hip joints exactly
cannot also point at the spine, whose angle to the line of the hips changes.
"""

from __future__ import annotations

import numpy as np

from ..types import RestPose
from .scheme import load_scheme
from .scheme_rest import scheme_rest_pose


def humanoid_rest_pose(bone_lengths: np.ndarray) -> RestPose:
    """The default armature at rest, sized to a person.

    Parameters
    ----------
    bone_lengths : np.ndarray
        (21,) m: distance of each LIFTED_21 joint to its parent, 0 for the pelvis, left = right.

    Returns
    -------
    RestPose
        21 bones in armature space, feet on z = 0, the hips bone's head at the pelvis joint.

    Raises
    ------
    LiftError
        When a length is not positive and finite, or a left one differs from its right one.
    """
    return scheme_rest_pose(load_scheme("default"), bone_lengths)
