"""The sub-panel Corrections: what the user knows better than the detector."""

from __future__ import annotations

from typing import cast

import bpy

from .access import scene_of
from .correction_mark import LIFT_PG_correction, LIFT_PG_corrections
from .operators.correct import (
    LIFT_OT_export_corrections,
    LIFT_OT_import_corrections,
    LIFT_OT_mark_joint,
    LIFT_OT_mark_planted,
    LIFT_OT_mark_swapped,
    LIFT_OT_remove_correction,
)
from .operators.go_to_frame import LIFT_OT_go_to_frame
from .panel_choice import timing_in
from .panel_layout import Sidebar, layout_of
from .plain_name import plain_name
from .properties import panel_of
from .translation import translate_label

_MOST_SHOWN = 8
_TEXT_SHARE = 0.88


class LIFT_UL_corrections(bpy.types.UIList):
    """The chosen person's corrections, by frames; a click goes there."""

    def draw_item(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: LIFT_PG_corrections,
        item: LIFT_PG_correction,
        icon: int | None,
        active_data: object,
        active_property: str,
        index: int | None = 0,
        *_: object,
    ) -> None:
        """Draw what is so from where to where, and the button that takes it away."""
        scene = scene_of(context)
        timing = timing_in(panel_of(scene), scene)
        first, last = timing.scene_range(item.first_frame, item.last_frame)
        what = mark_text(item)
        text = translate_label("{first} to {last}: {what}")
        row = layout.split(factor=_TEXT_SHARE, align=True)
        left = row.row()
        left.alignment = "LEFT"
        button = left.operator(
            LIFT_OT_go_to_frame.bl_idname,
            text=text.format(first=first, last=last, what=what),
            translate=False,
            emboss=False,
        )
        button = cast(LIFT_OT_go_to_frame, button)
        button.frame, button.why = first, what
        removal = row.operator(LIFT_OT_remove_correction.bl_idname, text="", icon="X", emboss=False)
        cast(LIFT_OT_remove_correction, removal).index = index or 0

    def filter_items(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, context: bpy.types.Context, data: LIFT_PG_corrections, property: str
    ) -> tuple[list[int], list[int]]:
        """Show those of the chosen clip and person."""
        person = panel_of(scene_of(context)).person
        is_shown = [mark.clip == data.clip and mark.person == person for mark in data.marks]
        return [self.bitflag_filter_item if shown else 0 for shown in is_shown], []


class LIFT_PT_corrections(Sidebar, bpy.types.Panel):
    """Marks of what is wrong, honoured by the next lift."""

    bl_idname = "LIFT_PT_corrections"
    bl_parent_id = "LIFT_PT_main"
    bl_label = "Corrections"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons that mark, and what is marked."""
        layout, stored = layout_of(self), panel_of(scene_of(context)).corrections
        column = layout.column(align=True)
        column.operator(LIFT_OT_mark_swapped.bl_idname, icon="MOD_MIRROR")
        column.operator(LIFT_OT_mark_joint.bl_idname, icon="GHOST_DISABLED")
        column.operator(LIFT_OT_mark_planted.bl_idname, icon="SNAP_FACE_CENTER")
        if any(mark.clip == stored.clip for mark in stored.marks):
            layout.template_list(
                LIFT_UL_corrections.__name__,
                "",
                stored,
                "marks",
                stored,
                "active",
                rows=min(len(stored.marks), _MOST_SHOWN),
                maxrows=_MOST_SHOWN,
            )
        row = layout.row(align=True)
        row.operator(LIFT_OT_import_corrections.bl_idname, text="Import", icon="IMPORT")
        row.operator(LIFT_OT_export_corrections.bl_idname, text="Export", icon="EXPORT")


def mark_text(mark: LIFT_PG_correction) -> str:
    """What a correction says, in the user's language."""
    texts = {
        ("swapped", "body"): translate_label("left and right swapped"),
        ("swapped", "arms"): translate_label("arms swapped"),
        ("swapped", "legs"): translate_label("legs swapped"),
        ("not swapped", "body"): translate_label("sides as detected"),
        ("not swapped", "arms"): translate_label("arms as detected"),
        ("not swapped", "legs"): translate_label("legs as detected"),
        ("planted", "left"): translate_label("left foot planted"),
        ("planted", "right"): translate_label("right foot planted"),
        ("not planted", "left"): translate_label("left foot not planted"),
        ("not planted", "right"): translate_label("right foot not planted"),
    }
    if mark.kind == "wrong joint":
        joint = translate_label(plain_name(mark.subject))
        return translate_label("{joint} wrong").format(joint=joint)
    return texts[mark.kind, mark.subject]
