"""Turn the two pose networks of the MediaPipe wheel into the files that the detector runs.

    python -m training.pose_networks.convert mediapipe-0.10.21-*.whl

The networks stay what they are: the same layers, the same half-precision weights, without the branches
that nothing here reads (segmentation, world landmarks). They are under the Apache License 2.0.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.detect.network import LANDMARK_MODEL, PERSON_MODEL
from core.errors import InputFormatError, LiftError
from core.io.atomic import atomic_output

from .onnx_file import Attribute, encode_model, encode_node
from .tflite import Graph, Layer, read_tflite

_INSIDE = {
    PERSON_MODEL: "mediapipe/modules/pose_detection/pose_detection.tflite",
    LANDMARK_MODEL: "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
}
# What the outputs are called in the wheel, and here.
_OUTPUTS = {
    PERSON_MODEL: {"Identity": "boxes", "Identity_1": "scores"},
    LANDMARK_MODEL: {"Identity": "landmarks", "Identity_1": "presence"},
}
_SAME = 0
_RELU, _RELU6 = 1, 3


def main(arguments: list[str] | None = None) -> int:
    """Convert as the command line says; 0 when done, 1 when the wheel is another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", metavar="MEDIAPIPE.whl", type=Path)
    parsed = parser.parse_args(arguments)
    try:
        for path, inside in _INSIDE.items():
            model = convert_tflite(_read_inside(parsed.wheel, inside), _OUTPUTS[path], inside)
            with atomic_output(path) as temporary:
                temporary.write_bytes(model)
            print(f"{path}: {len(model):,} bytes")
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def convert_tflite(content: bytes, outputs: dict[str, str], where: str) -> bytes:
    """An ONNX file of a TensorFlow Lite one.

    Parameters
    ----------
    content : bytes
    outputs : dict
        Which of the network's outputs stay, and what they are called then.
    where : str
        What the content is, for errors.

    Raises
    ------
    InputFormatError
        When the network lacks an output or has a layer that is not known here.
    """
    graph = read_tflite(content, where)
    missing = [name for name in outputs if name not in graph.outputs]
    if missing:
        raise InputFormatError(f"{where}: expected an output {missing[0]!r}, found none")
    graph = graph.pruned(tuple(outputs))
    writer = _Writer(graph, {graph.input: "image"})
    for layer in graph.layers:
        writer.add_layer(layer)
    named = {here: graph.outputs[there] for there, here in outputs.items()}
    for name, number in named.items():
        writer.add_node("Identity", [writer.names[number]], name)
    _, height, width, channels = graph.shapes[graph.input]
    return encode_model(
        writer.nodes,
        writer.constants,
        {"image": (1, channels, height, width)},
        {name: graph.shapes[number] for name, number in named.items()},
        name=Path(where).stem,
    )


def _read_inside(wheel: Path, inside: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(inside)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputFormatError(f"{wheel}: expected a wheel with {inside}: {error}") from error


@dataclass(slots=True)
class _Writer:
    """An ONNX graph (NCHW) that grows layer by layer; ``names`` of the tensors so far."""

    graph: Graph
    names: dict[int, str]
    nodes: list[bytes] = field(default_factory=list[bytes])
    constants: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    paddings: dict[int, tuple[int, int, int, int]] = field(
        default_factory=dict[int, tuple[int, int, int, int]]
    )

    def add_layer(self, layer: Layer) -> None:
        """Add what one layer does."""
        add = {
            "CONV_2D": self._add_convolution,
            "DEPTHWISE_CONV_2D": self._add_convolution,
            "PAD": self._add_padding,
            "RESHAPE": self._add_reshape,
            "CONCATENATION": self._add_concatenation,
            "ADD": self._add_sum,
        }.get(layer.operator, self._add_simple)
        add(layer)

    def add_node(
        self, operator: str, inputs: list[str], output: str, **attributes: Attribute
    ) -> str:
        """Add one ONNX operator; the name of what it writes."""
        self.nodes.append(encode_node(operator, inputs, output, attributes))
        return output

    def _add_convolution(self, layer: Layer) -> None:
        is_depthwise = layer.operator == "DEPTHWISE_CONV_2D"
        weight = self.graph.constants[layer.inputs[1]]
        height, width = weight.shape[1:3]
        stride = layer.option(1, "i")
        order = (3, 0, 1, 2) if is_depthwise else (0, 3, 1, 2)
        source = layer.inputs[0]
        result = self.add_node(
            "Conv",
            [
                self.names[source],
                self._weight(weight.transpose(order)),
                self._weight(self.graph.constants[layer.inputs[2]]),
            ],
            f"t{layer.output}",
            kernel_shape=(height, width),
            strides=(stride, stride),
            pads=self._padding_of(layer, (height, width), stride),
            group=weight.shape[3] if is_depthwise else 1,
        )
        self.names[layer.output] = self._activated(result, layer.option(4 if is_depthwise else 3))

    def _padding_of(
        self, layer: Layer, kernel: tuple[int, int], stride: int
    ) -> tuple[int, int, int, int]:
        """Top, left, bottom, right, of a layer of its own before this one, or of this one itself."""
        given = self.paddings.get(layer.inputs[0], (0, 0, 0, 0))
        if layer.option(0) != _SAME:
            return given
        assert given == (0, 0, 0, 0)
        sizes = self.graph.shapes[layer.inputs[0]][1:3]
        totals = [
            max((-(-size // stride) - 1) * stride + width - size, 0)
            for size, width in zip(sizes, kernel, strict=True)
        ]
        top, left = totals[0] // 2, totals[1] // 2
        return top, left, totals[0] - top, totals[1] - left

    def _add_padding(self, layer: Layer) -> None:
        """In space: taken into the convolutions that read it; in channels: a layer."""
        (top, bottom), (left, right), channels = self.graph.constants[layer.inputs[1]][1:].tolist()
        name = self.names[layer.inputs[0]]
        if any(channels):
            assert (top, bottom, left, right) == (0, 0, 0, 0)
            pads = np.array([0, channels[0], 0, 0, 0, channels[1], 0, 0])
            name = self.add_node("Pad", [name, self._constant(pads)], f"t{layer.output}")
        else:
            self.paddings[layer.output] = (top, left, bottom, right)
        self.names[layer.output] = name

    def _add_reshape(self, layer: Layer) -> None:
        channels_last = self.add_node(
            "Transpose", [self.names[layer.inputs[0]]], f"n{layer.output}", perm=(0, 2, 3, 1)
        )
        shape = self._constant(np.array(self.graph.shapes[layer.output]))
        self.names[layer.output] = self.add_node(
            "Reshape", [channels_last, shape], f"t{layer.output}"
        )

    def _add_concatenation(self, layer: Layer) -> None:
        names = [self.names[number] for number in layer.inputs]
        assert len(self.graph.shapes[layer.output]) == 3, "before a reshape, axes differ"
        self.names[layer.output] = self.add_node(
            "Concat", names, f"t{layer.output}", axis=layer.option(0, "i")
        )

    def _add_sum(self, layer: Layer) -> None:
        names = [self.names[number] for number in layer.inputs]
        result = self.add_node("Add", names, f"t{layer.output}")
        self.names[layer.output] = self._activated(result, layer.option(0))

    def _add_simple(self, layer: Layer) -> None:
        source, output = self.names[layer.inputs[0]], f"t{layer.output}"
        match layer.operator:
            case "MAX_POOL_2D":
                output = self.add_node(
                    "MaxPool", [source], output, kernel_shape=(2, 2), strides=(2, 2)
                )
            case "RESIZE_BILINEAR":
                ratio = (1, 1, *self._resize_ratio(layer))
                output = self.add_node(
                    "Resize",
                    [source, "", self._constant(np.array(ratio, np.float32))],
                    output,
                    mode="linear",
                    coordinate_transformation_mode="half_pixel",
                )
            case "DEPTH_TO_SPACE":
                block = layer.option(0, "i")
                output = self.add_node("DepthToSpace", [source], output, blocksize=block)
            case "LOGISTIC":
                output = self.add_node("Sigmoid", [source], output)
            case _:
                raise InputFormatError(f"operator {layer.operator} is not known here")
        self.names[layer.output] = output

    def _resize_ratio(self, layer: Layer) -> tuple[float, float]:
        before, after = (self.graph.shapes[n][1:3] for n in (layer.inputs[0], layer.output))
        return after[0] / before[0], after[1] / before[1]

    def _activated(self, name: str, activation: int) -> str:
        if activation == _RELU:
            return self.add_node("Relu", [name], f"{name}a")
        if activation == _RELU6:
            limits = [self._constant(np.array(limit, np.float32)) for limit in (0, 6)]
            return self.add_node("Clip", [name, *limits], f"{name}a")
        assert activation == 0
        return name

    def _constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def _weight(self, array: np.ndarray) -> str:
        """A weight as the file holds it; what is in half precision is widened when it is read."""
        if array.dtype != np.float16:
            return self._constant(array)
        stored = self._constant(array)
        return self.add_node("Cast", [stored], f"{stored}w", to=1)


if __name__ == "__main__":
    sys.exit(main())
