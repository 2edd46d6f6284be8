"""Writing ONNX files (onnx/onnx.proto, protocol buffers): as much as the two networks need."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

Attribute = int | str | Sequence[int]

_IR_VERSION, _OPSET = 8, 13
_FLOAT32 = 1
_DATA_TYPES = {"float32": _FLOAT32, "int64": 7, "float16": 10}
_INT, _STRING, _INTS = 2, 3, 7


def encode_node(
    operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute]
) -> bytes:
    """One operator of a graph."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(4, operator),
            *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def encode_model(
    nodes: Sequence[bytes],
    constants: Mapping[str, np.ndarray],
    inputs: Mapping[str, tuple[int, ...]],
    outputs: Mapping[str, tuple[int, ...]],
    *,
    name: str,
) -> bytes:
    """A whole file; ``inputs`` and ``outputs`` are float32, with their shapes."""
    graph = b"".join(
        [
            *(_bytes(1, node) for node in nodes),
            _text(2, name),
            *(_bytes(5, _tensor(key, array)) for key, array in constants.items()),
            *(_bytes(11, _value_info(key, shape)) for key, shape in inputs.items()),
            *(_bytes(12, _value_info(key, shape)) for key, shape in outputs.items()),
        ]
    )
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _number(2, _OPSET))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _STRING)
    return _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, _INTS)


def _tensor(name: str, array: np.ndarray) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    data = np.ascontiguousarray(array).tobytes()
    return dims + _number(2, _DATA_TYPES[array.dtype.name]) + _text(8, name) + _bytes(9, data)


def _value_info(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT32) + _bytes(2, dims)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement."""
    value &= (1 << 64) - 1
    digits: list[int] = []
    while True:
        value, digit = value >> 7, value & 0x7F
        digits.append(digit | 0x80 if value else digit)
        if not value:
            return struct.pack(f"{len(digits)}B", *digits)
