"""What differs between Blender 4.2 and 5.2: the only file that reads ``bpy.app.version``."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn, cast

import bpy

HAS_ACTION_SLOTS = bpy.app.version >= (4, 4, 0)
_GROUPS_BY_NAME = bpy.app.version >= (5, 0, 0)
_PROGRESS_END = 9999 if bpy.app.version >= (5, 0, 0) else 99
_IS_PYTHON_MODULE = not bpy.app.binary_path


def assign_action(animated: bpy.types.Object, action: bpy.types.Action) -> None:
    """Let ``action`` move ``animated`` (with a slot and room for F-curves, where Blender has slots)."""
    animation_data = animated.animation_data or animated.animation_data_create()
    if animation_data.action != action:
        animation_data.action = action
    if not HAS_ACTION_SLOTS:
        return
    if animation_data.action_slot is None:
        # Without its slot an assigned action moves nothing, and nothing says so.
        suitable = list(animation_data.action_suitable_slots)
        animation_data.action_slot = (
            suitable[0] if suitable else action.slots.new(id_type="OBJECT", name=animated.name)
        )
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    _keyframe_strip(strip).channelbag(animation_data.action_slot, ensure=True)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which action moves an object, and by which of its slots, where Blender has slots."""

    action: bpy.types.Action | None
    slot: Any


def assignment_of(animated: bpy.types.Object) -> Assignment:
    """What moves ``animated`` now."""
    animation_data = animated.animation_data
    if animation_data is None:
        return Assignment(None, None)
    slot = animation_data.action_slot if HAS_ACTION_SLOTS else None
    return Assignment(animation_data.action, slot)


def restore_assignment(animated: bpy.types.Object, assignment: Assignment) -> None:
    """Let that move ``animated`` which did when ``assignment`` was taken."""
    animation_data = animated.animation_data
    assert animation_data is not None
    animation_data.action = assignment.action
    if HAS_ACTION_SLOTS and assignment.slot is not None:
        animation_data.action_slot = assignment.slot


def add_nla_strip(
    track: bpy.types.NlaTrack, name: str, start_frame: int, assignment: Assignment
) -> bpy.types.NlaStrip:
    """Add a strip that plays the assigned action, from ``start_frame`` on."""
    assert assignment.action is not None
    strip = track.strips.new(name, start_frame, assignment.action)
    if HAS_ACTION_SLOTS:
        strip.action_slot = assignment.slot
    return strip


def _assigned_channels(animated: bpy.types.Object) -> bpy.types.Action | bpy.types.ActionChannelbag:
    """What holds the F-curves and groups that move ``animated``."""
    animation_data = animated.animation_data
    assert animation_data is not None and animation_data.action is not None
    if not HAS_ACTION_SLOTS:
        return animation_data.action
    strip = _keyframe_strip(animation_data.action.layers[0].strips[0])
    return strip.channelbag(animation_data.action_slot)


def _has_channels(animated: bpy.types.Object) -> bool:
    """Whether the assigned action has a strip with F-curves for ``animated``: a new one may not."""
    animation_data = animated.animation_data
    assert animation_data is not None and animation_data.action is not None
    layers, slot = animation_data.action.layers, animation_data.action_slot
    if slot is None or not layers or not layers[0].strips:
        return False
    return slot in [bag.slot for bag in _keyframe_strip(layers[0].strips[0]).channelbags]


def _keyframe_strip(strip: bpy.types.ActionStrip) -> bpy.types.ActionKeyframeStrip:
    return cast(bpy.types.ActionKeyframeStrip, strip)


def assigned_fcurves(animated: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Every F-curve that moves ``animated``."""
    return list(_assigned_channels(animated).fcurves)


def animated_paths(animated: bpy.types.Object) -> set[str]:
    """The data paths of the F-curves that move ``animated``, of its NLA strips too."""
    animation_data = animated.animation_data
    if animation_data is None:
        return set()
    played = [assignment_of(animated)]
    for track in animation_data.nla_tracks:
        for strip in track.strips:
            played.append(Assignment(strip.action, strip.action_slot if HAS_ACTION_SLOTS else None))
    return {curve.data_path for each in played for curve in _fcurves_of(each)}


def _fcurves_of(assignment: Assignment) -> list[bpy.types.FCurve]:
    action = assignment.action
    if action is None:
        return []
    if not HAS_ACTION_SLOTS:
        return list(action.fcurves)
    return [
        curve
        for layer in action.layers
        for strip in layer.strips
        for bag in _keyframe_strip(strip).channelbags
        if bag.slot == assignment.slot
        for curve in bag.fcurves
    ]


def find_fcurve(animated: bpy.types.Object, data_path: str, index: int) -> bpy.types.FCurve | None:
    """The F-curve of ``data_path`` and component in the action that ``animated`` has, if it is there."""
    if HAS_ACTION_SLOTS and not _has_channels(animated):
        return None
    return _assigned_channels(animated).fcurves.find(data_path, index=index)


def clear_fcurves(animated: bpy.types.Object) -> None:
    """Take all F-curves and groups out of what moves ``animated``."""
    channels = _assigned_channels(animated)
    channels.fcurves.clear()
    for group in list(channels.groups):
        channels.groups.remove(group)


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
