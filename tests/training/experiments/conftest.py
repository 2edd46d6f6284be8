"""A tiny mocap folder for the experiments on networks of rays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.datasets.bvh_writer import write_bvh_folder, write_index

SPLITS = {"ann/walk": "train", "bob/walk": "train", "cy/walk": "val", "dee/walk": "test"}


@pytest.fixture(scope="module")
def mocap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of four performers: two to learn from, one for validation, one for the test."""
    folder = tmp_path_factory.mktemp("mocap")
    write_index(folder, SPLITS)
    return write_bvh_folder(folder, list(SPLITS), num_frames=60)
