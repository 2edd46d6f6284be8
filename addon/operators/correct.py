"""Corrections: mark a stretch of the timeline, take a mark away, read and write them as a file."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...core.correction import Correction, Kind
from ...core.errors import LiftError
from ...core.io.corrections import read_corrections, write_corrections
from ..access import scene_of, window_manager_of
from ..correction_mark import add_corrections, stored_corrections
from ..correction_text import FOOT_ITEMS, JOINT_ITEMS, PART_ITEMS
from ..panel_choice import timing_in
from ..properties import panel_of
from ..translation import translate_core, translate_message

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_FIRST = IntProperty(name="First Frame", description="First scene frame", options={"SKIP_SAVE"})
_COUNT = IntProperty(
    name="Frames",
    description="How many scene frames, the first one included",
    default=10,
    min=1,
)


class _OnClip:
    """An operator that is about the chosen clip."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a clip is chosen in a scene that can be changed."""
        scene = scene_of(context)
        return bool(panel_of(scene).corrections.clip) and scene.is_editable


class _Mark(_OnClip):
    """An operator that marks a stretch of the timeline.

    The stretch begins at the current frame and is as long as the last one was; where the timeline has a
    preview range, it is that.
    """

    def invoke(
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> set[OperatorReturnItems]:
        """Take the stretch from the timeline and let the user change it."""
        operator = cast(bpy.types.Operator, self)
        _take_stretch(operator, scene_of(context))
        return window_manager_of(context).invoke_props_dialog(operator)


class LIFT_OT_mark_swapped(_Mark, bpy.types.Operator):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Left and right are swapped here."""

    bl_idname = "lift.mark_swapped"
    bl_label = "Mark: Left and Right Swapped"
    bl_description = (
        "Say that the detector took left for right from the current frame on, or in the preview "
        "range"
    )
    bl_options = {"REGISTER", "UNDO"}

    first_frame: _FIRST
    num_frames: _COUNT
    part: EnumProperty(name="Part", description="What has its sides mixed up", items=PART_ITEMS)
    is_swapped: BoolProperty(
        name="Swapped",
        description="Off: the sides are right as detected, and the automatic repair leaves them alone",
        default=True,
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Store it."""
        return _mark(self, context, "swapped" if self.is_swapped else "not swapped", self.part)


class LIFT_OT_mark_joint(_Mark, bpy.types.Operator):  # pyright: ignore[reportIncompatibleMethodOverride]
    """A joint is wrong here."""

    bl_idname = "lift.mark_joint"
    bl_label = "Mark: Joint Wrong"
    bl_description = (
        "Say that a joint was detected at a wrong place from the current frame on, or in the preview "
        "range"
    )
    bl_options = {"REGISTER", "UNDO"}

    first_frame: _FIRST
    num_frames: _COUNT
    joint: EnumProperty(
        name="Joint",
        description=(
            "Whose keypoint is ignored; what is seen before, after and of other joints tells where it "
            "is"
        ),
        items=JOINT_ITEMS,
        default="left_wrist",
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Store it."""
        return _mark(self, context, "wrong joint", self.joint)


class LIFT_OT_mark_planted(_Mark, bpy.types.Operator):  # pyright: ignore[reportIncompatibleMethodOverride]
    """A foot stands still here."""

    bl_idname = "lift.mark_planted"
    bl_label = "Mark: Foot Planted"
    bl_description = (
        "Say that a foot stands still from the current frame on, or in the preview range"
    )
    bl_options = {"REGISTER", "UNDO"}

    first_frame: _FIRST
    num_frames: _COUNT
    foot: EnumProperty(name="Foot", description="Which foot", items=FOOT_ITEMS)
    is_planted: BoolProperty(
        name="Planted",
        description="Off: the foot does not stand here, whatever is found",
        default=True,
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Store it."""
        return _mark(self, context, "planted" if self.is_planted else "not planted", self.foot)


class LIFT_OT_remove_correction(_OnClip, bpy.types.Operator):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Take a correction away."""

    bl_idname = "lift.remove_correction"
    bl_label = "Remove Correction"
    bl_description = "Take this correction away"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(options={"HIDDEN", "SKIP_SAVE"}, min=0)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Remove the row ``index``."""
        marks = panel_of(scene_of(context)).corrections.marks
        if self.index >= len(marks):
            return {"CANCELLED"}
        marks.remove(self.index)
        return {"FINISHED"}


class LIFT_OT_import_corrections(  # pyright: ignore[reportIncompatibleMethodOverride]
    _OnClip, bpy.types.Operator, ImportHelper
):
    """Read corrections from a file."""

    bl_idname = "lift.import_corrections"
    bl_label = "Import Corrections"
    bl_description = "Add the corrections in a JSON file to those of this clip"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Add them; where they and those that are there are about the same, the file's win."""
        try:
            found = read_corrections(Path(self.filepath))
            add_corrections(panel_of(scene_of(context)).corrections, found)
        except LiftError as error:
            return _fail(self, translate_core(str(error)))
        message = translate_message("Corrections read: {count}")
        self.report({"INFO"}, message.format(count=len(found)))
        return {"FINISHED"}


class LIFT_OT_export_corrections(  # pyright: ignore[reportIncompatibleMethodOverride]
    _OnClip, bpy.types.Operator, ExportHelper
):
    """Write corrections to a file."""

    bl_idname = "lift.export_corrections"
    bl_label = "Export Corrections"
    bl_description = (
        "Write this clip's corrections to a JSON file, for the command line or another file"
    )

    filepath: StringProperty(subtype="FILE_PATH")
    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Write those of the chosen clip, of all its people."""
        stored = panel_of(scene_of(context)).corrections
        path, clip = Path(self.filepath).resolve(), Path(stored.clip).resolve()
        # Beside a clip's frames it would be read as one of them.
        if clip in (path, path.parent):
            message = translate_message("the clip's keypoints are there: choose another place")
            return _fail(self, message)
        try:
            write_corrections(path, stored_corrections(stored))
        except LiftError as error:
            return _fail(self, translate_core(str(error)))
        self.report({"INFO"}, translate_message("Wrote {path}").format(path=path))
        return {"FINISHED"}


def _take_stretch(operator: Any, scene: bpy.types.Scene) -> None:
    operator.first_frame = scene.frame_current
    if scene.use_preview_range:
        operator.first_frame = scene.frame_preview_start
        operator.num_frames = scene.frame_preview_end - scene.frame_preview_start + 1


def _mark(
    operator: Any, context: bpy.types.Context, kind: Kind, subject: str
) -> set[OperatorReturnItems]:
    """Store that something is so in the operator's stretch."""
    scene = scene_of(context)
    if not operator.properties.is_property_set("first_frame"):
        _take_stretch(operator, scene)
    panel = panel_of(scene)
    stored, begin = panel.corrections, operator.first_frame
    first, last = timing_in(panel, scene).clip_range(begin, begin + operator.num_frames - 1)
    first, last = max(first, stored.first_frame), min(last, stored.last_frame)
    if last < first:
        return _fail(operator, translate_message("these frames of the scene are not in the clip"))
    try:
        add_corrections(stored, [Correction(kind, subject, first, last, panel.person)])
    except LiftError as error:
        return _fail(operator, translate_core(str(error)))
    operator.report({"INFO"}, translate_message("Marked: lift again to see it"))
    return {"FINISHED"}


def _fail(operator: bpy.types.Operator, message: str) -> set[OperatorReturnItems]:
    operator.report({"ERROR"}, message)
    return {"CANCELLED"}


CORRECTION_OPERATORS: Sequence[type[bpy.types.Operator]] = (
    LIFT_OT_mark_swapped,
    LIFT_OT_mark_joint,
    LIFT_OT_mark_planted,
    LIFT_OT_remove_correction,
    LIFT_OT_import_corrections,
    LIFT_OT_export_corrections,
)
