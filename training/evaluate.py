"""Measure a lifter.

On a data set's test subjects, as the paper does: ``python -m training.evaluate --run RUN``, or
``--checkpoint FILE --data PATH`` for any checkpoint. On real clips, through the whole pipeline, as a
user would meet it: ``python -m training.evaluate [--model MODEL.npz] --data FOLDER``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from core.errors import LiftError
from core.learning.architecture import config_of, tells_config
from core.learning.checkpoint_file import load_into, network_state, read_checkpoint
from core.learning.clips import ClipSet
from core.learning.distributed import Share
from core.learning.network import TemporalModel
from core.lifting.config import LifterConfig
from core.lifting.weights import load_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings

from .configs import EXPERIMENTS, DataConfig
from .datasets.mocap_folder import is_mocap_folder
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
    if parsed.output:
        raise LiftError("--output is for --run and --checkpoint, not for real clips")
    weights = load_weights(parsed.model)
    settings = LiftSettings(smooth=parsed.smooth)
    clips = [clip for clip in load_real_clips(parsed.data) if parsed.only in clip.name]
    print_table(evaluate_clip(clip, weights, settings) for clip in clips)


def evaluate_checkpoint(parsed: argparse.Namespace) -> None:
    """The paper's protocols, without and with flip averaging, on the terminal and in files."""
    if parsed.run:
        paths, data, seed = read_run(parsed.run)
        paths = replace(paths, **_given_paths(parsed))
        checkpoint_path = parsed.checkpoint or _default_checkpoint(parsed.run, paths)
    else:
        if parsed.data is None:
            raise LiftError("--checkpoint: expected --data as well")
        paths, data, seed = data_paths(parsed), DataConfig(), 0
        checkpoint_path = parsed.checkpoint
    is_causal_protocol = False
    if parsed.protocol and not parsed.run:
        protocol = EXPERIMENTS[parsed.protocol]()
        data, is_causal_protocol = protocol.data, protocol.lifter.causal
    data = resolve_data(data, parsed, has_published_subjects=True)
    if parsed.by_subject:
        data = replace(data, by_subject=True)
    tables = score_checkpoint(
        checkpoint_path,
        paths,
        data,
        seed=seed,
        device_name=parsed.device,
        is_causal=parsed.causal,
        is_causal_protocol=is_causal_protocol,
    )
    for title, table in tables.items():
        print(f"\n{checkpoint_path}, {title}")
        print_scores(table)
    for path in parsed.output:
        write_scores(path, tables)


def _default_checkpoint(run: Path, paths: DataPaths) -> Path:
    """The best epoch where it was chosen on other people than are tested, as in BVH folders."""
    if is_mocap_folder(paths.data):
        path, reason = run / "best.pt", "the epoch with the lowest validation error"
    else:
        # The paper reports the last epoch, too.
        path = run / "last.pt"
        reason = "the last epoch: the best one was chosen by the errors of the test subjects"
    print(f"checkpoint: {path}, {reason} (--checkpoint takes another)")
    return path


def score_checkpoint(
    checkpoint_path: Path,
    paths: DataPaths,
    data: DataConfig,
    *,
    seed: int,
    device_name: str,
    is_causal: bool | None = None,
    is_causal_protocol: bool = False,
) -> dict[str, ScoreTable]:
    """Scores of a checkpoint's pose network, without and with flip averaging.

    ``is_causal``: what the user says it is, None for nothing; ``is_causal_protocol``: what it then is
    where the checkpoint does not tell.

    Raises
    ------
    LiftError
        When the checkpoint or the data is bad, or they do not go together.
    """
    checkpoint = read_checkpoint(checkpoint_path)
    where = str(checkpoint_path)
    is_told = tells_config(checkpoint)
    if is_causal is None and not is_told:
        is_causal = is_causal_protocol
    config = config_of(checkpoint, where=where, is_causal=is_causal)
    if config.normalization != "image":
        raise LiftError(
            f"{where}: a network of rays, which the paper's protocols do not measure: export it "
            "(python -m training.export_weights) and give it as --model, with real clips as --data"
        )
    network = TemporalModel(config).to(choose_device(device_name, Share()))
    load_into(network, network_state(checkpoint, "model_pos", where=where), where=where)
    clips, left_out = load_test(paths, data, config, seed=seed)
    if not is_told:
        config = _with_joints_of(clips, config)
        print(
            f"{where} does not say what it is; taken for a "
            f"{'causal' if config.causal else 'symmetric'} network (--causal, --protocol) that reads "
            f"{config.joint_set_in} and writes {config.joint_set_out} (as the data)"
        )
    _check_joints(clips, config, where)
    more = f"; {len(left_out)} left out:" if left_out else ""
    print(f"data: {clips.num_frames} frames to test on{more}", *left_out, sep="\n  ", flush=True)
    tables: dict[str, ScoreTable] = {}
    for title, use_flip in (("one pass", False), ("flip averaged", True)):
        predict = make_predictor(network, config, clips, use_flip=use_flip)
        scores = evaluate_clips(predict, clips.clips)
        tabulate = by_subject_and_action if data.by_subject else by_action
        tables[title] = tabulate(scores, group=action_group)
    return tables


def _given_paths(parsed: argparse.Namespace) -> dict[str, Any]:
    """What the command line says of the data's place, to take in place of the run's own."""
    given = asdict(data_paths(parsed))
    return {name: value for name, value in given.items() if value not in (None, ())}


def _with_joints_of(clips: ClipSet, config: LifterConfig) -> LifterConfig:
    assert clips.skeleton_out is not None
    joint_sets = clips.skeleton_in.name, clips.skeleton_out.name
    return replace(config, joint_set_in=joint_sets[0], joint_set_out=joint_sets[1])


def _check_joints(clips: ClipSet, config: LifterConfig, where: str) -> None:
    """Make sure that the network's joints are the data's."""
    assert clips.skeleton_out is not None
    found = (clips.skeleton_in.num_joints, clips.skeleton_out.num_joints)
    if found != (config.num_joints_in, config.num_joints_out):
        raise LiftError(
            f"{where}: reads {config.num_joints_in} joints and writes {config.num_joints_out}; "
            f"the data has {found[0]} in 2D and {found[1]} in 3D"
        )
    names = (clips.skeleton_in.name, clips.skeleton_out.name)
    if names != (config.joint_set_in, config.joint_set_out):
        raise LiftError(
            f"{where}: reads {config.joint_set_in} and writes {config.joint_set_out}; "
            f"the data has {names[0]} in 2D and {names[1]} in 3D"
        )


def _score_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".csv", ".json"):
        raise argparse.ArgumentTypeError(f"{path}: expected a name that ends in .csv or .json")
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
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
    real = parser.add_argument_group("real clips")
    real.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="a model file (.npz)")
    real.add_argument("--smooth", type=float, default=LiftSettings().smooth, help="0 to 1")
    real.add_argument("--only", default="", help="clips whose name holds this text")
    return parser


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
