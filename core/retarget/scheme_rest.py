"""A known rig at rest, built to a person's measured lengths."""

from __future__ import annotations

import numpy as np

from ..geometry import quaternion
from ..types import RestPose
from .landmark import rest_points
from .scheme import RigScheme, SchemeBone

_STUB_SHARE = 0.3
_LEAST_HINGE = 1e-6
_BACK = np.array([0.0, 1.0, 0.0])


def scheme_rest_pose(scheme: RigScheme, bone_lengths: np.ndarray) -> RestPose:
    """The armature of a known rig at rest, sized to a person.

    Bones run along their own Y, as Blender's do, whatever axis the rig itself uses.

    Parameters
    ----------
    scheme : RigScheme
        Its bones, and how far its arms hang and its legs stand apart.
    bone_lengths : np.ndarray
        (21,) m: distance of each LIFTED_21 joint to its parent, 0 for the pelvis, left = right.

    Returns
    -------
    RestPose
        In armature space, facing -Y, feet on z = 0.

    Raises
    ------
    LiftError
        When a length is not positive and finite, or a left one differs from its right one.
    """
    points = rest_points(bone_lengths, arms_down=scheme.arms_down, legs_apart=scheme.legs_apart)
    index_of: dict[str, int] = {}
    parents: list[int] = []
    heads: list[np.ndarray] = []
    tails: list[np.ndarray] = []
    rotations: list[np.ndarray] = []
    for bone in scheme.bones:
        parent = -1 if bone.parent is None else index_of[bone.parent]
        start = points[bone.start]
        if bone.end is None:
            end = start + _STUB_SHARE * (tails[parent] - heads[parent])
        else:
            end = points[bone.end]
        head = (1.0 - bone.head_share) * start + bone.head_share * end
        tail = (1.0 - bone.tail_share) * start + bone.tail_share * end
        index_of[bone.name] = len(parents)
        parents.append(parent)
        heads.append(head)
        tails.append(tail)
        rotations.append(_rotation_from_hinge(tail - head, _hinge_at_rest(bone, scheme)))
    return RestPose(
        bone_names=tuple(index_of),
        parents=tuple(parents),
        heads=np.stack(heads),
        tails=np.stack(tails),
        rotations=np.stack(rotations),
    )


def _hinge_at_rest(bone: SchemeBone, scheme: RigScheme) -> np.ndarray:
    """(3,) the bone's local X as its limb rests."""
    hinge = np.array(bone.local_x)
    if not bone.is_of_arm or scheme.arms_down == 0.0:
        return hinge
    is_left = bone.start.startswith("left_")
    down = quaternion.from_axis_angle(_BACK, scheme.arms_down if is_left else -scheme.arms_down)
    return quaternion.rotate(down, hinge)


def _rotation_from_hinge(direction: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """(4,) wxyz of a bone along ``direction`` (3,), its local X as near to ``hinge`` as can be."""
    y_axis = direction / np.linalg.norm(direction)
    z_axis = np.cross(hinge, y_axis)
    if np.linalg.norm(z_axis) < _LEAST_HINGE:
        z_axis = np.cross(_BACK, y_axis)
    z_axis /= np.linalg.norm(z_axis)
    return quaternion.from_matrix(np.stack([np.cross(y_axis, z_axis), y_axis, z_axis], axis=-1))
