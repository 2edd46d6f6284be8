"""What the tests of rigs share: everything that reading a rig must leave as it was, and odd rigs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.retarget.scheme import load_scheme
from lift_video_to_3d.core.retarget.scheme_rest import scheme_rest_pose
from lift_video_to_3d.core.types import RestPose
from round_trip import LIFTED_21_LENGTHS_M

_ALONG = np.array([0.0, 1.0, 0.0])


def rolled_rest_pose(scheme: str, seed: int = 0, *, arms_down_deg: float | None = None) -> RestPose:
    """A known rig at rest, in its own pose or with its arms so far down, every bone rolled at random."""
    known = load_scheme(scheme)
    if arms_down_deg is not None:
        known = replace(known, arms_down=np.deg2rad(arms_down_deg))
    rest = scheme_rest_pose(known, np.array(LIFTED_21_LENGTHS_M))
    rolls = np.random.default_rng(seed).uniform(-np.pi, np.pi, rest.num_bones)
    turns = quaternion.from_axis_angle(_ALONG, rolls)
    return RestPose(
        bone_names=rest.bone_names,
        parents=rest.parents,
        heads=rest.heads,
        tails=rest.tails,
        rotations=quaternion.multiply(rest.rotations, turns),
    )


def scene_state(rig: bpy.types.Object) -> dict[str, Any]:
    """Names of all data, selection, mode, and the rig's whole pose, animation and properties."""
    animation_data = rig.animation_data
    state: dict[str, Any] = {
        "data": [
            sorted(each.name_full for each in found)
            for found in (bpy.data.objects, bpy.data.armatures, bpy.data.actions)
        ],
        "users": (rig.users, rig.data.users if rig.data else 0),
        "selected": [each.name for each in bpy.context.selected_objects],
        "active": getattr(bpy.context.view_layer.objects.active, "name", None),
        "mode": bpy.context.mode,
        "frame": bpy.context.scene.frame_current,
        "matrix": _numbers(rig.matrix_world),
    }
    if animation_data is not None:
        action = animation_data.action
        state["action"] = (
            getattr(action, "name", None),
            getattr(action, "users", 0),
            getattr(getattr(animation_data, "action_slot", None), "identifier", None),
            animation_data.use_nla,
        )
    for bone in rig.pose.bones if rig.pose else ():
        state[bone.name] = (
            bone.rotation_mode,
            *map(_numbers, (bone.location, bone.scale, bone.rotation_quaternion)),
            *map(_numbers, (bone.rotation_euler, bone.rotation_axis_angle, bone.matrix)),
            {key: value for key, value in bone.items() if isinstance(value, int | float | bool)},
            [(each.name, each.mute, each.influence) for each in bone.constraints],
        )
    return state


def _numbers(values: Any) -> list:
    return np.array(values).tolist()
