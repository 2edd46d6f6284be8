"""What holds for every file: Edit > Preferences > Add-ons > Lift Video to 3D."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

from pathlib import Path
from typing import cast

import bpy
from bpy.props import StringProperty

from ..core.errors import LiftError
from .access import path_of
from .translation import translate_message

assert __package__ is not None
_ROOT_PACKAGE = __package__.rpartition(".")[0]
"""What Blender knows the extension by: ``bl_ext.user_default.lift_video_to_3d``."""


class LIFT_AP_preferences(bpy.types.AddonPreferences):
    """The model that lifts, unless it is the bundled one, and where videos' keypoints are kept."""

    bl_idname = _ROOT_PACKAGE

    model: StringProperty(
        name="Model",
        description="Trained weights (npz) that lift the keypoints; empty: the bundled ones",
        subtype="FILE_PATH",
    )

    cache_folder: StringProperty(
        name="Cache Folder",
        description=(
            "Where what was found in videos is kept, so that it need not be looked for again; empty: "
            "among the extension's own files"
        ),
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the choices."""
        assert self.layout is not None
        self.layout.use_property_split = True
        self.layout.prop(self, "model")
        self.layout.prop(self, "cache_folder")


def preferred_model(context: bpy.types.Context) -> Path | None:
    """The model that the preferences name; None: the bundled one.

    Raises
    ------
    LiftError
        When the named file is not there.
    """
    preferences = _preferences_in(context)
    if preferences is None or not preferences.model:
        return None
    model = path_of(preferences.model)
    if not model.is_file():
        raise LiftError(
            translate_message(
                "{model}: no such file: choose another model in the preferences, or none"
            ).format(model=model)
        )
    return model


def keypoint_cache(context: bpy.types.Context) -> Path | None:
    """Where what was found in videos is kept, if anywhere."""
    preferences = _preferences_in(context)
    if preferences is None:
        return None
    if preferences.cache_folder:
        return path_of(preferences.cache_folder)
    if not _ROOT_PACKAGE.startswith("bl_ext."):
        # Enabled otherwise than as an extension, it has no folder of its own.
        return None
    return Path(bpy.utils.extension_path_user(_ROOT_PACKAGE, path="keypoints"))


def _preferences_in(context: bpy.types.Context) -> LIFT_AP_preferences | None:
    """Started as a script or from the command line, the extension need not be enabled."""
    enabled = cast(bpy.types.Preferences, context.preferences).addons.get(_ROOT_PACKAGE)
    return None if enabled is None else cast(LIFT_AP_preferences, enabled.preferences)
