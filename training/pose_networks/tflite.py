"""A TensorFlow Lite model as a list of layers (tensorflow/lite/schema/schema.fbs, version 3).

Weights in half precision stay so; sparse ones are filled up with zeros.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import InputFormatError

from .flatbuffer import Table, read_root

OPERATORS = {
    0: "ADD",
    2: "CONCATENATION",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    5: "DEPTH_TO_SPACE",
    6: "DEQUANTIZE",
    14: "LOGISTIC",
    17: "MAX_POOL_2D",
    22: "RESHAPE",
    23: "RESIZE_BILINEAR",
    34: "PAD",
    124: "DENSIFY",
}
"""The operators that the two networks consist of, by their number in files."""

_DTYPES = {0: "<f4", 1: "<f2", 2: "<i4"}
_INDEX_DTYPES = {1: "<i4", 2: "<u2", 3: "u1"}
# A weight that is only unpacked is the same weight.
_UNPACKING = ("DEQUANTIZE", "DENSIFY")


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator: numbers of the tensors that it reads and of the one that it writes."""

    operator: str
    inputs: tuple[int, ...]
    output: int
    options: Table | None

    def option(self, field: int, kind: str = "b") -> int:
        """A number of the operator's own table of options."""
        return 0 if self.options is None else self.options.scalar(field, kind)


@dataclass(frozen=True, slots=True)
class Graph:
    """A network: its layers in order, by tensors' numbers; NHWC.

    ``shapes`` of all tensors; ``constants`` the arrays that the file holds; ``outputs`` by name.
    """

    layers: tuple[Layer, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: dict[int, np.ndarray]
    input: int
    outputs: dict[str, int]

    def pruned(self, names: tuple[str, ...]) -> Graph:
        """The same network without what its outputs ``names`` do not need."""
        outputs = {name: self.outputs[name] for name in names}
        needed = set(outputs.values())
        kept: list[Layer] = []
        for layer in reversed(self.layers):
            if layer.output in needed:
                kept.append(layer)
                needed.update(layer.inputs)
        constants = {number: self.constants[number] for number in needed & set(self.constants)}
        return Graph(tuple(reversed(kept)), self.shapes, constants, self.input, outputs)


def read_tflite(content: bytes, where: str) -> Graph:
    """The first subgraph of a model file.

    Raises
    ------
    InputFormatError
        When the file is another, or has an operator or a number type that is not known here.
    """
    model = read_root(content, b"TFL3", where)
    # Numbers above 127 stand in a field that came later.
    codes = [max(code.scalar(0, "b"), code.scalar(3, "i")) for code in model.tables(1)]
    unknown = [code for code in codes if code not in OPERATORS]
    if unknown:
        raise InputFormatError(f"{where}: operator {unknown[0]} is not known here")
    buffers, subgraph = model.tables(4), model.tables(2)[0]
    tensors = subgraph.tables(0)
    constants: dict[int, np.ndarray] = {}
    for number, tensor in enumerate(tensors):
        stored = buffers[tensor.scalar(2, "I")].array(0, "u1")
        if stored.size:
            constants[number] = _constant(tensor, stored, where)
    layers: list[Layer] = []
    for operator in subgraph.tables(3):
        inputs, output = _numbers(operator, 1), _numbers(operator, 2)[0]
        name = OPERATORS[codes[operator.scalar(0, "I")]]
        if name in _UNPACKING:
            constants[output] = constants[inputs[0]]
        else:
            layers.append(Layer(name, inputs, output, operator.table(4)))
    return Graph(
        layers=tuple(layers),
        shapes=tuple(_numbers(tensor, 0) for tensor in tensors),
        constants=constants,
        input=_numbers(subgraph, 1)[0],
        outputs={tensors[number].text(3): number for number in _numbers(subgraph, 2)},
    )


def _numbers(table: Table, field: int) -> tuple[int, ...]:
    return tuple(table.array(field, "<i4").tolist())


def _constant(tensor: Table, stored: np.ndarray, where: str) -> np.ndarray:
    kind, shape = tensor.scalar(1, "b"), _numbers(tensor, 0)
    if kind not in _DTYPES:
        raise InputFormatError(f"{where}: number type {kind} is not known here")
    values = stored.view(_DTYPES[kind])
    sparsity = tensor.table(6)
    return values.reshape(shape) if sparsity is None else _fill_up(sparsity, values, shape)


def _fill_up(sparsity: Table, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The dense array of a sparse one whose dimensions are stored in order, without blocks."""
    dimensions = sparsity.tables(2)
    assert _numbers(sparsity, 0) == tuple(range(len(shape))) and not _numbers(sparsity, 1)
    dense = np.zeros(shape, values.dtype)
    places = [()]
    for dimension in dimensions:
        places = list(itertools.chain.from_iterable(_places_along(dimension, places)))
    dense[tuple(np.array(places).T)] = values
    return dense


def _places_along(
    dimension: Table, places: list[tuple[int, ...]]
) -> Iterator[list[tuple[int, ...]]]:
    """The places so far, each with every index that this dimension has there."""
    if dimension.scalar(0, "b") == 0:
        for place in places:
            yield [(*place, index) for index in range(dimension.scalar(1, "i"))]
        return
    segments, indices = _index_array(dimension, 2), _index_array(dimension, 4)
    for row, place in enumerate(places):
        yield [(*place, int(index)) for index in indices[segments[row] : segments[row + 1]]]


def _index_array(dimension: Table, field: int) -> np.ndarray:
    """An array of a union: its type, then the table that holds it."""
    table = dimension.table(field + 1)
    assert table is not None
    return table.array(0, _INDEX_DTYPES[dimension.scalar(field, "B")])
