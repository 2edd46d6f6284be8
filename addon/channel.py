"""Which keys each property of a rig gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..core.geometry.rotation_mode import RotationMode, to_curve_values
from ..core.retarget.key_reduction import ReducedKeys
from .access import pose_of
from .bone_curve import RigCurves, location_values, rotation_path
from .object_curve import ObjectCurves

_OBJECT_GROUP = "Object Transforms"


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """Keys for some components of one property.

    ``frames`` (K,) scene frames, increasing; ``values`` (K,C) of all its components, of which those in
    ``components`` are written; ``group`` is the name under which Blender lists them.
    """

    data_path: str
    group: str
    components: Sequence[int]
    frames: np.ndarray
    values: np.ndarray

    @property
    def num_keys(self) -> int:
        """How many keys it has, those of every written component counted."""
        return len(self.frames) * len(self.components)


@dataclass(frozen=True, slots=True, eq=False)
class KeyFrames:
    """The scene frames (T,) of a motion, and that of the T pose before them, if it gets one."""

    motion: np.ndarray
    t_pose: int | None

    @property
    def first(self) -> int:
        """The first scene frame with a key."""
        return int(self.motion[0]) if self.t_pose is None else self.t_pose

    @property
    def last(self) -> int:
        """The last scene frame with a key."""
        return int(self.motion[-1])

    def channel(
        self,
        data_path: str,
        group: str,
        components: Sequence[int],
        values: np.ndarray,
        *,
        rows: np.ndarray | None,
        rest: np.ndarray,
    ) -> Channel:
        """Keys of ``values`` (T,C) at ``rows`` (K,), all if None, and of ``rest`` (C,) at the T pose."""
        frames = self.motion if rows is None else self.motion[rows]
        values = values if rows is None else values[rows]
        if self.t_pose is not None:
            frames = np.concatenate([[self.t_pose], frames])
            values = np.concatenate([rest[None], values])
        return Channel(data_path, group, components, frames, values)


def bone_channels(
    rig: bpy.types.Object,
    curves: RigCurves,
    frames: KeyFrames,
    *,
    t_pose: np.ndarray | None,
    keys: ReducedKeys | None,
) -> list[Channel]:
    """Rotations of every bone, and locations of those that travel.

    ``t_pose`` (B,4) wxyz local to rest, where ``frames`` has one; without ``keys`` every frame has a
    key.
    """
    pose = curves.pose
    channels: list[Channel] = []
    for bone, name in enumerate(pose.rest_pose.bone_names):
        pose_bone = pose_of(rig).bones[name]
        if bone in pose.locations:
            path = pose_bone.path_from_id("location")
            values = location_values(pose_bone, pose.locations[bone], scale=curves.scale)
            rows = None if keys is None else keys.location_rows[bone]
            free = curves.location_components[bone]
            channels.append(frames.channel(path, name, free, values, rows=rows, rest=np.zeros(3)))
        mode, values = pose.rotation_modes[bone], pose.rotations[bone]
        path = pose_bone.path_from_id(rotation_path(mode))
        rows = None if keys is None else keys.rotation_rows[bone]
        rest = values[0] if t_pose is None else _values_of_one(t_pose[bone], mode, values[0])
        free = curves.rotation_components[bone]
        channels.append(frames.channel(path, name, free, values, rows=rows, rest=rest))
    return channels


def object_channels(curves: ObjectCurves, frames: KeyFrames) -> list[Channel]:
    """Location and rotation of the rig's object, which is at its stand in the T pose."""
    location = frames.channel(
        "location",
        _OBJECT_GROUP,
        range(3),
        curves.locations,
        rows=curves.location_rows,
        rest=curves.stand.location,
    )
    rotation = frames.channel(
        rotation_path(curves.mode),
        _OBJECT_GROUP,
        range(curves.rotations.shape[-1]),
        curves.rotations,
        rows=curves.rotation_rows,
        rest=_values_of_one(curves.stand.rotation, curves.mode, curves.rotations[0]),
    )
    return [location, rotation]


def constant_channel(
    data_path: str, group: str, components: Sequence[int], value: float, frames: KeyFrames
) -> Channel:
    """``value`` from the first to the last frame, in each of ``components``."""
    ends = np.unique([frames.first, frames.last])
    values = np.full((len(ends), max(components) + 1), value)
    return Channel(data_path, group, components, ends, values)


def _values_of_one(rotation: np.ndarray, mode: RotationMode, near: np.ndarray) -> np.ndarray:
    """(C,) curve values of one rotation (4,) wxyz, the nearest to ``near`` (C,)."""
    return to_curve_values(rotation[None], mode, near=near)[0]
