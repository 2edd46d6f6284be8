"""Folders of one file per frame: numbering, gaps, and files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.keypoints import read_keypoints
from core.joint_sets import BODY_25
from tests.core.io.sample_files import (
    clip,
    moved,
    openpose_frame,
    openpose_person,
    write_json,
    write_openpose,
)


def test_frames_are_numbered_by_the_last_digits_and_gaps_stay(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "json", clip(4), frames=[9, 10, 100, 7])
    detections = read_keypoints(folder)
    assert detections.frames.tolist() == [7, 9, 10, 100]
    np.testing.assert_allclose(detections.positions[0], clip(4)[3, :, :2])
    assert detections.warnings == ()


def test_names_without_padding_sort_by_number(tmp_path: Path) -> None:
    for frame, person in enumerate(clip(12)):
        write_json(tmp_path / f"cam2.{frame}.json", openpose_frame(openpose_person(person)))
    detections = read_keypoints(tmp_path)
    assert detections.frames.tolist() == list(range(12))
    np.testing.assert_allclose(detections.positions, clip(12)[..., :2])


def test_a_few_unusable_files_are_missing_frames_with_a_warning(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "json", clip(10))
    files = sorted(folder.iterdir())
    files[2].write_text(files[2].read_text()[:100])
    files[5].write_text("")
    files[7].write_text(json.dumps(openpose_frame(openpose_person(clip(1, BODY_25)[0]))))
    detections = read_keypoints(folder)
    assert detections.frames.tolist() == [0, 1, 3, 4, 6, 8, 9]
    message = next(warning for warning in detections.warnings if "could not be used" in warning)
    assert message.startswith("3 of 10 frame files could not be used and count as missing frames")
    assert "walk_000000000002_keypoints.json: not valid JSON" in message


def test_a_file_that_cannot_be_opened_is_a_missing_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_openpose(tmp_path / "json", clip(3))
    read_all = Path.read_bytes

    def refuse_second(path: Path) -> bytes:
        if "01_" in path.name:
            raise PermissionError(13, "Permission denied")
        return read_all(path)

    monkeypatch.setattr(Path, "read_bytes", refuse_second)
    detections = read_keypoints(folder)
    assert detections.frames.tolist() == [0, 2]
    assert "Permission denied" in detections.warnings[0]


def test_a_folder_without_one_usable_file_is_an_error(tmp_path: Path) -> None:
    for frame in range(3):
        (tmp_path / f"{frame}.json").write_text('{"people": [')
    with pytest.raises(
        InputFormatError, match=r"none of 3 frame files can be used \(first: .*0.json"
    ):
        read_keypoints(tmp_path)


def test_a_repeated_frame_number_keeps_the_first_file(tmp_path: Path) -> None:
    for name, x in (("a_1", 0), ("a_2", 0), ("b_1", 90)):
        person = moved(clip(1)[0], x)
        write_json(tmp_path / f"{name}.json", openpose_frame(openpose_person(person)))
    detections = read_keypoints(tmp_path)
    assert detections.frames.tolist() == [1, 2]
    np.testing.assert_allclose(detections.positions[0], clip(1)[0, :, :2])
    assert "1 files repeat a frame number" in detections.warnings[0]


def test_files_without_numbers_are_left_out_or_counted(tmp_path: Path) -> None:
    frame = openpose_frame(openpose_person(clip(1)[0]))
    for name in ("alpha", "beta"):
        write_json(tmp_path / f"{name}.json", frame)
    detections = read_keypoints(tmp_path)
    assert detections.frames.tolist() == [0, 1]
    assert "counted from 0 by name" in detections.warnings[0]
    write_json(tmp_path / "gamma_12.json", frame)
    detections = read_keypoints(tmp_path)
    assert detections.frames.tolist() == [12]
    assert "2 files without a frame number" in detections.warnings[0]


def test_hidden_and_other_files_are_ignored(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "json", clip(3))
    (folder / "._walk_1.json").write_bytes(b"\0\5")
    (folder / "preview.png").write_bytes(b"\x89PNG")
    assert read_keypoints(folder).warnings == ()


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    content = json.dumps(openpose_frame(openpose_person(clip(1)[0])))
    (tmp_path / "1.json").write_text(content, encoding="utf-8-sig")
    assert read_keypoints(tmp_path / "1.json").frames.tolist() == [1]


@pytest.mark.parametrize(
    ("files", "found"), [([], "an empty folder"), (["a.png", "b.avi"], "2 other files")]
)
def test_a_folder_without_frames_is_an_error(tmp_path: Path, files: list[str], found: str) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"1")
    with pytest.raises(InputFormatError, match=f"expected one .json or .txt .*found {found}"):
        read_keypoints(tmp_path)


def test_a_folder_of_foreign_json_is_an_error(tmp_path: Path) -> None:
    for frame in range(3):
        write_json(tmp_path / f"{frame}.json", {"weather": "fine"})
    with pytest.raises(InputFormatError, match="none of 3 frame files can be used"):
        read_keypoints(tmp_path)


def test_ten_thousand_files_are_one_clip(tmp_path: Path) -> None:
    content = json.dumps(openpose_frame(openpose_person(clip(1, BODY_25)[0])))
    for frame in range(10_000):
        (tmp_path / f"walk_{frame:012d}_keypoints.json").write_text(content)
    detections = read_keypoints(tmp_path)
    assert detections.positions.shape == (10_000, 25, 2)
    assert np.array_equal(detections.frames, np.arange(10_000))
