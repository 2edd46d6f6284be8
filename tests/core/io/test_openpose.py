"""OpenPose JSON: every joint count, both orders of 25, both key names, every scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints, with_image_size
from core.joint_sets import (
    BLAZEPOSE_33,
    BODY_25,
    BODY_25B,
    COCO_17,
    COCO_18,
    COCO_WHOLEBODY_133,
    HALPE_26,
)
from core.skeleton import Skeleton
from tests.core.io.sample_files import (
    IMAGE_SIZE,
    clip,
    moved,
    openpose_frame,
    openpose_person,
    write_json,
    write_openpose,
)
from tests.shared_data import shared_data


@pytest.mark.parametrize(
    "skeleton",
    [COCO_17, COCO_18, BODY_25, BODY_25B, HALPE_26, BLAZEPOSE_33, COCO_WHOLEBODY_133],
    ids=lambda skeleton: skeleton.name,
)
def test_every_joint_count_is_read_with_its_order(tmp_path: Path, skeleton: Skeleton) -> None:
    keypoints = clip(5, skeleton)
    detections = read_keypoints(write_openpose(tmp_path / "json", keypoints))
    assert detections.skeleton is skeleton
    assert detections.format == f"OpenPose JSON folder, {skeleton.name}"
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    np.testing.assert_allclose(detections.confidence, keypoints[..., 2])
    assert detections.frames.tolist() == [0, 1, 2, 3, 4]
    assert not detections.is_normalized
    assert detections.warnings == ()


@pytest.mark.parametrize("skeleton", [BODY_25, BODY_25B], ids=lambda skeleton: skeleton.name)
def test_body_25_orders_are_told_apart_with_half_the_joints_missing(
    tmp_path: Path, skeleton: Skeleton
) -> None:
    rng = np.random.default_rng(4)
    keypoints = clip(20, skeleton)
    keypoints[..., :2] += rng.normal(scale=8.0, size=keypoints[..., :2].shape)
    keypoints[rng.random(keypoints.shape[:2]) < 0.5] = 0.0
    assert read_keypoints(write_openpose(tmp_path / "json", keypoints)).skeleton is skeleton


def test_an_order_that_cannot_be_told_is_a_warning(tmp_path: Path) -> None:
    keypoints = clip(3, BODY_25)
    keypoints[:, 1:] = 0.0
    detections = read_keypoints(write_openpose(tmp_path / "json", keypoints))
    assert detections.skeleton is BODY_25
    assert any("cannot be told apart" in warning for warning in detections.warnings)


@pytest.mark.parametrize(
    ("folder", "num_people"),
    [
        ("pose2sim_single/cam01_json", 1),
        ("pose2sim_single/cam02_json", 1),
        ("pose2sim_multi/cam01_json", 2),
    ],
)
def test_real_clips_are_body_25b(folder: str, num_people: int) -> None:
    detections = read_keypoints(shared_data(f"real/{folder}"))
    assert detections.format == "OpenPose JSON folder, BODY_25B"
    assert detections.frames.tolist() == list(range(100))
    assert np.bincount(detections.row_frames).max() == num_people
    # Heads are above hips and hips above ankles: the order is the one it claims to be.
    nose, hip, ankle = detections.skeleton.indices("nose", "left_hip", "left_ankle")
    seen = (detections.confidence[:, [nose, hip, ankle]] > 0.5).all(axis=1)
    y = detections.positions[seen, :, 1]
    assert np.median(y[:, nose]) < np.median(y[:, hip]) < np.median(y[:, ankle])


def test_a_real_file_alone_is_one_frame() -> None:
    path = shared_data("real/pose2sim_single/cam01_json") / "cam01.0042.json"
    detections = read_keypoints(path)
    assert detections.format == "OpenPose JSON file, BODY_25B"
    assert detections.frames.tolist() == [42]


def test_the_old_key_and_absent_and_empty_people_are_read(tmp_path: Path) -> None:
    person = clip(1)[0]
    frames = [
        {"people": [{"pose_keypoints": person.ravel().tolist()}]},
        {"people": [{"face_keypoints_2d": []}, {"pose_keypoints_2d": []}]},
        {"people": []},
        openpose_frame(openpose_person(person), openpose_person(moved(person, 30))),
    ]
    for frame, content in enumerate(frames):
        write_json(tmp_path / f"{frame}.json", content)
    detections = read_keypoints(tmp_path)
    assert detections.row_frames.tolist() == [0, 3, 3]
    assert detections.frames.tolist() == [0, 1, 2, 3]
    assert detections.track_ids.tolist() == [-1, -1, -1]


@pytest.mark.parametrize("is_signed", [False, True])
def test_keypoint_scale_is_undone_once_the_size_is_known(tmp_path: Path, is_signed: bool) -> None:
    fractions = clip(4, BODY_25, in_pixels=False)
    stored = fractions.copy()
    if is_signed:
        stored[..., :2] = 2 * stored[..., :2] - 1
    stored[1, 3] = 0.0
    detections = read_keypoints(write_openpose(tmp_path / "json", stored))
    assert detections.is_normalized
    assert detections.image_size is None
    sized = with_image_size(detections, IMAGE_SIZE)
    expected = clip(4, BODY_25)
    expected[1, 3] = 0.0
    assert not sized.is_normalized
    assert sized.image_size == IMAGE_SIZE
    np.testing.assert_allclose(sized.positions, expected[..., :2], atol=1e-9)
    assert sized.confidence[1, 3] == 0


def test_ids_that_follow_people_are_kept_and_ids_that_only_count_are_not(tmp_path: Path) -> None:
    person = clip(1)[0]
    for folder, ids in (("follow", [[3, 7], [7, 3]]), ("count", [[0, 1], [0, 1]])):
        (tmp_path / folder).mkdir()
        for frame, (first, second) in enumerate(ids):
            people = openpose_person(person, first), openpose_person(moved(person, 50), second)
            write_json(tmp_path / folder / f"{frame}.json", openpose_frame(*people))
    assert read_keypoints(tmp_path / "follow").track_ids.tolist() == [3, 7, 7, 3]
    assert read_keypoints(tmp_path / "count").track_ids.tolist() == [-1, -1, -1, -1]


def test_ids_that_repeat_within_a_frame_are_dropped_with_a_warning(tmp_path: Path) -> None:
    person = clip(1)[0]
    people = openpose_person(person, 5), openpose_person(moved(person, 50), 5)
    detections = read_keypoints(write_json(tmp_path / "0.json", openpose_frame(*people)))
    assert detections.track_ids.tolist() == [-1, -1]
    assert any("repeat within a frame" in warning for warning in detections.warnings)


def test_an_unknown_joint_count_names_the_known_ones(tmp_path: Path) -> None:
    keypoints = np.full((2, 15, 3), 5.0)
    message = r"json/walk_0+_keypoints.json, frame 0, person 1: expected a known joint count "
    with pytest.raises(InputFormatError, match=message + r"\(17, 18, 25.*found 15"):
        read_keypoints(write_openpose(tmp_path / "json", keypoints))


def test_a_word_among_the_numbers_names_file_frame_and_joint(tmp_path: Path) -> None:
    person = openpose_person(clip(1)[0])
    person["pose_keypoints_2d"][13] = "left"
    path = write_json(tmp_path / "walk_07.json", openpose_frame(person))
    message = r"walk_07.json, frame 7, person 1: joint 4 \(right_ear\): expected numbers.*'left'"
    with pytest.raises(InputFormatError, match=message):
        read_keypoints(path)


def test_a_length_that_is_no_multiple_of_three_is_refused(tmp_path: Path) -> None:
    path = write_json(tmp_path / "1.json", openpose_frame({"pose_keypoints_2d": [1.0] * 50}))
    with pytest.raises(InputFormatError, match="expected x, y, confidence for every joint"):
        read_keypoints(path)


@pytest.mark.parametrize("people", [None, 3, [4], [{"pose_keypoints_2d": "abc"}]])
def test_wrong_types_are_refused(tmp_path: Path, people: object) -> None:
    with pytest.raises(InputFormatError, match="expected"):
        read_keypoints(write_json(tmp_path / "1.json", {"people": people}))


def test_all_zero_frames_hold_nobody(tmp_path: Path) -> None:
    keypoints = clip(4)
    keypoints[1:3] = 0.0
    detections = read_keypoints(write_openpose(tmp_path / "some", keypoints))
    assert detections.row_frames.tolist() == [0, 3]
    assert detections.frames.tolist() == [0, 1, 2, 3]
    with pytest.raises(NothingToLiftError, match="none: nobody in any of 4 frames"):
        read_keypoints(write_openpose(tmp_path / "none", keypoints * 0.0))
