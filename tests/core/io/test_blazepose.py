"""MediaPipe's 33 landmarks as JSON and npy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints, with_image_size
from core.joint_sets import BLAZEPOSE_33
from tests.core.io.sample_files import IMAGE_SIZE, blazepose_clip, clip, landmarks, write_json


def _layouts(keypoints: np.ndarray) -> dict[str, Any]:
    people = [landmarks(person) for person in keypoints]
    lists = [[[*point.values()] for point in person] for person in people]
    return {
        "objects": people,
        "lists": lists,
        "named": [{"frame": f, "landmarks": person} for f, person in enumerate(people)],
        "tasks": [{"frame_id": f, "pose_landmarks": [person]} for f, person in enumerate(people)],
        "with frames": {"fps": 30, "frames": [{"poseLandmarks": person} for person in people]},
        "by number": {str(frame): person for frame, person in enumerate(people)},
        "one key": {"landmarks": people},
    }


@pytest.mark.parametrize("layout", _layouts(blazepose_clip()))
def test_json_is_read_in_each_layout(tmp_path: Path, layout: str) -> None:
    keypoints = blazepose_clip()
    detections = read_keypoints(write_json(tmp_path / "a.json", _layouts(keypoints)[layout]))
    assert detections.format == "MediaPipe JSON, BlazePose-33"
    assert detections.is_normalized
    assert detections.frames.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(detections.confidence, keypoints[..., 2])
    sized = with_image_size(detections, IMAGE_SIZE)
    np.testing.assert_allclose(sized.positions, clip(4, BLAZEPOSE_33)[..., :2])


def test_frames_with_nobody_and_two_people_are_read(tmp_path: Path) -> None:
    person = landmarks(blazepose_clip(1)[0])
    content = [None, {"landmarks": []}, {"landmarks": person}, {"landmarks": [person, person]}]
    detections = read_keypoints(write_json(tmp_path / "a.json", content))
    assert detections.frames.tolist() == [0, 1, 2, 3]
    assert detections.row_frames.tolist() == [2, 3, 3]
    with pytest.raises(NothingToLiftError, match="nobody in any of 2 frames"):
        read_keypoints(write_json(tmp_path / "a.json", [None, []]))


def test_a_folder_of_frames_and_a_frame_alone_are_read(tmp_path: Path) -> None:
    keypoints = blazepose_clip()
    for frame, person in enumerate(keypoints):
        write_json(tmp_path / f"{frame}.json", {"pose_landmarks": landmarks(person)})
    detections = read_keypoints(tmp_path)
    assert detections.format == "MediaPipe JSON folder, BlazePose-33"
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    alone = read_keypoints(write_json(tmp_path / "x.json", landmarks(keypoints[0])))
    np.testing.assert_allclose(alone.positions, keypoints[:1, :, :2])


def test_frames_out_of_order_and_repeated_are_told(tmp_path: Path) -> None:
    people = [landmarks(person) for person in blazepose_clip(3)]
    numbered = [
        {"frame": frame, "landmarks": person}
        for frame, person in zip((4, 2, 4), people, strict=True)
    ]
    detections = read_keypoints(write_json(tmp_path / "a.json", numbered))
    assert detections.frames.tolist() == [2, 4]
    np.testing.assert_allclose(detections.positions[1], blazepose_clip(1)[0, :, :2])
    assert "1 entries repeat a frame number" in detections.warnings[0]
    assert "out of order" in detections.warnings[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([landmarks(blazepose_clip(1)[0])[:32]], "frame 0, person 1: expected 33 landmarks"),
        ([[{"x": 1, "y": "b"}] * 33], r"frame 0, person 1: joint 0 \(nose\): expected numbers"),
        ([{"frame": "x", "landmarks": [[1, 2]] * 33}], "entry 0: expected a frame number"),
    ],
)
def test_broken_landmarks_are_named(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputFormatError, match=message):
        read_keypoints(write_json(tmp_path / "a.json", content))


@pytest.mark.parametrize("num_columns", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_npy_is_read_with_every_number_of_columns(
    tmp_path: Path, num_columns: int, dtype: type
) -> None:
    keypoints = blazepose_clip()
    columns = [keypoints[..., 0], keypoints[..., 1], keypoints[..., 0] - 0.5, keypoints[..., 2]]
    if num_columns == 3:
        columns = [columns[0], columns[1], columns[3]]
    columns.append(np.ones(keypoints.shape[:2]))
    np.save(tmp_path / "a.npy", np.stack(columns[:num_columns], axis=-1).astype(dtype))
    detections = read_keypoints(tmp_path / "a.npy")
    assert detections.format == "MediaPipe npy, BlazePose-33"
    np.testing.assert_allclose(detections.positions, keypoints[..., :2], atol=1e-6)
    expected = keypoints[..., 2] if num_columns > 2 else 1.0
    np.testing.assert_allclose(detections.confidence, expected, atol=1e-6)


def test_a_third_column_with_depths_is_no_confidence(tmp_path: Path) -> None:
    array = blazepose_clip()
    array[..., 2] -= 0.8
    np.save(tmp_path / "a.npy", array)
    assert (read_keypoints(tmp_path / "a.npy").confidence == 1).all()


@pytest.mark.parametrize("shape", [(4, 17, 3), (33, 3), (4, 33, 1), (4, 33, 6)])
def test_npy_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", np.ones(shape))
    with pytest.raises(InputFormatError, match=r"a.npy: expected numbers of shape \(T, 33"):
        read_keypoints(tmp_path / "a.npy")
