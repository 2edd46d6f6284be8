"""Timeline markers where the result is not to be trusted."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

_SUFFIX = ": a guess"
_END_SUFFIX = ": seen again"


def mark_untrusted(scene: bpy.types.Scene, name: str, stretches: Iterable[tuple[int, int]]) -> None:
    """Mark where each of ``stretches`` begins and ends; markers of an earlier bake go.

    Parameters
    ----------
    scene : bpy.types.Scene
    name : str
        The clip's.
    stretches : iterable of (int, int)
        The first scene frame that is not to be trusted and the one after the last, in order; those
        that touch are marked as one.
    """
    for marker in list(scene.timeline_markers):
        if marker.name in (name + _SUFFIX, name + _END_SUFFIX):
            scene.timeline_markers.remove(marker)
    joined: list[list[int]] = []
    for begin, end in stretches:
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([begin, end])
    for begin, end in joined:
        scene.timeline_markers.new(name + _SUFFIX, frame=begin)
        scene.timeline_markers.new(name + _END_SUFFIX, frame=end)
