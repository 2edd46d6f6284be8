"""Cuttings of a video: the person where they are seen best, in the middle of a square."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.clip_source import open_clip
from core.joint_sets import COCO_17
from core.types import Keypoints2D
from core.video_thumbnail import cut_thumbnails

cv2: Any = pytest.importorskip("cv2", reason="OpenCV absent: no video can be decoded")

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
SIZE = (160, 120)


def write_shades(path: Path) -> Path:
    """Frame f is 20 f bright on the left, blue on the right."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, SIZE)
    for frame in range(12):
        image = np.full((SIZE[1], SIZE[0], 3), 20 * frame, np.uint8)
        image[:, SIZE[0] // 2 :] = (255, 0, 0)
        writer.write(image)
    writer.release()
    return path


def somebody(low: tuple[int, int], high: tuple[int, int], best: int) -> Keypoints2D:
    """Joints all over a box, most surely seen in frame ``best`` of 2 to 11."""
    places = np.linspace(low, high, 17)
    confidence = np.full((10, 17), 0.5)
    confidence[best - 2] = 0.9
    return Keypoints2D(
        positions=np.tile(places, (10, 1, 1)),
        confidence=confidence,
        frames=np.arange(2, 12),
        image_size=SIZE,
        fps=Fraction(25),
        person=1,
        skeleton=COCO_17,
    )


def test_each_person_is_cut_from_the_frame_in_which_they_are_seen_best(tmp_path: Path) -> None:
    video = write_shades(tmp_path / "shades.avi")
    people = [somebody((20, 40), (50, 80), best=9), somebody((20, 40), (50, 80), best=4)]
    found = cut_thumbnails(video, people, 24)
    for cutting, shade in zip(found, (180, 80), strict=True):
        assert cutting is not None and cutting.shape == (24, 24, 3)
        np.testing.assert_allclose(cutting, shade, atol=6)


def test_the_person_is_in_the_middle_and_colours_are_red_green_blue(tmp_path: Path) -> None:
    video = write_shades(tmp_path / "shades.avi")
    (cutting,) = cut_thumbnails(video, [somebody((60, 40), (100, 80), best=10)], 24)
    assert cutting is not None
    np.testing.assert_allclose(cutting[:, :11], 200, atol=8)
    np.testing.assert_allclose(cutting[:, 13:].mean(axis=(0, 1)), (0, 0, 255), atol=8)


def test_beyond_the_pictures_edge_it_is_dark(tmp_path: Path) -> None:
    video = write_shades(tmp_path / "shades.avi")
    (cutting,) = cut_thumbnails(video, [somebody((0, 0), (20, 119), best=10)], 24)
    assert cutting is not None
    np.testing.assert_allclose(cutting[4:20, :6], 0, atol=8)


def test_where_nothing_was_seen_or_read_there_is_none(tmp_path: Path) -> None:
    video = write_shades(tmp_path / "shades.avi")
    person = somebody((20, 40), (50, 80), best=9)
    nobody = Keypoints2D(**{**_fields(person), "confidence": np.zeros((10, 17))})
    late = Keypoints2D(**{**_fields(person), "frames": np.arange(100, 110)})
    assert cut_thumbnails(video, [nobody, late], 24) == (None, None)
    assert cut_thumbnails(tmp_path / "absent.mp4", [person], 24) == (None,)


def _fields(person: Keypoints2D) -> dict[str, Any]:
    return {name: getattr(person, name) for name in Keypoints2D.__slots__}


def test_a_real_cutting_is_a_square_of_the_picture() -> None:
    person = open_clip(BEAM / "cam01_json").people[0]
    (cutting,) = cut_thumbnails(BEAM / "cam01.mp4", [person], 96)
    assert cutting is not None
    apart: list[float] = []
    capture = cv2.VideoCapture(str(BEAM / "cam01.mp4"))
    for positions, confidence in zip(person.positions, person.confidence, strict=True):
        _, image = capture.read()
        seen = positions[confidence > 0]
        low, high = seen.min(axis=0), seen.max(axis=0)
        side = 1.24 * (high - low).max()
        x, y = np.round((low + high - side) / 2).astype(int) + 2000
        padded = np.pad(image, ((2000, 2000), (2000, 2000), (0, 0)))
        square = padded[y : y + round(side), x : x + round(side)]
        small = cv2.resize(square, (96, 96), interpolation=cv2.INTER_AREA)[..., ::-1]
        apart.append(np.abs(small.astype(float) - cutting).mean())
        if len(apart) == 30 or min(apart) < 6:
            break
    assert min(apart) < 6
