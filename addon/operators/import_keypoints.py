"""File > Import > Video or 2D Keypoints to 3D Animation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ...core.errors import LiftError
from ..access import scene_of
from ..job_progress import progress_of
from ..properties import panel_of
from ..translation import translate_core
from .lift import LIFT_OT_lift, lift_at_once
from .open_source import SOURCE_SUFFIXES, choose_source

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class LIFT_OT_import_keypoints(  # pyright: ignore[reportIncompatibleMethodOverride]
    bpy.types.Operator, ImportHelper
):
    """Choose a clip and lift it as the panel's button does: in a window, in steps that ESC ends."""

    bl_idname = "lift.import_keypoints"
    bl_label = "Import Video or Keypoints to 3D Animation"
    bl_description = (
        "Lift a video, or its 2D keypoints (a file, or one per frame), to an animated armature"
    )
    bl_options = {"UNDO"}

    filepath: StringProperty(subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(  # pyright: ignore[reportInvalidTypeForm]
        default=";".join(f"*{suffix}" for suffix in SOURCE_SUFFIXES), options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the scene can be changed and no clip is being lifted."""
        scene = scene_of(context)
        return scene.is_editable and progress_of(scene) is None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Lift the chosen clip's first person with the panel's settings."""
        try:
            choose_source(panel_of(scene_of(context)), self.filepath)
            if bpy.app.background:
                lift_at_once(context)
                return {"FINISHED"}
        except LiftError as error:
            self.report({"ERROR"}, translate_core(str(error)))
            return {"CANCELLED"}
        namespace, name = LIFT_OT_lift.bl_idname.split(".")
        try:
            getattr(getattr(bpy.ops, namespace), name)("INVOKE_DEFAULT")
        except RuntimeError as error:
            # What that operator reported.
            self.report({"ERROR"}, str(error).strip().removeprefix("Error: "))
            return {"CANCELLED"}
        return {"FINISHED"}


def draw_import_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Add the operator to File > Import."""
    assert menu.layout is not None
    menu.layout.operator(
        LIFT_OT_import_keypoints.bl_idname, text="Video or 2D Keypoints to 3D Animation"
    )
