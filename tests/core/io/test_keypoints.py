"""Recognising a format by content, and what is not one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, LiftError, NothingToLiftError
from core.io.keypoints import read_keypoints, with_image_size
from tests.core.io.sample_files import IMAGE_SIZE, clip, coco_results, write_json, write_openpose


def test_the_name_of_a_file_does_not_matter(tmp_path: Path) -> None:
    path = write_json(tmp_path / "results.csv", coco_results(clip(3)))
    assert read_keypoints(path).format == "COCO results JSON, COCO-17"


def test_a_folder_with_one_file_of_a_whole_clip_is_that_clip(tmp_path: Path) -> None:
    write_json(tmp_path / "alphapose-results.json", coco_results(clip(3), idx=1))
    assert read_keypoints(tmp_path).format == "AlphaPose JSON, COCO-17"


def test_pixels_stay_pixels_when_the_size_becomes_known(tmp_path: Path) -> None:
    detections = read_keypoints(write_openpose(tmp_path / "json", clip(3)))
    sized = with_image_size(detections, IMAGE_SIZE)
    np.testing.assert_array_equal(sized.positions, detections.positions)
    assert sized.image_size == IMAGE_SIZE
    with pytest.raises(LiftError, match="found 0x480"):
        with_image_size(detections, (0, 480))


def test_one_frame_is_enough(tmp_path: Path) -> None:
    assert read_keypoints(write_openpose(tmp_path / "json", clip(1))).frames.tolist() == [0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file"),
        (b"  \n", "found an empty file"),
        (b'{"people": [', "not valid JSON: Expecting value: line 1"),
        (b"[" * 100_000, "not valid JSON: nested too deeply"),
        (b'{"people": [1' + b"0" * 5000 + b"]}", "not valid JSON|expected an object"),
        (b'{"a": 1, "b": 2}', "expected OpenPose, .*found JSON, an object with a, b"),
        (b"[1, 2]", "found JSON, a list of 2"),
        (b"[[1, 2], 5]", "expected"),
        (b"\xff\xfe\xfa\xfb,1", "expected|not"),
        (b"\x00\x01\x02\x03", "found none of these"),
        (b"hello world", "expected numbers"),
        (b"\0\0\0\x18ftypmp42", "found a video: run a 2D pose detector"),
        (b"PK\x03\x04broken", "not a usable npz"),
        (b"\x93NUMPY\x01\x00\x05\x00abcde", "not a NumPy array|broken array"),
        (b"\x93NUMPY\x07\x00", "broken array|npy version"),
    ],
)
def test_anything_else_is_one_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "input_1"
    path.write_bytes(content)
    with pytest.raises(InputFormatError, match=message) as caught:
        read_keypoints(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match=r"walk.json: no such file or folder"):
        read_keypoints(tmp_path / "walk.json")


@pytest.mark.parametrize("is_folder", [True, False])
def test_an_unreadable_path_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = tmp_path if is_folder else write_json(tmp_path / "1.json", [])
    monkeypatch.setattr("os.scandir", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputFormatError, match="cannot be read: Permission denied"):
        read_keypoints(path)


def test_an_npz_of_another_kind_names_its_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weights=np.ones(3))
    with pytest.raises(InputFormatError, match="found an npz with weights"):
        read_keypoints(tmp_path / "a.npz")


def test_an_empty_npz_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer)
    (tmp_path / "a.npz").write_bytes(buffer.getvalue())
    with pytest.raises(InputFormatError, match="found an npz with nothing"):
        read_keypoints(tmp_path / "a.npz")


def test_lists_of_empty_frames_hold_nobody(tmp_path: Path) -> None:
    with pytest.raises(NothingToLiftError, match="nobody in any of 3 frames"):
        read_keypoints(write_json(tmp_path / "a.json", [[], [], []]))
    for frame in range(3):
        write_json(tmp_path / f"{frame}.json", [])
    (tmp_path / "a.json").unlink()
    with pytest.raises(NothingToLiftError, match="nobody in any of 3 frames"):
        read_keypoints(tmp_path)
