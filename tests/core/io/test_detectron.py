"""Detectron's raw npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError, NothingToLiftError
from core.io.keypoints import read_keypoints
from tests.core.io.sample_files import IMAGE_SIZE, clip, object_array, write_detectron


def test_a_raw_file_is_read_with_its_size(tmp_path: Path) -> None:
    detections = read_keypoints(write_detectron(tmp_path / "walk.mp4.npz", clip(6)))
    assert detections.format == "Detectron npz, COCO-17"
    assert detections.image_size == IMAGE_SIZE
    np.testing.assert_allclose(detections.positions, clip(6)[..., :2])
    np.testing.assert_allclose(detections.confidence, clip(6)[..., 2])


def test_real_probabilities_are_tiny_so_the_logit_decides(tmp_path: Path) -> None:
    keypoints = clip(6)
    keypoints[..., 2] = 0.02
    detections = read_keypoints(write_detectron(tmp_path / "a.npz", keypoints, logits=9.0))
    assert (detections.confidence > 0.95).all()
    detections = read_keypoints(write_detectron(tmp_path / "b.npz", keypoints, logits=2.0))
    np.testing.assert_allclose(detections.confidence, 0.5)


def test_tiny_probabilities_without_logits_keep_their_proportion(tmp_path: Path) -> None:
    keypoints = clip(20)
    keypoints[..., 2] *= 0.1
    detections = read_keypoints(write_detectron(tmp_path / "a.npz", keypoints, logits=0.0))
    np.testing.assert_allclose(detections.confidence, clip(20)[..., 2] / 0.99, atol=1e-6)


def test_frames_with_nobody_and_with_several_are_read(tmp_path: Path) -> None:
    rows = np.stack((*clip(1)[0, :, :2].T, np.full(17, 9.0), np.full(17, 0.9)))
    entries: list[Any] = [[[], []], [[], rows[None]], None, [[], np.stack((rows, rows + 1))], [[]]]
    np.savez(tmp_path / "a.npz", boxes=object_array(entries), keypoints=object_array(entries))
    detections = read_keypoints(tmp_path / "a.npz")
    assert detections.frames.tolist() == [0, 1, 2, 3, 4]
    assert detections.row_frames.tolist() == [1, 3, 3]
    nobody = object_array([[[], []]] * 3)
    np.savez(tmp_path / "b.npz", boxes=nobody, keypoints=nobody)
    with pytest.raises(NothingToLiftError, match="nobody in any of 3 frames"):
        read_keypoints(tmp_path / "b.npz")


@pytest.mark.parametrize(
    "entry", [3, "text", [[], np.ones((1, 3, 17))], [[], np.ones((1, 4, 9))], [[], ["a"]], {}]
)
def test_other_contents_are_refused_with_their_frame(tmp_path: Path, entry: Any) -> None:
    entries = object_array([[[], []], entry])
    np.savez(tmp_path / "a.npz", boxes=entries, keypoints=entries)
    with pytest.raises(InputFormatError, match=r"a.npz, frame 1.*expected"):
        read_keypoints(tmp_path / "a.npz")
