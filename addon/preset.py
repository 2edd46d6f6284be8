"""Presets of the panel's choices, kept and listed by Blender's own preset system."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

PRESET_CHOICES = (
    "lens",
    "fov_deg",
    "calibration",
    "camera_name",
    "has_video_camera",
    "smooth",
    "lock_feet",
    "is_height_known",
    "height",
    "target",
    "scheme",
    "replaces_result",
    "bone_map",
    "reaches_hands",
    "reaches_feet",
    "travel",
    "start_frame",
    "uses_scene_fps",
    "is_reduced",
    "reduce_mm",
    "shows_keypoints",
    "shows_distances",
)
"""What of the panel a preset keeps: neither the clip nor an object of one file."""

_FOLDER = "lift_video_to_3d"


class LIFT_PT_presets(PresetPanel, bpy.types.Panel):
    """The list behind the icon in the main panel's header."""

    bl_label = "Lift Presets"
    preset_subdir = _FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "lift.add_preset"


class LIFT_OT_add_preset(  # pyright: ignore[reportIncompatibleMethodOverride]
    AddPresetBase, bpy.types.Operator
):
    """Keep the panel's choices under a name, or forget a preset."""

    bl_idname = "lift.add_preset"
    bl_label = "Add Lift Preset"
    bl_description = "Keep the choices of the panel under a name, or remove the chosen preset"
    preset_menu = "LIFT_PT_presets"
    preset_subdir = _FOLDER
    # Without ``preset_defines``: Blender 4.3 on Python 3.13 loses the names that are defined there.
    preset_values = [f"bpy.context.scene.lift.{name}" for name in PRESET_CHOICES]
