"""The sidebar panel "Lift video to 3D": file, then the button; all else has good defaults."""

from __future__ import annotations

import bpy

from .access import scene_of
from .export import has_exporter
from .operators.export_result import LIFT_OT_export
from .operators.lift import LIFT_OT_cancel, LIFT_OT_lift
from .operators.view_video import LIFT_OT_view_video
from .output_format import OUTPUT_FORMATS
from .preset import LIFT_PT_presets
from .properties import LIFT_PG_panel, panel_of
from .text_lines import wrap_text
from .translation import PANEL_CONTEXT, translate_label

_MOST_PEOPLE_SHOWN = 6
_LINE_LENGTH = 42


class _Sidebar:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Lift"
    bl_translation_context = PANEL_CONTEXT


class LIFT_PT_main(_Sidebar, bpy.types.Panel):
    """Source, button and result."""

    bl_idname = "LIFT_PT_main"
    bl_label = "Lift Video to 3D"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Draw the icon that opens the presets."""
        LIFT_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what most users need."""
        layout, panel = _layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "source")
        _draw_source(layout, panel)
        if panel.progress >= 0.0:
            layout.progress(factor=panel.progress, text=panel.progress_text, translate=False)
            layout.operator(LIFT_OT_cancel.bl_idname, icon="CANCEL")
        else:
            row = layout.row()
            row.scale_y = 1.6
            row.operator(LIFT_OT_lift.bl_idname, icon="ARMATURE_DATA")


def _draw_source(layout: bpy.types.UILayout, panel: LIFT_PG_panel) -> None:
    """What the chosen file is, or why it cannot be used."""
    if panel.source_error:
        _draw_text(layout, panel.source_error, icon="ERROR")
    if not panel.people:
        return
    column = layout.column(align=True)
    column.label(text=panel.source_format, icon="CHECKMARK", translate=False)
    found = translate_label("{frames} frames, {fps:g} fps, {size} px")
    found = found.format(frames=panel.num_frames, fps=panel.fps, size=panel.source_size)
    column.label(text=found, translate=False)
    if len(panel.people) > 1:
        layout.prop(panel, "person")
        people = layout.column(align=True)
        for person in list(panel.people)[:_MOST_PEOPLE_SHOWN]:
            icon = "RADIOBUT_ON" if person.number == panel.person else "RADIOBUT_OFF"
            found = translate_label("Person {number}: {frames} frames")
            found = found.format(number=person.number, frames=person.num_frames)
            people.label(text=found, icon=icon, translate=False)


class LIFT_PT_camera(_Sidebar, bpy.types.Panel):
    """The lens."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Camera"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw how the lens is known."""
        layout, panel = _layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "lens")
        if panel.lens == "FOV":
            layout.prop(panel, "fov_deg")
        elif panel.lens == "CALIBRATION":
            layout.prop(panel, "calibration")
            layout.prop(panel, "camera_name")
        layout.prop(panel, "has_video_camera")
        if panel.has_video_camera:
            layout.prop(panel, "video")


class LIFT_PT_motion(_Sidebar, bpy.types.Panel):
    """How the person moves."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Motion"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw smoothness, feet and size."""
        layout, panel = _layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "smooth")
        layout.prop(panel, "lock_feet")
        row = layout.row(heading="Height", heading_ctxt=PANEL_CONTEXT)
        row.prop(panel, "is_height_known", text="")
        part = row.row()
        part.enabled = panel.is_height_known
        part.prop(panel, "height", text="")


class LIFT_PT_target(_Sidebar, bpy.types.Panel):
    """Whose bones move."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Target"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the rig and how the motion goes on it."""
        layout, panel = _layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "target", expand=True)
        if panel.target == "NEW":
            layout.prop(panel, "scheme")
        else:
            layout.prop(panel, "rig")
            layout.prop(panel, "bone_map")
        layout.prop(panel, "travel")
        column = layout.column(heading="Reach", heading_ctxt=PANEL_CONTEXT)
        column.prop(panel, "reaches_hands", text="Hands", text_ctxt=PANEL_CONTEXT)
        column.prop(panel, "reaches_feet", text="Feet", text_ctxt=PANEL_CONTEXT)


class LIFT_PT_keys(_Sidebar, bpy.types.Panel):
    """Where the keys go."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Keys"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw frames and reduction."""
        layout, panel = _layout_of(self), panel_of(scene_of(context))
        layout.prop(panel, "start_frame")
        layout.prop(panel, "uses_scene_fps")
        layout.prop(panel, "is_reduced")
        if panel.is_reduced:
            layout.prop(panel, "reduce_mm")


class LIFT_PT_result(_Sidebar, bpy.types.Panel):
    """How well it went, and where it goes."""

    bl_parent_id = "LIFT_PT_main"
    bl_label = "Result"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a result."""
        return panel_of(scene_of(context)).result_rig is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw quality, warnings and the export buttons."""
        layout, panel = _layout_of(self), panel_of(scene_of(context))
        column = layout.column(align=True)
        column.label(text=panel.result_rig.name, icon="ARMATURE_DATA", translate=False)
        _draw_text(column, panel.result_quality)
        if panel.result_reprojection_px >= 0.0:
            distance = translate_label("{distance:.1f} px from the video's keypoints")
            distance = distance.format(distance=panel.result_reprojection_px)
            column.label(text=distance, translate=False)
        for warning in panel.warnings:
            _draw_text(layout, warning.text, icon="INFO")
        layout.operator(LIFT_OT_view_video.bl_idname, icon="VIEW_CAMERA")
        row = layout.row(align=True)
        for suffix, output_format in OUTPUT_FORMATS.items():
            if suffix != ".blend" and has_exporter(suffix):
                button = row.operator(
                    LIFT_OT_export.bl_idname, text=output_format.name, translate=False
                )
                button.filename_ext = suffix  # pyright: ignore[reportAttributeAccessIssue]


def _layout_of(panel: bpy.types.Panel) -> bpy.types.UILayout:
    assert panel.layout is not None
    panel.layout.use_property_split = True
    panel.layout.use_property_decorate = False
    return panel.layout


def _draw_text(layout: bpy.types.UILayout, text: str, *, icon: str = "NONE") -> None:
    """Text in as many lines as a sidebar of usual width needs."""
    column = layout.column(align=True)
    for number, line in enumerate(wrap_text(text, _LINE_LENGTH)):
        column.label(
            text=line,
            icon=icon if number == 0 else "BLANK1",  # pyright: ignore[reportArgumentType]
            translate=False,
        )


PANELS: tuple[type[bpy.types.Panel], ...] = (
    LIFT_PT_main,
    LIFT_PT_camera,
    LIFT_PT_motion,
    LIFT_PT_target,
    LIFT_PT_keys,
    LIFT_PT_result,
)
