"""Ultralytics YOLO-pose: label folders and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints, with_image_size
from tests.core.io.sample_files import IMAGE_SIZE, clip, write_json, yolo_detection, yolo_line


@pytest.mark.parametrize(
    ("extra", "track_id"), [((), -1), ((0.87,), -1), ((3,), 3), ((0.87, 3), 3)], ids=str
)
def test_label_folders_are_read(tmp_path: Path, extra: tuple[float, ...], track_id: int) -> None:
    fractions = clip(4, in_pixels=False)
    for frame, person in enumerate(fractions, start=1):
        (tmp_path / f"walk_{frame}.txt").write_text(yolo_line(person, *extra) + "\n")
    detections = read_keypoints(tmp_path)
    assert detections.format == "YOLO txt folder, COCO-17"
    assert detections.is_normalized
    assert detections.frames.tolist() == [1, 2, 3, 4]
    assert set(detections.track_ids.tolist()) == {track_id}
    sized = with_image_size(detections, IMAGE_SIZE)
    np.testing.assert_allclose(sized.positions, clip(4)[..., :2], atol=0.01)
    np.testing.assert_allclose(sized.confidence, fractions[..., 2], atol=1e-5)


def test_labels_without_visibility_are_read(tmp_path: Path) -> None:
    person = clip(1, in_pixels=False)[0]
    person[3, :2] = 0
    values = " ".join(f"{value:g}" for value in person[:, :2].ravel())
    (tmp_path / "1.txt").write_text(f"0 0.5 0.5 0.2 0.8 {values}")
    detections = read_keypoints(tmp_path / "1.txt")
    assert detections.confidence[0].tolist() == [1, 1, 1, 0, *[1] * 13]


def test_an_empty_label_file_is_a_frame_with_nobody(tmp_path: Path) -> None:
    person = clip(1, in_pixels=False)[0]
    (tmp_path / "a_1.txt").write_text("")
    (tmp_path / "a_2.txt").write_text(yolo_line(person) + "\n" + yolo_line(person + 0.1))
    detections = read_keypoints(tmp_path)
    assert detections.frames.tolist() == [1, 2]
    assert detections.row_frames.tolist() == [2, 2]
    assert detections.warnings == ()
    (tmp_path / "a_2.txt").write_text("")
    with pytest.raises(NothingToLiftError, match="nobody in any of 2 frames"):
        read_keypoints(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 0.5 0.5 0.2 0.8 0.1", "line 1: expected 56 to 58 numbers .*found 6"),
        ("0 0.5 0.5 0.2 abc 1", "line 1: expected numbers: .*'abc'"),
    ],
)
def test_broken_labels_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "walk_1.txt").write_text(text)
    with pytest.raises(InputFormatError, match=f"walk_1.txt.*{message}"):
        read_keypoints(tmp_path / "walk_1.txt")


@pytest.mark.parametrize("in_pixels", [True, False])
@pytest.mark.parametrize("layout", ["folder", "clip", "numbered"])
def test_json_is_read_in_each_layout(tmp_path: Path, layout: str, in_pixels: bool) -> None:
    keypoints = clip(3, in_pixels=in_pixels)
    frames: list[list[dict[str, Any]]] = [[yolo_detection(p, track_id=2)] for p in keypoints]
    path = tmp_path
    if layout == "folder":
        for frame, content in enumerate(frames):
            write_json(tmp_path / f"{frame}.json", content)
    elif layout == "clip":
        path = write_json(tmp_path / "results.json", frames)
    else:
        content = [frames[frame][0] | {"frame": frame} for frame in range(3)]
        path = write_json(tmp_path / "results.json", content)
    detections = read_keypoints(path)
    assert detections.format.startswith("YOLO JSON")
    assert detections.is_normalized is not in_pixels
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    np.testing.assert_allclose(detections.confidence, keypoints[..., 2])
    assert detections.frames.tolist() == detections.row_frames.tolist() == [0, 1, 2]
    assert detections.track_ids.tolist() == [2, 2, 2]


def test_a_single_json_frame_is_read(tmp_path: Path) -> None:
    path = write_json(tmp_path / "walk_5.json", [yolo_detection(clip(1)[0])])
    assert read_keypoints(path).frames.tolist() == [5]


@pytest.mark.parametrize("points", [None, {"x": [1], "y": []}, {"x": 1, "y": 2}])
def test_broken_detections_are_named(tmp_path: Path, points: object) -> None:
    content = [yolo_detection(clip(1)[0]), {"keypoints": points}]
    with pytest.raises(InputFormatError, match="person 2: expected"):
        read_keypoints(write_json(tmp_path / "results.json", content))
