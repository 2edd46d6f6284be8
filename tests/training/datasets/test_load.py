"""A path is told to be Human3.6M, HumanEva or a custom file by what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import H36M_17, HUMANEVA_15
from tests.training.datasets.dataset_writer import write_custom, write_human36m, write_humaneva
from training.datasets.load import load_clip_set


def test_each_data_set_is_recognised(tmp_path: Path) -> None:
    human = load_clip_set(write_human36m(tmp_path / "h", num_frames=3), detector="gt")
    assert human.skeleton_out is H36M_17 and len(human.clips) == 36
    eva = load_clip_set(write_humaneva(tmp_path / "e", num_frames=3), detector="gt")
    assert eva.skeleton_out is HUMANEVA_15 and len(eva.clips) == 27
    path = write_custom(tmp_path / "c", num_frames=3)
    custom = load_clip_set(
        path,
        detector=None,
        path_3d=tmp_path / "c" / "data_3d_world.npz",
        cameras=tmp_path / "c" / "cameras.json",
        fps=25.0,
    )
    assert custom.skeleton_out is H36M_17 and len(custom.clips) == 4


def test_of_two_data_sets_in_a_folder_one_must_be_named(tmp_path: Path) -> None:
    write_human36m(tmp_path, num_frames=3)
    write_humaneva(tmp_path, num_frames=3)
    with pytest.raises(
        InputFormatError, match="one data set, found data_3d_h36m.npz and data_3d_humaneva15.npz"
    ):
        load_clip_set(tmp_path, detector="gt")
    chosen = load_clip_set(tmp_path / "data_3d_humaneva15.npz", detector="gt")
    assert chosen.skeleton_out is HUMANEVA_15


def test_a_detector_must_be_named(tmp_path: Path) -> None:
    folder = write_human36m(tmp_path, detector="cpn_ft_h36m_dbb", num_frames=3)
    with pytest.raises(InputFormatError, match="no detector was named; .*'cpn_ft_h36m_dbb'"):
        load_clip_set(folder, detector=None)


def test_other_paths_are_refused_with_what_was_expected(tmp_path: Path) -> None:
    expected = "expected a folder with data_3d_h36m.npz or data_3d_humaneva15.npz, or an npz with"
    with pytest.raises(InputFormatError, match=f"{expected}.*found no such file or folder"):
        load_clip_set(tmp_path / "nowhere", detector="gt")
    (tmp_path / "walk.bvh").touch()
    with pytest.raises(InputFormatError, match=f"{expected}.*found 'walk.bvh'"):
        load_clip_set(tmp_path, detector="gt")
    with pytest.raises(InputFormatError, match=f"{expected}.*found another kind of file"):
        load_clip_set(tmp_path / "walk.bvh", detector=None)
    np.savez(tmp_path / "a.npz", poses=np.zeros(3))
    with pytest.raises(InputFormatError, match=f"{expected}.*found an npz with 'poses'"):
        load_clip_set(tmp_path / "a.npz", detector=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detector": None}, r"expected the frame rate of these videos \(fps\)"),
        ({"detector": "gt", "fps": 30.0}, "a detector .'gt'. is for Human3.6M and HumanEva"),
    ],
)
def test_a_custom_file_needs_a_rate_and_no_detector(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    path = write_custom(tmp_path, num_frames=3)
    with pytest.raises(InputFormatError, match=message):
        load_clip_set(path, **options)


def test_options_of_a_custom_file_are_refused_elsewhere(tmp_path: Path) -> None:
    folder = write_human36m(tmp_path, num_frames=3)
    with pytest.raises(InputFormatError, match="'fps' is for a custom npz, not for data_3d_h36m"):
        load_clip_set(folder, detector="gt", fps=50.0)
