"""Stick figures: left blue, right red, the middle grey."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from core.joint_sets import LIFTED_21
from core.types import Keypoints2D

_SIDE_COLORS = {"left": "tab:blue", "right": "tab:red", "": "dimgray"}
_PALE_COLORS = {"left": "lightskyblue", "right": "lightpink", "": "lightgray"}


def draw_body(axes: Axes, points: np.ndarray) -> None:
    """Draw one body, (21,2) of ``LIFTED_21``, right and up in the picture; limits are the caller's."""
    bones = [(child, parent) for child, parent in enumerate(LIFTED_21.parents) if parent >= 0]
    colors = [side_color(LIFTED_21.joint_names[child]) for child, _ in bones]
    draw_bones(axes, points, bones, colors=colors)


def draw_keypoints(axes: Axes, body: Keypoints2D, frame: int) -> None:
    """Draw what was seen in one frame, if anything, on axes in pixels; limits are the caller's."""
    found = np.flatnonzero(body.frames == frame)
    if len(found):
        points, seen = body.positions[found[0]], body.confidence[found[0]] > 0
        bones = [
            (child, parent)
            for child, parent in enumerate(body.skeleton.parents)
            if parent >= 0 and seen[child] and seen[parent]
        ]
        colors = [side_color(body.skeleton.joint_names[child]) for child, _ in bones]
        draw_bones(axes, points, bones, colors=colors)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def draw_bones(
    axes: Axes,
    points: np.ndarray,
    bones: Sequence[tuple[int, int]],
    *,
    colors: Sequence[str],
    width: float = 2.0,
) -> None:
    """Draw straight lines between points (J,2), ``bones`` the rows of their ends."""
    segments = points[np.array(bones, dtype=int).reshape(-1, 2)]
    axes.add_collection(LineCollection(list(segments), colors=colors, linewidths=width))


def side_color(joint_name: str, *, is_pale: bool = False) -> str:
    """The colour of the bone that ends at a joint, pale for what stands behind."""
    colors = _PALE_COLORS if is_pale else _SIDE_COLORS
    return colors.get(joint_name.partition("_")[0], colors[""])
