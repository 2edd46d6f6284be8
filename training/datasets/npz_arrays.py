"""Arrays by name from an npz file that must have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import InputFormatError
from core.io.pickled_npz import read_npz


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays ``names`` of an npz file.

    Raises
    ------
    InputFormatError
        When the file is missing, broken or lacks one of them.
    """
    arrays = read_npz(path, names)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise InputFormatError(f"{path}: expected the arrays {', '.join(names)}: no {missing[0]!r}")
    return arrays
