"""Drag and drop: a keypoint file on the 3D view becomes the panel's source."""

from __future__ import annotations

import bpy

from .operators.open_source import SOURCE_SUFFIXES, LIFT_OT_open_source


class LIFT_FH_keypoints(bpy.types.FileHandler):
    """Opens what is dropped; a file of a folder that has one per frame stands for the folder."""

    bl_idname = "LIFT_FH_keypoints"
    bl_label = "Video or 2D Keypoints"
    bl_import_operator = LIFT_OT_open_source.bl_idname
    bl_file_extensions = ";".join(SOURCE_SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Whether the mouse is over a 3D view, beside which the panel is."""
        return isinstance(context.space_data, bpy.types.SpaceView3D)
