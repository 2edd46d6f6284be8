"""Go to a frame that is not to be trusted."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy
from bpy.props import IntProperty, StringProperty

from ..access import scene_of
from ..translation import translate_label

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class LIFT_OT_go_to_frame(bpy.types.Operator):
    """Show another frame of the scene; as with a click on the timeline, there is nothing to undo."""

    bl_idname = "lift.go_to_frame"
    bl_label = "Go to Frame"
    bl_description = "Show this frame"
    bl_options = {"INTERNAL"}

    frame: IntProperty(options={"SKIP_SAVE"})
    why: StringProperty(options={"SKIP_SAVE"})

    @classmethod
    def description(
        cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        """The tooltip: where it goes, and what is wrong there."""
        chosen = cast(LIFT_OT_go_to_frame, properties)
        text = translate_label("Go to frame {frame}: {why}")
        return text.format(frame=chosen.frame, why=chosen.why)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Set the scene's frame."""
        scene_of(context).frame_set(self.frame)
        return {"FINISHED"}
