"""The people's pictures as icons of the panel: drawn when they are first shown, in memory alone."""

from __future__ import annotations

import bpy
import bpy.utils.previews
from bpy.utils.previews import ImagePreviewCollection

from .figure import draw_cutting, draw_figure
from .panel_row import LIFT_PG_person

THUMBNAIL_SIZE = 96
"""px of a side."""

_ICON_SIZE = 32

# There is one from the first picture that is shown until the extension is disabled.
_drawn: list[ImagePreviewCollection] = []


def icon_of(person: LIFT_PG_person) -> int:
    """The icon of somebody in the clip; 0 in the background, where there are none."""
    if not _drawn:
        _drawn.append(bpy.utils.previews.new())
    [drawn] = _drawn
    key, draw = (person.cutting, draw_cutting) if person.cutting else (person.figure, draw_figure)
    if key not in drawn:
        preview = drawn.new(key)
        preview.image_size = THUMBNAIL_SIZE, THUMBNAIL_SIZE
        preview.image_pixels_float.foreach_set(draw(key, THUMBNAIL_SIZE).ravel())  # pyright: ignore[reportAttributeAccessIssue]
        preview.icon_size = _ICON_SIZE, _ICON_SIZE
        preview.icon_pixels_float.foreach_set(draw(key, _ICON_SIZE).ravel())  # pyright: ignore[reportAttributeAccessIssue]
    return drawn[key].icon_id


def release_icons() -> None:
    """Release every icon; those that are shown again are drawn again."""
    while _drawn:
        bpy.utils.previews.remove(_drawn.pop())
