"""The people's figures as icons of the panel: drawn when they are first shown, in memory alone."""

from __future__ import annotations

import bpy
import bpy.utils.previews
from bpy.utils.previews import ImagePreviewCollection

from .figure import draw_figure

_SIZE, _ICON_SIZE = 80, 32

# There is one from the first figure that is shown until the extension is disabled.
_drawn: list[ImagePreviewCollection] = []


def icon_of(figure: str) -> int:
    """The icon of a figure; 0 in the background, where there are none."""
    if not _drawn:
        _drawn.append(bpy.utils.previews.new())
    [drawn] = _drawn
    if figure not in drawn:
        preview = drawn.new(figure)
        preview.image_size = _SIZE, _SIZE
        preview.image_pixels_float.foreach_set(draw_figure(figure, _SIZE).ravel())  # pyright: ignore[reportAttributeAccessIssue]
        preview.icon_size = _ICON_SIZE, _ICON_SIZE
        preview.icon_pixels_float.foreach_set(draw_figure(figure, _ICON_SIZE).ravel())  # pyright: ignore[reportAttributeAccessIssue]
    return drawn[figure].icon_id


def release_icons() -> None:
    """Release every icon; those that are shown again are drawn again."""
    while _drawn:
        bpy.utils.previews.remove(_drawn.pop())
