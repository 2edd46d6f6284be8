"""Measure a lifter.

On a data set's test subjects, as the paper does: ``python -m training.evaluate --run RUN``, or
``--checkpoint FILE --data PATH`` for any checkpoint. A model file as a user would meet it, through the
whole pipeline: ``python -m training.evaluate [--model MODEL.npz] --data FOLDER``, on real clips, or on
motion capture (BVH files) through random synthetic cameras; ``--report`` makes a page of it. How its motion
stands in the world (place, up, ground, feet, smoothness): ``--world`` as well.
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

from .configs import EXPERIMENTS, DataConfig
from .datasets.mocap_folder import is_mocap_folder
from .datasets.protocol import action_group
from .datasets.splits import DataPaths, load_test
from .device import choose_device
from .evaluate_options import make_parser, refuse_unused
from .evaluation.model import ModelOptions, evaluate_model
from .evaluation.protocol import ScoreTable, by_action, by_subject_and_action, evaluate_clips
from .evaluation.report import DEFAULT_REPORT, check_writable, write_report
from .evaluation.table import print_scores, write_scores
from .evaluation.world import evaluate_world
from .paper_task import make_predictor
from .run_config import read_run
from .train_options import data_paths, resolve_data


def main(arguments: list[str] | None = None) -> int:
    """Evaluate as the command line says; 0 when done, 1 when the data or the model is bad."""
    parsed = make_parser(__doc__).parse_args(arguments)
    try:
        refuse_unused(parsed)
        if parsed.world:
            evaluate_world(parsed)
        elif parsed.run or parsed.checkpoint:
            evaluate_checkpoint(parsed)
        else:
            evaluate_model_file(parsed)
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def evaluate_model_file(parsed: argparse.Namespace) -> None:
    """A model file on real clips, on mocap through synthetic cameras, or on both; the report."""
    if parsed.data is None and parsed.mocap is None:
        raise LiftError("--data: expected a folder of real clips, or of BVH files")
    is_mocap = parsed.data is not None and is_mocap_folder(parsed.data)
    if is_mocap and parsed.mocap is not None:
        raise LiftError("expected one folder of BVH files, found two: --data and --mocap")
    if parsed.report is not None:
        if parsed.report == DEFAULT_REPORT:
            parsed.report.parent.mkdir(exist_ok=True)
        check_writable(parsed.report)
    evaluation = evaluate_model(
        ModelOptions(
            model=parsed.model,
            real=None if is_mocap else parsed.data,
            mocap=parsed.data if is_mocap else parsed.mocap,
            split=parsed.split,
            only=parsed.only,
            smooth=parsed.smooth,
            num_views=parsed.views,
            has_curves=parsed.robustness,
        )
    )
    if parsed.report is not None:
        write_report(parsed.report, evaluation)
        print(f"report: {parsed.report}")


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
    if parsed.protocol:
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
            "(python -m training.export_weights) and give it as --model, with real clips or mocap as "
            "--data"
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


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
