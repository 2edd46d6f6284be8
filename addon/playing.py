"""What plays on a rig: its action, or else the strips of its NLA tracks."""

from __future__ import annotations

import bpy

from .access import action_of


def playing_frames(rig: bpy.types.Object) -> tuple[int, int] | None:
    """First and last frame of what plays; None where nothing does."""
    action = action_of(rig)
    if action is not None:
        first, last = action.frame_range
        return round(first), round(last)
    strips = _strips(rig)
    if not strips:
        return None
    return round(min(strip.frame_start for strip in strips)), round(
        max(strip.frame_end for strip in strips)
    )


def playing_name(rig: bpy.types.Object) -> str:
    """What is playing is called: the action, or the lowest strip."""
    action = action_of(rig)
    return _strips(rig)[0].name if action is None else action.name


def _strips(rig: bpy.types.Object) -> list[bpy.types.NlaStrip]:
    animation_data = rig.animation_data
    tracks = [] if animation_data is None else animation_data.nla_tracks
    return [
        strip
        for track in tracks
        for strip in track.strips
        if not (track.mute or strip.mute) and strip.action is not None
    ]
