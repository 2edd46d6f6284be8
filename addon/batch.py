"""Many clips, one after the other: one that fails does not stop the rest."""

from __future__ import annotations

from pathlib import Path

from ..core import pipeline
from ..core.errors import LiftError
from ..core.retarget.travel import keep_in_place
from .cli_options import Options
from .clip import Clip, file_identity
from .console import Console
from .export import require_exporter
from .motion import resample_motion
from .session import export_motion, folder_for


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
    progress = console.progress(str(clip.source))
    people = pipeline.lift_clip(
        clip.source, person=options.person, settings=options.settings, progress=progress
    )
    # What holds for the clip is said by each of its people, and shown once.
    for warning in dict.fromkeys(warning for lifted in people for warning in lifted.warnings):
        console.warn(str(clip.source), warning)
    for lifted in people:
        files = clip if len(people) == 1 else clip.for_person(lifted.person)
        _reserve(files, clip, reserved)
        progress("writing", 1.0)
        _write_person(lifted, files, options)


def _reserve(files: Clip, clip: Clip, reserved: dict[str, Clip]) -> None:
    for path in files.targets:
        owner = reserved.setdefault(file_identity(path), clip)
        if owner is not clip:
            raise LiftError(f"{path}: already the output of {owner.source}")


def _write_person(lifted: pipeline.LiftedPerson, files: Clip, options: Options) -> None:
    """Write one person's poses, report and animation files."""
    if files.poses is not None:
        with folder_for(files.poses):
            pipeline.write_poses(files.poses, lifted)
    if files.report is not None:
        with folder_for(files.report):
            pipeline.write_report(files.report, lifted)
    motion = lifted.motion
    if options.is_in_place:
        motion = keep_in_place(motion)
    if options.scene_fps is not None:
        motion = resample_motion(motion, options.scene_fps)
    name = _name_in_blender(files)
    export_motion(motion, files.outputs, name=name, start_frame=options.start_frame)


def _name_in_blender(files: Clip) -> str:
    """What the armature and its action are called: the output file's stem."""
    paths: tuple[Path, ...] = files.outputs or (files.source,)
    return paths[0].stem
