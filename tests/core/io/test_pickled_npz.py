"""npz and npy from strangers."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.pickled_npz import list_npz_names, read_npy, read_npz


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_arrays_of_every_plain_kind_are_read(tmp_path: Path) -> None:
    arrays = {
        "floats": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big_endian": np.arange(4, dtype=">i4"),
        "text": np.array(["a", "bc"]),
        "number": np.array(30.0),
        "empty": np.zeros((0, 17, 2)),
    }
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    assert set(list_npz_names(tmp_path / "a.npz")) == set(arrays)
    read = read_npz(tmp_path / "a.npz")
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype
    assert set(read_npz(tmp_path / "a.npz", ["text", "none"])) == {"text"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not|broken"),
        (_npy(np.ones(5))[:-1], "expected 5 values, found 4"),
        (_npy(np.ones(5)).replace(b"(5,)", b"(9,)"), "expected 9 values, found 5"),
        (_npy(np.zeros(2, dtype=[("a", "f4")])), "expected an array of numbers or text"),
        (_npy(np.zeros(2, dtype="M8[s]")), "expected an array of numbers or text"),
        (_npy(np.array([None, 1], dtype=object))[:-4], "broken array"),
    ],
)
def test_broken_arrays_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(InputFormatError, match=f"^here: .*({message})"):
        read_npy(content, "here")


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_zip_is_refused(tmp_path: Path, damage: str) -> None:
    np.savez(tmp_path / "a.npz", positions_2d=np.arange(100.0))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    else:
        content[300] ^= 0xFF
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputFormatError, match=r"a.npz: not a usable npz"):
        read_npz(tmp_path / "a.npz")


def test_a_zip_made_to_fill_the_memory_is_refused(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("keypoints.npy", "w") as member,
    ):
        for _ in range(300):
            member.write(bytes(1 << 20))
    with pytest.raises(InputFormatError, match=r"'keypoints': expands .* times: refused"):
        read_npz(tmp_path / "a.npz")
