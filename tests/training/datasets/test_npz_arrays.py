"""Arrays are read by name; one that is not there is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from training.datasets.npz_arrays import read_arrays


def test_arrays_that_must_be_there_are(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    np.savez(path, first=np.arange(3), second=np.ones(2), third=np.zeros(1))
    arrays = read_arrays(path, ("first", "second"))
    assert arrays["first"].tolist() == [0, 1, 2] and set(arrays) >= {"first", "second"}
    with pytest.raises(
        InputFormatError, match=r"some\.npz: expected the arrays first, fourth: no 'fourth'"
    ):
        read_arrays(path, ("first", "fourth"))
