"""The command line of ``training.evaluate``: what is measured, and on what."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import LiftError
from core.pipeline import DEFAULT_MODEL, LiftSettings

from . import option_values as values
from .configs import EXPERIMENTS
from .datasets.mocap_folder import is_mocap_folder
from .evaluation.mocap_view import DEFAULT_NUM_VIEWS
from .evaluation.report import DEFAULT_REPORT
from .evaluation.world import add_world_arguments
from .train_options import add_data_arguments

_OF_CHECKPOINTS = (
    *(
        "run",
        "checkpoint",
        "protocol",
        "causal",
        "by_subject",
        "device",
        "detector",
        "truth",
        "cameras",
    ),
    *("fps", "train_subjects", "test_subjects", "actions", "downsample"),
)
_OF_MODEL_FILES = (
    *("model", "mocap", "split", "views", "smooth", "only", "robustness", "report"),
    "clips_per_performer",
)
_NOT_OF_WORLD = ("mocap", "views", "robustness", "report")


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Every option of the command."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_data_arguments(parser, is_required=False)
    parser.add_argument("--run", type=Path, help="run folder: on the run's own data")
    parser.add_argument("--checkpoint", type=Path, help="any checkpoint, public ones too")
    parser.add_argument(
        "--protocol",
        choices=sorted(EXPERIMENTS),
        help="whose test subjects and actions to use, and causal or not for a public checkpoint",
    )
    parser.add_argument(
        "--causal",
        action="store_true",
        default=None,
        help="the checkpoint's network sees no later frame (a public one does not tell)",
    )
    parser.add_argument("--by-subject", action="store_true", help="scores of each subject")
    parser.add_argument(
        "--output", type=_score_path, nargs="+", default=[], help="also write .csv or .json files"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    _add_model_arguments(parser)
    add_world_arguments(parser)
    return parser


def refuse_unused(parsed: argparse.Namespace) -> None:
    """Refuse an option without effect, which would pass for one that had it.

    Parameters
    ----------
    parsed : argparse.Namespace
        Of ``make_parser``.

    Raises
    ------
    LiftError
        When an option that differs from its default is not of what is to be measured.
    """
    parser = make_parser(None)
    is_checkpoint = bool(parsed.run or parsed.checkpoint) and not parsed.world
    is_model = not is_checkpoint and not parsed.world
    folders = [path for path in (parsed.data, parsed.mocap) if path is not None and path.is_dir()]
    has_real_alone = bool(folders) and not any(is_mocap_folder(path) for path in folders)
    refused = [
        (_OF_CHECKPOINTS, not is_checkpoint, "of checkpoints, not of model files or of --world"),
        (("protocol",), bool(parsed.run), "of --checkpoint: a run has its own protocol"),
        (_OF_MODEL_FILES, is_checkpoint, "of model files, not of --run and --checkpoint"),
        (("output",), is_model, "of checkpoints and of --world: of a model file --report has all"),
        (_NOT_OF_WORLD, parsed.world, "of a model file without --world"),
        (("clips_per_performer",), not parsed.world, "of --world"),
        (("split", "views", "clips_per_performer"), has_real_alone, "of mocap, not of real clips"),
    ]
    for names, is_refused, whose in refused:
        for name in names if is_refused else ():
            if getattr(parsed, name) != parser.get_default(name):
                raise LiftError(f"--{name.replace('_', '-')} is an option {whose}")


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    model = parser.add_argument_group("a model file, on real clips or mocap (--data)")
    model.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="a model file (.npz)")
    model.add_argument(
        "--mocap", type=Path, help="folder of BVH files, beside real clips as --data"
    )
    model.add_argument(
        "--split", choices=["val", "test"], default="test", help="of the mocap (default: test)"
    )
    model.add_argument(
        "--views", type=values.count, default=DEFAULT_NUM_VIEWS, help="synthetic views of the mocap"
    )
    model.add_argument("--smooth", type=float, default=LiftSettings().smooth, help="0 to 1")
    model.add_argument("--only", default="", help="clips or performers whose name holds this text")
    model.add_argument(
        "--robustness", action="store_true", help="also at other speeds, and with parts hidden"
    )
    model.add_argument(
        "--report",
        type=Path,
        nargs="?",
        const=DEFAULT_REPORT,
        metavar="FILE.html",
        help=f"also write all of it as one page (default: {DEFAULT_REPORT})",
    )


def _score_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".csv", ".json"):
        raise argparse.ArgumentTypeError(f"{path}: expected a name that ends in .csv or .json")
    return path
