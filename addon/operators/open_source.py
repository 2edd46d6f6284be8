"""Choose the panel's clip: by dropping its file on the 3D view, or in the file browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from ...core.errors import LiftError
from ...core.io.video_reader import VIDEO_SUFFIXES
from ..access import scene_of, window_manager_of
from ..job_progress import progress_of
from ..panel_source import check_source
from ..properties import LIFT_PG_panel, panel_of
from ..translation import translate_core, translate_message

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

KEYPOINT_SUFFIXES = (".json", ".npz", ".npy", ".csv", ".txt")
SOURCE_SUFFIXES = (*KEYPOINT_SUFFIXES, *VIDEO_SUFFIXES)
"""How the names of keypoint files end; their formats are told by what is in them."""


class LIFT_OT_open_source(bpy.types.Operator):
    """Make a video or a file of keypoints the panel's clip."""

    bl_idname = "lift.open_source"
    bl_label = "Open Video or 2D Keypoints"
    bl_description = (
        "Choose a video, a file of 2D keypoints, or any file of a folder that has one per frame"
    )
    bl_options = {"UNDO"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(  # pyright: ignore[reportInvalidTypeForm]
        default=";".join(f"*{suffix}" for suffix in SOURCE_SUFFIXES), options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether no clip is being lifted."""
        return progress_of(scene_of(context)) is None

    def invoke(
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> set[OperatorReturnItems]:
        """Open what was dropped; without a file, ask for one."""
        if self.filepath:
            return self.execute(context)
        window_manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Show the file in the panel; one that cannot be used leaves the panel as it was."""
        panel = panel_of(scene_of(context))
        try:
            choose_source(panel, self.filepath)
        except LiftError as error:
            self.report({"ERROR"}, translate_core(str(error)))
            return {"CANCELLED"}
        _show_sidebar(context)
        said = translate_message(
            "{frames} frames of video: press Lift Video to 3D"
            if panel.is_video
            else "{frames} frames, {people} people: press Lift Video to 3D"
        )
        self.report({"INFO"}, said.format(frames=panel.num_frames, people=len(panel.people)))
        return {"FINISHED"}


def choose_source(panel: LIFT_PG_panel, path: str) -> None:
    """Make a file the panel's clip.

    Raises
    ------
    LiftError
        When it cannot be used; the panel is as it was.
    """
    if not path:
        raise LiftError(translate_message("choose a video or 2D keypoints"))
    check_source(path)
    panel.source = path


def _show_sidebar(context: bpy.types.Context) -> None:
    """The panel is in the sidebar of the view that the file was dropped on."""
    if isinstance(context.space_data, bpy.types.SpaceView3D):
        context.space_data.show_region_ui = True
