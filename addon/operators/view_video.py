"""Look through the camera that stands where the video's stood, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..access import scene_of
from ..properties import panel_of

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class LIFT_OT_view_video(bpy.types.Operator):
    """See the rig over the video."""

    bl_idname = "lift.view_video"
    bl_label = "Match to Video"
    bl_description = "Look through the video's camera, or back: the rig lies over the person"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is such a camera, and a 3D view to look from."""
        return panel_of(scene_of(context)).result_camera is not None and (
            isinstance(context.space_data, bpy.types.SpaceView3D)
        )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Switch the view that the button is in."""
        scene, space = scene_of(context), context.space_data
        assert isinstance(space, bpy.types.SpaceView3D) and space.region_3d is not None
        camera = panel_of(scene).result_camera
        is_looking = space.region_3d.view_perspective == "CAMERA" and scene.camera == camera
        scene.camera = camera
        space.region_3d.view_perspective = "PERSP" if is_looking else "CAMERA"
        return {"FINISHED"}
