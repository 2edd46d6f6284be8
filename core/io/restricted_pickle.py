"""Plain data from a pickle of unknown origin, without running any code.

A pickle names the functions that rebuild its objects, and those could be any. Here every name but
NumPy's own few is refused, and even those stand for inert records that are turned into arrays only
afterwards, so that neither a foreign function nor NumPy's own unpickling ever runs.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import InputFormatError

_MAX_DEPTH = 50
_PLAIN_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|[SU]\d{1,6})")


def unpickle_plain(data: bytes) -> Any:
    """The NumPy arrays, dicts, lists, tuples, strings and numbers in a pickle.

    Raises
    ------
    InputFormatError
        When the pickle asks for, or holds, anything else.
    Exception
        Of any kind that the pickle module raises on broken data.
    """
    _refuse_large_memo(data)
    return _Builder().build(_RestrictedUnpickler(io.BytesIO(data)).load(), 0)


def plain_array(
    data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], *, is_fortran: bool
) -> np.ndarray:
    """The array of numbers or text in ``data``, checked against the data's length first.

    Raises
    ------
    ValueError
        When the dtype is of neither, or the data is too short.
    """
    if dtype.kind not in "biufSU" or dtype.shape or not dtype.itemsize:
        raise ValueError(f"expected an array of numbers or text, found {dtype}")
    count = _count(shape)
    if len(data) < count * dtype.itemsize:
        raise ValueError(f"expected {count} values, found {len(data) // dtype.itemsize}")
    if count == 0:
        return np.zeros(shape, dtype=dtype)
    array = np.frombuffer(data, dtype=dtype, count=count)
    if dtype.kind == "U" and array.view(dtype.byteorder + "u4").max() > sys.maxunicode:
        raise ValueError("expected text")
    return array.reshape(shape, order="F" if is_fortran else "C").copy()


def _count(shape: tuple[Any, ...]) -> int:
    count = 1
    for length in shape:
        if not isinstance(length, int) or length < 0:
            raise ValueError(f"expected lengths of at least 0, found {shape}")
        count *= length
    return count


def _object_array(items: Sequence[Any], shape: tuple[int, ...], is_fortran: bool) -> np.ndarray:
    if len(items) != _count(shape):
        raise ValueError(f"expected {_count(shape)} objects, found {len(items)}")
    flat = np.empty(len(items), dtype=object)
    # One by one: NumPy would take items of one shape for a larger array.
    for position, item in enumerate(items):
        flat[position] = item
    return flat.reshape(shape, order="F" if is_fortran else "C")


class _DtypeRecord:
    """What a pickle says of a dtype."""

    def __init__(self, code: Any = None, *_: Any) -> None:
        self.code = code
        self.byte_order = "|"

    def __setstate__(self, state: Any) -> None:
        """Keep the byte order; a state with fields or a sub-array is not plain data."""
        if not isinstance(state, tuple) or len(state) < 5 or any(state[2:5]):
            raise ValueError("expected a plain dtype")
        self.byte_order = state[1]

    def build(self) -> np.dtype[Any]:
        """The dtype, if it is one of plain numbers, text or objects."""
        if self.code in ("O", "O8", "|O"):
            return np.dtype(object)
        prefix = self.byte_order if self.byte_order in ("<", ">") else ""
        text = f"{prefix}{str(self.code).lstrip('<>|=')}"
        if not isinstance(self.code, str) or not _PLAIN_DTYPE.fullmatch(text):
            raise ValueError(f"expected a plain dtype, found {str(self.code)[:40]!r}")
        return np.dtype(text)


class _ArrayRecord:
    """What a pickle says of an array; ``build`` makes it."""

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        """Keep the state: version, shape, dtype, Fortran order, data."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("expected an array of five parts")
        self.state = state

    def build(self, build_item: Callable[[Any], Any]) -> np.ndarray:
        """The array; ``build_item`` makes what an object array holds."""
        if self.state is None:
            raise ValueError("an array without data")
        _, shape, dtype_record, is_fortran, data = self.state
        if not isinstance(shape, tuple) or not isinstance(dtype_record, _DtypeRecord):
            raise ValueError("expected an array's shape and dtype")
        dtype = dtype_record.build()
        if dtype == np.dtype(object):
            if not isinstance(data, list):
                raise ValueError("expected a list of objects")
            return _object_array([build_item(item) for item in data], shape, bool(is_fortran))
        if not isinstance(data, bytes | bytearray):
            raise ValueError("expected an array's bytes")
        return plain_array(bytes(data), dtype, shape, is_fortran=bool(is_fortran))


class _ScalarRecord:
    """A NumPy number in a pickle."""

    def __init__(self, dtype: Any, data: Any = None) -> None:
        self.dtype, self.data = dtype, data

    def build(self) -> Any:
        """The number."""
        if not isinstance(self.dtype, _DtypeRecord) or not isinstance(self.data, bytes):
            raise ValueError("expected a NumPy number")
        return plain_array(self.data, self.dtype.build(), (), is_fortran=False)[()]


class _NdarrayName:
    """The name ``numpy.ndarray``: only an argument, never called for an array."""


def _record_array(*_: Any) -> _ArrayRecord:
    return _ArrayRecord()


def _record_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> _ArrayRecord:
    record = _ArrayRecord()
    record.state = (1, shape, dtype, order == "F", buffer)
    return record


def _latin_1(text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes as pickle's protocol 2 writes them."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("expected latin-1 text")
    return text.encode("latin-1")


def _no_bytes() -> bytes:
    """Empty bytes as pickle's protocol 2 writes them: ``bytes()``."""
    return b""


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _NdarrayName,
    ("numpy", "dtype"): _DtypeRecord,
    ("_codecs", "encode"): _latin_1,
    ("__builtin__", "bytes"): _no_bytes,
    **{
        (f"numpy.{core}.{module}", name): record
        for core in ("core", "_core")
        for module, name, record in (
            ("multiarray", "_reconstruct", _record_array),
            ("multiarray", "scalar", _ScalarRecord),
            ("numeric", "_frombuffer", _record_buffer),
        )
    },
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        """One of the inert records; any other name is refused."""
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise InputFormatError(
                f"a pickle in it asks for {module_name}.{global_name}: refused, since only NumPy "
                "arrays, dicts, lists, tuples, strings and numbers are allowed"
            ) from None


def _refuse_large_memo(data: bytes) -> None:
    """Raise ValueError where the pickle numbers an object beyond its own length.

    Python's unpickler makes room for the number at once, which can take all memory.
    """
    for opcode, argument, _ in pickletools.genops(data):
        is_put = opcode.name in ("PUT", "BINPUT", "LONG_BINPUT")
        if is_put and isinstance(argument, int) and argument > len(data):
            raise ValueError("memo number out of range")


class _Builder:
    """Turns unpickled data with records in it into plain data; each shared part is made once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def build(self, value: Any, depth: int) -> Any:
        """``value`` with every record turned into what it stands for; refuses all else."""
        if value is None or isinstance(value, str | bytes | int | float):
            return value
        if depth > _MAX_DEPTH:
            raise ValueError(f"nested more than {_MAX_DEPTH} deep")
        if id(value) not in self._made:
            self._made[id(value)] = self._make(value, depth)
        return self._made[id(value)]

    def _make(self, value: Any, depth: int) -> Any:
        def inner(item: Any) -> Any:
            return self.build(item, depth + 1)

        if isinstance(value, list):
            return [inner(item) for item in value]
        if isinstance(value, tuple):
            return tuple(inner(item) for item in value)
        if isinstance(value, dict):
            return {inner(key): inner(item) for key, item in value.items()}
        if isinstance(value, _ArrayRecord):
            return value.build(inner)
        if isinstance(value, _ScalarRecord | _DtypeRecord):
            return value.build()
        raise InputFormatError(f"a pickle in it holds a {type(value).__name__}: refused")
