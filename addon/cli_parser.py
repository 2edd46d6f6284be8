"""The command line's options as argparse has them; ``cli_options`` checks how they go together."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import get_args

from ..core.retarget.part import PARTS
from ..core.retarget.scheme import SCHEME_NAMES
from . import cli_values
from .engine import ENGINE_PRESETS
from .output_format import OUTPUT_FORMATS
from .rig_choice import BakeTarget

LAST_FRAME = 1048574
"""Blender's."""

_MANIFEST = Path(__file__).resolve().parent.parent / "blender_manifest.toml"
_CAMERA_PATH_HELP = """--camera-path: the world is the path's, z up; frames between are interpolated
  {"format": "lift-camera-path", "version": 1,
   "convention": "blender",          the camera's axes: y up, looks along -z; or "opencv": y down, +z
   "metres_per_unit": 1.0,           of the positions; left out, standing feet tell it
   "fps": 24, "fov_deg": 54.2,       optional; or "focal_length_px" (and its "image_size"); the field of
                                     view is horizontal; each may stand in the frames instead (zoom)
   "frames": [{"frame": 0,           as the keypoints number them
               "position_world": [x, y, z],
               "rotation_camera_to_world": [w, x, y, z]}, ...]}   (or "rotation_world_to_camera")"""
_CORRECTIONS_HELP = """--corrections: as the panel exports them; frames as in the keypoints, both included
  {"format": "lift-corrections", "version": 1, "corrections": [
   {"kind": "swapped", "part": "body", "frames": [120, 134], "person": 1},   or "arms", "legs"
   {"kind": "not swapped", "part": "arms", "frames": [180, 183]},            leave sides as detected
   {"kind": "wrong joint", "joint": "left_wrist", "frames": [300, 310]},     ignored and bridged
   {"kind": "planted", "foot": "left", "frames": [40, 62]},                  or "not planted"
   ...]}"""
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


def build_parser() -> argparse.ArgumentParser:
    """The parser of every option."""
    parser = argparse.ArgumentParser(
        prog="lift",
        usage="lift INPUT [INPUT ...] [options]\n       lift --stream [options]",
        description="Lift a video's 2D human keypoints to 3D animation on an armature.",
        epilog="\n\n".join([_CAMERA_PATH_HELP, _CORRECTIONS_HELP, _STREAM_HELP]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="*",
        type=Path,
        help="a video, or a keypoint file or folder: one clip",
    )
    _add_output_options(parser)
    _add_input_options(parser)
    _add_lens_options(parser)
    _add_motion_options(parser)
    _add_rig_options(parser)
    _add_bake_options(parser)
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
        "--keypoints",
        metavar="FILE.npz",
        type=Path,
        help="2D joints, cleaned, to lift again; several INPUTs: a folder",
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
        "--frames",
        metavar="FIRST-LAST",
        type=cli_values.frame_range,
        help="of a video as INPUT, from 0, both included (default all)",
    )
    group.add_argument(
        "--keypoint-cache",
        metavar="DIR",
        type=Path,
        help="what was found in videos is kept there, and not looked for again",
    )
    group.add_argument(
        "--model",
        metavar="FILE.npz",
        type=Path,
        help="default: the bundled one (--stream: causal.npz)",
    )


def _add_lens_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("lens (default: 50 degrees across the longer side)")
    lens = group.add_mutually_exclusive_group()
    lens.add_argument(
        "--fov", metavar="DEG", type=cli_values.number_between(0, 180), help="horizontal"
    )
    lens.add_argument(
        "--focal-length", metavar="PX", type=cli_values.number_between(0), help="pixels"
    )
    lens.add_argument("--calibration", metavar="FILE.toml", type=Path, help="OpenCV-style")
    group.add_argument("--camera", metavar="NAME", help="in --calibration (default its only one)")
    group.add_argument(
        "--camera-path",
        metavar="FILE.json",
        type=Path,
        help="a moving camera's pose in each frame, and its lens (see below); one INPUT",
    )


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
    group.add_argument(
        "--corrections",
        metavar="FILE.json",
        type=Path,
        help="swapped sides, wrong joints and planted feet, by frames (see below); one INPUT",
    )


def _add_rig_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rig (default: a new armature)")
    group.add_argument(
        "--rig",
        metavar="NAME|FILE",
        action="append",
        default=[],
        help=f"NAME: a new armature with those bones: {', '.join(SCHEME_NAMES)}; FILE.blend: your own "
        "armature; FILE.json: its bone map; repeatable, as --rig hero.blend --rig mixamo",
    )
    group.add_argument(
        "--rig-object", metavar="NAME", help="the armature in that file, or in the open one"
    )
    group.add_argument(
        "--mute-constraints", action="store_true", help="of the bones that get the motion"
    )
    group.add_argument(
        "--reach",
        metavar="hands,feet",
        type=cli_values.reach,
        default=frozenset(),
        help="bend arms or legs so that these come where the person's are",
    )
    group.add_argument(
        "--parts",
        metavar="PART,PART",
        type=cli_values.parts,
        default=frozenset(PARTS),
        help=f"of the body that get keys: {','.join(PARTS)} (default all)",
    )
    travel = group.add_mutually_exclusive_group()
    travel.add_argument("--in-place", action="store_true", help="no horizontal travel")
    travel.add_argument(
        "--root-motion",
        choices=("hips", "root", "object"),
        default="hips",
        help="who carries the travel: hips (default), the root bone, the armature object",
    )


def _add_bake_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("keys")
    group.add_argument(
        "--scene-fps", metavar="F", type=cli_values.frame_rate, help="default: the clip's"
    )
    group.add_argument(
        "--start-frame",
        metavar="N",
        type=cli_values.integer(0, LAST_FRAME),
        default=1,
        help="default 1",
    )
    group.add_argument(
        "--frame-step",
        metavar="N",
        type=cli_values.integer(1, LAST_FRAME),
        default=1,
        help="a key on every N-th frame (default 1)",
    )
    group.add_argument(
        "--reduce",
        metavar="MM",
        type=cli_values.number_between(0),
        help="leave keys out while no joint is off by more",
    )
    group.add_argument(
        "--bake-to",
        choices=get_args(BakeTarget),
        default="action",
        help="a new action (default), an NLA strip, or this range of the rig's present action",
    )
    group.add_argument("--t-pose", action="store_true", help="one frame of it before the first")
    group.add_argument(
        "--engine", choices=tuple(ENGINE_PRESETS), help="write .fbx as this engine wants it"
    )
