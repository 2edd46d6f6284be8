"""The sub-panel Target: whose bones move, and which of them play which part."""

from __future__ import annotations

import bpy

from ..core.retarget.bone_map import FINGERS, REQUIRED_ROLES, ROLES, SIDE_SUFFIXES
from .access import scene_of
from .operators.inspect_target import LIFT_OT_inspect_target
from .panel_layout import Sidebar, draw_text, layout_of
from .panel_row import LIFT_PG_part
from .plain_name import plain_name
from .properties import LIFT_PG_panel, panel_of
from .translation import PANEL_CONTEXT, translate_label

_SURE = 0.8
_FINGER_ROLES = {finger + side for finger in FINGERS for side in SIDE_SUFFIXES}


class LIFT_PT_target(Sidebar, bpy.types.Panel):
    """Whose bones move."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Target"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the rig and how the motion goes on it."""
        layout, panel = layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "target", expand=True)
        if panel.target == "NEW":
            layout.prop(panel, "scheme")
            layout.prop(panel, "replaces_result")
        else:
            layout.prop(panel, "rig")
            layout.prop(panel, "bone_map")
            if panel.rig is not None:
                _draw_bones(layout, panel)
        layout.prop(panel, "travel")
        column = layout.column(heading="Reach", heading_ctxt=PANEL_CONTEXT)
        column.prop(panel, "reaches_hands", text="Hands", text_ctxt=PANEL_CONTEXT)
        column.prop(panel, "reaches_feet", text="Feet", text_ctxt=PANEL_CONTEXT)


def _draw_bones(layout: bpy.types.UILayout, panel: LIFT_PG_panel) -> None:
    """Which bones play which part, what is missing, and why that will not do."""
    if panel.target_error:
        draw_text(layout, panel.target_error, icon="ERROR")
    header, body = layout.panel("LIFT_PT_bones", default_closed=True)
    found = translate_label("Bones: {found} of {all} parts")
    found = found.format(found=len(panel.target_parts), all=len(ROLES))
    header.label(text=found, translate=False)
    header.operator(LIFT_OT_inspect_target.bl_idname, text="", icon="FILE_REFRESH", emboss=False)
    # The stubs hold that there is always a body.
    if body is None:  # pyright: ignore[reportUnnecessaryComparison]
        return
    _draw_missing(body, panel.target_missing.split())
    column = body.column(align=True)
    for part in panel.target_parts:
        _draw_part(column, part)


def _draw_missing(layout: bpy.types.UILayout, missing: list[str]) -> None:
    needed = [role for role in missing if role in REQUIRED_ROLES]
    if needed:
        text = translate_label("Needed and not found: {parts}")
        draw_text(layout, text.format(parts=_told(needed)), icon="ERROR")
    optional = [role for role in missing if role not in REQUIRED_ROLES]
    if optional:
        text = translate_label("Not found, and left at rest: {parts}")
        draw_text(layout, text.format(parts=_told(optional)), icon="INFO")


def _told(roles: list[str]) -> str:
    """Parts in plain words; all ten fingers in one."""
    has_all_fingers = set(roles) >= _FINGER_ROLES
    told = [
        translate_label(plain_name(role))
        for role in roles
        if not (has_all_fingers and role in _FINGER_ROLES)
    ]
    return ", ".join([*told, translate_label("fingers")] if has_all_fingers else told)


def _draw_part(layout: bpy.types.UILayout, part: LIFT_PG_part) -> None:
    row = layout.split(factor=0.4)
    row.label(text=translate_label(plain_name(part.role)), translate=False)
    row = row.split(factor=0.75)
    row.label(text=part.bones, translate=False)
    row.alert = part.confidence < _SURE
    confidence = f"{part.confidence:.0%}"
    row.label(text=confidence, translate=False)
