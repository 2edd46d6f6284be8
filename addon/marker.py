"""Timeline markers where the result is not to be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

_SUFFIX = ": a guess"
_END_SUFFIX = ": seen again"


def mark_untrusted(scene: bpy.types.Scene, name: str, frames: Sequence[float]) -> int:
    """Mark where each stretch of ``frames`` begins and ends; markers of an earlier bake go.

    Parameters
    ----------
    scene : bpy.types.Scene
    name : str
        The clip's.
    frames : sequence of float
        Scene frames that are not to be trusted, in order; those a frame apart are one stretch.

    Returns
    -------
    int
        How many stretches there are.
    """
    for marker in list(scene.timeline_markers):
        if marker.name in (name + _SUFFIX, name + _END_SUFFIX):
            scene.timeline_markers.remove(marker)
    if not len(frames):
        return 0
    numbers = np.unique(np.round(frames).astype(int))
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    starts = numbers[np.concatenate([[0], breaks + 1])]
    ends = numbers[np.concatenate([breaks, [len(numbers) - 1]])]
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        scene.timeline_markers.new(name + _SUFFIX, frame=start)
        scene.timeline_markers.new(name + _END_SUFFIX, frame=end + 1)
    return len(starts)
