"""What a rig's F-curves hold, bone by bone, and where each bone is then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..geometry import quaternion
from ..geometry.rotation_mode import RotationMode
from ..types import RestPose


@dataclass(frozen=True, slots=True, eq=False)
class PoseCurves:
    """The values of a rig's F-curves at every frame.

    ``rotations`` by bone: (T,C) values in the bone's own mode of ``rotation_modes``; ``locations`` by
    bone, of those that travel by themselves: (T,3) m along the bone's own rest axes, from where its
    parent carries it.
    """

    rest_pose: RestPose
    rotation_modes: tuple[RotationMode, ...]
    rotations: tuple[np.ndarray, ...]
    locations: Mapping[int, np.ndarray]

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(self.rotations[0])


@dataclass(frozen=True, slots=True, eq=False)
class BonePlace:
    """Where a bone is: ``head`` (T,3) m, ``rotation`` (T,4) wxyz, both in armature space."""

    head: np.ndarray
    rotation: np.ndarray


def carried_place(
    rest_pose: RestPose, bone: int, parent: BonePlace | None, *, num_frames: int
) -> BonePlace:
    """Where ``bone`` is when it only rides on its parent, or rests."""
    head, rotation = rest_pose.heads[bone], rest_pose.rotations[bone]
    if parent is None:
        return BonePlace(np.tile(head, (num_frames, 1)), np.tile(rotation, (num_frames, 1)))
    index = rest_pose.parents[bone]
    back = quaternion.conjugate(rest_pose.rotations[index])
    offset = quaternion.rotate(back, head - rest_pose.heads[index])
    return BonePlace(
        parent.head + quaternion.rotate(parent.rotation, offset),
        quaternion.multiply(parent.rotation, quaternion.multiply(back, rotation)),
    )


def shifted_place(place: BonePlace, location: np.ndarray) -> BonePlace:
    """``place`` moved by ``location`` (T,3) m along its own axes."""
    return BonePlace(place.head + quaternion.rotate(place.rotation, location), place.rotation)


def turned_place(place: BonePlace, rotation: np.ndarray) -> BonePlace:
    """``place`` turned by ``rotation`` (T,4) wxyz in its own axes."""
    return BonePlace(place.head, quaternion.multiply(place.rotation, rotation))


def tail_positions(place: BonePlace, length: float) -> np.ndarray:
    """(T,3) m: the far end of a bone of ``length`` m."""
    return place.head + quaternion.rotate(place.rotation, np.array([0.0, length, 0.0]))
