"""What the panels of the sidebar have in common."""

from __future__ import annotations

import bpy

from .text_lines import wrap_text
from .translation import PANEL_CONTEXT

LINE_LENGTH = 42
"""Letters that a sidebar of usual width shows in a line."""


class Sidebar:
    """Where the panels are: the 3D view's sidebar, in a tab of their own."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Lift"
    bl_translation_context = PANEL_CONTEXT


def layout_of(panel: bpy.types.Panel) -> bpy.types.UILayout:
    """The panel's layout, names to the left of what is chosen."""
    assert panel.layout is not None
    panel.layout.use_property_split = True
    panel.layout.use_property_decorate = False
    return panel.layout


def draw_text(
    layout: bpy.types.UILayout, text: str, *, icon: str = "NONE", length: int = LINE_LENGTH
) -> None:
    """Text in as many lines as a sidebar of usual width needs, or lines of another ``length``."""
    column = layout.column(align=True)
    later = "NONE" if icon == "NONE" else "BLANK1"
    for number, line in enumerate(wrap_text(text, length)):
        column.label(
            text=line,
            icon=icon if number == 0 else later,  # pyright: ignore[reportArgumentType]
            translate=False,
        )
