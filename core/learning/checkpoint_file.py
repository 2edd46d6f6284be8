"""Checkpoints of networks, public ones and our own, read without running anything pickled in them.

A public checkpoint is a torch file of a dict with ``epoch, lr, random_state, optimizer, model_pos,
model_traj, random_state_semi``. One of our runs holds ``format``, ``lifter`` (JSON of the
``LifterConfig``), ``epoch, lr, optimizer, history, model_pos`` and, of semi-supervised training,
``model_traj``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal

import torch
from torch import Tensor, nn

from ..errors import InputFormatError

NetworkName = Literal["model_pos", "model_traj"]

RUN_FORMAT = "lift-video-to-3d training 1"
"""What ``format`` says in a checkpoint of our own."""

BLOCK_CONV = re.compile(r"layers_conv\.(\d+)\.weight")
"""Names of the blocks' convolutions in a state; the group is the layer's number."""

_ROLES = {"model_pos": "pose", "model_traj": "trajectory"}
_WRAPPERS = re.compile(r"(?:module\.|_orig_mod\.)+")
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
        int(match[1]): shapes[match[0]] for match in map(BLOCK_CONV.fullmatch, shapes) if match
    }
    widths = [expand[2], *(shape[-1] for layer, shape in sorted(blocks.items()) if layer % 2 == 0)]
    return (
        f"channels {expand[0]}, widths {','.join(map(str, widths))}, "
        f"{expand[1]} inputs, {shrink[0]} outputs"
    )
