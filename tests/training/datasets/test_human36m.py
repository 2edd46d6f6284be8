"""Human3.6M's npz pair becomes clips in camera space, or an error that says what does not match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.camera import project
from core.joint_sets import COCO_17, H36M_17, MPII_16
from tests.training.datasets.dataset_writer import (
    edit_2d,
    edit_3d,
    in_32_joints,
    save_2d,
    save_3d,
    stick_figure,
    write_human36m,
)
from training.datasets.human36m import TEST_SUBJECTS, TRAIN_SUBJECTS, load_human36m

CAMERAS = ["54138969", "55011271", "58860488", "60457274"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_human36m(tmp_path, num_frames=6)


def change_2d(folder: Path, **changes: Any) -> None:
    path = folder / "data_2d_h36m_gt.npz"
    save_2d(path, **(edit_2d(path) | changes))


def test_every_subject_action_and_camera_is_a_clip(folder: Path) -> None:
    clip_set = load_human36m(folder, detector="gt")
    assert clip_set.subjects == ("S1", "S5", "S9")
    assert clip_set.skeleton_in is H36M_17 and clip_set.skeleton_out is H36M_17
    names = {clip.name for clip in clip_set.clips}
    assert len(names) == len(clip_set.clips) == 3 * 3 * 4
    assert [clip.camera_name for clip in clip_set.clips[:4]] == CAMERAS
    assert [clip.image_size for clip in clip_set.clips[:2]] == [(1000, 1002), (1000, 1000)]
    assert {clip.fps for clip in clip_set.clips} == {50.0}
    assert {clip.confidence for clip in clip_set.clips} == {None}


@pytest.mark.parametrize("num_joints", [17, 32])
def test_the_positions_project_onto_the_keypoints(tmp_path: Path, num_joints: int) -> None:
    folder = write_human36m(tmp_path, num_joints=num_joints, num_frames=5)
    for clip in load_human36m(folder, detector="gt").clips:
        assert clip.positions is not None and clip.camera is not None
        assert clip.positions.shape == (5, 17, 3) and (clip.positions[..., 2] > 2).all()
        pixels = project(
            clip.positions,
            focal_length=clip.camera.focal_length,
            principal_point=clip.camera.principal_point,
            radial=clip.camera.radial,
            tangential=clip.camera.tangential,
        )
        np.testing.assert_allclose(pixels, clip.keypoints, atol=0.01)


def test_the_splits_are_the_official_ones() -> None:
    assert TRAIN_SUBJECTS == ("S1", "S5", "S6", "S7", "S8")
    assert TEST_SUBJECTS == ("S9", "S11")


def test_keypoints_of_32_joints_are_reduced_too(folder: Path) -> None:
    before = load_human36m(folder, detector="gt").clips
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    for actions in positions.values():
        for action, views in actions.items():
            actions[action] = [in_32_joints(view) for view in views]
    change_2d(folder, positions_2d=positions)
    after = load_human36m(folder, detector="gt")
    assert after.skeleton_in is H36M_17
    np.testing.assert_array_equal(after.clips[7].keypoints, before[7].keypoints)


def test_2d_longer_than_3d_is_cut_at_the_end(tmp_path: Path) -> None:
    short = load_human36m(write_human36m(tmp_path / "a", num_frames=8), detector="gt")
    long = load_human36m(
        write_human36m(tmp_path / "b", num_frames=8, surplus_2d_frames=3), detector="gt"
    )
    np.testing.assert_array_equal(long.clips[5].keypoints, short.clips[5].keypoints)


def test_2d_shorter_than_3d_is_refused(folder: Path) -> None:
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S5"]["Eating"][2] = positions["S5"]["Eating"][2][:-1]
    change_2d(folder, positions_2d=positions)
    with pytest.raises(
        InputFormatError, match="S5/Eating/58860488: .*at least as many 2D frames.*5 and 6"
    ):
        load_human36m(folder, detector="gt")


def test_a_missing_detector_names_those_that_are_there(folder: Path) -> None:
    (folder / "data_2d_h36m_cpn_ft_h36m_dbb.npz").touch()
    with pytest.raises(InputFormatError, match="data_2d_h36m_cpn.npz; .*'cpn_ft_h36m_dbb', 'gt'"):
        load_human36m(folder, detector="cpn")
    with pytest.raises(InputFormatError, match="no detector was named.*'cpn_ft_h36m_dbb', 'gt'"):
        load_human36m(folder, detector=None)


def test_a_missing_3d_file_is_named(folder: Path) -> None:
    (folder / "data_3d_h36m.npz").unlink()
    with pytest.raises(InputFormatError, match="expected data_3d_h36m.npz in it"):
        load_human36m(folder, detector="gt")


def test_a_subject_on_one_side_only_is_named(folder: Path) -> None:
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S05"] = positions.pop("S5")
    change_2d(folder, positions_2d=positions)
    with pytest.raises(
        InputFormatError, match="same subjects in 2D and 3D, found 'S5' only in 3D and 'S05' only"
    ):
        load_human36m(folder, detector="gt")


def test_a_labelled_subject_without_3d_is_named(folder: Path) -> None:
    truth = edit_3d(folder / "data_3d_h36m.npz")
    del truth["S9"]
    save_3d(folder / "data_3d_h36m.npz", truth)
    with pytest.raises(InputFormatError, match="found 'S9' only in 2D"):
        load_human36m(folder, detector="gt")


@pytest.mark.parametrize(("side", "other"), [("2d", "3D"), ("3d", "2D")])
def test_an_action_on_one_side_only_is_named(folder: Path, side: str, other: str) -> None:
    if side == "2d":
        positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
        del positions["S1"]["Walking 1"]
        change_2d(folder, positions_2d=positions)
    else:
        truth = edit_3d(folder / "data_3d_h36m.npz")
        del truth["S1"]["Walking 1"]
        save_3d(folder / "data_3d_h36m.npz", truth)
    with pytest.raises(
        InputFormatError, match=f"S1: expected the same actions.*'Walking 1' only in {other}"
    ):
        load_human36m(folder, detector="gt")


def test_a_renamed_action_is_named_with_its_new_name(folder: Path) -> None:
    truth = edit_3d(folder / "data_3d_h36m.npz")
    truth["S9"]["Dining"] = truth["S9"].pop("Eating")
    save_3d(folder / "data_3d_h36m.npz", truth)
    with pytest.raises(InputFormatError, match="S9: .*'Dining' only in 3D and 'Eating' only in 2D"):
        load_human36m(folder, detector="gt")


def test_a_missing_camera_is_refused(folder: Path) -> None:
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S1"]["Walking"].pop()
    change_2d(folder, positions_2d=positions)
    with pytest.raises(
        InputFormatError, match="S1/Walking: expected 2D of 4 cameras .*60457274.*, found 3"
    ):
        load_human36m(folder, detector="gt")


def test_a_camera_without_an_array_is_named(folder: Path) -> None:
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S1"]["Walking"][3] = None
    change_2d(folder, positions_2d=positions)
    with pytest.raises(InputFormatError, match="S1/Walking/camera 3: expected an array.*null"):
        load_human36m(folder, detector="gt")


def test_a_subject_without_published_cameras_is_refused(folder: Path) -> None:
    truth = edit_3d(folder / "data_3d_h36m.npz")
    truth["S12"] = truth.pop("S9")
    save_3d(folder / "data_3d_h36m.npz", truth)
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S12"] = positions.pop("S9")
    change_2d(folder, positions_2d=positions)
    with pytest.raises(InputFormatError, match="S12/.*'S1', 'S5', 'S6', 'S7', 'S8', 'S9', 'S11'"):
        load_human36m(folder, detector="gt")


def test_subjects_that_are_published_without_3d_are_unlabelled(tmp_path: Path) -> None:
    write_human36m(tmp_path, num_frames=4, unlabelled_subjects=["S2", "S4"])
    clip_set = load_human36m(tmp_path, detector="gt")
    without = {clip.subject for clip in clip_set.clips if clip.positions is None}
    assert without == {"S2", "S4"}
    assert all(clip.camera is not None for clip in clip_set.clips)


def test_the_corrupted_recording_may_be_in_the_2d_alone(tmp_path: Path) -> None:
    write_human36m(tmp_path, num_frames=4, subjects=["S9", "S11"], actions=["Directions", "Eating"])
    assert len(load_human36m(tmp_path, detector="gt").clips) == 2 * 2 * 4
    truth = edit_3d(tmp_path / "data_3d_h36m.npz")
    del truth["S11"]["Directions"]
    save_3d(tmp_path / "data_3d_h36m.npz", truth)
    clips = load_human36m(tmp_path, detector="gt").clips
    assert {clip.action for clip in clips if clip.subject == "S11"} == {"Eating"}
    del truth["S9"]["Directions"]
    save_3d(tmp_path / "data_3d_h36m.npz", truth)
    with pytest.raises(InputFormatError, match="S9: .*'Directions' only in 2D"):
        load_human36m(tmp_path, detector="gt")


def test_nan_poses_are_refused_with_frame_and_joint(folder: Path) -> None:
    truth = edit_3d(folder / "data_3d_h36m.npz")
    truth["S5"]["Walking"][4, 6] = np.nan  # the left hip of 32, number 4 of 17
    save_3d(folder / "data_3d_h36m.npz", truth)
    with pytest.raises(
        InputFormatError, match="S5/Walking/54138969: 3D position at frame 4, joint 4 is not"
    ):
        load_human36m(folder, detector="gt")


def test_nan_keypoints_are_refused_with_frame_and_joint(folder: Path) -> None:
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S5"]["Walking"][1][3, 9, 0] = np.nan
    change_2d(folder, positions_2d=positions)
    with pytest.raises(
        InputFormatError, match="S5/Walking/55011271: keypoint at frame 3, joint 9 is not"
    ):
        load_human36m(folder, detector="gt")


@pytest.mark.parametrize("count", [15, 16, 21])
def test_3d_of_another_number_of_joints_is_refused(folder: Path, count: int) -> None:
    truth = edit_3d(folder / "data_3d_h36m.npz")
    truth["S1"]["Eating"] = truth["S1"]["Eating"][:, :count]
    save_3d(folder / "data_3d_h36m.npz", truth)
    with pytest.raises(
        InputFormatError, match=f"S1/Eating: expected 3D positions of 17, 32 joints, found {count}"
    ):
        load_human36m(folder, detector="gt")


def test_2d_of_another_number_of_joints_than_the_metadata_says_is_refused(folder: Path) -> None:
    positions = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]
    positions["S9"]["Eating"][1] = positions["S9"]["Eating"][1][:, :16]
    change_2d(folder, positions_2d=positions)
    with pytest.raises(
        InputFormatError, match="S9/Eating/camera 1: expected 17 joints .*Human3.6M-17.*found 16"
    ):
        load_human36m(folder, detector="gt")


@pytest.mark.parametrize(("layout", "skeleton"), [("coco", COCO_17), ("mpii", MPII_16)])
def test_known_layouts_have_their_joints(tmp_path: Path, layout: str, skeleton: Any) -> None:
    folder = write_human36m(tmp_path, layout=layout, num_frames=3, subjects=["S1"])
    clip_set = load_human36m(folder, detector="gt")
    assert clip_set.skeleton_in is skeleton and clip_set.skeleton_out is H36M_17


def test_mpii_joints_stand_in_their_published_order() -> None:
    assert MPII_16.indices("right_ankle", "left_ankle", "pelvis", "head_top") == [0, 5, 6, 9]
    assert sorted(MPII_16.joints_left) == [3, 4, 5, 13, 14, 15]
    assert MPII_16.mirror[[0, 1, 2, 10, 11, 12]].tolist() == [5, 4, 3, 15, 14, 13]
    standing = stick_figure(MPII_16, 1)[0]
    assert standing[:, 2].argmax() == MPII_16.index("head_top")


@pytest.mark.parametrize("layout", ["h36m", "strange"])
def test_another_symmetry_makes_nameless_joints_with_it(folder: Path, layout: str) -> None:
    symmetry = [[1, 2], [3, 5]]
    metadata = {"layout_name": layout, "num_joints": 17, "keypoints_symmetry": symmetry}
    change_2d(folder, metadata=metadata)
    skeleton = load_human36m(folder, detector="gt").skeleton_in
    assert skeleton.name == f"{layout}-17" and skeleton.joint_names[:2] == ("joint_0", "joint_1")
    assert skeleton.mirror[:6].tolist() == [0, 3, 5, 1, 4, 2]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([1], "metadata: expected a dict"),
        ({"layout_name": "h36m"}, "expected num_joints, a number, found null"),
        ({"num_joints": 17}, "keypoints_symmetry: expected two lists .*found None"),
        ({"num_joints": 17, "keypoints_symmetry": [[1], [2, 3]]}, "two lists of as many joints"),
        ({"num_joints": 17, "keypoints_symmetry": [[1], [17]]}, "two lists of as many joints"),
        ({"num_joints": 17, "keypoints_symmetry": [[1], [1]]}, "two lists of as many joints"),
    ],
)
def test_broken_metadata_is_refused(folder: Path, metadata: Any, message: str) -> None:
    change_2d(folder, metadata=metadata)
    with pytest.raises(InputFormatError, match=message):
        load_human36m(folder, detector="gt")


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ({}, "positions_3d: expected a dict subject -> action -> array"),
        ({"S1": np.zeros((2, 17, 3))}, "expected a dict subject -> action"),
        ({"S1": {7: np.zeros((2, 17, 3))}}, "found 7 as action of S1"),
        ({"S1": {"Walking": np.zeros((0, 17, 3))}}, "S1/Walking: .*frames, joints, 3"),
        ({"S1": {"Walking": np.zeros((6, 17, 2))}}, "S1/Walking: .*frames, joints, 3.*17, 2"),
        ({"S1": {"Walking": np.array(["a"])}}, "S1/Walking: .*found an array of <U1"),
    ],
)
def test_broken_positions_are_refused(folder: Path, positions: Any, message: str) -> None:
    save_3d(folder / "data_3d_h36m.npz", positions)
    views = edit_2d(folder / "data_2d_h36m_gt.npz")["positions_2d"]["S1"]["Walking"]
    change_2d(folder, positions_2d={"S1": {"Walking": views}})
    with pytest.raises(InputFormatError, match=message):
        load_human36m(folder, detector="gt")


def test_a_file_without_its_arrays_is_refused(folder: Path) -> None:
    np.savez(folder / "data_2d_h36m_gt.npz", positions_2d=np.zeros(2))
    with pytest.raises(
        InputFormatError, match="expected the arrays positions_2d, metadata: no 'metadata'"
    ):
        load_human36m(folder, detector="gt")


def test_a_truncated_file_is_refused(folder: Path) -> None:
    path = folder / "data_3d_h36m.npz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputFormatError, match="data_3d_h36m.npz: not a usable npz"):
        load_human36m(folder, detector="gt")


class Payload:
    """A pickled object that writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "run")


@pytest.mark.parametrize("name", ["data_3d_h36m.npz", "data_2d_h36m_gt.npz"])
def test_code_in_a_pickle_is_refused_and_never_run(folder: Path, name: str) -> None:
    mark = folder / "mark"
    views = {"S1": {"Walking": Payload(mark)}}
    if name.startswith("data_3d"):
        save_3d(folder / name, views)
    else:
        change_2d(folder, positions_2d=views)
    with pytest.raises(InputFormatError, match=f"{name}.*a pickle in it asks for .*: refused"):
        load_human36m(folder, detector="gt")
    assert not mark.exists()
    with np.load(folder / name, allow_pickle=True) as archive:
        _ = archive[archive.files[0]]
    assert mark.exists(), "the payload does nothing: this test would pass without protection"


@pytest.mark.parametrize("num_joints", [17, 32])
def test_without_a_layout_the_joints_are_the_data_set_s_own(
    tmp_path: Path, num_joints: int
) -> None:
    folder = write_human36m(tmp_path, names_layout=False, num_frames=3, num_joints=num_joints)
    clip_set = load_human36m(folder, detector="gt")
    assert clip_set.skeleton_in is H36M_17 and clip_set.skeleton_out is H36M_17
    # Told by number and symmetry alone: other sides are other joints.
    folder = write_human36m(tmp_path, names_layout=False, layout="coco", num_frames=3)
    assert load_human36m(folder, detector="gt").skeleton_in.name == "unknown-17"
