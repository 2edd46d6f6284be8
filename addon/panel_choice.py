"""What is chosen in the panel, as the settings that core and the session take."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import bpy

from ..core.errors import LiftError
from ..core.pipeline import LiftSettings
from ..core.retarget.retarget import Extremity, RetargetSettings
from .preferences import preferred_model
from .properties import LIFT_PG_panel
from .rig_choice import AnimationSettings, RigChoice
from .translation import translate_message


def chosen_lift_settings(panel: LIFT_PG_panel) -> LiftSettings:
    """How the clip is to be lifted.

    Raises
    ------
    LiftError
        When a calibration is to be used and none is chosen, or the preferred model is not there.
    """
    is_calibrated = panel.lens == "CALIBRATION"
    if is_calibrated and not panel.calibration:
        raise LiftError(
            translate_message(
                "the lens is to come from a calibration: choose its file under Camera"
            )
        )
    return LiftSettings(
        fov_deg=panel.fov_deg if panel.lens == "FOV" else None,
        calibration=_path(panel.calibration) if is_calibrated else None,
        camera_name=(panel.camera_name or None) if is_calibrated else None,
        model=preferred_model(bpy.context),
        height_m=panel.height if panel.is_height_known else None,
        smooth=panel.smooth,
        lock_feet=panel.lock_feet,
    )


def chosen_rig(panel: LIFT_PG_panel) -> RigChoice:
    """Whose bones are to move.

    Raises
    ------
    LiftError
        When a character is to move and none is chosen.
    """
    if panel.target == "NEW":
        return RigChoice(scheme=panel.scheme)
    if panel.rig is None:
        raise LiftError(
            translate_message(
                "the motion is to go on your character: choose its armature under Target"
            )
        )
    bone_map = _path(panel.bone_map) if panel.bone_map else None
    return RigChoice(scheme=None, object_name=panel.rig.name, bone_map=bone_map)


def chosen_animation(panel: LIFT_PG_panel, scene: bpy.types.Scene) -> AnimationSettings:
    """How the motion is to be baked."""
    reach: set[Extremity] = set()
    if panel.reaches_hands:
        reach.add("hands")
    if panel.reaches_feet:
        reach.add("feet")
    rate = Fraction(scene.render.fps) / Fraction(scene.render.fps_base).limit_denominator(1001)
    return AnimationSettings(
        scene_fps=rate if panel.uses_scene_fps else None,
        start_frame=panel.start_frame,
        retarget=RetargetSettings(travel=panel.travel, reach=frozenset(reach)),
        reduce_mm=panel.reduce_mm if panel.is_reduced else None,
    )


def _path(text: str) -> Path:
    return Path(bpy.path.abspath(text))
