"""Export what was lifted, from the panel."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, StringProperty
from bpy_extras.io_utils import ExportHelper

from ...core.errors import LiftError
from ..access import scene_of, window_of
from ..export import export_armature
from ..output_format import OUTPUT_FORMATS
from ..properties import LIFT_PG_panel, panel_of
from ..translation import translate_core, translate_message

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_ENGINES = (
    ("NONE", "Any Program", "Blender's own axes and units"),
    ("unity", "Unity", "Deforming bones alone, in metres"),
    ("unreal", "Unreal", "Deforming bones alone, in centimetres"),
)


class LIFT_OT_export(  # pyright: ignore[reportIncompatibleMethodOverride]
    bpy.types.Operator, ExportHelper
):
    """Write the lifted armature to a file."""

    bl_idname = "lift.export"
    bl_label = "Export Animation"
    bl_description = "Write the armature with its motion to a file; its ending says the format"

    # A name that was used before is not for the next clip.
    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filename_ext: StringProperty(default=".bvh", options={"HIDDEN"})
    filter_glob: StringProperty(
        default=";".join(f"*{suffix}" for suffix in OUTPUT_FORMATS), options={"HIDDEN"}
    )
    engine: EnumProperty(name="FBX For", description="Whose way FBX files go", items=_ENGINES)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether something was lifted and is still there."""
        return panel_of(scene_of(context)).result_rig is not None

    def invoke(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> set[OperatorReturnItems]:
        """Ask for the file, and suggest one."""
        if not self.filepath:
            self.filepath = str(suggested_path(panel_of(scene_of(context)), self.filename_ext))
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Write the file."""
        rig = panel_of(scene_of(context)).result_rig
        window = window_of(context)
        if window is not None:
            window.cursor_modal_set("WAIT")
        try:
            engine = None if self.engine == "NONE" else self.engine
            export_armature(context, rig, Path(self.filepath), engine=engine)
        except LiftError as error:
            self.report({"ERROR"}, translate_core(str(error)))
            return {"CANCELLED"}
        finally:
            if window is not None:
                window.cursor_modal_restore()
        self.report({"INFO"}, translate_message("Wrote {path}").format(path=self.filepath))
        return {"FINISHED"}


def suggested_path(panel: LIFT_PG_panel, suffix: str) -> Path:
    """A file named as the clip, in the opened .blend's folder or else beside the clip."""
    clip = Path(panel.result_clip)
    folder = Path(bpy.data.filepath).parent if bpy.data.filepath else clip.parent
    return folder / f"{clip.stem or panel.result_rig.name}{suffix}"
