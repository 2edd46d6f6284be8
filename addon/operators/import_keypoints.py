"""File > Import > Keypoints to 3D Animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ...core import pipeline
from ...core.errors import LiftError
from .. import compat
from ..access import window_manager_of
from ..preferences import preferred_model
from ..session import add_animated_armature
from .open_source import KEYPOINT_SUFFIXES

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class LIFT_OT_import_keypoints(  # pyright: ignore[reportIncompatibleMethodOverride]
    bpy.types.Operator, ImportHelper
):
    """Lift one clip's keypoints and add the animated armature to the scene."""

    bl_idname = "lift.import_keypoints"
    bl_label = "Import Keypoints to 3D Animation"
    bl_description = (
        "Lift a video's 2D keypoints (a file, or one per frame) to an animated armature"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(  # pyright: ignore[reportInvalidTypeForm]
        default=";".join(f"*{suffix}" for suffix in KEYPOINT_SUFFIXES), options={"HIDDEN"}
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Lift the chosen clip's first person and add the armature to the scene."""
        path = Path(self.filepath)
        window_manager = window_manager_of(context)
        compat.begin_progress(window_manager)
        try:
            [lifted] = pipeline.lift_clip(
                path,
                person=1,
                settings=pipeline.LiftSettings(model=preferred_model(context)),
                progress=lambda _, share: compat.update_progress(window_manager, share),
            )
            add_animated_armature(context, lifted.motion, name=path.stem)
        except LiftError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            window_manager.progress_end()
        for warning in lifted.warnings:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}


def draw_import_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Add the operator to File > Import."""
    assert menu.layout is not None
    menu.layout.operator(LIFT_OT_import_keypoints.bl_idname, text="2D Keypoints to 3D Animation")
