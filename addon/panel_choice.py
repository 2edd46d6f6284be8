"""What is chosen in the panel, as the settings that core and the session take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import bpy

from ..core.correction import within_frames
from ..core.errors import LiftError
from ..core.pipeline import LiftSettings
from ..core.retarget.retarget import Extremity, RetargetSettings
from .access import path_of
from .clip_timing import ClipTiming
from .correction_mark import shown_timing, stored_corrections
from .panel_source import source_path, source_settings
from .preferences import keypoint_cache, preferred_model
from .properties import LIFT_PG_panel
from .rig import choose_bone_map, read_rest_pose
from .rig_choice import AnimationSettings, RigChoice
from .translation import translate_message


@dataclass(frozen=True, slots=True)
class LiftRequest:
    """Everything that the panel said when the button was pressed: what it says later is for the next lift.

    ``video`` (None: the one beside the keypoints) is shown behind, if ``has_video_camera``;
    ``replaces_result``: a new armature takes the place of the one that the last lift made.
    """

    source: Path
    person: int
    settings: LiftSettings
    rig: RigChoice
    animation: AnimationSettings
    has_video_camera: bool
    video: Path | None
    replaces_result: bool


def chosen_lift(panel: LIFT_PG_panel, scene: bpy.types.Scene) -> LiftRequest:
    """What the button is to do.

    Raises
    ------
    LiftError
        When something is missing of it, or the chosen character cannot be driven.
    """
    rig = chosen_rig(panel)
    if rig.scheme is None:
        choose_bone_map(read_rest_pose(panel.rig), rig.bone_map)
    return LiftRequest(
        source=source_path(panel.source),
        person=panel.person,
        settings=chosen_lift_settings(panel),
        rig=rig,
        animation=chosen_animation(panel, scene),
        has_video_camera=panel.has_video_camera,
        video=path_of(panel.video) if panel.video and not panel.is_video else None,
        replaces_result=panel.replaces_result,
    )


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
    of_clip = source_settings(panel)
    corrections = stored_corrections(panel.corrections)
    if of_clip.frame_range is not None:
        corrections = within_frames(corrections, *of_clip.frame_range)
    return replace(
        of_clip,
        fov_deg=panel.fov_deg if panel.lens == "FOV" else None,
        calibration=path_of(panel.calibration) if is_calibrated else None,
        camera_name=(panel.camera_name or None) if is_calibrated else None,
        model=preferred_model(bpy.context),
        keypoint_cache=keypoint_cache(bpy.context),
        height_m=panel.height if panel.is_height_known else None,
        smooth=panel.smooth,
        lock_feet=panel.lock_feet,
        corrections=corrections,
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
    bone_map = path_of(panel.bone_map) if panel.bone_map else None
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


def timing_in(panel: LIFT_PG_panel, scene: bpy.types.Scene) -> ClipTiming:
    """Where the chosen clip lies on the scene's timeline: as it was baked, else as it will be."""
    clip_fps = Fraction(panel.fps).limit_denominator(1001)
    return shown_timing(
        panel.corrections,
        start_frame=panel.start_frame,
        frames_per_row=frames_per_row(chosen_animation(panel, scene), clip_fps),
    )


def frames_per_row(settings: AnimationSettings, clip_fps: Fraction) -> Fraction:
    """How many scene frames there are for one of a clip's."""
    return Fraction(1) if settings.scene_fps is None else settings.scene_fps / clip_fps
