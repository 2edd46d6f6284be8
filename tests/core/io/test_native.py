"""Our own keypoint npz."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError, LiftError
from core.io.keypoints import read_keypoints, write_keypoints_npz
from core.joint_sets import BODY_23, JOINT_SETS
from core.skeleton import Skeleton
from core.types import Keypoints2D
from tests.core.io.sample_files import IMAGE_SIZE, clip


def _keypoints(skeleton: Skeleton = BODY_23, **changes: Any) -> Keypoints2D:
    values = clip(4, skeleton)
    arguments: dict[str, Any] = {
        "positions": values[..., :2],
        "confidence": values[..., 2],
        "frames": np.array([3, 4, 8, 9]),
        "image_size": IMAGE_SIZE,
        "fps": Fraction(30000, 1001),
        "person": 1,
        "skeleton": skeleton,
    }
    return Keypoints2D(**(arguments | changes))


@pytest.mark.parametrize("skeleton", JOINT_SETS.values(), ids=JOINT_SETS)
def test_every_joint_set_survives_the_round_trip(tmp_path: Path, skeleton: Skeleton) -> None:
    keypoints = _keypoints(skeleton)
    write_keypoints_npz(tmp_path / "a.npz", keypoints)
    detections = read_keypoints(tmp_path / "a.npz")
    assert detections.format == f"keypoint npz, {skeleton.name}"
    assert detections.skeleton is skeleton
    np.testing.assert_array_equal(detections.positions, keypoints.positions)
    np.testing.assert_array_equal(detections.confidence, keypoints.confidence)
    assert detections.frames.tolist() == [3, 4, 8, 9]
    assert detections.image_size == IMAGE_SIZE
    assert detections.warnings == ()


@pytest.mark.parametrize("fps", ["30000/1001", "24000/1001", "25", "119.88", "10/3", "29.97"])
def test_rates_survive_exactly(tmp_path: Path, fps: str) -> None:
    write_keypoints_npz(tmp_path / "a.npz", _keypoints(fps=Fraction(fps)))
    assert read_keypoints(tmp_path / "a.npz").fps == Fraction(fps)


@pytest.mark.parametrize("is_settled", [True, False])
def test_that_sides_are_settled_survives(tmp_path: Path, is_settled: bool) -> None:
    write_keypoints_npz(tmp_path / "clip.npz", _keypoints(has_settled_sides=is_settled))
    assert read_keypoints(tmp_path / "clip.npz").has_settled_sides is is_settled


def test_size_and_rate_may_be_unknown(tmp_path: Path) -> None:
    write_keypoints_npz(tmp_path / "a.npz", _keypoints(fps=None, image_size=None))
    detections = read_keypoints(tmp_path / "a.npz")
    assert detections.fps is None
    assert detections.image_size is None


def test_the_file_needs_no_pickle(tmp_path: Path) -> None:
    write_keypoints_npz(tmp_path / "a.npz", _keypoints())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {
            "positions",
            "confidence",
            "frames",
            "image_size",
            "fps",
            "joint_set",
        }


def test_a_file_without_frame_numbers_starts_at_0(tmp_path: Path) -> None:
    values = clip(4)
    np.savez(
        tmp_path / "a.npz",
        positions=values[..., :2],
        confidence=values[..., 2],
        image_size=IMAGE_SIZE,
        fps="30000/1001",
        joint_set="COCO-17",
    )
    detections = read_keypoints(tmp_path / "a.npz")
    assert detections.frames.tolist() == [0, 1, 2, 3]
    assert detections.fps == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"joint_set": "COCO-99"}, r"expected a known joint_set \(COCO-17.*found 'COCO-99'"),
        ({"positions": np.zeros((4, 16, 2))}, r"expected positions of shape \(4, 17, 2\)"),
        ({"confidence": np.zeros((4, 16))}, "expected confidence of shape"),
        ({"confidence": None}, "expected an array 'confidence', found none"),
        ({"frames": np.array([0.5, 1, 2, 3])}, "expected whole frame numbers"),
        ({"fps": 0.0}, "expected fps as a number above 0, found 0.0"),
        ({"fps": np.nan}, "expected fps as a number above 0, found nan"),
        ({"fps": "1/0"}, "expected fps as a number above 0, found '1/0'"),
        ({"fps": "1e999999999"}, "expected fps as a number above 0, found '1e9+'"),
        ({"fps": 1e-300}, "expected fps as a number above 0, found 1e-300"),
        ({"fps": [25, 30]}, "expected fps as a number above 0, found a list of 2"),
        ({"image_size": [0, 480]}, "expected image_size as width, height"),
        ({"image_size": 480}, "expected image_size as width, height"),
        ({"has_settled_sides": 1}, "expected has_settled_sides as one truth value, found"),
    ],
)
def test_broken_arrays_are_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    values = clip(4)
    arrays: dict[str, Any] = {
        "positions": values[..., :2],
        "confidence": values[..., 2],
        "joint_set": "COCO-17",
    }
    arrays = {name: array for name, array in (arrays | changes).items() if array is not None}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputFormatError, match=message):
        read_keypoints(tmp_path / "a.npz")


def test_an_unwritable_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiftError, match=r"cannot write .*a.npz: there is no folder"):
        write_keypoints_npz(tmp_path / "none" / "a.npz", _keypoints())
