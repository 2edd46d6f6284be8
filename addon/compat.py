"""What differs between Blender 4.2 and 5.2: the only file that reads ``bpy.app.version``."""

from __future__ import annotations

import os
import shutil
import sys
from fractions import Fraction
from typing import Any, NoReturn, cast

import bpy

HAS_ACTION_SLOTS = bpy.app.version >= (4, 4, 0)
_GROUPS_BY_NAME = bpy.app.version >= (5, 0, 0)
_PROGRESS_END = 9999 if bpy.app.version >= (5, 0, 0) else 99
_IS_PYTHON_MODULE = not bpy.app.binary_path


def assign_new_action(animated: bpy.types.Object, name: str) -> bpy.types.Action:
    """Give ``animated`` a new, empty action (with a slot, where Blender has slots)."""
    action = bpy.data.actions.new(name)
    animation_data = animated.animation_data or animated.animation_data_create()
    animation_data.action = action
    if HAS_ACTION_SLOTS:
        slot = action.slots.new(id_type="OBJECT", name=animated.name)
        layer = action.layers.new("Layer")
        _keyframe_strip(layer.strips.new(type="KEYFRAME")).channelbag(slot, ensure=True)
        # Without its slot an assigned action moves nothing, and nothing says so.
        animation_data.action_slot = slot
    return action


def _assigned_channels(animated: bpy.types.Object) -> bpy.types.Action | bpy.types.ActionChannelbag:
    """What holds the F-curves and groups that move ``animated``."""
    animation_data = animated.animation_data
    assert animation_data is not None and animation_data.action is not None
    if not HAS_ACTION_SLOTS:
        return animation_data.action
    strip = _keyframe_strip(animation_data.action.layers[0].strips[0])
    return strip.channelbag(animation_data.action_slot)


def _keyframe_strip(strip: bpy.types.ActionStrip) -> bpy.types.ActionKeyframeStrip:
    return cast(bpy.types.ActionKeyframeStrip, strip)


def assigned_fcurves(animated: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Every F-curve that moves ``animated``."""
    return list(_assigned_channels(animated).fcurves)


def add_fcurve(
    animated: bpy.types.Object, data_path: str, index: int, *, group: str
) -> bpy.types.FCurve:
    """Add an empty F-curve to the action that ``animated`` has."""
    # Its arguments differ by version, and the stubs are those of one version.
    channels: Any = _assigned_channels(animated)
    if _GROUPS_BY_NAME:
        return channels.fcurves.new(data_path, index=index, group_name=group)
    if not HAS_ACTION_SLOTS:
        return channels.fcurves.new(data_path, index=index, action_group=group)
    fcurve = channels.fcurves.new(data_path, index=index)
    fcurve.group = channels.groups.get(group) or channels.groups.new(group)
    return fcurve


def gltf_frame_rate(fps: Fraction) -> tuple[int, float]:
    """``(fps, fps_base)`` under which Blender's glTF exporter writes the times of ``fps`` Hz.

    Up to 5.2 it divides frames by ``fps * fps_base``, where the scene's rate is ``fps / fps_base``.
    """
    whole = max(1, round(fps))
    return whole, float(fps / whole)


def begin_progress(window_manager: bpy.types.WindowManager) -> None:
    """Show a progress number at the mouse cursor."""
    window_manager.progress_begin(0, _PROGRESS_END)


def update_progress(window_manager: bpy.types.WindowManager, share_done: float) -> None:
    """Move the progress number to ``share_done`` (0..1)."""
    window_manager.progress_update(share_done * _PROGRESS_END)


def leave(exit_code: int) -> NoReturn:
    """End the process with ``exit_code``.

    As a Python module, bpy can crash (4.2, after a glTF export) or wait for ever (4.5, in its sound
    code) while the interpreter exits: there the process ends without that clean-up.
    """
    if _IS_PYTHON_MODULE:
        sys.stdout.flush()
        sys.stderr.flush()
        shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
        os._exit(exit_code)
    sys.exit(exit_code)
