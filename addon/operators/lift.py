"""The button: lift the chosen clip in a thread and put the motion on the chosen rig."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import pipeline
from ...core.errors import LiftError
from ...core.io.video import find_video_beside
from ..access import scene_of, window_manager_of, window_of, workspace_of
from ..job import Job
from ..marker import mark_untrusted
from ..panel_choice import chosen_animation, chosen_lift_settings, chosen_rig
from ..properties import LIFT_PG_panel, panel_of, source_path
from ..rig_space import stage_of
from ..session import Animation, animate
from ..translation import translate_message
from ..video_camera import place_video_camera, show_video_behind

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_SECONDS_PER_LOOK = 0.1


class LIFT_OT_lift(bpy.types.Operator):
    """Lift the chosen clip to 3D."""

    bl_idname = "lift.lift"
    bl_label = "Lift Video to 3D"
    bl_description = (
        "Lift the chosen person to 3D and put the motion on the chosen rig; ESC cancels"
    )
    bl_options = {"REGISTER", "UNDO"}

    _job: Job[list[pipeline.LiftedPerson]]
    _timer: bpy.types.Timer
    _scene_name: str

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a clip that can be read is chosen and none is being lifted."""
        panel = panel_of(scene_of(context))
        return bool(panel.people) and panel.progress < 0.0

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Lift at once, without a window to show progress in."""
        panel = panel_of(scene_of(context))
        try:
            lifted = _work(panel)(lambda _stage, _share: None)
            _finish(context, lifted[0])
        except LiftError as error:
            return self._fail(error)
        return {"FINISHED"}

    def invoke(
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> set[OperatorReturnItems]:
        """Start the work and a timer that looks after it."""
        scene = scene_of(context)
        panel = panel_of(scene)
        try:
            # What is wrong with the choice is said before any work.
            chosen_rig(panel)
            work = _work(panel)
        except LiftError as error:
            return self._fail(error)
        self._scene_name = scene.name
        self._job = Job(work)
        panel.progress, panel.progress_text = 0.0, translate_message("reading")
        window_manager = window_manager_of(context)
        self._timer = window_manager.event_timer_add(_SECONDS_PER_LOOK, window=window_of(context))
        window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Show progress; end when the work has, or with ESC."""
        scene = bpy.data.scenes.get(self._scene_name)
        if scene is None or event.type == "ESC" or panel_of(scene).progress_text == "":
            self._job.cancel()
            self._end(context, scene)
            self.report({"INFO"}, translate_message("Cancelled: nothing was changed"))
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._job.is_running:
            self._show_progress(context, panel_of(scene))
            return {"RUNNING_MODAL"}
        self._end(context, scene)
        try:
            [lifted] = self._job.result()
            with context.temp_override(scene=scene):
                _finish(context, lifted)
        except LiftError as error:
            return self._fail(error)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes, or loads another file."""
        self._job.cancel()

    def _show_progress(self, context: bpy.types.Context, panel: LIFT_PG_panel) -> None:
        left = self._job.seconds_left
        panel.progress = self._job.share
        # The stages' names come from core, which knows of no language.
        stage = translate_message(self._job.stage or "reading")
        panel.progress_text = (
            stage
            if left is None
            else translate_message("{stage}, {seconds:.0f} s left").format(
                stage=stage, seconds=left
            )
        )
        workspace = workspace_of(context)
        if workspace is not None:
            status = translate_message("Lifting: {stage} ({share:.0%}); ESC cancels")
            workspace.status_text_set(
                status.format(stage=panel.progress_text, share=panel.progress)
            )
        _redraw(context)

    def _end(self, context: bpy.types.Context, scene: bpy.types.Scene | None) -> None:
        """Take away timer, status and progress."""
        window_manager_of(context).event_timer_remove(self._timer)
        workspace = workspace_of(context)
        if workspace is not None:
            workspace.status_text_set(None)
        if scene is not None:
            panel_of(scene).progress, panel_of(scene).progress_text = -1.0, ""
        _redraw(context)

    def _fail(self, error: LiftError) -> set[OperatorReturnItems]:
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


class LIFT_OT_cancel(bpy.types.Operator):
    """Stop the work that goes on."""

    bl_idname = "lift.cancel"
    bl_label = "Cancel"
    bl_description = "Stop lifting; the scene stays as it was"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Tell the running operator, which looks at this text."""
        panel_of(scene_of(context)).progress_text = ""
        return {"FINISHED"}


def _work(panel: LIFT_PG_panel) -> partial[list[pipeline.LiftedPerson]]:
    """What the thread does: everything is read from the panel before it begins."""
    return partial(
        _lift, source_path(panel), person=panel.person, settings=chosen_lift_settings(panel)
    )


def _lift(
    path: Path,
    progress: pipeline.Progress,
    *,
    person: int,
    settings: pipeline.LiftSettings,
) -> list[pipeline.LiftedPerson]:
    return pipeline.lift_clip(path, person=person, settings=settings, progress=progress)


def _finish(context: bpy.types.Context, lifted: pipeline.LiftedPerson) -> None:
    """Put the motion on the rig, place the camera and show the result in the panel."""
    scene = scene_of(context)
    panel = panel_of(scene)
    name, choice = source_path(panel).stem, chosen_rig(panel)
    stage = Matrix.Identity(4) if choice.scheme is not None else stage_of(panel.rig)
    animation = animate(context, lifted, choice, chosen_animation(panel, scene), name=name)
    warnings = [*lifted.warnings, *animation.warnings]
    if panel.has_video_camera:
        warnings += _match_video(context, lifted, animation, stage)
    panel.result_rig = animation.rig
    num_untrusted = _mark_untrusted(scene, lifted, name=name)
    panel.result_quality = (
        translate_message("{guessed} of {frames} frames are a guess").format(
            guessed=num_untrusted, frames=lifted.motion.num_frames
        )
        if num_untrusted
        else translate_message("every frame can be trusted")
    )
    reprojection = lifted.report.get("reprojection_px")
    panel.result_reprojection_px = reprojection if isinstance(reprojection, float) else -1.0
    panel.warnings.clear()
    for text in warnings:
        panel.warnings.add().text = text


def _match_video(
    context: bpy.types.Context,
    lifted: pipeline.LiftedPerson,
    animation: Animation,
    stage: Matrix,
) -> list[str]:
    """Place the camera of the video; what the user should know."""
    panel = panel_of(scene_of(context))
    camera = place_video_camera(
        context,
        lifted.camera,
        lifted.image_size,
        name=f"{source_path(panel).stem} camera",
        size=animation.size,
        stage=stage,
    )
    panel.result_camera = camera
    video = find_video_beside(source_path(panel))
    if panel.video:
        video = Path(bpy.path.abspath(panel.video))
    if video is None:
        return []
    first_frame = int(lifted.motion.frames[0])
    try:
        show_video_behind(camera, video, start_frame=panel.start_frame - first_frame)
    except LiftError as error:
        return [str(error)]
    if panel.uses_scene_fps:
        return [
            translate_message("the scene keeps its frame rate: the video behind runs at its own")
        ]
    return []


def _mark_untrusted(scene: bpy.types.Scene, lifted: pipeline.LiftedPerson, *, name: str) -> int:
    """Mark on the timeline what is not to be trusted; how many frames that are."""
    untrusted = lifted.report.get("frames_untrusted")
    frames = np.array(untrusted if isinstance(untrusted, list) else [], dtype=float)
    scene_fps = scene.render.fps / scene.render.fps_base
    rows = (frames - lifted.motion.frames[0]) * scene_fps / float(lifted.motion.fps)
    mark_untrusted(scene, name, panel_of(scene).start_frame + rows)
    return len(frames)


def _redraw(context: bpy.types.Context) -> None:
    for window in window_manager_of(context).windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
