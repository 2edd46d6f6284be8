"""What a checkpoint's network is: as our own checkpoints say, or as the shapes of public ones tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

from torch import Tensor

from ..errors import InputFormatError
from ..lifting.config import LifterConfig
from .checkpoint_file import BLOCK_CONV, RUN_FORMAT, NetworkName, network_state


def tells_config(checkpoint: Mapping[str, Any]) -> bool:
    """Whether a checkpoint says what its network is, as our own do and public ones do not."""
    return "lifter" in checkpoint


def config_of(
    checkpoint: Mapping[str, Any],
    name: NetworkName = "model_pos",
    *,
    where: str,
    is_causal: bool | None = None,
    joint_set_in: str | None = None,
    joint_set_out: str | None = None,
    fps: int | None = None,
) -> LifterConfig:
    """What a checkpoint's network is: as our own checkpoints say, or inferred from its shapes.

    Parameters
    ----------
    checkpoint : mapping
        As ``read_checkpoint`` gives it.
    name : {"model_pos", "model_traj"}
    where : str
        Opens every message: the file.
    is_causal, joint_set_in, joint_set_out, fps
        What a public checkpoint does not tell; None takes ``infer_config``'s default.

    Raises
    ------
    InputFormatError
        When there is no such network, it is of another architecture, or one of our own says something
        else than what is given here.
    """
    state = network_state(checkpoint, name, where=where)
    given: dict[str, Any] = {
        "causal": is_causal,
        "joint_set_in": joint_set_in,
        "joint_set_out": joint_set_out,
        "fps": fps,
    }
    given = {field: value for field, value in given.items() if value is not None}
    if not tells_config(checkpoint):
        return replace(infer_config(state, where=where), **given)
    config = _stored_config(checkpoint, where)
    for field, value in given.items():
        if getattr(config, field) != value:
            raise InputFormatError(
                f"{where}: the checkpoint says {field} {getattr(config, field)}, not {value}"
            )
    if name == "model_traj":
        return replace(config, num_joints_out=1, out_features=3, num_clip_outputs=0)
    return config


def _stored_config(checkpoint: Mapping[str, Any], where: str) -> LifterConfig:
    if checkpoint.get("format") != RUN_FORMAT:
        raise InputFormatError(
            f"{where}: expected format {RUN_FORMAT!r}, found {checkpoint.get('format')!r}"
        )
    try:
        return LifterConfig(**json.loads(checkpoint["lifter"]))
    except (TypeError, ValueError, InputFormatError) as error:
        raise InputFormatError(f"{where}: lifter: expected a network's config: {error}") from error


def infer_config(
    state: Mapping[str, Tensor],
    *,
    in_features: int = 2,
    is_causal: bool = False,
    joint_set_in: str = "COCO-17",
    joint_set_out: str = "Human3.6M-17",
    fps: int = 50,
    where: str = "the network's state",
) -> LifterConfig:
    """The architecture that a state's shapes tell, with three numbers out per joint.

    A dense network's shapes could also be those of a dilated one of growing widths (3,7,19). They are
    taken for dense where that makes all widths equal (3,3,3), as the paper's are; else for dilated.

    Parameters
    ----------
    state : mapping
        As ``network_state`` gives it.
    in_features : int
        Numbers in per joint.
    is_causal, joint_set_in, joint_set_out, fps
        What shapes do not tell.
    where : str
        Opens every message.

    Raises
    ------
    InputFormatError
        When the shapes are another architecture's; names the array.
    """
    expand = _conv_shape(state, "expand_conv.weight", where)
    shrink = _conv_shape(state, "shrink.weight", where)
    num_convs = sum(BLOCK_CONV.fullmatch(name) is not None for name in state)
    kernels = [expand[2]]
    # Past an odd count, the last block's narrow convolution is asked for and missed.
    for layer in range(num_convs + num_convs % 2):
        kernel = _conv_shape(state, f"layers_conv.{layer}.weight", where)[2]
        if layer % 2 and kernel != 1:
            raise _other_architecture(state, f"layers_conv.{layer}.weight", "width 1", where)
        kernels += [] if layer % 2 else [kernel]
    for block, kernel in enumerate(kernels):
        if kernel % 2 == 0:
            name = f"layers_conv.{2 * block - 2}.weight" if block else "expand_conv.weight"
            raise _other_architecture(state, name, "an odd width", where)
    if expand[1] % in_features:
        inputs = f"{in_features} inputs per joint"
        raise _other_architecture(state, "expand_conv.weight", inputs, where)
    if shrink[0] % 3:
        raise _other_architecture(state, "shrink.weight", "3 outputs per joint", where)
    dense_widths = _dense_widths(kernels)
    is_dense = dense_widths != kernels and len(set(dense_widths)) == 1
    return LifterConfig(
        num_joints_in=expand[1] // in_features,
        in_features=in_features,
        num_joints_out=shrink[0] // 3,
        filter_widths=tuple(dense_widths if is_dense else kernels),
        channels=expand[0],
        causal=is_causal,
        dense=is_dense,
        joint_set_in=joint_set_in,
        joint_set_out=joint_set_out,
        fps=fps,
    )


def _dense_widths(kernels: list[int]) -> list[int]:
    """The odd filter widths whose dense convolutions are as wide as ``kernels``; none: empty."""
    widths = kernels[:1]
    for kernel in kernels[1:]:
        dilation = prod(widths)
        if (kernel - 1) % (2 * dilation):
            return []
        widths.append((kernel - 1) // dilation + 1)
    return widths


def _conv_shape(state: Mapping[str, Tensor], name: str, where: str) -> tuple[int, int, int]:
    if name not in state or state[name].ndim != 3:
        raise _other_architecture(state, name, "(channels out, channels in, width)", where)
    shape = state[name].shape
    return shape[0], shape[1], shape[2]


def _other_architecture(
    state: Mapping[str, Tensor], name: str, expected: str, where: str
) -> InputFormatError:
    found = str(tuple(state[name].shape)) if name in state else "none"
    return InputFormatError(
        f"{where}: a checkpoint of another architecture: {name}: expected {expected}, found {found}"
    )
