"""Forward kinematics: where an armature's bones and joints are in a motion, and motions changed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from ..geometry import quaternion
from ..types import BoneMotion, RestPose
from .attachment import carrying_bones, rest_joint_positions
from .bone_map import HUMANOID, BoneMap

BoneTracks = dict[int, tuple[np.ndarray, np.ndarray]]
"""By bone: its head (T, 3) m and its rotation (T, 4) wxyz from its own axes, both armature space."""


def bone_transforms(motion: BoneMotion) -> tuple[np.ndarray, np.ndarray]:
    """Where every bone is.

    Returns
    -------
    heads : np.ndarray
        (T, B, 3) m, armature space.
    rotations : np.ndarray
        (T, B, 4) wxyz from the bone's own axes to armature space.
    """
    bones = range(motion.rest_pose.num_bones)
    tracks = track_bones(motion, bones)
    return (
        np.stack([tracks[bone][0] for bone in bones], axis=1),
        quaternion.normalise(np.stack([tracks[bone][1] for bone in bones], axis=1)),
    )


def track_bones(motion: BoneMotion, bones: Iterable[int]) -> BoneTracks:
    """Where some bones are, and those that they hang from: a few of a large rig's cost little."""
    rest = motion.rest_pose
    tracks: BoneTracks = {}
    for bone in _with_ancestors(rest, bones):
        head, carried = _carried(rest, bone, tracks, motion.num_frames)
        if bone == motion.root_bone:
            head = motion.root_position
        elif bone in motion.placed:
            head = motion.placed[bone]
        tracks[bone] = head, quaternion.multiply(carried, motion.rotations[:, bone])
    return tracks


def local_locations(motion: BoneMotion) -> dict[int, np.ndarray]:
    """How far the bones that travel by themselves are from where their parents carry them.

    Returns
    -------
    dict
        By bone, of ``root_bone`` and every bone of ``placed``: (T, 3) m in the bone's own rest axes
        (Blender's ``pose_bone.location``).
    """
    bones = sorted({motion.root_bone, *motion.placed})
    tracks = track_bones(motion, bones)
    locations: dict[int, np.ndarray] = {}
    for bone in bones:
        head, rotation = _carried(motion.rest_pose, bone, tracks, motion.num_frames)
        back = quaternion.conjugate(quaternion.normalise(rotation))
        locations[bone] = quaternion.rotate(back, tracks[bone][0] - head)
    return locations


def turn_bones(motion: BoneMotion, rotations: Mapping[int, np.ndarray]) -> BoneMotion:
    """The same motion with some bones turned otherwise; what hangs from them goes along.

    Parameters
    ----------
    motion : BoneMotion
    rotations : mapping of int to (T, 4) arrays
        By bone, wxyz from its own axes to armature space.
    """
    rest = motion.rest_pose
    local = motion.rotations.copy()
    tracks: BoneTracks = {}
    for bone in _with_ancestors(rest, rotations):
        head, carried = _carried(rest, bone, tracks, motion.num_frames)
        if bone in rotations:
            own = quaternion.multiply(quaternion.conjugate(carried), rotations[bone])
            local[:, bone] = quaternion.unroll(quaternion.normalise(own))
        # Where the head is does not matter to rotations.
        tracks[bone] = head, quaternion.multiply(carried, local[:, bone])
    return replace(motion, rotations=local)


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
    tracks = track_bones(motion, carriers.tolist())
    return np.stack(
        [
            tracks[carrier][0] + quaternion.rotate(tracks[carrier][1], offset)
            for carrier, offset in zip(carriers.tolist(), offsets, strict=True)
        ],
        axis=1,
    )


def _with_ancestors(rest: RestPose, bones: Iterable[int]) -> list[int]:
    """``bones`` and all that they hang from, parents before children."""
    found: set[int] = set()
    for bone in bones:
        above = bone
        while above >= 0 and above not in found:
            found.add(above)
            above = rest.parents[above]
    return sorted(found)


def _carried(
    rest: RestPose, bone: int, tracks: BoneTracks, num_frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """Head (T, 3) m and rotation (T, 4) wxyz of a bone that rests on its parent, armature space."""
    parent = rest.parents[bone]
    if parent < 0:
        return (
            np.broadcast_to(rest.heads[bone], (num_frames, 3)),
            np.broadcast_to(rest.rotations[bone], (num_frames, 4)),
        )
    head, rotation = tracks[parent]
    back = quaternion.conjugate(rest.rotations[parent])
    offset = quaternion.rotate(back, rest.heads[bone] - rest.heads[parent])
    relative = quaternion.multiply(back, rest.rotations[bone])
    return head + quaternion.rotate(rotation, offset), quaternion.multiply(rotation, relative)
