"""Find the chosen character's bones anew, after they were changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..access import scene_of
from ..properties import panel_of
from ..target_map import inspect_target

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class LIFT_OT_inspect_target(bpy.types.Operator):
    """Look at the chosen character again."""

    bl_idname = "lift.inspect_target"
    bl_label = "Find Bones Again"
    bl_description = "Find out again which bone plays which part, after the armature was changed"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a character is chosen."""
        return panel_of(scene_of(context)).rig is not None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Show in the panel what is found."""
        inspect_target(panel_of(scene_of(context)))
        return {"FINISHED"}
