"""A pickle of unknown origin gives plain data or an error, and never runs anything."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.keypoints import read_keypoints
from core.io.restricted_pickle import unpickle_plain

PLAIN: list[Any] = [
    None,
    True,
    3,
    -(2**80),
    0.5,
    "text",
    b"bytes",
    (1, "a"),
    [1, [2, [3]]],
    {"a": {"b": (1, 2)}, 3: None},
]
ARRAYS: list[np.ndarray] = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(4, dtype=">i2"),
    np.array(3.5),
    np.zeros((0, 17, 2), dtype=np.float32),
    np.array([True, False]),
    np.array(["left", "right"]),
    np.array([b"ab", b"c"]),
]


class _Hostile:
    """Pickled, it asks for a call when it is read."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_data_survives(value: Any, protocol: int) -> None:
    if isinstance(value, bytes) and protocol == 0:
        value = "protocol 0 keeps bytes as calls"
    assert unpickle_plain(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_survive_under_both_of_numpys_names(array: np.ndarray, protocol: int) -> None:
    content = pickle.dumps({"a": [array, array]}, protocol)
    for content_now in (content, _renamed(content)):
        first, second = unpickle_plain(content_now)["a"]
        assert first.dtype == array.dtype
        np.testing.assert_array_equal(first, array)
        # What was one array in the file is one array again.
        assert first is second


def _renamed(content: bytes) -> bytes:
    """The same pickle as a NumPy with the other module name writes it."""
    names = [(b"numpy.core.multiarray", b"numpy._core.multiarray")]
    for old, new in names if np.__version__ < "2" else [(new, old) for old, new in names]:
        # Lengths stand before short strings in protocol 4 and later, and for the frame as a whole.
        prefixed = (b"\x8c" + bytes([len(old)]) + old, b"\x8c" + bytes([len(new)]) + new)
        content = (
            content.replace(*prefixed) if prefixed[0] in content else content.replace(old, new)
        )
    position = content.find(b"\x95", 0, 3)
    if position > 0:
        body = content[position + 9 :]
        content = content[: position + 1] + len(body).to_bytes(8, "little") + body
    return content


def test_nested_object_arrays_and_numpy_numbers_survive() -> None:
    nested = np.empty(2, dtype=object)
    nested[0], nested[1] = [[], np.ones((1, 4, 17))], {"w": np.float32(2.5), "h": np.int64(3)}
    result = unpickle_plain(pickle.dumps(nested, 4))
    np.testing.assert_array_equal(result[0][1], np.ones((1, 4, 17)))
    assert result[1] == {"w": 2.5, "h": 3}


@pytest.mark.parametrize(
    ("hostile", "name"),
    [
        (_Hostile(os.system, "echo"), r"(posix|nt)\.system"),
        (_Hostile(eval, "1"), r"(builtins|__builtin__)\.eval"),
        (_Hostile(subprocess.Popen, ["echo"]), r"(subprocess|commands)\.Popen"),
        (_Hostile(getattr, 1, "real"), r"\.getattr"),
        (_Hostile(np.load, "x"), r"numpy\.load"),
        (_Hostile(np.ndarray.tofile, np.ones(1), "x"), r"\.getattr|ndarray\.tofile|tofile"),
        (OrderedDict(a=1), r"collections\.OrderedDict"),
        ({1, 2}, r"set"),
        (Path("x"), r"pathlib"),
        (1j, r"complex"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_every_other_name_is_refused_and_told(hostile: Any, name: str, protocol: int) -> None:
    with pytest.raises(InputFormatError, match=name):
        unpickle_plain(pickle.dumps([hostile], protocol))


def test_a_hostile_file_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    array = np.empty((), dtype=object)
    array[()] = {"walk": {"custom": [_Hostile(os.system, f"touch {marker}")]}}
    np.savez(tmp_path / "a.npz", positions_2d=array)
    message = r"a.npz, array 'positions_2d': a pickle in it asks for (posix|nt).system: refused"
    with pytest.raises(InputFormatError, match=message):
        read_keypoints(tmp_path / "a.npz")
    assert not marker.exists()


def test_a_dtype_that_lies_about_objects_builds_nothing() -> None:
    """NumPy's own unpickling would take these bytes for a pointer and follow it."""
    fields = np.dtype([("a", object)])
    for dtype in (fields, np.dtype("M8[s]"), np.dtype("V8")):
        with pytest.raises((InputFormatError, ValueError)):
            unpickle_plain(pickle.dumps(np.zeros(1, dtype=dtype), 2))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\x80\x04.",
        b"\x80\x02]q\x00h\x00a.",  # a list within itself
        b"\x80\x02]r\xff\xff\xff\x7f.",  # an object numbered two thousand million
        b"cnumpy\nndarray\n.",
        b"cnumpy\ndtype\n(S'M8'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(tR.",
        b"cnumpy.core.multiarray\nscalar\n(I1\nI2\ntR.",
    ],
)
def test_broken_pickles_raise_and_build_nothing(content: bytes) -> None:
    with pytest.raises(Exception) as caught:
        unpickle_plain(content)
    assert not isinstance(caught.value, MemoryError)


def test_shared_lists_are_built_once() -> None:
    """Ten lists of ten of the next: built one by one they would fill any memory."""
    value: list[Any] = []
    for _ in range(30):
        value = [value] * 10
    result = unpickle_plain(pickle.dumps(value, 4))
    assert result[0] is result[9]


def test_depth_is_limited() -> None:
    value: list[Any] = []
    for _ in range(80):
        value = [value]
    with pytest.raises(ValueError, match="nested more than"):
        unpickle_plain(pickle.dumps(value, 4))


def test_what_follows_a_pickle_is_not_read() -> None:
    assert unpickle_plain(pickle.dumps([1], 4) + b"rest") == [1]
