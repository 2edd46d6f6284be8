"""Forward kinematics: where an armature's bones and joints are in a motion."""

from __future__ import annotations

import numpy as np

from ..geometry import quaternion
from ..types import BoneMotion
from .attachment import carrying_bones, rest_joint_positions
from .bone_map import HUMANOID, BoneMap


def bone_transforms(motion: BoneMotion) -> tuple[np.ndarray, np.ndarray]:
    """Where every bone is.

    Returns
    -------
    heads : np.ndarray
        (T, B, 3) m, armature space.
    rotations : np.ndarray
        (T, B, 4) wxyz from the bone's own axes to armature space.
    """
    rest = motion.rest_pose
    heads = np.empty((motion.num_frames, rest.num_bones, 3))
    rotations = np.empty((motion.num_frames, rest.num_bones, 4))
    for bone, parent in enumerate(rest.parents):
        if parent < 0:
            heads[:, bone] = rest.heads[bone]
            rest_rotation = rest.rotations[bone]
        else:
            back = quaternion.conjugate(rest.rotations[parent])
            offset = quaternion.rotate(back, rest.heads[bone] - rest.heads[parent])
            heads[:, bone] = heads[:, parent] + quaternion.rotate(rotations[:, parent], offset)
            relative = quaternion.multiply(back, rest.rotations[bone])
            rest_rotation = quaternion.multiply(rotations[:, parent], relative)
        if bone == motion.root_bone:
            heads[:, bone] = motion.root_position
        elif bone in motion.placed:
            heads[:, bone] = motion.placed[bone]
        rotations[:, bone] = quaternion.multiply(rest_rotation, motion.rotations[:, bone])
    return heads, quaternion.normalise(rotations)


def joint_positions(motion: BoneMotion, bone_map: BoneMap = HUMANOID) -> np.ndarray:
    """(T, 21, 3) m: the LIFTED_21 joints of the posed armature, armature space.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    rest = motion.rest_pose
    carriers = carrying_bones(rest, bone_map)
    offsets = quaternion.rotate(
        quaternion.conjugate(rest.rotations[carriers]),
        rest_joint_positions(rest, bone_map) - rest.heads[carriers],
    )
    heads, rotations = bone_transforms(motion)
    return heads[:, carriers] + quaternion.rotate(rotations[:, carriers], offsets)
