"""The sidebar panel "Lift video to 3D": file, then the button; all else has good defaults."""

from __future__ import annotations

import bpy

from .access import scene_of
from .job_progress import progress_of
from .operators.lift import LIFT_OT_cancel, LIFT_OT_lift
from .panel_correction import LIFT_PT_corrections
from .panel_layout import LINE_LENGTH, Sidebar, draw_text, layout_of
from .panel_result import LIFT_PT_result
from .panel_row import LIFT_PG_person
from .panel_target import LIFT_PT_target
from .preset import LIFT_PT_presets
from .properties import LIFT_PG_panel, panel_of
from .thumbnail import icon_of
from .translation import PANEL_CONTEXT, translate_label

_MOST_PEOPLE_SHOWN = 6
_THUMBNAIL_SCALE = 4.0
_LENGTH_BESIDE_THUMBNAIL = 22


class LIFT_UL_people(bpy.types.UIList):
    """Who is in the clip, each with a small picture."""

    def draw_item(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: LIFT_PG_panel,
        item: LIFT_PG_person,
        icon: int,
        active_data: LIFT_PG_panel,
        active_property: str,
    ) -> None:
        """Draw a person's picture, number and how long they are seen."""
        found = translate_label("Person {number}: {frames} frames")
        found = found.format(number=item.number, frames=item.num_frames)
        layout.label(text=found, icon_value=icon_of(item), translate=False)


class LIFT_PT_main(Sidebar, bpy.types.Panel):
    """Source, button and result."""

    bl_idname = "LIFT_PT_main"
    bl_label = "Lift Video to 3D"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Draw the icon that opens the presets."""
        LIFT_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what most users need."""
        layout, panel = layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "source")
        _draw_source(layout, panel)
        progress = progress_of(scene_of(context))
        if progress is not None:
            layout.progress(factor=progress.share, text=progress.text, translate=False)
            layout.operator(LIFT_OT_cancel.bl_idname, icon="CANCEL")
        else:
            row = layout.row()
            row.scale_y = 1.6
            row.operator(LIFT_OT_lift.bl_idname, icon="ARMATURE_DATA")


def _draw_source(layout: bpy.types.UILayout, panel: LIFT_PG_panel) -> None:
    """What the chosen file is, or why it cannot be used."""
    if panel.source_error:
        draw_text(layout, panel.source_error, icon="ERROR")
    if panel.people or panel.is_video:
        _draw_clip(layout, panel)
    if panel.is_video:
        row = layout.row(heading="Frames", heading_ctxt=PANEL_CONTEXT)
        row.prop(panel, "has_frame_range", text="")
        part = row.row(align=True)
        part.enabled = panel.has_frame_range
        part.prop(panel, "first_video_frame", text="")
        part.prop(panel, "last_video_frame", text="")
    elif panel.people or panel.video:
        layout.prop(panel, "video", placeholder=panel.video_beside)
    if panel.is_rate_unknown:
        layout.prop(panel, "given_fps")
    if panel.is_size_unknown:
        layout.prop(panel, "given_size")


def _draw_clip(layout: bpy.types.UILayout, panel: LIFT_PG_panel) -> None:
    """What was recognised, and who is in it."""
    row = layout.row()
    length = _LENGTH_BESIDE_THUMBNAIL if panel.people else LINE_LENGTH
    if panel.people:
        chosen = panel.people[min(panel.person, len(panel.people)) - 1]
        row.template_icon(icon_of(chosen), scale=_THUMBNAIL_SCALE)
    column = row.column(align=True)
    draw_text(column, panel.source_format, length=length)
    found = translate_label("{frames} frames, {fps:g} fps, {size} px")
    found = found.format(frames=panel.num_frames, fps=panel.fps, size=panel.source_size)
    draw_text(column, found, length=length)
    if len(panel.people) > 1:
        layout.template_list(
            LIFT_UL_people.__name__,
            "",
            panel,
            "people",
            panel,
            "person_index",
            rows=min(len(panel.people), _MOST_PEOPLE_SHOWN),
            maxrows=_MOST_PEOPLE_SHOWN,
        )


class LIFT_PT_camera(Sidebar, bpy.types.Panel):
    """The lens."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Camera"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw how the lens is known."""
        layout, panel = layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "lens")
        if panel.lens == "FOV":
            layout.prop(panel, "fov_deg")
        elif panel.lens == "CALIBRATION":
            layout.prop(panel, "calibration")
            layout.prop(panel, "camera_name")
        layout.prop(panel, "has_video_camera")


class LIFT_PT_motion(Sidebar, bpy.types.Panel):
    """How the person moves."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Motion"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw smoothness, feet and size."""
        layout, panel = layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "smooth")
        layout.prop(panel, "lock_feet")
        row = layout.row(heading="Height", heading_ctxt=PANEL_CONTEXT)
        row.prop(panel, "is_height_known", text="")
        part = row.row()
        part.enabled = panel.is_height_known
        part.prop(panel, "height", text="")


class LIFT_PT_keys(Sidebar, bpy.types.Panel):
    """Where the keys go."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Keys"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw frames and reduction."""
        layout, panel = layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "start_frame")
        layout.prop(panel, "uses_scene_fps")
        layout.prop(panel, "is_reduced")
        if panel.is_reduced:
            layout.prop(panel, "reduce_mm")


PANELS: tuple[type[bpy.types.Panel], ...] = (
    LIFT_PT_main,
    LIFT_PT_camera,
    LIFT_PT_motion,
    LIFT_PT_target,
    LIFT_PT_keys,
    LIFT_PT_corrections,
    LIFT_PT_result,
)
