"""A lifted person in the scene: the video behind, quality in the panel, doubts on the timeline."""

from __future__ import annotations

from typing import Any, cast

import bpy
from mathutils import Matrix

from ..core import pipeline
from ..core.errors import LiftError
from ..core.io.video_reader import video_of
from ..core.video_trace import PackedTrace
from .access import scene_of
from .clip_timing import ClipTiming
from .marker import mark_untrusted
from .panel_choice import LiftRequest
from .properties import LIFT_PG_panel, panel_of
from .session import Animation
from .translation import translate_core, translate_message
from .video_camera import place_video_camera, show_video_behind
from .video_record import keep_record


def match_video(
    context: bpy.types.Context,
    request: LiftRequest,
    lifted: pipeline.LiftedPerson,
    trace: PackedTrace,
    animation: Animation,
    stage: Matrix,
    timing: ClipTiming,
) -> list[str]:
    """Place the camera of the video, with what was seen in it; what the user should know.

    ``stage`` is from the stage, where the rig stands, to the world; ``timing`` that of the lifted frames.
    """
    camera = place_video_camera(
        context,
        lifted.camera,
        lifted.image_size,
        name=f"{request.source.stem} camera",
        size=animation.size,
        stage=stage,
    )
    panel_of(scene_of(context)).result_camera = camera
    keep_record(
        camera,
        trace,
        start_frame=timing.start_frame,
        frames_per_row=float(timing.frames_per_row),
        clip=str(request.source),
        person=lifted.person,
    )
    video = request.video or video_of(request.source)
    if video is None:
        return []
    first_frame = int(lifted.motion.frames[0])
    try:
        show_video_behind(camera, video, start_frame=timing.start_frame - first_frame)
    except LiftError as error:
        return [str(error)]
    if request.animation.scene_fps is not None:
        return [
            translate_message("the scene keeps its frame rate: the video behind runs at its own")
        ]
    return []


def show_result(
    scene: bpy.types.Scene,
    lifted: pipeline.LiftedPerson,
    rig: bpy.types.Object,
    warnings: list[str],
    *,
    name: str,
    timing: ClipTiming,
) -> None:
    """Show in the panel and on the timeline how well the clip ``name`` was lifted."""
    panel = panel_of(scene)
    panel.result_rig = rig
    _show_doubts(scene, lifted, name=name, timing=timing)
    num_untrusted = len(cast(list[int], lifted.report.get("frames_untrusted", [])))
    panel.result_quality = (
        translate_message("{guessed} of {frames} frames are a guess").format(
            guessed=num_untrusted, frames=lifted.motion.num_frames
        )
        if num_untrusted
        else translate_message("every frame can be trusted")
    )
    reprojection = lifted.report.get("reprojection_px")
    panel.result_reprojection_px = reprojection if isinstance(reprojection, float) else -1.0
    _show_joints(panel, lifted)
    panel.warnings.clear()
    for text in warnings:
        panel.warnings.add().text = translate_core(text)


def _show_doubts(
    scene: bpy.types.Scene, lifted: pipeline.LiftedPerson, *, name: str, timing: ClipTiming
) -> None:
    """Show which stretches are not to be trusted, in the panel and on the timeline."""
    panel = panel_of(scene)
    panel.doubts.clear()
    panel.active_doubt = 0
    # What the report holds is said where it is made: ``core.report``.
    ranges = cast(list[dict[str, Any]], lifted.report.get("untrusted_ranges", []))
    stretches = [timing.scene_stretch(found["start"], found["end"]) for found in ranges]
    for found, (begin, end) in zip(ranges, stretches, strict=True):
        doubt = panel.doubts.add()
        doubt.first_frame, doubt.last_frame, doubt.why = begin, end - 1, found["why"]
    mark_untrusted(scene, name, stretches)


def _show_joints(panel: LIFT_PG_panel, lifted: pipeline.LiftedPerson) -> None:
    """Show how far each joint is from the video's, the worst first."""
    panel.joints.clear()
    found = cast(dict[str, float], lifted.report.get("reprojection_px_per_joint", {}))
    for name, distance in sorted(found.items(), key=lambda each: -each[1]):
        joint = panel.joints.add()
        joint.joint, joint.distance_px = name, distance
