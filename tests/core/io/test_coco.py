"""COCO results, AlphaPose's list, and AlphaPose's cmu and open forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints
from core.joint_sets import COCO_17, COCO_18, HALPE_26
from tests.core.io.sample_files import clip, coco_results, moved, write_json


def test_coco_results_are_read(tmp_path: Path) -> None:
    content = coco_results(clip(5), bbox=[1, 2, 3, 4])
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    assert detections.format == "COCO results JSON, COCO-17"
    np.testing.assert_allclose(detections.positions, clip(5)[..., :2])
    np.testing.assert_allclose(detections.confidence, clip(5)[..., 2])
    assert detections.frames.tolist() == [0, 1, 2, 3, 4]
    assert detections.warnings == ()


def test_several_people_share_an_image(tmp_path: Path) -> None:
    content = coco_results(clip(2)) + coco_results(moved(clip(2), 90))
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    assert detections.row_frames.tolist() == [0, 0, 1, 1]
    assert any("out of order (first: 0 after 1): sorted" in text for text in detections.warnings)


def test_alphapose_names_tracks_and_confidence_are_read(tmp_path: Path) -> None:
    keypoints = clip(60)
    keypoints[..., 2] *= 6
    content = coco_results(keypoints, box=[1, 2, 3, 4])
    for frame, entry in enumerate(content):
        entry |= {"image_id": f"{frame}.jpg", "idx": [4]}
    detections = read_keypoints(write_json(tmp_path / "alphapose-results.json", content))
    assert detections.format == "AlphaPose JSON, COCO-17"
    assert detections.track_ids.tolist() == [4] * 60
    assert detections.frames.tolist() == list(range(60))
    assert detections.confidence.max() == 1
    # The best-seen joint is at 1 and the others keep their proportion to it.
    np.testing.assert_allclose(
        detections.confidence, np.minimum(keypoints[..., 2] / keypoints[..., 2].max(), 1)
    )
    assert any("confidence reaches 5.94" in warning for warning in detections.warnings)


def test_confidence_a_hair_above_one_is_cut_without_a_word(tmp_path: Path) -> None:
    keypoints = clip(30)
    keypoints[3, 2, 2] = 1.04
    detections = read_keypoints(write_json(tmp_path / "results.json", coco_results(keypoints)))
    assert detections.confidence[3, 2] == 1
    np.testing.assert_allclose(detections.confidence[4], keypoints[4, :, 2])
    assert detections.warnings == ()


@pytest.mark.parametrize("num_joints", [26, 136])
def test_halpe_is_read_as_its_first_26_joints(tmp_path: Path, num_joints: int) -> None:
    keypoints = np.full((3, num_joints, 3), 0.5)
    keypoints[:, :26] = clip(3, HALPE_26)
    detections = read_keypoints(write_json(tmp_path / "results.json", coco_results(keypoints)))
    assert detections.format == "AlphaPose JSON, Halpe-26"
    np.testing.assert_allclose(detections.positions, clip(3, HALPE_26)[..., :2])


@pytest.mark.parametrize(
    ("form", "key", "joints_key"),
    [("cmu", "bodies", "joints"), ("open", "people", "pose_keypoints_2d")],
)
def test_alphapose_by_image_is_read(tmp_path: Path, form: str, key: str, joints_key: str) -> None:
    keypoints = clip(12, COCO_18)
    content = {
        f"{frame}.jpg": {
            "version": "AlphaPose v0.3",
            key: [{joints_key: person.ravel().tolist()}],
        }
        for frame, person in enumerate(keypoints)
    }
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    assert detections.format == f"AlphaPose {form} JSON file, COCO-18"
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    (tmp_path / "sep-json").mkdir()
    for name, frame in content.items():
        write_json(tmp_path / "sep-json" / f"{Path(name).stem}.json", frame)
    detections = read_keypoints(tmp_path / "sep-json")
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])


def test_frames_out_of_order_are_sorted_with_a_warning(tmp_path: Path) -> None:
    content = coco_results(clip(4))
    shuffled = [content[frame] for frame in (2, 0, 3, 1)]
    detections = read_keypoints(write_json(tmp_path / "results.json", shuffled))
    np.testing.assert_allclose(detections.positions, clip(4)[..., :2])
    assert detections.warnings == ("frames were out of order (first: 0 after 2): sorted",)


def test_image_names_without_numbers_are_counted(tmp_path: Path) -> None:
    content = coco_results(clip(2))
    content[0]["image_id"], content[1]["image_id"] = "left.mp4", "right.mp4"
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    assert detections.frames.tolist() == [0, 1]
    assert any("counted from 0" in warning for warning in detections.warnings)
    content[1]["image_id"] = "right_3.png"
    with pytest.raises(InputFormatError, match=r"entry 0: expected a frame number in 'left.mp4'"):
        read_keypoints(write_json(tmp_path / "results.json", content))


STAMPS = (10**15 - 2_000_000, 10**15 - 1_000_000, 10**15)


def test_frame_numbers_that_are_no_frame_numbers_are_counted(tmp_path: Path) -> None:
    content = coco_results(clip(3))
    for entry, stamp in zip(content, STAMPS, strict=True):
        entry["image_id"] = stamp
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    assert detections.frames.tolist() == detections.row_frames.tolist() == [0, 1, 2]
    assert any("counted from 0 instead" in warning for warning in detections.warnings)


def test_missing_values_are_missing_joints_with_a_warning(tmp_path: Path) -> None:
    content = coco_results(clip(3))
    content[1]["keypoints"][3 * 9 + 1] = None
    content[2]["keypoints"][3 * 4] = float("inf")
    content[2]["keypoints"][3 * 5] = 1e300
    detections = read_keypoints(write_json(tmp_path / "results.json", content))
    wrist = COCO_17.index("left_wrist")
    assert detections.confidence[1, wrist] == 0
    assert detections.positions[1, wrist].tolist() == [0, 0]
    assert (detections.confidence == 0).sum() == 3
    assert "3 keypoints were NaN" in detections.warnings[0]
    assert "(first: frame 1, left_wrist)" in detections.warnings[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keypoints": [1.0] * 24}, "entry 1, frame 1: expected 17 joints as elsewhere.*found 8"),
        ({"keypoints": "none"}, "entry 1, frame 1: expected a list of numbers, found 'none'"),
        ({"image_id": [2]}, "entry 1: expected a frame number or an image name, found a list of 1"),
        ({"image_id": 1.5}, "entry 1: expected a frame number or an image name, found 1.5"),
    ],
)
def test_broken_entries_are_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    content = coco_results(clip(3))
    content[1] |= change
    with pytest.raises(InputFormatError, match=message):
        read_keypoints(write_json(tmp_path / "results.json", content))


def test_an_empty_list_is_nobody(tmp_path: Path) -> None:
    with pytest.raises(NothingToLiftError, match="nobody in any of 0 frames"):
        read_keypoints(write_json(tmp_path / "results.json", []))
