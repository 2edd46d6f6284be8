"""The command line's options, read and checked: needs neither Blender nor any file to exist."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..core.errors import LiftError
from ..core.pipeline import LiftSettings
from ..core.retarget.retarget import RetargetSettings
from .cli_parser import build_parser
from .clip import Clip, plan_clips
from .rig_choice import AnimationSettings, RigChoice, choose_rig

_CLIP_OPTIONS = (
    *("output", "output_dir", "format", "poses", "report", "corrections"),
    *("keypoints", "frames", "keypoint_cache", "scene_fps", "start_frame"),
    *(
        "person",
        "video",
        "camera_path",
        "no_foot_lock",
        "in_place",
        "root_motion",
        "rig",
        "rig_object",
    ),
    *("mute_constraints", "reach", "parts", "frame_step", "bake_to", "reduce", "t_pose", "engine"),
)
"""What --stream, which reads one person from standard input and writes no file, has no use for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for; the corrections' file is read when the clip is."""

    clips: tuple[Clip, ...]
    person: int | Literal["all"]
    settings: LiftSettings
    corrections: Path | None
    rig: RigChoice
    animation: AnimationSettings
    is_quiet: bool
    is_verbose: bool
    is_stream: bool


def parse_options(arguments: Sequence[str]) -> Options:
    """Read ``arguments`` (a leading ``--`` is ignored).

    Raises
    ------
    SystemExit
        With code 2 after a message on stderr when they are wrong; with code 0 after ``--help`` and
        ``--version``.
    """
    parser = build_parser()
    given = parser.parse_args(list(arguments[1:] if arguments[:1] == ["--"] else arguments))
    try:
        if given.stream:
            _check_stream(parser, given)
        else:
            _check_combination(given)
        clips = () if given.stream else _plan(given)
        rig = choose_rig(given.rig, given.rig_object)
    except LiftError as error:
        parser.error(str(error))
    return Options(
        clips=clips,
        person=given.person,
        settings=_settings(given),
        corrections=given.corrections,
        rig=rig,
        animation=_animation(given),
        is_quiet=given.quiet,
        is_verbose=given.verbose,
        is_stream=given.stream,
    )


def _plan(given: argparse.Namespace) -> tuple[Clip, ...]:
    return plan_clips(
        given.inputs,
        outputs=given.output,
        output_dir=given.output_dir,
        endings=given.format or (".bvh",),
        poses=given.poses,
        report=given.report,
        keypoints=given.keypoints,
    )


def _settings(given: argparse.Namespace) -> LiftSettings:
    return LiftSettings(
        fps=given.fps,
        image_size=given.image_size,
        video=given.video,
        fov_deg=given.fov,
        focal_length_px=given.focal_length,
        calibration=given.calibration,
        camera_name=given.camera,
        camera_path=given.camera_path,
        model=given.model,
        height_m=given.height,
        smooth=given.smooth,
        lock_feet=not given.no_foot_lock,
        frame_range=given.frames,
        keypoint_cache=given.keypoint_cache,
    )


def _animation(given: argparse.Namespace) -> AnimationSettings:
    return AnimationSettings(
        scene_fps=given.scene_fps,
        start_frame=given.start_frame,
        frame_step=given.frame_step,
        retarget=RetargetSettings(
            travel="in_place" if given.in_place else given.root_motion,
            reach=given.reach,
            parts=given.parts,
        ),
        target=given.bake_to,
        reduce_mm=given.reduce,
        has_t_pose=given.t_pose,
        mutes_constraints=given.mute_constraints,
        engine=given.engine,
    )


def _check_stream(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Raise LiftError for options that are not for --stream."""
    if given.inputs:
        raise LiftError(
            f"--stream reads standard input: expected no INPUT, found {given.inputs[0]}"
        )
    for name in _CLIP_OPTIONS:
        if getattr(given, name) != parser.get_default(name):
            raise LiftError(f"--{name.replace('_', '-')} is not for --stream")
    if given.camera is not None and given.calibration is None:
        raise LiftError("--camera needs --calibration")


def _check_combination(given: argparse.Namespace) -> None:
    """Raise LiftError for options that do not go together."""
    if not given.inputs:
        raise LiftError("expected at least one INPUT")
    is_batch = len(given.inputs) > 1
    if is_batch and given.output:
        raise LiftError("--output is for one INPUT: use --output-dir for several")
    if is_batch and given.video is not None:
        raise LiftError("--video is for one INPUT: with several, each finds its own beside it")
    if is_batch and given.corrections is not None:
        raise LiftError("--corrections is for one INPUT: its frames are one clip's")
    if is_batch and given.camera_path is not None:
        raise LiftError("--camera-path is for one INPUT: it is one clip's")
    if given.camera_path is not None and given.calibration is not None:
        raise LiftError("--camera-path and --calibration both say where the camera is: give one")
    if given.format is not None and given.output_dir is None:
        raise LiftError("--format needs --output-dir")
    if given.camera is not None and given.calibration is None:
        raise LiftError("--camera needs --calibration")
    written = [path.suffix.lower() for path in given.output] + list(given.format or ())
    if given.engine is not None and ".fbx" not in written:
        raise LiftError("--engine is for .fbx files: none is written")
    for option, path, suffix in (
        ("--poses", given.poses, ".npz"),
        ("--report", given.report, ".json"),
        ("--keypoints", given.keypoints, ".npz"),
    ):
        if path is not None and not is_batch and path.suffix.lower() != suffix:
            raise LiftError(f"{option} {path}: expected a file that ends in {suffix}")
