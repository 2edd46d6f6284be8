"""Checkpoints of networks, public ones and our own, read without running anything pickled in them.

A public checkpoint is a torch file of a dict with ``epoch, lr, random_state, optimizer, model_pos,
model_traj, random_state_semi``. One of our runs holds ``format``, ``lifter`` (JSON of the
``LifterConfig``), ``epoch, step, model_pos, model_traj, optimizer, lr, history``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Literal

import torch
from torch import Tensor, nn

from ..errors import InputFormatError
from ..lifting.config import LifterConfig

NetworkName = Literal["model_pos", "model_traj"]

RUN_FORMAT = "lift-video-to-3d training 1"
"""What ``format`` says in a checkpoint of our own."""

_ROLES = {"model_pos": "pose", "model_traj": "trajectory"}
_WRAPPERS = re.compile(r"(?:module\.|_orig_mod\.)+")
_BLOCK_CONV = re.compile(r"layers_conv\.(\d+)\.weight")
_MAX_DIFFERENCES = 3


class _RandomStatePart:
    """Stands for any part of a pickled NumPy random state; keeps nothing of it."""

    def __new__(cls, *_: object) -> _RandomStatePart:
        return super().__new__(cls)

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None:
        """Forget the state."""


# The names under which NumPy 1.13 to 2.x pickle a RandomState.
_RANDOM_STATE_NAMES = (
    "numpy.ndarray",
    "numpy.dtype",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.random.__RandomState_ctor",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._mt19937.MT19937",
    "numpy.random.bit_generator.SeedSequence",
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The dict in a torch file, of the zip format or the one before it; tensors on the CPU.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Of tensors and plain data. What was a NumPy random state is a placeholder without content.

    Raises
    ------
    InputFormatError
        When the file cannot be read, is broken or no torch file, holds something else than a dict, or
        asks for anything beyond tensors, plain data and NumPy's random state.
    """
    try:
        # An open file, since torch takes a path's ending for its format.
        with path.open("rb") as file:
            checkpoint = _load(file, str(path))
    except OSError as error:
        raise InputFormatError(f"{path}: expected a torch checkpoint: {error.strerror}") from error
    if not isinstance(checkpoint, dict):
        raise InputFormatError(
            f"{path}: expected a checkpoint's dict, found a {type(checkpoint).__name__}"
        )
    return checkpoint


def _load(file: BinaryIO, where: str) -> object:
    allowed: list[Any] = [(_RandomStatePart, name) for name in _RANDOM_STATE_NAMES]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(file, map_location="cpu", weights_only=True)
    # Torch's readers do not say what a broken file may raise.
    except Exception as error:
        raise InputFormatError(f"{where}: {_what_is_wrong(error)}") from error


def _what_is_wrong(error: Exception) -> str:
    refused = re.search(r"GLOBAL (\S+)", str(error))
    if refused:
        return (
            f"the checkpoint asks for {refused[1]}: refused, since only tensors, plain data and "
            "NumPy's random state are allowed"
        )
    # After torch's advice to run the pickle after all, the last line has the reason.
    reason = str(error).split("\n\nCheck the documentation")[0].strip().rpartition("\n")[2]
    detail = f"{type(error).__name__}: {reason[:100]}".removesuffix(": ")
    return f"expected a torch checkpoint, found a truncated, broken or other file ({detail})"


def network_state(
    checkpoint: Mapping[str, Any], name: NetworkName, *, where: str
) -> dict[str, Tensor]:
    """One network's arrays by METHOD.md's state names, without the prefixes of wrapped modules.

    Parameters
    ----------
    checkpoint : mapping
        As ``read_checkpoint`` gives it; the bare state of a pose network will do.
    name : {"model_pos", "model_traj"}
        The pose network, or the one that writes the root's trajectory.
    where : str
        Opens every message: the file.

    Raises
    ------
    InputFormatError
        When there is no such network, or it holds something else than arrays.
    """
    found = checkpoint.get(name)
    if found is None and name == "model_pos" and _is_bare_state(checkpoint):
        found = checkpoint
    if found is None:
        keys = ", ".join(str(key) for key in list(checkpoint)[:8]) or "nothing"
        raise InputFormatError(f"{where}: has no {_ROLES[name]} network ({name}), only {keys}")
    if not isinstance(found, Mapping):
        raise InputFormatError(
            f"{where}: {name}: expected arrays by name, found a {type(found).__name__}"
        )
    state: dict[str, Tensor] = {}
    for key, value in found.items():
        if not isinstance(value, Tensor) or not _is_whole(value):
            raise InputFormatError(
                f"{where}: {name}: expected {key!r} to be an array, found a {type(value).__name__}"
            )
        state[_bare_name(str(key))] = value
    return state


def _bare_name(name: str) -> str:
    return _WRAPPERS.sub("", name, count=1) if _WRAPPERS.match(name) else name


def _is_bare_state(checkpoint: Mapping[str, Any]) -> bool:
    return any(_bare_name(str(key)) == "expand_conv.weight" for key in checkpoint)


def _is_whole(tensor: Tensor) -> bool:
    """Whether the file holds every number of it: none sparse, quantized, absent or repeated."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


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
    num_convs = sum(_BLOCK_CONV.fullmatch(name) is not None for name in state)
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
    if "lifter" not in checkpoint:
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


def load_into(network: nn.Module, state: Mapping[str, Tensor], *, where: str) -> None:
    """Give a network the arrays of a checkpoint.

    Parameters
    ----------
    network : TemporalModel or StridedTemporalModel
        Changed in place.
    state : mapping
        As ``network_state`` gives it; BatchNorm's batch counts may be missing, as in old files.
    where : str
        Opens every message: the file.

    Raises
    ------
    InputFormatError
        When names or shapes are another architecture's, or numbers are not finite; the network is
        then unchanged.
    """
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    differing = [
        f"{name}: expected {expected.get(name, 'none')}, found {found.get(name, 'none')}"
        for name in (*expected, *(name for name in found if name not in expected))
        if expected.get(name) != found.get(name)
        and (name in found or not name.endswith("num_batches_tracked"))
    ]
    if differing:
        more = len(differing) - _MAX_DIFFERENCES
        raise InputFormatError(
            f"{where}: a checkpoint of another architecture: expected {_architecture(expected)}, "
            f"found {_architecture(found)}; {'; '.join(differing[:_MAX_DIFFERENCES])}"
            + (f"; and {more} more" if more > 0 else "")
        )
    for name, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise InputFormatError(f"{where}: {name} holds numbers that are not finite")
    network.load_state_dict(dict(state))


def _architecture(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """What arrays' shapes say of a network, in a few words."""
    expand, shrink = shapes.get("expand_conv.weight", ()), shapes.get("shrink.weight", ())
    if len(expand) != 3 or len(shrink) != 3:
        return f"{len(shapes)} arrays without expand_conv and shrink"
    blocks = {
        int(match[1]): shapes[match[0]] for match in map(_BLOCK_CONV.fullmatch, shapes) if match
    }
    widths = [expand[2], *(shape[-1] for layer, shape in sorted(blocks.items()) if layer % 2 == 0)]
    return (
        f"channels {expand[0]}, widths {','.join(map(str, widths))}, "
        f"{expand[1]} inputs, {shrink[0]} outputs"
    )
