"""Model files: a plain .npz of half-precision arrays and a JSON config; never a pickle.

BatchNorm is folded into the convolution before it, so a file holds one weight and one bias a layer:
``layers/<i>/weight`` (C_out, C_in, width) and ``layers/<i>/bias`` (C_out,), in the order expand,
then wide and narrow of each block, then shrink.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError
from .config import LifterConfig

_FORMAT = "lift-video-to-3d model 1"
_BATCH_NORM_EPSILON = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class LifterWeights:
    """A network ready to run: ``layers`` of (weight (C_out,C_in,W), bias (C_out,)), float32."""

    config: LifterConfig
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def num_parameters(self) -> int:
        """Numbers in all weights and biases."""
        return sum(weight.size + bias.size for weight, bias in self.layers)


def fold_batch_norm(config: LifterConfig, state: Mapping[str, np.ndarray]) -> LifterWeights:
    """Weights of a trained network, BatchNorm folded in.

    Parameters
    ----------
    config : LifterConfig
    state : mapping
        Arrays by the state names of public checkpoints (METHOD.md section 1).

    Raises
    ------
    InputFormatError
        When an array is missing or has another shape than the architecture asks for.
    """
    layers: list[tuple[np.ndarray, np.ndarray]] = []
    for conv, norm in _state_names(config):
        weight, gain, shift, mean, variance = (
            _state_array(state, name)
            for name in (
                conv,
                f"{norm}.weight",
                f"{norm}.bias",
                f"{norm}.running_mean",
                f"{norm}.running_var",
            )
        )
        if conv == "expand_conv.weight":
            weight = np.einsum("oiw,ij->ojw", weight, config.input_coordinates())
        scale = gain / np.sqrt(variance + _BATCH_NORM_EPSILON)
        layers.append((weight * scale[:, None, None], shift - mean * scale))
    layers.append((_state_array(state, "shrink.weight"), _state_array(state, "shrink.bias")))
    folded = tuple((w.astype(np.float32), b.astype(np.float32)) for w, b in layers)
    _check_shapes(config, folded, "state")
    return LifterWeights(replace(config, relative_input_scale=0.0), folded)


def unfold_batch_norm(weights: LifterWeights) -> dict[str, np.ndarray]:
    """The state of a network that, in evaluation mode, writes what ``weights`` write.

    BatchNorm is the identity there but for the shift, which is the folded bias.

    Returns
    -------
    dict
        float32 arrays by the state names of public checkpoints (METHOD.md section 1), and
        BatchNorm's batch counts.
    """
    state: dict[str, np.ndarray] = {}
    for (conv, norm), (weight, bias) in zip(
        _state_names(weights.config), weights.layers[:-1], strict=True
    ):
        state[conv] = weight
        state[f"{norm}.weight"] = np.ones_like(bias)
        state[f"{norm}.bias"] = bias
        state[f"{norm}.running_mean"] = np.zeros_like(bias)
        state[f"{norm}.running_var"] = np.full_like(bias, 1 - _BATCH_NORM_EPSILON)
        state[f"{norm}.num_batches_tracked"] = np.array(0)
    state["shrink.weight"], state["shrink.bias"] = weights.layers[-1]
    return state


def save_weights(path: Path, weights: LifterWeights) -> None:
    """Write a model file in half precision.

    Raises
    ------
    InputFormatError
        When a number is too large for half precision; nothing is written.
    """
    config = {**asdict(weights.config), "format": _FORMAT}
    arrays: dict[str, Any] = {}
    for index, (weight, bias) in enumerate(weights.layers):
        for name, array in (("weight", weight), ("bias", bias)):
            if not np.abs(array).max() <= np.finfo(np.float16).max:
                raise InputFormatError(
                    f"layer {index}: {name}: expected numbers that half precision holds, "
                    f"found {np.abs(array).max():g}"
                )
            arrays[f"layers/{index}/{name}"] = array.astype(np.float16)
    np.savez(path, config=np.array(json.dumps(config)), **arrays)


def load_weights(path: Path) -> LifterWeights:
    """Read a model file.

    Raises
    ------
    InputFormatError
        When the file cannot be read, is not a model of ours, or its arrays do not fit its config.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputFormatError(f"{path}: expected a model file (.npz): {error}") from error
    try:
        stored = json.loads(str(arrays["config"]))
        if stored.pop("format") != _FORMAT:
            raise ValueError("unknown format")
        config = LifterConfig(**stored)
    except (KeyError, TypeError, ValueError) as error:
        raise InputFormatError(f"{path}: expected a model file of this program: {error}") from error
    num_layers = 2 * len(config.filter_widths)
    layers = tuple(
        (
            _model_array(arrays, f"layers/{index}/weight", path),
            _model_array(arrays, f"layers/{index}/bias", path),
        )
        for index in range(num_layers)
    )
    _check_shapes(config, layers, str(path))
    return LifterWeights(config, layers)


def _state_names(config: LifterConfig) -> list[tuple[str, str]]:
    """(convolution's weight, its BatchNorm) of every layer before the last."""
    names = [("expand_conv.weight", "expand_bn")]
    for layer in range(2 * (len(config.filter_widths) - 1)):
        names.append((f"layers_conv.{layer}.weight", f"layers_bn.{layer}"))
    return names


def _state_array(state: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in state:
        raise InputFormatError(f"the network's state has no array {name!r}")
    return np.asarray(state[name], dtype=np.float64)


def _model_array(arrays: Mapping[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    array = arrays.get(name)
    if array is None or not np.issubdtype(array.dtype, np.floating):
        raise InputFormatError(f"{path}: expected an array of numbers {name!r}")
    if not np.isfinite(array).all():
        raise InputFormatError(f"{path}: {name!r} holds numbers that are not finite")
    return array.astype(np.float32)


def _check_shapes(
    config: LifterConfig, layers: tuple[tuple[np.ndarray, np.ndarray], ...], where: str
) -> None:
    channels = config.channels
    expected = [(channels, config.num_joints_in * config.in_features, config.filter_widths[0])]
    for width, _ in config.block_kernels():
        expected += [(channels, channels, width), (channels, channels, 1)]
    expected.append((config.num_outputs, channels, 1))
    for index, ((weight, bias), shape) in enumerate(zip(layers, expected, strict=True)):
        if weight.shape != shape or bias.shape != shape[:1]:
            raise InputFormatError(
                f"{where}: layer {index}: expected weight {shape} and bias {shape[:1]}, "
                f"found {weight.shape} and {bias.shape}"
            )
