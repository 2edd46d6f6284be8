"""Video headers: what a player would show, checked against a real decoder."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.video import find_video_beside, read_video_info
from tests.shared_data import shared_data

SIZE = (96, 64)


def write_video(
    path: Path,
    times: list[int],
    time_base: Fraction,
    rate: Fraction,
    *,
    codec: str,
    b_frames: int = 0,
) -> Path:
    """A video with frames shown at ``times`` (in ``time_base``); skips without PyAV."""
    av: Any = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = time_base
        stream.time_base = time_base
        stream.codec_context.max_b_frames = b_frames
        for shade, time in enumerate(times):
            image = np.full((SIZE[1], SIZE[0], 3), 8 * shade % 256, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def decoded_times(path: Path) -> list[float]:
    """When a real decoder shows each frame, s."""
    av: Any = pytest.importorskip("av")
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0)]


def _constant(path: Path, rate: Fraction, codec: str, num_frames: int = 30, **options: Any) -> Path:
    return write_video(path, list(range(num_frames)), 1 / rate, rate, codec=codec, **options)


RATES = [Fraction(25), Fraction(30), Fraction(60), Fraction(30000, 1001), Fraction(24000, 1001)]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".mp4", "mpeg4"),
        (".mov", "mpeg4"),
        (".mkv", "mpeg4"),
        (".webm", "libvpx"),
        (".avi", "mpeg4"),
    ],
)
def test_a_constant_rate_is_exact_in_every_container(
    tmp_path: Path, suffix: str, codec: str, rate: Fraction
) -> None:
    info = read_video_info(_constant(tmp_path / f"a{suffix}", rate, codec))
    assert info.fps == rate
    assert info.size == SIZE
    assert info.num_frames == 30
    assert info.rotation_deg == 0
    assert info.frame_times is None


def test_reordered_frames_count_in_the_order_shown(tmp_path: Path) -> None:
    path = _constant(tmp_path / "a.mp4", Fraction(30), "mpeg4", b_frames=2)
    info = read_video_info(path)
    assert info.num_frames == len(decoded_times(path))
    assert info.fps == 30
    assert info.frame_times is None


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "mpeg4"), (".mkv", "mpeg4")])
def test_a_variable_rate_gives_the_decoders_times(tmp_path: Path, suffix: str, codec: str) -> None:
    steps = np.random.default_rng(2).integers(20, 60, size=40)
    times = [0, *np.cumsum(steps).tolist()]
    path = write_video(tmp_path / f"a{suffix}", times, Fraction(1, 1000), Fraction(30), codec=codec)
    info = read_video_info(path)
    shown = np.array(decoded_times(path))
    assert info.frame_times is not None
    np.testing.assert_allclose(info.frame_times, shown - shown[0], atol=1e-3)
    assert info.num_frames == len(shown)
    assert float(info.fps) == pytest.approx(len(shown) / (shown[-1] - shown[0]), rel=0.05)


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_the_rotation_flag_turns_the_size(tmp_path: Path, rotation_deg: int) -> None:
    path = _constant(tmp_path / "a.mp4", Fraction(30), "mpeg4")
    _set_rotation(path, rotation_deg)
    info = read_video_info(path)
    assert info.rotation_deg == rotation_deg
    assert info.size == (SIZE if rotation_deg % 180 == 0 else SIZE[::-1])
    assert info.fps == 30


def _set_rotation(path: Path, rotation_deg: int) -> None:
    """Write the display matrix that phones write for a clockwise turn into the track header."""
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation_deg]
    content = bytearray(path.read_bytes())
    position = content.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrix = (cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", content, position, *matrix)
    path.write_bytes(content)


def test_frames_that_an_edit_list_cuts_off_are_not_counted(tmp_path: Path) -> None:
    path = _constant(tmp_path / "a.mp4", Fraction(25), "mpeg4")
    content = bytearray(path.read_bytes())
    entry = content.index(b"elst") + 4 + 8
    media = content.index(b"mdhd") + 4 + 12
    timescale = struct.unpack_from(">I", content, media)[0]
    # Shown: 12 frames (0.48 s in the movie's thousandths) from the sixth frame on.
    struct.pack_into(">Ii", content, entry, 480, timescale * 6 // 25)
    path.write_bytes(content)
    info = read_video_info(path)
    assert (info.num_frames, info.fps) == (12, 25)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("pose2sim_single/cam01.mp4", (1080, 1920)),
        ("pose2sim_single/cam02.mp4", (1080, 1920)),
        ("pose2sim_multi/cam01.mp4", (1088, 1920)),
    ],
)
def test_real_videos_are_read(name: str, size: tuple[int, int]) -> None:
    info = read_video_info(shared_data(f"real/{name}"))
    assert (info.size, info.fps, info.num_frames) == (size, 60, 100)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_file_cut_anywhere_is_read_or_told(tmp_path: Path, suffix: str) -> None:
    path = _constant(tmp_path / f"a{suffix}", Fraction(30), "mpeg4", 5)
    content = path.read_bytes()
    for length in range(0, len(content), max(1, len(content) // 200)):
        path.write_bytes(content[:length])
        try:
            assert read_video_info(path).num_frames <= 5
        except InputFormatError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_file_with_any_byte_changed_is_read_or_told(tmp_path: Path, suffix: str) -> None:
    path = _constant(tmp_path / f"a{suffix}", Fraction(30), "mpeg4", 3)
    content = path.read_bytes()
    start = content.index(b"moov") if suffix == ".mp4" else 0
    rng = np.random.default_rng(5)
    for position in rng.integers(start, min(len(content), start + 1200), size=300):
        changed = bytearray(content)
        changed[position] = rng.integers(256)
        path.write_bytes(changed)
        try:
            read_video_info(path)
        except InputFormatError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 100, b"RIFF\0\0\0\0WAVEfmt "])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(InputFormatError, match=r"a.mp4: expected an MP4, MOV, MKV, WebM or AVI"):
        read_video_info(tmp_path / "a.mp4")
    with pytest.raises(InputFormatError, match=r"none.mp4: cannot be read"):
        read_video_info(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    ("input_name", "video_name"),
    [
        ("walk.json", "walk.mp4"),
        ("walk.json", "walk.MOV"),
        ("walk.mp4.npz", "walk.mp4"),
        ("walk_keypoints.json", "walk.avi"),
        ("walk_openpose_2d.npz", "walk.webm"),
        ("cam01_json/", "cam01.mp4"),
        ("cam01.v2/", "cam01.v2.mkv"),
        ("cam01/", "cam01.mp4"),
        ("Walk-Keypoints/", "walk.mp4"),
    ],
)
def test_a_video_with_the_same_name_is_found(
    tmp_path: Path, input_name: str, video_name: str
) -> None:
    path = tmp_path / input_name
    if input_name.endswith("/"):
        path.mkdir()
    else:
        path.write_text("{}")
    assert find_video_beside(path) is None
    (tmp_path / video_name).write_bytes(b"x")
    (tmp_path / "other.mp4").write_bytes(b"x")
    assert find_video_beside(path) == tmp_path / video_name


def test_no_video_is_found_where_there_is_none(tmp_path: Path) -> None:
    assert find_video_beside(tmp_path / "none" / "walk.json") is None
    (tmp_path / "_json").mkdir()
    (tmp_path / "walk.mp4").mkdir()
    assert find_video_beside(tmp_path / "walk.json") is None
    assert find_video_beside(tmp_path / "_json") is None
