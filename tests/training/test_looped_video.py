"""A video shown several times over is one that many times as long, with the same pictures in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.video import read_video_info
from core.io.video_reader import open_video
from training.looped_video import loop_mp4

VIDEO = Path(__file__).resolve().parents[1] / "data" / "beam" / "cam01.mp4"


def test_the_header_lists_every_frame_at_the_same_rate(tmp_path: Path) -> None:
    loop_mp4(VIDEO, tmp_path / "long.mp4", 360)
    info = read_video_info(tmp_path / "long.mp4")
    assert (info.num_frames, info.fps, info.size) == (36_000, 60, (1080, 1920))
    assert info.frame_times is None
    assert (tmp_path / "long.mp4").stat().st_size < 3 * VIDEO.stat().st_size


def test_the_pictures_repeat(tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="OpenCV absent: no video can be decoded")
    loop_mp4(VIDEO, tmp_path / "twice.mp4", 2)
    shades = [
        float(image[::16, ::16].mean()) for _, image in open_video(tmp_path / "twice.mp4").images()
    ]
    assert len(shades) == 200
    np.testing.assert_allclose(shades[100:], shades[:100], atol=0.01)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(VIDEO.read_bytes()[:1000])
    with pytest.raises(
        InputFormatError, match=r"clip\.mp4: expected an MP4 that ends with its header"
    ):
        loop_mp4(path, tmp_path / "twice.mp4", 2)
