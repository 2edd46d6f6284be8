"""Turn a checkpoint into a model file, or a model file into a checkpoint.

    python -m training.export_weights CHECKPOINT MODEL.npz
    python -m training.export_weights MODEL.npz STATE.pt

CHECKPOINT is one of our runs' or a public one of the paper's network. STATE.pt has the state names of
public checkpoints.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from core.errors import InputFormatError, LiftError
from core.io.atomic import atomic_output
from core.joint_sets import H36M_17, JOINT_SETS, LIFTED_21
from core.learning.architecture import config_of, tells_config
from core.learning.checkpoint_file import (
    RUN_FORMAT,
    NetworkName,
    load_into,
    network_state,
    read_checkpoint,
)
from core.learning.network import TemporalModel
from core.lifting.config import LifterConfig
from core.lifting.weights import (
    LifterWeights,
    fold_batch_norm,
    load_weights,
    save_weights,
    unfold_batch_norm,
)

# What ``core.lifting.lift`` makes a person of, by the network's normalization.
_LIFTED_JOINT_SETS = {"image": H36M_17.name, "ray": LIFTED_21.name}


def checkpoint_of_weights(weights: LifterWeights) -> dict[str, Any]:
    """A checkpoint, for ``torch.save``, of a network as a model file holds it.

    Its ``model_pos`` has the state names of public checkpoints, and BatchNorm that only shifts: the
    same output in evaluation mode. There is no optimizer state to go on training from.
    """
    state = OrderedDict(
        (name, torch.from_numpy(array)) for name, array in unfold_batch_norm(weights).items()
    )
    return {
        "format": RUN_FORMAT,
        "lifter": json.dumps(asdict(weights.config)),
        "epoch": 0,
        "model_pos": state,
    }


def _weights_of(
    checkpoint: Mapping[str, Any],
    network: NetworkName,
    *,
    where: str,
    is_causal: bool | None,
    joint_set_in: str | None,
    joint_set_out: str | None,
    fps: int | None,
) -> LifterWeights:
    """A checkpoint's network ready to lift, BatchNorm folded.

    Parameters
    ----------
    checkpoint : mapping
        Of one of our runs or a public one.
    network : {"model_pos", "model_traj"}
    where : str
        What the checkpoint is called in errors.
    is_causal, joint_set_in, joint_set_out, fps
        What a public checkpoint does not tell (None: symmetric, COCO-17, Human3.6M-17, 50 Hz); one of
        our runs may not say otherwise.

    Raises
    ------
    InputFormatError
        When it is of another architecture, or writes no pose that can be lifted.
    """
    config = config_of(
        checkpoint,
        network,
        where=where,
        is_causal=is_causal,
        joint_set_in=joint_set_in,
        joint_set_out=joint_set_out,
        fps=fps,
    )
    _check_pose(config, network, where)
    model = TemporalModel(config)
    load_into(model, network_state(checkpoint, network, where=where), where=where)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    progress = {
        f"num_{key}s": checkpoint[key]
        for key in ("epoch", "step")
        if isinstance(checkpoint.get(key), int)
    }
    return fold_batch_norm(replace(config, training={**config.training, **progress}), state)


def _check_pose(config: LifterConfig, network: NetworkName, where: str) -> None:
    """Raise InputFormatError unless keypoints go in and a pose that can be lifted comes out."""
    if network == "model_traj" and config.num_joints_out == 1:
        raise InputFormatError(
            f"{where}: model_traj writes the root's path, not a pose: expected --network model_pos"
        )
    for joint_set, num_joints, direction, option in (
        (config.joint_set_in, config.num_joints_in, "reads", "--joints-in"),
        (config.joint_set_out, config.num_joints_out, "writes", "--joints-out"),
    ):
        if joint_set not in JOINT_SETS:
            raise InputFormatError(
                f"{where}: {option}: expected one of {', '.join(JOINT_SETS)}, found {joint_set!r}"
            )
        if JOINT_SETS[joint_set].num_joints != num_joints:
            raise InputFormatError(
                f"{where}: the network {direction} {num_joints} joints, {joint_set} has "
                f"{JOINT_SETS[joint_set].num_joints}: expected another {option}"
            )
    expected = _LIFTED_JOINT_SETS[config.normalization]
    if config.joint_set_out != expected:
        raise InputFormatError(
            f"{where}: expected a network that writes {expected}, which alone can be lifted from "
            f"{config.normalization} coordinates, found {config.joint_set_out}"
        )


def _read_summary(path: Path) -> dict[str, object]:
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputFormatError(f"{path}: expected a JSON summary: {error}") from error
    if not isinstance(summary, dict):
        raise InputFormatError(f"{path}: expected a JSON object, found {type(summary).__name__}")
    return summary


def _export_model(arguments: argparse.Namespace) -> None:
    checkpoint = read_checkpoint(arguments.source)
    weights = _weights_of(
        checkpoint,
        arguments.network or "model_pos",
        where=str(arguments.source),
        is_causal=arguments.causal,
        joint_set_in=arguments.joints_in,
        joint_set_out=arguments.joints_out,
        fps=arguments.fps,
    )
    config = weights.config
    if arguments.summary:
        training = {**config.training, **_read_summary(arguments.summary)}
        weights = replace(weights, config=replace(config, training=training))
    try:
        with atomic_output(arguments.target) as temporary:
            save_weights(temporary, weights)
    except InputFormatError as error:
        raise InputFormatError(f"{arguments.source}: {error}") from error
    if not tells_config(checkpoint):
        _tell_assumptions(arguments, config)
    kind = f"{'dense ' if config.dense else ''}{'causal' if config.causal else 'symmetric'}"
    print(
        f"{arguments.target}: {config.joint_set_in} to {config.joint_set_out} at {config.fps} Hz, "
        f"{kind}, widths {','.join(map(str, config.filter_widths))}, {config.channels} channels, "
        f"{weights.num_parameters:,} numbers, {arguments.target.stat().st_size / 1e6:.1f} MB"
    )


def _tell_assumptions(arguments: argparse.Namespace, config: LifterConfig) -> None:
    """Print what neither the checkpoint nor an option said; a wrong guess would lift wrongly."""
    assumed = {
        "joints_in": f"reads {config.joint_set_in} (--joints-in)",
        "joints_out": f"writes {config.joint_set_out} (--joints-out)",
        "causal": "is symmetric (--causal if it sees no later frame)",
        "fps": f"was trained at {config.fps} Hz (--fps)",
    }
    told = [text for option, text in assumed.items() if getattr(arguments, option) is None]
    if told:
        print(f"{arguments.source} does not say what it is; assumed: it {', '.join(told)}")


def _export_state(source: Path, target: Path) -> None:
    checkpoint = checkpoint_of_weights(load_weights(source))
    with atomic_output(target) as temporary, temporary.open("wb") as file:
        torch.save(checkpoint, file)
    print(f"{target}: {len(checkpoint['model_pos'])} arrays of {source}")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="training.export_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="checkpoint, or model file (.npz)")
    parser.add_argument("target", type=Path, help="model file (.npz), or checkpoint to write")
    options = [
        parser.add_argument(
            "--network", choices=("model_pos", "model_traj"), help="default: model_pos"
        ),
        parser.add_argument(
            "--causal", action="store_true", default=None, help="the network sees no later frame"
        ),
        parser.add_argument("--joints-in", help="joint set it reads; default: COCO-17"),
        parser.add_argument("--joints-out", help="joint set it writes; default: Human3.6M-17"),
        parser.add_argument("--fps", type=int, help="rate it was trained at, Hz; default: 50"),
        parser.add_argument(
            "--summary", type=Path, help="JSON of the training, stored in the model"
        ),
    ]
    arguments = parser.parse_args(argv)
    if (arguments.source.suffix == ".npz") == (arguments.target.suffix == ".npz"):
        parser.error("expected a checkpoint and a model file (.npz), in either order")
    if arguments.fps is not None and arguments.fps < 1:
        parser.error(f"--fps: expected a whole number above 0, found {arguments.fps}")
    for option in options:
        if arguments.source.suffix == ".npz" and getattr(arguments, option.dest) is not None:
            parser.error(
                f"{option.option_strings[0]} is not for a model file, which has it already"
            )
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and convert."""
    arguments = _parse(argv)
    try:
        if arguments.source.suffix == ".npz":
            _export_state(arguments.source, arguments.target)
        else:
            _export_model(arguments)
    except LiftError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
