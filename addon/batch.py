"""Many clips, one after the other: one that fails does not stop the rest."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ..core import pipeline
from ..core.errors import LiftError
from ..core.io.corrections import read_corrections
from .cli_options import Options
from .clip import Clip, file_identity
from .console import Console
from .export import require_exporter
from .session import animate_in_file, export_animation, folder_for


def lift_clips(options: Options) -> int:
    """Lift and write every clip of ``options``.

    Returns
    -------
    int
        The exit code: 0 when all went well, 1 when a clip failed, 130 when interrupted.
    """
    console = Console(is_quiet=options.is_quiet, is_verbose=options.is_verbose)
    return console.run("lift", lambda: 1 if _lift_all(options, console) else 0)


def _lift_all(options: Options, console: Console) -> int:
    """Lift every clip; the number of those that failed."""
    # A person's file must not replace what another clip wrote or is going to write.
    reserved = {file_identity(path): clip for clip in options.clips for path in clip.targets}
    num_failed = 0
    for clip in options.clips:
        try:
            _lift_clip(clip, options, console, reserved)
        except Exception as error:
            console.fail(str(clip.source), error)
            num_failed += 1
    return num_failed


def _lift_clip(clip: Clip, options: Options, console: Console, reserved: dict[str, Clip]) -> None:
    """Lift one clip and write all of its files."""
    for path in clip.outputs:
        require_exporter(path.suffix)
    settings = options.settings
    if options.corrections is not None:
        settings = replace(settings, corrections=read_corrections(options.corrections))
    progress = console.progress(str(clip.source))
    people = pipeline.lift_clip(
        clip.source, person=options.person, settings=settings, progress=progress
    )
    # What holds for the clip is said by each of its people, and shown once.
    for warning in dict.fromkeys(warning for lifted in people for warning in lifted.warnings):
        console.warn(str(clip.source), warning)
    for lifted in people:
        files = clip if len(people) == 1 else clip.for_person(lifted.person)
        _reserve(files, clip, reserved)
        progress("writing", 1.0)
        _write_person(lifted, files, options, console)


def _reserve(files: Clip, clip: Clip, reserved: dict[str, Clip]) -> None:
    for path in files.targets:
        owner = reserved.setdefault(file_identity(path), clip)
        if owner is not clip:
            raise LiftError(f"{path}: already the output of {owner.source}")


def _write_person(
    lifted: pipeline.LiftedPerson, files: Clip, options: Options, console: Console
) -> None:
    """Write one person's poses, keypoints, animation files and report."""
    if files.poses is not None:
        with folder_for(files.poses):
            pipeline.write_poses(files.poses, lifted)
    if files.keypoints is not None:
        with folder_for(files.keypoints):
            pipeline.write_keypoints(files.keypoints, lifted)
    if files.outputs:
        name = files.outputs[0].stem
        animation = animate_in_file(lifted, options.rig, options.animation, name=name)
        for warning in animation.warnings:
            console.warn(str(files.source), warning)
        export_animation(bpy.context, animation.rig, files.outputs, engine=options.animation.engine)
        lifted = replace(lifted, report={**lifted.report, **animation.report})
    if files.report is not None:
        with folder_for(files.report):
            pipeline.write_report(files.report, lifted)
