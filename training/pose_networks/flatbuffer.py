"""Reading FlatBuffers tables (the format that TensorFlow Lite models are stored in)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputFormatError


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a buffer; its fields have numbers, and those that are missing a default."""

    content: bytes
    position: int

    def scalar(self, field: int, kind: str, default: int = 0) -> int:
        """A whole number; ``kind`` as ``struct`` has it, little-endian."""
        place = self._place(field)
        return default if place is None else struct.unpack_from(f"<{kind}", self.content, place)[0]

    def array(self, field: int, dtype: str) -> np.ndarray:
        """(N,) numbers, none where the field is missing."""
        place = self._target(field)
        if place is None:
            return np.zeros(0, dtype)
        count = self._unsigned(place)
        return np.frombuffer(self.content, dtype, count, place + 4)

    def text(self, field: int) -> str:
        """A string, empty where the field is missing."""
        return self.array(field, "u1").tobytes().decode()

    def table(self, field: int) -> Table | None:
        """The table that a field refers to."""
        place = self._target(field)
        return None if place is None else Table(self.content, place)

    def tables(self, field: int) -> list[Table]:
        """The tables that a field lists."""
        start = self._target(field)
        if start is None:
            return []
        places = [start + 4 + 4 * index for index in range(self._unsigned(start))]
        return [Table(self.content, place + self._unsigned(place)) for place in places]

    def _place(self, field: int) -> int | None:
        """Where a field's value stands; None where it is missing."""
        vtable = self.position - struct.unpack_from("<i", self.content, self.position)[0]
        entry = 4 + 2 * field
        if entry >= struct.unpack_from("<H", self.content, vtable)[0]:
            return None
        offset = struct.unpack_from("<H", self.content, vtable + entry)[0]
        return self.position + offset if offset else None

    def _target(self, field: int) -> int | None:
        """Where what a field refers to stands."""
        place = self._place(field)
        return None if place is None else place + self._unsigned(place)

    def _unsigned(self, place: int) -> int:
        return struct.unpack_from("<I", self.content, place)[0]


def read_root(content: bytes, identifier: bytes, where: str) -> Table:
    """The root table of a buffer.

    Raises
    ------
    InputFormatError
        When the buffer does not carry ``identifier``.
    """
    if content[4:8] != identifier:
        found: Any = content[4:8]
        raise InputFormatError(f"{where}: expected a file marked {identifier!r}, found {found!r}")
    return Table(content, struct.unpack_from("<I", content)[0])
