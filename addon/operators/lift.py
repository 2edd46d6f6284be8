"""The button: lift the chosen clip in a thread and put the motion on the chosen rig."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import pipeline
from ...core.clip_opening import memory_of, recall_source
from ...core.clip_source import ClipSource
from ...core.errors import LiftError
from ...core.io.video_reader import is_video
from ...core.video_thumbnail import cut_thumbnails
from ...core.video_trace import PackedTrace, pack_trace, trace_of
from ..access import path_of, scene_of, window_manager_of, window_of, workspace_of
from ..action import find_baked_action
from ..clip_timing import timing_of
from ..correction_mark import remember_timing
from ..earlier_result import in_place_of, put_in, replaceable
from ..job import Job
from ..job_progress import JobProgress, begin_progress, end_progress, progress_of
from ..lift_memory import LIFT_CACHE
from ..object_curve import stage_at, stand_of
from ..panel_choice import LiftRequest, chosen_lift, frames_per_row
from ..panel_source import show_people
from ..properties import LIFT_PG_panel, panel_of
from ..result import match_video, show_result
from ..rig import find_rig
from ..rig_choice import RigChoice
from ..scene_view import looking_at
from ..session import animate
from ..thumbnail import THUMBNAIL_SIZE
from ..translation import translate_core, translate_message

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_SECONDS_PER_LOOK = 0.2
_MOST_CUTTINGS = 12


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What the thread found: the person, what the video's camera is to keep of them, and who is there.

    ``cuttings`` (96,96,3) uint8 of a video, by person; none of keypoints.
    """

    lifted: pipeline.LiftedPerson
    trace: PackedTrace
    clip: ClipSource
    cuttings: tuple[np.ndarray | None, ...]


class LIFT_OT_lift(bpy.types.Operator):
    """Lift the chosen clip to 3D."""

    bl_idname = "lift.lift"
    bl_label = "Lift Video to 3D"
    bl_description = (
        "Lift the chosen person to 3D and put the motion on the chosen rig; ESC cancels"
    )
    bl_options = {"REGISTER", "UNDO"}

    _request: LiftRequest
    _job: Job[_Found]
    _timer: bpy.types.Timer
    _scene_uid: int

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a clip that can be read is chosen and none is being lifted."""
        scene = scene_of(context)
        if not scene.is_editable:
            cls.poll_message_set(
                translate_message(
                    "This scene is linked from another file: nothing in it can change"
                )
            )
            return False
        panel = panel_of(scene)
        is_readable = bool(panel.people) or panel.is_video
        return is_readable and not panel.source_error and progress_of(scene) is None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Lift at once, without a window to show progress in."""
        try:
            lift_at_once(context)
        except LiftError as error:
            return self._fail(error)
        return {"FINISHED"}

    def invoke(
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> set[OperatorReturnItems]:
        """Start the work and a timer that looks after it."""
        scene = scene_of(context)
        try:
            # What is wrong with the choice is said before any work.
            self._request = chosen_lift(panel_of(scene), scene)
        except LiftError as error:
            return self._fail(error)
        self._scene_uid = scene.session_uid
        self._job = Job(partial(_lift, self._request))
        begin_progress(scene, translate_message("reading"))
        window_manager = window_manager_of(context)
        self._timer = window_manager.event_timer_add(_SECONDS_PER_LOOK, window=window_of(context))
        window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Show progress; end when the work has, or with ESC."""
        scenes = (each for each in bpy.data.scenes if each.session_uid == self._scene_uid)
        scene = next(scenes, None)
        progress = progress_of(scene)
        if scene is None or progress is None or progress.is_unwanted or event.type == "ESC":
            self._job.cancel()
            self._end(context)
            _redraw(context)
            self.report({"INFO"}, translate_message("Cancelled: nothing was changed"))
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._job.is_running:
            self._show_progress(context, progress)
            return {"RUNNING_MODAL"}
        self._end(context)
        _redraw(context)
        try:
            found = self._job.result()
            # The user may look at another scene by now.
            with looking_at(context, scene):
                _finish(context, self._request, found)
        except LiftError as error:
            return self._fail(error)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes, or loads another file."""
        self._job.cancel()
        self._end(context)

    def _show_progress(self, context: bpy.types.Context, progress: JobProgress) -> None:
        left = self._job.seconds_left
        progress.share = self._job.share
        # The stages' names come from core, which knows of no language.
        stage = translate_message(self._job.stage or "reading")
        progress.text = (
            stage
            if left is None
            else translate_message("{stage}, {seconds:.0f} s left").format(
                stage=stage, seconds=left
            )
        )
        workspace = workspace_of(context)
        if workspace is not None:
            status = translate_message("Lifting: {stage} ({share:.0%}); ESC cancels")
            workspace.status_text_set(status.format(stage=progress.text, share=progress.share))
        _redraw(context)

    def _end(self, context: bpy.types.Context) -> None:
        """Take away timer, status and progress."""
        window_manager_of(context).event_timer_remove(self._timer)
        workspace = workspace_of(context)
        if workspace is not None:
            workspace.status_text_set(None)
        end_progress(self._scene_uid)

    def _fail(self, error: LiftError) -> set[OperatorReturnItems]:
        self.report({"ERROR"}, translate_core(str(error)))
        return {"CANCELLED"}


class LIFT_OT_cancel(bpy.types.Operator):
    """Stop the work that goes on."""

    bl_idname = "lift.cancel"
    bl_label = "Cancel"
    bl_description = "Stop lifting; the scene stays as it was"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Tell the running operator."""
        progress = progress_of(scene_of(context))
        if progress is not None:
            progress.is_unwanted = True
        return {"FINISHED"}


def lift_at_once(context: bpy.types.Context) -> None:
    """Do what the button does, without a window to show progress in.

    Raises
    ------
    LiftError
        When it cannot be done; the scene is as it was.
    """
    scene = scene_of(context)
    request = chosen_lift(panel_of(scene), scene)
    _finish(context, request, _lift(request, lambda _stage, _share: None))


def _lift(request: LiftRequest, progress: pipeline.Progress) -> _Found:
    """What the thread does: nothing of Blender is in the request."""
    [lifted] = pipeline.lift_clip(
        request.source,
        person=request.person,
        settings=request.settings,
        progress=progress,
        cache=LIFT_CACHE,
    )
    clip = recall_source(request.source, request.settings, cache=LIFT_CACHE)
    return _Found(lifted, pack_trace(trace_of(lifted)), clip, _cuttings(request, clip))


def _cuttings(request: LiftRequest, clip: ClipSource) -> tuple[np.ndarray | None, ...]:
    # Where the rate varies a frame is not found again by its number.
    if not is_video(request.source) or clip.frame_times is not None:
        return ()
    memory = memory_of(request.source, request.settings, LIFT_CACHE)
    people = clip.people[:_MOST_CUTTINGS]
    return memory.recall(
        "cuttings", 0, None, lambda: cut_thumbnails(request.source, people, THUMBNAIL_SIZE)
    )


def _finish(context: bpy.types.Context, request: LiftRequest, found: _Found) -> None:
    """Put the motion on the rig, place the camera and show the result in the panel."""
    scene, lifted = scene_of(context), found.lifted
    panel, name, settings = panel_of(scene), request.source.stem, request.animation
    stage = _stage_of_bake(context, request.rig, name)
    earlier = _earlier(panel, request)
    collections = () if earlier is None else earlier.users_collection
    with in_place_of(earlier):
        animation = animate(context, lifted, request.rig, settings, name=name)
        put_in(animation.rig, collections)
    timing = timing_of(
        lifted.motion.frames,
        start_frame=settings.start_frame,
        frames_per_row=frames_per_row(settings, lifted.motion.fps),
    )
    warnings = [*lifted.warnings, *animation.warnings]
    if request.has_video_camera:
        warnings += match_video(context, request, lifted, found.trace, animation, stage, timing)
    show_result(scene, lifted, animation.rig, warnings, name=name, timing=timing)
    panel.result_clip, panel.result_built_of = str(request.source), _built_of(request)
    _show_who_was_found(panel, request, found)
    remember_timing(panel.corrections, request.source, timing)


def _built_of(request: LiftRequest) -> str:
    """What a lift builds an armature of; nothing where it moves the user's."""
    if request.rig.scheme is None:
        return ""
    return json.dumps([str(request.source), request.person, request.settings.frame_range])


def _earlier(panel: LIFT_PG_panel, request: LiftRequest) -> bpy.types.Object | None:
    """The armature that the last lift built, if a new one is to take its place."""
    built_of = _built_of(request)
    if not request.replaces_result or not built_of or panel.result_built_of != built_of:
        return None
    return replaceable(panel.result_rig, request.source.stem)


def _show_who_was_found(panel: LIFT_PG_panel, request: LiftRequest, found: _Found) -> None:
    """List the people of a video, which nobody knows before its first lift."""
    if panel.is_video and not panel.people and path_of(panel.source) == request.source:
        show_people(panel, found.clip, found.cuttings)


def _stage_of_bake(context: bpy.types.Context, choice: RigChoice, name: str) -> Matrix:
    """From the stage to the world: where the rig stands when the clip ``name`` has not moved it."""
    if choice.scheme is not None:
        return Matrix.Identity(4)
    rig = find_rig(context, choice.object_name)
    return stage_at(rig, stand_of(rig, find_baked_action(rig, name)))


def _redraw(context: bpy.types.Context) -> None:
    """Have the sidebars drawn, and nothing that takes longer."""
    for window in window_manager_of(context).windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "VIEW_3D" and region.type == "UI":
                    region.tag_redraw()
