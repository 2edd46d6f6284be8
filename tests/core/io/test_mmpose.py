"""MMPose's predictions: with meta_info, as a bare list, and one file per image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints
from core.joint_sets import COCO_WHOLEBODY_133, H36M_17, HALPE_26
from core.skeleton import Skeleton
from tests.core.io.sample_files import clip, mmpose_clip, mmpose_instance, moved, write_json


@pytest.mark.parametrize("has_meta", [True, False])
def test_a_clip_is_read(tmp_path: Path, has_meta: bool) -> None:
    frames = mmpose_clip(clip(4))
    content = (
        {"meta_info": {"dataset_name": "coco"}, "instance_info": frames} if has_meta else frames
    )
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    assert detections.format == "MMPose JSON, COCO-17"
    np.testing.assert_allclose(detections.positions, clip(4)[..., :2])
    np.testing.assert_allclose(detections.confidence, clip(4)[..., 2])
    assert detections.warnings == ()


def test_one_images_file_alone_is_one_frame(tmp_path: Path) -> None:
    keypoints = clip(1)[0]
    detections = read_keypoints(write_json(tmp_path / "x.json", [mmpose_instance(keypoints)]))
    assert detections.format.startswith("MMPose JSON")
    np.testing.assert_allclose(detections.positions, keypoints[None, :, :2])


@pytest.mark.parametrize("skeleton", [HALPE_26, COCO_WHOLEBODY_133], ids=lambda s: s.name)
def test_larger_joint_sets_are_read(tmp_path: Path, skeleton: Skeleton) -> None:
    path = write_json(tmp_path / "results.json", mmpose_clip(clip(2, skeleton)))
    assert read_keypoints(path).skeleton is skeleton


def test_human36m_models_are_known_by_their_data_set(tmp_path: Path) -> None:
    content = {
        "meta_info": {"dataset_name": "h36m"},
        "instance_info": mmpose_clip(clip(2, H36M_17)),
    }
    assert read_keypoints(write_json(tmp_path / "r.json", content)).skeleton is H36M_17


def test_a_folder_of_images_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "000000.json", [])
    for frame, person in enumerate(clip(3), start=1):
        write_json(tmp_path / f"{frame:06d}.json", [mmpose_instance(person)])
    detections = read_keypoints(tmp_path)
    assert detections.format == "MMPose JSON folder, COCO-17"
    assert detections.frames.tolist() == [0, 1, 2, 3]
    assert detections.row_frames.tolist() == [1, 2, 3]


def test_frames_without_people_and_repeated_frames_are_kept_apart(tmp_path: Path) -> None:
    frames = mmpose_clip(clip(3))
    frames[1]["instances"] = []
    frames.append(mmpose_clip(moved(clip(1), 90))[0])
    detections = read_keypoints(write_json(tmp_path / "results.json", frames))
    assert detections.frames.tolist() == [0, 1, 2]
    assert detections.row_frames.tolist() == [0, 2]
    assert "1 entries repeat a frame_id" in detections.warnings[0]
    np.testing.assert_allclose(detections.positions[0], clip(1)[0, :, :2])


def test_nobody_in_any_frame_is_said(tmp_path: Path) -> None:
    content = {"meta_info": {}, "instance_info": [{"frame_id": 1, "instances": []}]}
    with pytest.raises(NothingToLiftError, match="nobody in any of 1 frames"):
        read_keypoints(write_json(tmp_path / "results.json", content))


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        (
            {"keypoints": [[1, 2]] * 17, "keypoint_scores": [1] * 16},
            "expected a score for each of 17",
        ),
        ({"keypoints": [[1, 2]] * 16 + [[1, "b"]]}, r"joint 16 \(right_ankle\): expected numbers"),
        ({"keypoints": [[1, 2]] * 16 + [[1]]}, "expected"),
        ({"scores": 3}, "expected an object with a list 'keypoints'"),
        ({"keypoints": [[1, 2]] * 9}, "expected a known joint count"),
    ],
)
def test_broken_instances_are_named(
    tmp_path: Path, instance: dict[str, object], message: str
) -> None:
    content = [{"frame_id": 7, "instances": [instance]}]
    with pytest.raises(InputFormatError, match=f"frame 7, person 1: .*{message}"):
        read_keypoints(write_json(tmp_path / "results.json", content))
