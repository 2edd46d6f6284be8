"""HumanEva's npz pair: chunks, three cameras without a lens, 15 joints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import COCO_17, HUMANEVA_15
from tests.training.datasets.dataset_writer import (
    HUMANEVA_LENS,
    edit_2d,
    edit_3d,
    save_2d,
    save_3d,
    stick_figure,
    write_humaneva,
)
from training.datasets.humaneva import load_humaneva

PATH_3D = "data_3d_humaneva15.npz"
PATH_2D = "data_2d_humaneva15_gt.npz"


def test_every_chunk_is_a_clip_of_three_cameras_without_a_lens(tmp_path: Path) -> None:
    clip_set = load_humaneva(write_humaneva(tmp_path, num_frames=4), detector="gt")
    assert clip_set.subjects == ("Train/S1", "Train/S2", "Validate/S2")
    assert clip_set.skeleton_in is HUMANEVA_15 and clip_set.skeleton_out is HUMANEVA_15
    assert len(clip_set.clips) == 3 * 3 * 3
    first = clip_set.clips[:3]
    assert [clip.camera_name for clip in first] == ["C1", "C2", "C3"]
    assert {clip.action for clip in first} == {"Walking 1 chunk0"}
    assert {clip.camera for clip in clip_set.clips} == {None}
    assert {(clip.image_size, clip.fps) for clip in clip_set.clips} == {((640, 480), 60.0)}


def test_the_positions_are_in_camera_space(tmp_path: Path) -> None:
    for clip in load_humaneva(write_humaneva(tmp_path, num_frames=4), detector="gt").clips:
        assert clip.positions is not None
        pixels = clip.positions[..., :2] / clip.positions[..., 2:]
        expected = (clip.keypoints - HUMANEVA_LENS["center"]) / HUMANEVA_LENS["focal_length"]
        np.testing.assert_allclose(pixels, expected, atol=1e-5)


def test_the_joints_are_those_of_the_published_tree() -> None:
    assert HUMANEVA_15.parents == (-1, 0, 1, 2, 3, 1, 5, 6, 0, 8, 9, 0, 11, 12, 1)
    assert HUMANEVA_15.joints_left == (2, 3, 4, 8, 9, 10)
    assert HUMANEVA_15.joints_right == (5, 6, 7, 11, 12, 13)
    standing = stick_figure(HUMANEVA_15, 1)[0]
    assert standing[:, 2].argmax() == HUMANEVA_15.index("head")


def test_detections_of_other_joints_are_read(tmp_path: Path) -> None:
    folder = write_humaneva(tmp_path, detector="detectron_pt_coco", layout="coco", num_frames=3)
    clip_set = load_humaneva(folder, detector="detectron_pt_coco")
    assert clip_set.skeleton_in is COCO_17 and clip_set.skeleton_out is HUMANEVA_15


def test_unlabelled_subjects_need_no_3d_and_others_do(tmp_path: Path) -> None:
    write_humaneva(tmp_path, num_frames=3, unlabelled_subjects=["Unlabeled/S4"])
    clip_set = load_humaneva(tmp_path, detector="gt")
    without = {clip.subject for clip in clip_set.clips if clip.positions is None}
    assert without == {"Unlabeled/S4"}
    truth = edit_3d(tmp_path / PATH_3D)
    del truth["Validate/S2"]
    save_3d(tmp_path / PATH_3D, truth)
    with pytest.raises(InputFormatError, match="found 'Validate/S2' only in 2D"):
        load_humaneva(tmp_path, detector="gt")


def test_a_renamed_chunk_is_named(tmp_path: Path) -> None:
    truth = edit_3d(write_humaneva(tmp_path, num_frames=3) / PATH_3D)
    truth["Train/S2"]["Jog 1 chunk1"] = truth["Train/S2"].pop("Jog 1 chunk0")
    save_3d(tmp_path / PATH_3D, truth)
    with pytest.raises(
        InputFormatError, match="Train/S2: .*'Jog 1 chunk1' only in 3D and 'Jog 1 chunk0' only in"
    ):
        load_humaneva(tmp_path, detector="gt")


def test_a_missing_camera_is_refused(tmp_path: Path) -> None:
    content = edit_2d(write_humaneva(tmp_path, num_frames=3) / PATH_2D)
    content["positions_2d"]["Train/S1"]["Jog 1 chunk0"].pop(0)
    save_2d(tmp_path / PATH_2D, **content)
    with pytest.raises(
        InputFormatError, match=r"Train/S1/Jog 1 chunk0: .*3 cameras \(C1, C2, C3\), found 2"
    ):
        load_humaneva(tmp_path, detector="gt")


def test_nan_poses_and_other_joint_counts_are_refused(tmp_path: Path) -> None:
    truth = edit_3d(write_humaneva(tmp_path, num_frames=3) / PATH_3D)
    truth["Train/S1"]["Jog 1 chunk0"][2, 5, 1] = np.nan
    save_3d(tmp_path / PATH_3D, truth)
    with pytest.raises(InputFormatError, match="Train/S1/Jog 1 chunk0/C1: .*frame 2, joint 5"):
        load_humaneva(tmp_path, detector="gt")
    truth["Train/S1"]["Jog 1 chunk0"] = np.zeros((3, 20, 3))
    save_3d(tmp_path / PATH_3D, truth)
    with pytest.raises(InputFormatError, match="expected 3D positions of 15 joints, found 20"):
        load_humaneva(tmp_path, detector="gt")


def test_a_missing_detector_names_those_that_are_there(tmp_path: Path) -> None:
    write_humaneva(tmp_path, num_frames=3)
    with pytest.raises(InputFormatError, match="found no data_2d_humaneva15_cpn.npz; .*'gt'"):
        load_humaneva(tmp_path, detector="cpn")


def test_without_a_layout_the_joints_are_the_data_set_s_own(tmp_path: Path) -> None:
    folder = write_humaneva(tmp_path, names_layout=False, num_frames=3)
    assert load_humaneva(folder, detector="gt").skeleton_in is HUMANEVA_15
    folder = write_humaneva(tmp_path, names_layout=False, layout="coco", num_frames=3)
    assert load_humaneva(folder, detector="gt").skeleton_in.name == "unknown-17"
