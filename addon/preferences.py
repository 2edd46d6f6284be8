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
    """The model that lifts, unless it is the bundled one."""

    bl_idname = _ROOT_PACKAGE

    model: StringProperty(
        name="Model",
        description="Trained weights (npz) that lift the keypoints; empty: the bundled ones",
        subtype="FILE_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the choice of the model."""
        assert self.layout is not None
        self.layout.use_property_split = True
        self.layout.prop(self, "model")


def preferred_model(context: bpy.types.Context) -> Path | None:
    """The model that the preferences name; None: the bundled one.

    Raises
    ------
    LiftError
        When the named file is not there.
    """
    # Started as a script or from the command line, the extension need not be enabled.
    enabled = cast(bpy.types.Preferences, context.preferences).addons.get(_ROOT_PACKAGE)
    if enabled is None:
        return None
    chosen = cast(LIFT_AP_preferences, enabled.preferences).model
    if not chosen:
        return None
    model = path_of(chosen)
    if not model.is_file():
        raise LiftError(
            translate_message(
                "{model}: no such file: choose another model in the preferences, or none"
            ).format(model=model)
        )
    return model
