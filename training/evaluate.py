"""Measure a lifter.

On a data set's test subjects, as the paper does: ``python -m training.evaluate --run RUN``, or
``--checkpoint FILE --data PATH`` for any checkpoint. On real clips, through the whole pipeline, as a
user would meet it: ``python -m training.evaluate [--model MODEL.npz] --data FOLDER``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch

from core.errors import LiftError
from core.learning.checkpoint_file import config_of, load_into, network_state, read_checkpoint
from core.learning.clips import ClipSet
from core.learning.distributed import Share
from core.learning.network import TemporalModel
from core.lifting.weights import load_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings

from .configs import EXPERIMENTS, DataConfig
from .datasets.protocol import action_group
from .datasets.real import load_real_clips
from .datasets.splits import DataPaths, load_test
from .device import choose_device
from .evaluation.protocol import ScoreTable, by_action, by_subject_and_action, evaluate_clips
from .evaluation.real import evaluate_clip, print_table
from .evaluation.table import print_scores, write_scores
from .paper_task import make_predictor
from .run_config import read_run
from .train_options import add_data_arguments, data_paths, resolve_data


def main(arguments: list[str] | None = None) -> int:
    """Evaluate as the command line says; 0 when done, 1 when the data or the model is bad."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.run or parsed.checkpoint:
            evaluate_checkpoint(parsed)
        else:
            evaluate_real(parsed)
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def evaluate_real(parsed: argparse.Namespace) -> None:
    """P-MPJPE and N-MPJPE of a model file on real detections, clip by clip."""
    if parsed.data is None:
        raise LiftError("--data: expected a folder of real clips")
    weights = load_weights(parsed.model)
    settings = LiftSettings(smooth=parsed.smooth)
    clips = [clip for clip in load_real_clips(parsed.data) if parsed.only in clip.name]
    print_table(evaluate_clip(clip, weights, settings) for clip in clips)


def evaluate_checkpoint(parsed: argparse.Namespace) -> None:
    """The paper's protocols, without and with flip averaging, on the terminal and in files."""
    if parsed.run:
        paths, data, seed = read_run(parsed.run)
        checkpoint_path = parsed.checkpoint or parsed.run / "best.pt"
    else:
        if parsed.data is None:
            raise LiftError("--checkpoint: expected --data as well")
        paths, seed = data_paths(parsed), 0
        published = EXPERIMENTS[parsed.protocol]().data if parsed.protocol else DataConfig()
        data = resolve_data(published, parsed, has_published_subjects=True)
        checkpoint_path = parsed.checkpoint
    if parsed.by_subject:
        data = replace(data, by_subject=True)
    tables = score_checkpoint(checkpoint_path, paths, data, seed=seed, device_name=parsed.device)
    for title, table in tables.items():
        print(f"\n{checkpoint_path}, {title}")
        print_scores(table)
        for path in parsed.output:
            write_scores(path.with_stem(f"{path.stem}-{title.replace(' ', '-')}"), table)


def score_checkpoint(
    checkpoint_path: Path, paths: DataPaths, data: DataConfig, *, seed: int, device_name: str
) -> dict[str, ScoreTable]:
    """Scores of a checkpoint's pose network, without and with flip averaging.

    Raises
    ------
    LiftError
        When the checkpoint or the data is bad, or they do not go together.
    """
    checkpoint = read_checkpoint(checkpoint_path)
    where = str(checkpoint_path)
    config = config_of(checkpoint, where=where)
    network = TemporalModel(config).to(choose_device(device_name, Share()))
    load_into(network, network_state(checkpoint, "model_pos", where=where), where=where)
    clips = load_test(paths, data, config, seed=seed)
    _check_joints(clips, network, where)
    tables: dict[str, ScoreTable] = {}
    for title, use_flip in (("one pass", False), ("flip averaged", True)):
        predict = make_predictor(network, config, clips, use_flip=use_flip)
        scores = evaluate_clips(predict, clips.clips)
        tabulate = by_subject_and_action if data.by_subject else by_action
        tables[title] = tabulate(scores, group=action_group)
    return tables


def _check_joints(clips: ClipSet, network: TemporalModel, where: str) -> None:
    config = network.config
    assert clips.skeleton_out is not None
    found = (clips.skeleton_in.num_joints, clips.skeleton_out.num_joints)
    if found != (config.num_joints_in, config.num_joints_out):
        raise LiftError(
            f"{where}: reads {config.num_joints_in} joints and writes {config.num_joints_out}; "
            f"the data has {found[0]} in 2D and {found[1]} in 3D"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_data_arguments(parser, is_required=False)
    parser.add_argument("--run", type=Path, help="run folder: its best checkpoint, on its own data")
    parser.add_argument("--checkpoint", type=Path, help="any checkpoint, public ones too")
    parser.add_argument(
        "--protocol", choices=sorted(EXPERIMENTS), help="whose test subjects and actions to use"
    )
    parser.add_argument("--by-subject", action="store_true", help="scores of each subject")
    parser.add_argument(
        "--output", type=Path, nargs="+", default=[], help="also write .csv or .json files"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    real = parser.add_argument_group("real clips")
    real.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="a model file (.npz)")
    real.add_argument("--smooth", type=float, default=LiftSettings().smooth, help="0 to 1")
    real.add_argument("--only", default="", help="clips whose name holds this text")
    return parser


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
