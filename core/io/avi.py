"""AVI headers (Microsoft, AVI RIFF File Reference; OpenDML AVI extensions)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from ..errors import InputFormatError
from .video_track import VideoTrack

_MAX_HEADER_BYTES = 16 << 20
_MAX_FRAMES = 100_000_000


def read_avi_track(file: BinaryIO, where: str) -> VideoTrack:
    """The first video stream; AVI knows neither rotation nor a variable rate.

    Raises
    ------
    InputFormatError
        When the file has no video stream or does not say its rate.
    """
    content = file.read(_MAX_HEADER_BYTES)
    total_frames = 0
    stream: tuple[bytes, int, int, int] | None = None
    for kind, position, size in _chunks(content, 12, len(content)):
        body = content[position : position + size]
        if kind == b"dmlh":
            total_frames = struct.unpack_from("<I", body)[0]
        elif kind == b"strh":
            stream = (body[:4], *struct.unpack_from("<2I4xI", body, 20))
        elif kind == b"strf" and stream is not None and stream[0] == b"vids":
            _, scale, rate, num_frames = stream
            width, height = struct.unpack_from("<2i", body, 4)
            if not scale or not rate or max(num_frames, total_frames) > _MAX_FRAMES:
                raise InputFormatError(f"{where}: expected a frame rate in the AVI header")
            return VideoTrack(
                size=(width, abs(height)),
                rotation_deg=0,
                ticks=np.arange(max(num_frames, total_frames)) * scale,
                ticks_per_second=Fraction(rate),
                duration_ticks=max(num_frames, total_frames) * scale,
                nominal_fps=Fraction(rate, scale),
            )
    raise InputFormatError(f"{where}: expected a video stream in the AVI header, found none")


def _chunks(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, position, size) of the header's chunks, lists opened."""
    position = start
    while position + 8 <= end:
        kind, size = struct.unpack_from("<4sI", content, position)
        if kind == b"LIST":
            if content[position + 8 : position + 12] == b"movi":
                return
            position += 12
            continue
        yield kind, position + 8, size
        position += 8 + size + size % 2
