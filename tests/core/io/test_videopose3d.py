"""VideoPose3D's custom npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints
from core.joint_sets import H36M_17
from tests.core.io.sample_files import IMAGE_SIZE, clip, object_array, write_videopose3d


def test_a_custom_file_is_read_with_its_size(tmp_path: Path) -> None:
    positions = clip(6)[..., :2]
    detections = read_keypoints(write_videopose3d(tmp_path / "data_2d_custom_a.npz", positions))
    assert detections.format == "VideoPose3D npz, COCO-17"
    assert detections.image_size == IMAGE_SIZE
    np.testing.assert_allclose(detections.positions, positions)
    assert (detections.confidence == 1).all()
    assert detections.warnings == ()


def test_the_h36m_layout_is_known_by_its_name(tmp_path: Path) -> None:
    path = write_videopose3d(tmp_path / "a.npz", clip(2)[..., :2], layout="h36m")
    assert read_keypoints(path).skeleton is H36M_17


def test_missing_frames_are_nan_and_hold_nobody(tmp_path: Path) -> None:
    positions = clip(4)[..., :2]
    positions[1] = np.nan
    detections = read_keypoints(write_videopose3d(tmp_path / "a.npz", positions))
    assert detections.row_frames.tolist() == [0, 2, 3]
    assert detections.frames.tolist() == [0, 1, 2, 3]
    assert "17 keypoints were NaN" in detections.warnings[0]
    with pytest.raises(NothingToLiftError, match="nobody in any of 4 frames"):
        read_keypoints(write_videopose3d(tmp_path / "b.npz", positions * np.nan))


def test_the_first_of_several_is_read_and_the_others_named(tmp_path: Path) -> None:
    positions = clip(3)[..., :2]
    clips = object_array([positions, positions[:2]])
    videos = {"a.mp4": {"custom": clips}, "b.mp4": {"custom": [positions]}}
    np.savez(tmp_path / "a.npz", positions_2d=np.array(videos, dtype=object))
    detections = read_keypoints(tmp_path / "a.npz")
    np.testing.assert_allclose(detections.positions, positions)
    assert detections.image_size is None
    assert detections.warnings == (
        "of 2 videos in the file a.mp4 was read, not b.mp4",
        "the first of 2 cameras or people in the file was read",
    )


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ({}, "expected a dict of videos"),
        ([1, 2], "expected a dict of videos"),
        ({"a": [1]}, "expected a dict of actions"),
        ({"a": {"custom": [np.zeros((5, 17, 4))]}}, "expected shape"),
        ({"a": {"custom": [np.ones((5, 12, 2))]}}, "expected 17 joints, found 12"),
        ({"a": {"custom": ["text"]}}, "expected numbers"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, videos: Any, message: str) -> None:
    array = np.empty((), dtype=object)
    array[()] = videos
    np.savez(tmp_path / "a.npz", positions_2d=array)
    with pytest.raises(InputFormatError, match=f"a.npz.*{message}"):
        read_keypoints(tmp_path / "a.npz")
