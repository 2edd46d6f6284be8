"""How motion stands in the world: ``python -m training.evaluate --world --data PATH``.

PATH is a calibrated recording with markers (``real/pose2sim_single``) or a folder of BVH files, which
synthetic cameras film. Every clip goes through the whole pipeline.
"""

from __future__ import annotations

import argparse

from core.errors import InputFormatError, LiftError
from core.lifting.weights import load_weights
from core.pipeline import LiftSettings

from .. import option_values as values
from ..datasets.mocap_folder import is_mocap_folder
from .world_mocap import load_mocap_views
from .world_real import is_marker_folder, load_marker_views
from .world_table import print_clip, print_columns, tabulate, write_figures
from .world_view import JudgedView, WorldView, judge_view

DEFAULT_CLIPS_PER_PERFORMER = 20


def add_world_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--world`` and its own option.

    It reads --data, --model, --split, --only, --smooth and --output besides.
    """
    world = parser.add_argument_group("motion in the world (of a model file)")
    world.add_argument(
        "--world",
        action="store_true",
        help="place, size, up, ground, feet and smoothness: on a calibrated recording with markers, or "
        "on mocap before fixed synthetic cameras",
    )
    world.add_argument(
        "--clips-per-performer",
        type=values.count,
        default=DEFAULT_CLIPS_PER_PERFORMER,
        metavar="N",
        help=f"of the mocap, at most (default: {DEFAULT_CLIPS_PER_PERFORMER})",
    )


def evaluate_world(parsed: argparse.Namespace) -> None:
    """Measure, print the tables and write the figures.

    Raises
    ------
    LiftError
        When --data holds neither kind of data, nothing in it can be used, or --output is no .json.
    """
    if parsed.data is None:
        raise LiftError("--world: expected --data, a calibrated recording or a folder of BVH files")
    for path in parsed.output:
        if path.suffix.lower() != ".json":
            raise LiftError(f"--output {path}: --world writes .json files")
    weights = load_weights(parsed.model)
    settings = LiftSettings(smooth=parsed.smooth)
    views, notes = _load_views(parsed)
    for line in notes:
        print(line)
    judged: list[JudgedView] = []
    for view in views:
        judged.append(judge_view(view, weights, settings))
        print_clip(judged[-1])
    columns = tabulate(judged)
    print_columns(columns)
    about = {
        "data": parsed.data.name,
        "model": parsed.model.name,
        "smooth": parsed.smooth,
        "notes": notes,
    }
    for path in parsed.output:
        write_figures(path, judged, columns, about)


def _load_views(parsed: argparse.Namespace) -> tuple[list[WorldView], list[str]]:
    if is_marker_folder(parsed.data):
        return load_marker_views(parsed.data, only=parsed.only), []
    if is_mocap_folder(parsed.data):
        return load_mocap_views(
            parsed.data,
            parsed.split,
            clips_per_performer=parsed.clips_per_performer,
            only=parsed.only,
        )
    raise InputFormatError(
        f"{parsed.data}: expected calibration.toml and triangulated.trc, or BVH files, in it"
    )
