"""Rigs that Rigify generated: which switches make the FK controls lead, which IK controls follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy

from ..core.retarget.bone_map import SIDE_SUFFIXES, BoneMap
from .access import armature_of, pose_of

_GENERATED_MARK = "rig_id"

# By property: the value with which each FK control follows the one above it.
_FOLLOWING_VALUES: Mapping[str, float] = {
    "IK_FK": 1.0,
    "FK_limb_follow": 0.0,
    "neck_follow": 1.0,
    "head_follow": 1.0,
}
_POLE_SWITCH = "pole_vector"

# IK control and the FK control that it goes with. A pole that is one piece with the upper bone stays
# in the plane that the limb bends in, as the bone's hinge does.
_FOLLOWERS = {
    "hand_ik": "hand_fk",
    "upper_arm_ik_target": "upper_arm_fk",
    "foot_ik": "foot_fk",
    "toe_ik": "toe_fk",
    "thigh_ik_target": "thigh_fk",
}
_POLES = {"upper_arm_ik_target": "upper_arm_parent", "thigh_ik_target": "thigh_parent"}


@dataclass(frozen=True, slots=True)
class Switch:
    """A custom property of a pose bone and the value that it is to have."""

    bone: str
    property: str
    value: float | bool


def is_generated(rig: bpy.types.Object) -> bool:
    """Whether Rigify generated ``rig``."""
    return _GENERATED_MARK in armature_of(rig)


def following_switches(rig: bpy.types.Object, bone_map: BoneMap) -> tuple[Switch, ...]:
    """What to set so that the FK controls of ``bone_map`` lead, each following the one above.

    Limbs go to FK, neck and head follow the chest. Limbs whose poles are among ``ik_followers`` get
    their pole switched on, so that they look the same in IK. None where Rigify did not make the rig.
    """
    if not is_generated(rig):
        return ()
    followers = ik_followers(rig, bone_map)
    poled = {
        _POLES[name[:-2]] + name[-2:]
        for name in followers
        if name.endswith(SIDE_SUFFIXES) and name[:-2] in _POLES
    }
    switches: list[Switch] = []
    for bone in pose_of(rig).bones:
        for name, value in _FOLLOWING_VALUES.items():
            if name in bone:
                switches.append(Switch(bone.name, name, value))
        if bone.name in poled and _POLE_SWITCH in bone:
            switches.append(Switch(bone.name, _POLE_SWITCH, True))
    return tuple(switches)


def ik_followers(rig: bpy.types.Object, bone_map: BoneMap) -> dict[str, str]:
    """The IK controls that go with the FK controls of ``bone_map``: control to what it follows.

    With them in place hands and feet stay where they are when the animator switches a limb to IK.
    Elbows and knees stay in the limb's plane, but up to 30 mm off: Rigify's IK bones give way along
    their length (``ik_stretch`` 0.1; with 0 it is 0.1 mm). None where Rigify did not make the rig.
    """
    if not is_generated(rig):
        return {}
    bones = pose_of(rig).bones
    driven = {bone for chain in bone_map.bones.values() for bone in chain}
    return {
        control + side: followed + side
        for side in SIDE_SUFFIXES
        for control, followed in _FOLLOWERS.items()
        if control + side in bones and followed + side in driven
    }
