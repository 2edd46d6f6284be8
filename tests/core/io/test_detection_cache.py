"""Keypoints of videos kept in a folder."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, LiftError
from core.io import detection_cache
from core.io.detection_cache import cache_file, keep_detections, recall_detections
from core.io.video import VideoInfo
from core.joint_sets import BLAZEPOSE_33
from core.types import Detections


def _found(times: np.ndarray | None = None) -> tuple[Detections, VideoInfo]:
    rng = np.random.default_rng(0)
    detections = Detections(
        positions=rng.uniform(0, 100, (5, 33, 2)).astype(np.float32).astype(float),
        confidence=rng.uniform(0, 1, (5, 33)).astype(np.float32).astype(float),
        row_frames=np.array([3, 3, 4, 6, 6]),
        track_ids=np.array([0, 1, 0, 0, 2]),
        frames=np.arange(3, 8),
        image_size=(100, 50),
        fps=None,
        is_normalized=False,
        format="video, BlazePose-33",
        skeleton=BLAZEPOSE_33,
        warnings=("the video ends after 8 of 20 frames: cut short?",),
        has_settled_sides=True,
    )
    return detections, VideoInfo(Path("a.mp4"), (100, 50), Fraction(30000, 1001), 20, 90, times)


def _key(folder: Path, video: Path, **changed: object) -> Path:
    made_of = {"detector_name": "one", "frame_range": None, **changed}
    return cache_file(folder, video, **made_of)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("times", [None, np.array([0.0, 0.1, 0.15])], ids=["constant", "variable"])
def test_what_is_kept_comes_back_whole(tmp_path: Path, times: np.ndarray | None) -> None:
    detections, info = _found(times)
    path = tmp_path / "new" / "a.keypoints.npz"
    keep_detections(path, detections, info)
    kept = recall_detections(path)
    assert kept is not None
    for name in ("positions", "confidence", "row_frames", "track_ids", "frames"):
        assert np.array_equal(getattr(kept[0], name), getattr(detections, name)), name
    assert kept[0].skeleton is BLAZEPOSE_33
    assert (kept[0].format, kept[0].warnings) == (detections.format, detections.warnings)
    assert kept[0].has_settled_sides
    assert kept[1].fps == Fraction(30000, 1001)
    assert (kept[1].size, kept[1].num_frames, kept[1].rotation_deg) == ((100, 50), 20, 90)
    assert (kept[1].frame_times is None) == (times is None)
    assert times is None or np.array_equal(kept[1].frame_times, times)


def test_the_name_follows_the_video_the_detector_and_the_range(tmp_path: Path) -> None:
    video, copy = tmp_path / "a.mp4", tmp_path / "b.mp4"
    video.write_bytes(b"x" * 3_000_000)
    copy.write_bytes(b"x" * 3_000_000)
    name = _key(tmp_path, video)
    assert _key(tmp_path, copy) == name
    assert _key(tmp_path, video, detector_name="two") != name
    assert _key(tmp_path, video, frame_range=(0, 9)) != name
    for place in (0, 2_999_999):
        content = bytearray(b"x" * 3_000_000)
        content[place] = 0
        copy.write_bytes(content)
        assert _key(tmp_path, copy) != name
    copy.write_bytes(b"x" * 3_000_001)
    assert _key(tmp_path, copy) != name


def test_a_missing_video_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match=r"a\.mp4: cannot be read: No such file"):
        _key(tmp_path, tmp_path / "a.mp4")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", None])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.keypoints.npz"
    if content is None:
        keep_detections(path, *_found())
        content = path.read_bytes()[:-200]
    path.write_bytes(content)
    assert recall_detections(path) is None


def test_nothing_is_kept_where_nothing_was(tmp_path: Path) -> None:
    assert recall_detections(tmp_path / "a.keypoints.npz") is None


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LiftError, match="cannot write .*a.keypoints.npz"):
        keep_detections(tmp_path / "file" / "a.keypoints.npz", *_found())


def test_what_was_not_used_for_longest_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detections, info = _found()
    paths = [tmp_path / f"{name}.keypoints.npz" for name in "abcd"]
    other = tmp_path / "other.npz"
    other.write_bytes(b"x" * 100_000)
    for age, path in enumerate(paths[:3]):
        keep_detections(path, detections, info)
        os.utime(path, (age, age))
    recall_detections(paths[0])
    size = paths[0].stat().st_size
    monkeypatch.setattr(detection_cache, "_LARGEST_FOLDER_BYTES", 2 * size + size // 2)
    keep_detections(paths[3], replace(detections, warnings=()), info)
    assert sorted(path.name[0] for path in tmp_path.glob("*.keypoints.npz")) == ["a", "d"]
    assert other.exists()
