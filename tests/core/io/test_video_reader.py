"""Videos read picture by picture, as a player shows them."""

from __future__ import annotations

import shutil
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.video import read_video_info
from core.io.video_reader import is_video, open_video

from .test_video import write_video

cv2: Any = pytest.importorskip("cv2", reason="OpenCV absent: no video can be decoded")

_CLIP = Path(__file__).resolve().parents[2] / "data" / "beam" / "cam01.mp4"
_SIZE = (48, 32)


def _write_avi(path: Path, num_frames: int = 12) -> Path:
    """A video whose pictures are each lighter than the one before, with a white top left quarter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, _SIZE)
    for frame in range(num_frames):
        image = np.full((_SIZE[1], _SIZE[0], 3), 10 * frame, np.uint8)
        image[: _SIZE[1] // 2, : _SIZE[0] // 2] = 255
        writer.write(image)
    writer.release()
    return path


def _turned(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """The demo clip with another rotation in its header."""
    content = bytearray(_CLIP.read_bytes())
    place = content.find(b"tkhd") + 4
    place += 52 if content[place] == 1 else 40
    a, b, c, d = (value << 16 for value in matrix)
    struct.pack_into(">9i", content, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def _first_image(path: Path) -> np.ndarray:
    images = open_video(path).images()
    _, image = next(images)
    images.close()
    return image


def test_every_picture_comes_once_and_in_order(tmp_path: Path) -> None:
    reader = open_video(_write_avi(tmp_path / "clip.avi"))
    shades = {frame: float(image[-4:, -4:].mean()) for frame, image in reader.images()}
    assert list(shades) == list(range(12)) and reader.num_expected == 12
    assert np.allclose(list(shades.values()), 10 * np.arange(12), atol=3)


def test_pictures_stand_upright_with_the_origin_at_the_top_left(tmp_path: Path) -> None:
    image = _first_image(_write_avi(tmp_path / "clip.avi"))
    assert image.shape == (32, 48, 3) and image.dtype == np.uint8
    assert image[2, 2].min() > 240 and image[-3, 2].max() < 15 and image[2, -3].max() < 15


def test_a_range_of_frames_keeps_its_numbers(tmp_path: Path) -> None:
    reader = open_video(_write_avi(tmp_path / "clip.avi"))
    found = [
        (frame, round(float(image[-2, -2, 0]), -1))
        for frame, image in reader.images(first=3, last=5)
    ]
    assert found == [(3, 30), (4, 40), (5, 50)]
    assert reader.num_read == 6


def test_size_and_rate_are_those_of_the_header(tmp_path: Path) -> None:
    path = _write_avi(tmp_path / "clip.avi")
    reader = open_video(path)
    list(reader.images())
    info, header = reader.info(), read_video_info(path)
    assert (info.size, info.fps, info.num_frames) == (header.size, header.fps, header.num_frames)
    assert not reader.is_cut_short


def test_odd_sizes_are_kept(tmp_path: Path) -> None:
    av: Any = pytest.importorskip("av")
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 51, 33, "yuv444p"
        frame = av.VideoFrame.from_ndarray(np.zeros((33, 51, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert _first_image(path).shape == (33, 51, 3)


@pytest.mark.parametrize(
    ("matrix", "num_quarters"),
    [((0, 1, -1, 0), 1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 3)],
    ids=["90", "180", "270"],
)
def test_a_rotation_flag_is_followed(
    tmp_path: Path, matrix: tuple[int, int, int, int], num_quarters: int
) -> None:
    """Clockwise, as ``read_video_info`` tells it."""
    path = _turned(tmp_path / "turned.mp4", matrix)
    image = _first_image(path)
    assert np.array_equal(image, np.rot90(_first_image(_CLIP), -num_quarters))
    assert read_video_info(path).size == (image.shape[1], image.shape[0])


def test_a_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [0, 33, 66, 130, 163, 230, 263, 330, 400, 433]
    path = write_video(
        tmp_path / "phone.mp4", times, Fraction(1, 1000), Fraction(30), codec="mpeg4"
    )
    reader = open_video(path)
    assert [frame for frame, _ in reader.images()] == list(range(10))
    frame_times = reader.info().frame_times
    assert frame_times is not None and np.allclose(frame_times, np.array(times) / 1000)


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        (list(range(0, 200, 20)), Fraction(50)),
        ([0, 33, 67, 100, 133, 167], Fraction(30)),
        ([0, 42, 83, 125, 167, 209, 250], Fraction(24000, 1001)),
    ],
)
def test_where_the_header_lists_no_frames_their_own_times_count(
    tmp_path: Path, times: list[int], rate: Fraction
) -> None:
    path = write_video(tmp_path / "clip.flv", times, Fraction(1, 1000), rate, codec="flv1")
    reader = open_video(path)
    num_frames = sum(1 for _ in reader.images())
    info = reader.info()
    assert (num_frames, info.fps, info.size) == (len(times), rate, (96, 64))
    assert info.frame_times is None


def test_a_header_that_lists_too_few_frames_is_not_believed(tmp_path: Path) -> None:
    path = _write_avi(tmp_path / "clip.avi")
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.find(b"strh") + 8 + 32, 5)
    path.write_bytes(content)
    assert read_video_info(path).num_frames == 5
    reader = open_video(path)
    assert sum(1 for _ in reader.images()) == 12
    assert (reader.info().num_frames, reader.info().fps) == (12, 25)


def test_a_video_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    path = _write_avi(tmp_path / "clip.avi", num_frames=60)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    reader = open_video(path)
    num_frames = sum(1 for _ in reader.images())
    assert 0 < num_frames < 40 and reader.is_cut_short


def test_a_file_is_let_go_when_reading_stops_early(tmp_path: Path) -> None:
    reader = open_video(_write_avi(tmp_path / "clip.avi"))
    images = reader.images()
    next(images)
    images.close()
    assert not reader._capture.isOpened()


def _write(content: bytes | None) -> Any:
    def write(path: Path) -> None:
        if content is not None:
            path.write_bytes(content)

    return write


def _write_half(path: Path) -> None:
    content = _CLIP.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_write(None), r"bad\.mp4: cannot be read: No such file"),
        (_write(b""), r"bad\.mp4: expected an MP4, MOV, MKV, WebM or AVI video, found none"),
        (_write(b"no video " * 99), r"bad\.mp4: expected an MP4, MOV, MKV, WebM or AVI video"),
        (_write_half, r"bad\.mp4: expected an MP4 header \(moov\), found none: cut short\?"),
    ],
    ids=["missing", "empty", "text", "half"],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, write: Any, message: str) -> None:
    path = tmp_path / "bad.mp4"
    write(path)
    with pytest.raises(InputFormatError, match=message):
        list(open_video(path).images())


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    av: Any = pytest.importorskip("av")
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(9):
            silence = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(InputFormatError, match=r"sound\.mp4: expected a video track, found none"):
        open_video(path)


def test_pictures_that_cannot_be_decoded_name_their_codec(tmp_path: Path) -> None:
    content = _CLIP.read_bytes()
    path = tmp_path / "other.mp4"
    path.write_bytes(content.replace(b"avc1", b"zzz1"))
    with pytest.raises(InputFormatError, match=r"other\.mp4: expected .*codec.*H\.264 in an MP4"):
        list(open_video(path).images())


def test_a_range_beyond_the_end_says_how_many_frames_there_are(tmp_path: Path) -> None:
    reader = open_video(_write_avi(tmp_path / "clip.avi"))
    with pytest.raises(InputFormatError, match=r"expected a frame 12, found 12 frames \(from 0\)"):
        list(reader.images(first=12, last=20))


def test_videos_are_told_by_what_is_in_them_or_by_their_name(tmp_path: Path) -> None:
    shutil.copy(_CLIP, tmp_path / "clip.json")
    (tmp_path / "clip.ts").write_bytes(b"G" * 376)
    (tmp_path / "keypoints.json").write_text("[]")
    (tmp_path / "folder.mp4").mkdir()
    found = {path.name: is_video(path) for path in tmp_path.iterdir()}
    assert found == {
        "clip.json": True,
        "clip.ts": True,
        "keypoints.json": False,
        "folder.mp4": False,
    }
    assert not is_video(tmp_path / "missing.mp4")
