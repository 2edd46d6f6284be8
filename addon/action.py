"""Actions that bakes write into: found again or made, filled in bulk, pushed to the NLA."""

from __future__ import annotations

from typing import Any, cast

import bpy
import numpy as np

from ..core.errors import LiftError
from . import compat
from .access import action_of
from .channel import Channel

RIG_KEY = "lift_rig"
"""Where an action keeps the name of the rig that it was baked for."""

_CLIP_KEY = "lift_clip"
_INTERPOLATION = cast(bpy.types.EnumProperty, bpy.types.Keyframe.bl_rna.properties["interpolation"])
_LINEAR = _INTERPOLATION.enum_items["LINEAR"].value
_KEY_FIELDS = {
    "co": (2, np.float32),
    "handle_left": (2, np.float32),
    "handle_right": (2, np.float32),
    "handle_left_type": (1, np.int32),
    "handle_right_type": (1, np.int32),
    "interpolation": (1, np.int32),
    "easing": (1, np.int32),
    "type": (1, np.int32),
    "amplitude": (1, np.float32),
    "back": (1, np.float32),
    "period": (1, np.float32),
}


def require_bakeable(rig: bpy.types.Object, *, in_present_action: bool) -> None:
    """Raise LiftError where Blender would not let ``rig`` have a new action, or change its present one."""
    animation_data = rig.animation_data
    if animation_data is not None and animation_data.use_tweak_mode:
        raise LiftError(
            f"armature {rig.name!r}: an NLA strip is being edited; leave its tweak mode (Tab) first"
        )
    action = action_of(rig)
    if in_present_action and action is not None and not action.is_editable:
        raise LiftError(
            f"action {action.name!r} of armature {rig.name!r} is linked from another file and cannot "
            "be changed: bake a new action instead"
        )


def find_baked_action(rig: bpy.types.Object, clip_name: str) -> bpy.types.Action | None:
    """The action that an earlier bake made of this clip for ``rig``."""
    present = action_of(rig)
    candidates = [*([] if present is None else [present]), *bpy.data.actions]
    for action in candidates:
        if action.get(_CLIP_KEY) != clip_name or not action.is_editable:
            continue
        # A renamed rig still knows its own action.
        if action == present or action.get(RIG_KEY) == rig.name:
            return action
    return None


def assign_empty_action(rig: bpy.types.Object, clip_name: str) -> bpy.types.Action:
    """Give ``rig`` the clip's action, emptied where an earlier bake made it; it has a fake user.

    The action that ``rig`` had before gets one too: it is not lost when the file is saved.
    """
    present = action_of(rig)
    if present is not None and present.is_editable:
        present.use_fake_user = True
    action = find_baked_action(rig, clip_name) or bpy.data.actions.new(clip_name)
    action.use_fake_user = True
    action[_CLIP_KEY], action[RIG_KEY] = clip_name, rig.name
    compat.assign_action(rig, action)
    compat.clear_fcurves(rig)
    return action


def open_present_action(rig: bpy.types.Object) -> bpy.types.Action:
    """The action that ``rig`` has, ready to take F-curves."""
    action = action_of(rig)
    assert action is not None
    compat.assign_action(rig, action)
    return action


def push_to_nla(
    rig: bpy.types.Object, action: bpy.types.Action, before: compat.Assignment
) -> tuple[str, ...]:
    """Make the assigned ``action`` a strip on a track of its own, and assign what was ``before``.

    A strip that already plays the action is replaced, on its track.

    Returns
    -------
    tuple of str
        A warning where another action plays over the strip.
    """
    animation_data = rig.animation_data
    assert animation_data is not None
    baked = compat.assignment_of(rig)
    start_frame = round(action.frame_range[0])
    track = _emptied_track(animation_data, action)
    if track is None:
        track = animation_data.nla_tracks.new()
        track.name = action.name
    compat.add_nla_strip(track, action.name, start_frame, baked)
    if before.action is None or before.action == action:
        animation_data.action = None
        return ()
    compat.restore_assignment(rig, before)
    return (
        f"action {before.action.name!r} of armature {rig.name!r} plays over the NLA strip "
        f"{action.name!r}: push it down or unlink it to see the strip",
    )


def write_channel(rig: bpy.types.Object, channel: Channel, *, keep_outside: bool) -> None:
    """Write linear keys in one go, one F-curve per component of ``channel``.

    With ``keep_outside`` the F-curves may exist: their keys before the channel's first frame and
    after its last one stay.
    """
    points = np.empty((len(channel.frames), 2), dtype=np.float32)
    points[:, 0] = channel.frames
    for component in channel.components:
        points[:, 1] = channel.values[:, component]
        fcurve = None
        if keep_outside:
            fcurve = compat.find_fcurve(rig, channel.data_path, component)
        if fcurve is None:
            fcurve = compat.add_fcurve(rig, channel.data_path, component, group=channel.group)
            _fill(fcurve, points)
        else:
            _replace_range(fcurve, points)
        fcurve.update()


def value_beside(
    rig: bpy.types.Object, data_path: str, num_components: int, *, first: int, last: int
) -> np.ndarray | None:
    """(C,) what the present F-curves hold at their nearest key before ``first``, else after ``last``.

    None where a component has no key there.
    """
    values = np.empty(num_components)
    for component in range(num_components):
        fcurve = compat.find_fcurve(rig, data_path, component)
        if fcurve is None:
            return None
        points = _read(fcurve, "co").reshape(-1, 2)
        before, after = points[points[:, 0] < first], points[points[:, 0] > last]
        if len(before):
            values[component] = before[-1, 1]
        elif len(after):
            values[component] = after[0, 1]
        else:
            return None
    return values


def _emptied_track(
    animation_data: bpy.types.AnimData, action: bpy.types.Action
) -> bpy.types.NlaTrack | None:
    """The track that plays ``action``, without the strips that do."""
    found = None
    for track in animation_data.nla_tracks:
        for strip in [strip for strip in track.strips if strip.action == action]:
            track.strips.remove(strip)
            found = found or track
    return found if found is None or not found.strips else None


def _fill(fcurve: bpy.types.FCurve, points: np.ndarray) -> None:
    """Give an empty ``fcurve`` linear keys at ``points`` (K,2), frame and value."""
    fcurve.keyframe_points.add(len(points))
    fcurve.keyframe_points.foreach_set("co", points.ravel())
    # In bytes, as Blender holds them: ten times as fast as whole numbers of any other size. (Vector handles
    # would halve the update's time, but Blender 4.2 crashes in later imports where they were set so.)
    linear = np.full(len(points), _LINEAR, dtype=np.uint8)
    fcurve.keyframe_points.foreach_set("interpolation", linear)


def _replace_range(fcurve: bpy.types.FCurve, points: np.ndarray) -> None:
    """Put ``points`` (K,2) in the place of the keys from the first one's frame to the last one's."""
    kept = {field: _read(fcurve, field) for field in _KEY_FIELDS}
    frames = kept["co"].reshape(-1, 2)[:, 0]
    num_before = int(np.count_nonzero(frames < points[0, 0]))
    num_after = int(np.count_nonzero(frames > points[-1, 0]))
    fcurve.mute = False
    fcurve.keyframe_points.clear()
    _fill(fcurve, points)
    written = {field: _read(fcurve, field) for field in _KEY_FIELDS}
    fcurve.keyframe_points.add(num_before + num_after)
    for field, (size, _) in _KEY_FIELDS.items():
        before = kept[field][: num_before * size]
        after = kept[field][len(kept[field]) - num_after * size :]
        merged = np.concatenate([before, written[field], after])
        fcurve.keyframe_points.foreach_set(field, merged)


def _read(fcurve: bpy.types.FCurve, field: str) -> np.ndarray:
    size, kind = _KEY_FIELDS[field]
    values = np.empty(len(fcurve.keyframe_points) * size, dtype=kind)
    # The stubs know only sequences.
    fcurve.keyframe_points.foreach_get(field, cast(Any, values))
    return values
