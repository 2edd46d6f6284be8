"""A video's pictures, one after the other, as a player shows them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..errors import InputFormatError
from ..opencv import load_opencv
from .video import VideoInfo, find_video_beside, read_video_info
from .video_track import VideoTrack, rate_and_times

VIDEO_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"),
    *(".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".wmv", ".flv", ".3gp", ".ogv"),
)
"""How the names of videos end that are looked at as such."""

_STARTS = (b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba")
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
# What containers count time in; where none fits, it is fine enough.
_TICKS_PER_SECOND = (1_000, 90_000, 1_000_000)
_TICK_TOLERANCE = 0.01
_MAX_DENOMINATOR = 1001
_LEAST_SHARE = 0.98


def is_video(path: Path) -> bool:
    """Whether a file is a video, by how it begins or, where that does not tell, by its name."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError:
        # Whoever reads the file next says why it cannot be read.
        return False
    is_known = start[4:8] in _MP4_BOXES or start[8:12] == b"AVI " or start.startswith(_STARTS)
    return is_known or path.suffix.lower() in VIDEO_SUFFIXES


def video_of(source: Path) -> Path | None:
    """The video that a clip is, or that stands beside its keypoints."""
    return source if is_video(source) else find_video_beside(source)


def open_video(path: Path) -> VideoReader:
    """Open a video for reading, of any kind that OpenCV decodes.

    Raises
    ------
    InputFormatError
        When the file is missing, no video, without pictures, cut short or in an unknown codec.
    NotAvailableError
        When there is no OpenCV.
    """
    opencv = load_opencv()
    header, problem = _read_header(path)
    # An absolute path is never taken for an address on the network.
    capture = opencv.VideoCapture(str(path.absolute()), opencv.CAP_FFMPEG)
    if not capture.isOpened():
        if problem is not None:
            raise problem
        raise InputFormatError(
            f"{path}: expected a video that can be decoded, found one whose codec is not known here: "
            "convert it to H.264 in an MP4"
        )
    capture.set(opencv.CAP_PROP_ORIENTATION_AUTO, 1)
    num_frames = header.num_frames if header else int(capture.get(opencv.CAP_PROP_FRAME_COUNT))
    return VideoReader(
        path=path,
        num_expected=max(num_frames, 0),
        _header=header,
        _opencv=opencv,
        _capture=capture,
        _stated_fps=capture.get(opencv.CAP_PROP_FPS),
        _codec=_codec_name(int(capture.get(opencv.CAP_PROP_FOURCC))),
    )


def _read_header(path: Path) -> tuple[VideoInfo | None, InputFormatError | None]:
    """What the file's own header says, or why that cannot be read: the decoder may know more."""
    try:
        return read_video_info(path), None
    except InputFormatError as error:
        if not path.is_file():
            raise
        return None, error


def _codec_name(code: int) -> str:
    """``avc1`` and the like: four letters in a number."""
    letters = (code & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1")
    return letters if letters.isprintable() else "unknown"


@dataclass(slots=True, eq=False)
class VideoReader:
    """An open video; ``num_expected`` is how many frames it should have, 0 where nothing says."""

    path: Path
    num_expected: int
    _header: VideoInfo | None
    _opencv: Any
    _capture: Any
    _stated_fps: float
    _codec: str
    _seconds: list[float] = field(default_factory=list[float])
    _size: tuple[int, int] = (0, 0)

    @property
    def num_read(self) -> int:
        """Number of frames that were come by so far, wanted or not."""
        return len(self._seconds)

    @property
    def is_cut_short(self) -> bool:
        """Whether the frames that were read end well before those that the header lists."""
        if self._header is None:
            return False
        return self.num_read < _LEAST_SHARE * self._header.num_frames

    def stated(self) -> VideoInfo:
        """Size, rate and number of frames as the file says, before any is read; then it is closed.

        Raises
        ------
        InputFormatError
            When there is no first frame to measure.
        """
        if self._header is not None:
            self._capture.release()
            return self._header
        next(images := self.images(), None)
        images.close()
        return VideoInfo(
            path=self.path,
            size=self._size,
            fps=Fraction(self._stated_fps or 30).limit_denominator(_MAX_DENOMINATOR),
            num_frames=self.num_expected,
            rotation_deg=0,
            frame_times=None,
        )

    def images(
        self, *, first: int = 0, last: int | None = None
    ) -> Generator[tuple[int, np.ndarray]]:
        """Frame numbers from ``first`` to ``last``, and their pictures (H,W,3) uint8 blue, green, red.

        Upright, and one at a time; the video is closed at the end.

        Raises
        ------
        InputFormatError
            When there is no frame to decode, or none as late as ``first``.
        """
        try:
            while (last is None or self.num_read <= last) and self._capture.grab():
                number = self.num_read
                self._seconds.append(self._capture.get(self._opencv.CAP_PROP_POS_MSEC) / 1000)
                if number >= first:
                    is_decoded, image = self._capture.retrieve()
                    if not is_decoded:
                        break
                    self._size = (image.shape[1], image.shape[0])
                    yield number, image
        finally:
            self._capture.release()
        if not any(self._size):
            self._raise_nothing_read(first)

    def image_at(self, number: int) -> np.ndarray | None:
        """The picture (H,W,3) uint8 blue, green, red of a frame, from 0; None where there is none.

        Exact where the rate is constant; the video stays open for the next one.
        """
        self._capture.set(self._opencv.CAP_PROP_POS_FRAMES, number)
        is_decoded, image = self._capture.read()
        return image if is_decoded else None

    def close(self) -> None:
        """Let the file go."""
        self._capture.release()

    def info(self) -> VideoInfo:
        """Size, rate and times, once frames were read.

        As the header has them; where that does not list the frames, or fewer than there are, as they
        were come by.
        """
        if self._header is not None and self._header.num_frames >= self.num_read:
            return replace(self._header, size=self._size)
        fps, frame_times = self._measured_rate()
        return VideoInfo(self.path, self._size, fps, self.num_read, 0, frame_times)

    def _raise_nothing_read(self, first: int) -> NoReturn:
        if 0 < self.num_read <= first:
            raise InputFormatError(
                f"{self.path}: expected a frame {first}, found {self.num_read} frames (from 0)"
            )
        raise InputFormatError(
            f"{self.path}: expected video frames, found none that can be decoded: it is cut short, or "
            f"its codec ({self._codec}) is not known here: convert it to H.264 in an MP4"
        )

    def _measured_rate(self) -> tuple[Fraction, np.ndarray | None]:
        nominal = Fraction(max(self._stated_fps, 0.0)).limit_denominator(_MAX_DENOMINATOR) or None
        ticks, ticks_per_second = _ticks(np.array(self._seconds))
        if nominal is not None and not (np.diff(ticks) > 0).all():
            # Some containers have no times of their own.
            return nominal, None
        track = VideoTrack(self._size, 0, ticks, ticks_per_second, nominal_fps=nominal)
        return rate_and_times(track, str(self.path))


def _ticks(seconds: np.ndarray) -> tuple[np.ndarray, Fraction]:
    """Times in whole ticks, of the coarsest kind that they are whole in: a container rounded them so."""
    fitting = [
        rate
        for rate in _TICKS_PER_SECOND
        if np.abs(seconds * rate - np.rint(seconds * rate)).max() < _TICK_TOLERANCE
    ]
    ticks_per_second = fitting[0] if fitting else _TICKS_PER_SECOND[-1]
    return np.rint(seconds * ticks_per_second).astype(np.int64), Fraction(ticks_per_second)
