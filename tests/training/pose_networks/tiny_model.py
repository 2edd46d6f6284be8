"""TensorFlow Lite files of a few layers, written byte by byte for tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Field = int | float | str | bytes | np.ndarray | Sequence["Fields"] | Mapping[int, "Field"]
Fields = Mapping[int, Field]
"""A table by its fields' numbers: signed bytes as int, wider numbers as arrays of no dimension."""

OPERATOR_CODES = {"ADD": 0, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "DEQUANTIZE": 6, "PAD": 34}
OPERATOR_CODES |= {"MAX_POOL_2D": 17, "DENSIFY": 124}
_TYPES = {"float32": 0, "float16": 1, "int32": 2}


@dataclass
class TinyModel:
    """A model that grows by tensors and operators; tensor 0 is its input, the last its output."""

    tensors: list[Fields] = field(default_factory=list)
    buffers: list[Fields] = field(default_factory=lambda: [{}])
    operators: list[Fields] = field(default_factory=list)

    def add_tensor(self, shape: Sequence[int]) -> int:
        """A tensor that an operator writes, or the input."""
        self.tensors.append({0: np.array(shape, "<i4"), 3: f"tensor {len(self.tensors)}"})
        return len(self.tensors) - 1

    def add_constant(self, array: np.ndarray, sparsity: Fields | None = None) -> int:
        """A tensor that the file holds; of a sparse one ``array`` is dense, zeros not stored."""
        stored = array if sparsity is None else array[array != 0]
        self.buffers.append({0: np.frombuffer(stored.tobytes(), "u1")})
        tensor: dict[int, Field] = {
            0: np.array(array.shape, "<i4"),
            1: _TYPES[array.dtype.name],
            2: np.array(len(self.buffers) - 1, "<u4"),
        }
        if sparsity is not None:
            tensor[6] = sparsity
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add_operator(
        self, name: str, inputs: Sequence[int], shape: Sequence[int], options: Fields | None = None
    ) -> int:
        """An operator and the tensor that it writes."""
        output = self.add_tensor(shape)
        code = list(OPERATOR_CODES).index(name)
        self.operators.append(
            {
                0: np.array(code, "<u4"),
                1: np.array(inputs, "<i4"),
                2: np.array([output], "<i4"),
                4: options or {},
            }
        )
        return output

    def content(self) -> bytes:
        """The file."""
        output = len(self.tensors) - 1
        subgraph: Fields = {
            0: self.tensors,
            1: np.array([0], "<i4"),
            2: np.array([output], "<i4"),
            3: self.operators,
        }
        codes: list[Fields] = [
            {0: min(code, 127), 3: np.array(code, "<i4")} for code in OPERATOR_CODES.values()
        ]
        model: Fields = {1: codes, 2: [subgraph], 4: self.buffers}
        content = bytearray(b"\0\0\0\0TFL3")
        struct.pack_into("<I", content, 0, _append_table(content, model))
        return bytes(content)


def _append_table(content: bytearray, fields: Fields) -> int:
    """Append a table, and after it what it refers to; where it begins."""
    num_entries = max(fields, default=-1) + 1
    vtable = _aligned(content)
    content += bytes(4 + 2 * num_entries)
    start = _aligned(content)
    content += struct.pack("<i", start - vtable)
    places: dict[int, int] = {}
    for number, value in fields.items():
        places[number] = len(content)
        is_scalar = isinstance(value, np.ndarray) and value.ndim == 0
        content += value.tobytes() if is_scalar else _scalar(value)
        struct.pack_into("<H", content, vtable + 4 + 2 * number, places[number] - start)
    struct.pack_into("<2H", content, vtable, 4 + 2 * num_entries, len(content) - start)
    for number, value in fields.items():
        target = _append_target(content, value)
        if target is not None:
            struct.pack_into("<I", content, places[number], target - places[number])
    return start


def _scalar(value: Field) -> bytes:
    """A byte, or room for an offset."""
    return struct.pack("<b3x", value) if isinstance(value, int) else bytes(4)


def _append_target(content: bytearray, value: Field) -> int | None:
    """Append what a field refers to, if it does; where it begins."""
    if isinstance(value, int) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return None
    if isinstance(value, Mapping):
        return _append_table(content, value)
    start = _aligned(content)
    if isinstance(value, str):
        content += struct.pack("<I", len(value)) + value.encode() + b"\0"
        return start
    if isinstance(value, np.ndarray):
        content += struct.pack("<I", len(value)) + value.tobytes()
        return start
    content += struct.pack("<I", len(value)) + bytes(4 * len(value))
    for index, table in enumerate(value):
        place = start + 4 + 4 * index
        struct.pack_into("<I", content, place, _append_table(content, table) - place)
    return start


def _aligned(content: bytearray) -> int:
    content += bytes(-len(content) % 4)
    return len(content)
