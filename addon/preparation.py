"""A rig is made to obey the motion that is baked onto it."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..core.errors import LiftError
from ..core.geometry.quaternion import IDENTITY
from ..core.geometry.rotation_mode import to_curve_values
from ..core.types import BoneMotion
from . import compat
from .access import pose_of
from .bone_curve import RigCurves, rotation_mode_of, rotation_path
from .channel import Channel, KeyFrames, constant_channel
from .rigify import Switch


def require_names(
    rig: bpy.types.Object,
    motion: BoneMotion,
    switches: Sequence[Switch],
    muted: Sequence[tuple[str, str]],
) -> None:
    """Raise LiftError where ``rig`` lacks a bone, a property or a constraint that is named."""
    bones = pose_of(rig).bones
    names = (
        *motion.rest_pose.bone_names,
        *(switch.bone for switch in switches),
        *(bone_name for bone_name, _ in muted),
    )
    missing = list(dict.fromkeys(name for name in names if name not in bones))
    if missing:
        raise LiftError(f"armature {rig.name!r} lacks the bones {', '.join(missing)}")
    for switch in switches:
        if switch.property not in bones[switch.bone]:
            raise LiftError(
                f"armature {rig.name!r}: bone {switch.bone!r} lacks the property {switch.property!r}"
            )
    for bone_name, constraint_name in muted:
        if constraint_name not in bones[bone_name].constraints:
            raise LiftError(
                f"armature {rig.name!r}: bone {bone_name!r} lacks the constraint {constraint_name!r}"
            )


def set_up(
    rig: bpy.types.Object, switches: Sequence[Switch], muted: Sequence[tuple[str, str]]
) -> None:
    """Mute constraints, given by the names of bone and constraint, and set properties."""
    bones = pose_of(rig).bones
    for bone_name, constraint_name in muted:
        bones[bone_name].constraints[constraint_name].mute = True
    for switch in switches:
        bone = bones[switch.bone]
        bone[switch.property] = type(bone[switch.property])(switch.value)
    # Drivers do not notice a property that a script sets.
    rig.update_tag()


def rest_what_is_between(rig: bpy.types.Object, motion: BoneMotion, curves: RigCurves) -> None:
    """Without keys a bone stays as it was posed: bones that the motion takes to rest must rest."""
    names = motion.rest_pose.bone_names
    for pose_bone in _bones_between(rig, set(names)):
        pose_bone.location = (0.0, 0.0, 0.0)
        mode = rotation_mode_of(pose_bone)
        rest = to_curve_values(IDENTITY[None], mode)[0].tolist()
        setattr(pose_bone, rotation_path(mode), rest)
    for bone, name in enumerate(names):
        if bone not in curves.pose.locations:
            pose_bone = pose_of(rig).bones[name]
            for component in range(3):
                if not pose_bone.lock_location[component]:
                    pose_bone.location[component] = 0.0


def overruling_channels(
    rig: bpy.types.Object,
    motion: BoneMotion,
    curves: RigCurves,
    switches: Sequence[Switch],
    frames: KeyFrames,
) -> list[Channel]:
    """Where the present action has F-curves that would spoil the motion: keys that hold them still."""
    channels: list[Channel] = []
    wanted = [
        (pose_of(rig).bones[name].path_from_id("location"), name, range(3), 0.0)
        for bone, name in enumerate(motion.rest_pose.bone_names)
        if bone not in curves.pose.locations
    ]
    for switch in switches:
        bone = pose_of(rig).bones[switch.bone]
        path = bone.path_from_id(f'["{bpy.utils.escape_identifier(switch.property)}"]')
        wanted.append((path, switch.bone, range(1), float(switch.value)))
    for path, name, components, value in wanted:
        present = [x for x in components if compat.find_fcurve(rig, path, x) is not None]
        if present:
            channels.append(constant_channel(path, name, present, value, frames))
    return channels


def _bones_between(rig: bpy.types.Object, names: set[str]) -> list[bpy.types.PoseBone]:
    """Bones that have one of ``names`` above and one below them, but are none of them."""
    found: dict[str, bpy.types.PoseBone] = {}
    for name in names:
        above: list[bpy.types.PoseBone] = []
        bone = pose_of(rig).bones[name].parent
        while bone is not None and bone.name not in names:
            above.append(bone)
            bone = bone.parent
        if bone is not None:
            found.update({each.name: each for each in above})
    return list(found.values())
