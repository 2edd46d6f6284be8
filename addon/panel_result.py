"""The sub-panel Result: how well it went, where it did not, and where it goes."""

from __future__ import annotations

from typing import cast

import bpy

from .access import scene_of
from .export import has_exporter
from .operators.export_result import LIFT_OT_export
from .operators.go_to_frame import LIFT_OT_go_to_frame
from .operators.view_video import LIFT_OT_view_video
from .output_format import OUTPUT_FORMATS
from .panel_layout import Sidebar, draw_text, layout_of
from .panel_row import LIFT_PG_doubt
from .plain_name import plain_name
from .properties import LIFT_PG_panel, panel_of
from .translation import translate_label

_MOST_JOINTS_SHOWN = 8
_MOST_DOUBTS_SHOWN = 6


class LIFT_UL_doubts(bpy.types.UIList):
    """Frames that are not to be trusted, a row for each stretch; a click on its frames goes there."""

    def draw_item(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: LIFT_PG_panel,
        item: LIFT_PG_doubt,
        icon: int,
        active_data: LIFT_PG_panel,
        active_property: str,
    ) -> None:
        """Draw the button that goes to the stretch's first frame."""
        row = layout.split(factor=0.3)
        why = translate_label(item.why)
        frames = str(item.first_frame)
        if item.last_frame > item.first_frame:
            frames = f"{frames}-{item.last_frame}"
        button = row.operator(LIFT_OT_go_to_frame.bl_idname, text=frames, translate=False)
        button = cast(LIFT_OT_go_to_frame, button)
        button.frame, button.why = item.first_frame, why
        row.label(text=why, translate=False)


class LIFT_PT_result(Sidebar, bpy.types.Panel):
    """How well it went, and where it goes."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Result"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a result."""
        return panel_of(scene_of(context)).result_rig is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw quality, warnings and the export buttons."""
        layout, panel = layout_of(self), panel_of(scene_of(context))
        column = layout.column(align=True)
        column.label(text=panel.result_rig.name, icon="ARMATURE_DATA", translate=False)
        draw_text(column, panel.result_quality)
        if panel.doubts:
            _draw_doubts(layout, panel)
        if panel.result_reprojection_px >= 0.0:
            _draw_distances(layout, panel)
        for warning in panel.warnings:
            draw_text(layout, warning.text, icon="INFO")
        layout.operator(LIFT_OT_view_video.bl_idname, icon="VIEW_CAMERA")
        if panel.result_camera is not None:
            column = layout.column(heading="Show", align=True)
            column.prop(panel, "shows_keypoints")
            column.prop(panel, "shows_distances")
        row = layout.row(align=True)
        for suffix, output_format in OUTPUT_FORMATS.items():
            if suffix != ".blend" and has_exporter(suffix):
                button = row.operator(
                    LIFT_OT_export.bl_idname, text=output_format.name, translate=False
                )
                button.filename_ext = suffix  # pyright: ignore[reportAttributeAccessIssue]


def _draw_doubts(layout: bpy.types.UILayout, panel: LIFT_PG_panel) -> None:
    layout.template_list(
        LIFT_UL_doubts.__name__,
        "",
        panel,
        "doubts",
        panel,
        "active_doubt",
        rows=min(len(panel.doubts), _MOST_DOUBTS_SHOWN),
        maxrows=_MOST_DOUBTS_SHOWN,
    )


def _draw_distances(layout: bpy.types.UILayout, panel: LIFT_PG_panel) -> None:
    """How far the lifted joints are from the video's: of all, and of the worst as bars."""
    header, body = layout.panel("LIFT_PT_distances", default_closed=True)
    text = translate_label("{distance:.1f} px from the video's keypoints")
    text = text.format(distance=panel.result_reprojection_px)
    header.label(text=text, translate=False)
    # The stubs hold that there is always a body.
    if body is None or not panel.joints:  # pyright: ignore[reportUnnecessaryComparison]
        return
    column = body.column(align=True)
    farthest = max(panel.joints[0].distance_px, 1e-6)
    for joint in panel.joints[:_MOST_JOINTS_SHOWN]:
        text = translate_label("{joint} {distance:.1f} px")
        name = translate_label(plain_name(joint.joint))
        text = text.format(joint=name, distance=joint.distance_px)
        column.progress(factor=joint.distance_px / farthest, text=text, translate=False)
