"""NumPy's files from strangers: arrays read without NumPy's own, unsafe unpickling."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..errors import InputFormatError
from .restricted_pickle import plain_array, unpickle_plain

_MAX_MEMBER_BYTES = 2 << 30
# Real data never packs like this; a zip made to fill the memory does.
_MIN_BOMB_BYTES, _BOMB_RATIO = 256 << 20, 200
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
    RuntimeError,  # encrypted
    NotImplementedError,  # a compression that this Python lacks
)


def list_npz_names(path: Path) -> tuple[str, ...]:
    """Names of the arrays in an npz, without reading them.

    Raises
    ------
    InputFormatError
        When the file is no zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(name.removesuffix(".npy") for name in archive.namelist())
    except _ZIP_FAULTS as error:
        raise InputFormatError(f"{path}: not a usable npz: {error}") from error


def read_npz(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an npz by name (all, or those of ``names`` that are there).

    Object arrays may hold NumPy arrays, dicts, lists, tuples, strings and numbers only.

    Raises
    ------
    InputFormatError
        When the file is broken, too large, or a pickle in it asks for anything else.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if names is not None and name not in names:
                    continue
                where = f"{path}, array {name!r}"
                _refuse_bomb(info, where)
                arrays[name] = read_npy(archive.read(info), where)
    except _ZIP_FAULTS as error:
        raise InputFormatError(f"{path}: not a usable npz: {error}") from error
    return arrays


def read_npy(content: bytes, where: str) -> np.ndarray:
    """The array in an npy file's bytes; ``where`` opens every message.

    Raises
    ------
    InputFormatError
        When the bytes are broken or a pickle among them asks for more than plain data.
    """
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = _HEADER_READERS.get(version)
        if read_header is None:
            raise InputFormatError(f"expected npy version 1 or 2, found {version}")
        shape, is_fortran, dtype = read_header(stream)
        data = content[stream.tell() :]
        if dtype != np.dtype(object):
            return plain_array(data, dtype, shape, is_fortran=is_fortran)
        value = unpickle_plain(data)
        if not isinstance(value, np.ndarray) or value.shape != shape:
            raise InputFormatError(f"expected an object array of shape {shape}")
        return value
    except InputFormatError as error:
        raise InputFormatError(f"{where}: {error}") from error
    # Neither NumPy's header reader nor the pickle module says what a broken file may raise.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise InputFormatError(f"{where}: broken array: {reason}") from error


def _refuse_bomb(info: zipfile.ZipInfo, where: str) -> None:
    size = info.file_size
    if size > _MAX_MEMBER_BYTES:
        raise InputFormatError(f"{where}: expected at most 2 GiB, found {size} bytes")
    if size > _MIN_BOMB_BYTES and size > _BOMB_RATIO * info.compress_size:
        raise InputFormatError(
            f"{where}: expands {size // max(info.compress_size, 1)} times: refused"
        )
