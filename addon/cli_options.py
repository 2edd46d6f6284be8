"""The command line's options, read and checked: needs neither Blender nor any file to exist."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from ..core.errors import LiftError
from ..core.pipeline import LiftSettings
from . import cli_values
from .clip import Clip, plan_clips
from .output_format import OUTPUT_FORMATS

_MANIFEST = Path(__file__).resolve().parent.parent / "blender_manifest.toml"
_LAST_FRAME = 1048574
_LATER_OPTIONS = ("rig_object", "camera_path", "reduce", "engine", "corrections")
_CLIP_OPTIONS = (
    *("output", "output_dir", "format", "poses", "report", "scene_fps", "start_frame"),
    *("person", "video", "no_foot_lock", "in_place"),
)
"""What --stream, which reads one person from standard input and writes no file, has no use for."""

_STREAM_HELP = """--stream: one JSON object a line on standard input, one person:
  {"fps": 30, "image_size": [1920, 1080], "joint_set": "COCO-17"}   first line, each key optional
  {"frame": 0, "time": 0.0, "keypoints": [[x, y, confidence], ...]}  pixels; [] = nobody; "frame",
      "time" (s) and, in the first line, "image_size" are optional, "joint_set" follows from the count
on standard output first {"joint_names", "parents", ...}, then for each frame, at once:
  {"frame", "time", "is_seen", "positions_camera", "positions_world", "confidence", "contacts",
   "rotation_world_to_camera", "position_world_camera"}   metres; only the first three before anyone
      was seen; "is_seen" false: held
  {"line", "error"} for a line that cannot be used and is skipped; if it is the first, the stream ends
with --fps, --image-size, --fov, --focal-length, --calibration, --camera, --model, --height, --smooth"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    clips: tuple[Clip, ...]
    person: int | Literal["all"]
    settings: LiftSettings
    scene_fps: Fraction | None
    start_frame: int
    is_in_place: bool
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
    parser = _parser()
    given = parser.parse_args(list(arguments[1:] if arguments[:1] == ["--"] else arguments))
    try:
        _refuse_later_options(given)
        if given.stream:
            _check_stream(parser, given)
        else:
            _check_combination(given)
        clips = () if given.stream else _plan(given)
    except LiftError as error:
        parser.error(str(error))
    return Options(
        clips=clips,
        person=given.person,
        settings=_settings(given),
        scene_fps=given.scene_fps,
        start_frame=given.start_frame,
        is_in_place=given.in_place,
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
        model=given.model,
        height_m=given.height,
        smooth=given.smooth,
        lock_feet=not given.no_foot_lock,
    )


def _refuse_later_options(given: argparse.Namespace) -> None:
    if given.rig != "default":
        raise LiftError(f"--rig {given.rig}: rigs other than 'default' are not available yet")
    for name in _LATER_OPTIONS:
        if getattr(given, name):
            raise LiftError(f"--{name.replace('_', '-')} is not available yet")


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
    if given.format is not None and given.output_dir is None:
        raise LiftError("--format needs --output-dir")
    if given.camera is not None and given.calibration is None:
        raise LiftError("--camera needs --calibration")
    for option, path, suffix in (
        ("--poses", given.poses, ".npz"),
        ("--report", given.report, ".json"),
    ):
        if path is not None and not is_batch and path.suffix.lower() != suffix:
            raise LiftError(f"{option} {path}: expected a file that ends in {suffix}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lift",
        usage="lift INPUT [INPUT ...] [options]\n       lift --stream [options]",
        description="Lift a video's 2D human keypoints to 3D animation on an armature.",
        epilog=_STREAM_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "inputs", metavar="INPUT", nargs="*", type=Path, help="keypoint file or folder: one clip"
    )
    _add_output_options(parser)
    _add_input_options(parser)
    _add_lens_options(parser)
    _add_motion_options(parser)
    _add_later_options(parser)
    parser.add_argument(
        "--stream",
        action="store_true",
        help="live: a JSON line of keypoints in, a JSON line of the pose out (see below)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress and no warnings")
    parser.add_argument(
        "--verbose", action="store_true", help="tracebacks and Blender's own output"
    )
    version = tomllib.loads(_MANIFEST.read_text(encoding="utf-8"))["version"]
    parser.add_argument("--version", action="version", version=version)
    return parser


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output",
        metavar="FILE",
        type=cli_values.output_file,
        action="append",
        default=[],
        help=f"{' '.join(OUTPUT_FORMATS)} by its ending; repeatable; only with one INPUT",
    )
    group.add_argument("--output-dir", metavar="DIR", type=Path, help="for any number of INPUTs")
    group.add_argument(
        "--format",
        metavar="bvh,fbx",
        type=cli_values.endings,
        help="what --output-dir gets (default bvh)",
    )
    group.add_argument(
        "--poses", metavar="FILE.npz", type=Path, help="3D joints; several INPUTs: a folder"
    )
    group.add_argument(
        "--report", metavar="FILE.json", type=Path, help="figures; several INPUTs: a folder"
    )
    group.add_argument(
        "--scene-fps", metavar="F", type=cli_values.frame_rate, help="default: the clip's"
    )
    group.add_argument(
        "--start-frame",
        metavar="N",
        type=cli_values.integer(0, _LAST_FRAME),
        default=1,
        help="default 1",
    )


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("input")
    group.add_argument(
        "--person",
        metavar="N|all",
        type=cli_values.person,
        default=1,
        help="1 = seen in most frames (default)",
    )
    group.add_argument(
        "--fps", metavar="F", type=cli_values.frame_rate, help="as 25, 29.97 or 30000/1001"
    )
    group.add_argument("--image-size", metavar="WxH", type=cli_values.image_size, help="pixels")
    group.add_argument(
        "--video", metavar="FILE", type=Path, help="default: beside INPUT, same stem; one INPUT"
    )
    group.add_argument(
        "--model",
        metavar="FILE.npz",
        type=Path,
        help="default: the bundled one (--stream: causal.npz)",
    )


def _add_lens_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("lens (default: estimated)")
    lens = group.add_mutually_exclusive_group()
    lens.add_argument(
        "--fov", metavar="DEG", type=cli_values.number_between(0, 180), help="horizontal"
    )
    lens.add_argument(
        "--focal-length", metavar="PX", type=cli_values.number_between(0), help="pixels"
    )
    lens.add_argument("--calibration", metavar="FILE.toml", type=Path, help="OpenCV-style")
    group.add_argument("--camera", metavar="NAME", help="in --calibration (default its only one)")


def _add_motion_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("motion")
    group.add_argument(
        "--height",
        metavar="M",
        type=cli_values.number_between(0),
        help="of the person (default 1.70, or as calibrated)",
    )
    group.add_argument(
        "--smooth",
        metavar="S",
        type=cli_values.share,
        default=0.3,
        help="0 raw to 1 very smooth (default 0.3)",
    )
    group.add_argument("--no-foot-lock", action="store_true", help="let planted feet slide")
    group.add_argument("--in-place", action="store_true", help="no horizontal travel")


def _add_later_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("not available yet")
    group.add_argument("--rig", metavar="NAME|FILE", default="default", help="but for: default")
    group.add_argument("--rig-object", metavar="NAME")
    group.add_argument("--camera-path", metavar="FILE.json")
    group.add_argument("--reduce", metavar="MM")
    group.add_argument("--engine", metavar="NAME")
    group.add_argument("--corrections", metavar="FILE.json")
