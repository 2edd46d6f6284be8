"""Matroska and WebM headers and frame times (RFC 8794, RFC 9559)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from ..errors import InputFormatError
from .video_track import VideoTrack

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TRACK_ENTRY, _VIDEO, _PROJECTION, _BLOCK_GROUP = 0xAE, 0xE0, 0x7670, 0xA0
_OPENED = {_SEGMENT, _INFO, _TRACKS, _CLUSTER, _TRACK_ENTRY, _VIDEO, _PROJECTION, _BLOCK_GROUP}
_TIMESTAMP_SCALE, _CLUSTER_TIMESTAMP = 0x2AD7B1, 0xE7
_TRACK_NUMBER, _TRACK_TYPE, _DEFAULT_DURATION = 0xD7, 0x83, 0x23E383
_PIXEL_WIDTH, _PIXEL_HEIGHT, _POSE_ROLL = 0xB0, 0xBA, 0x7675
_BLOCKS = {0xA3, 0xA1}
_VIDEO_TYPE = 1
_NANOSECONDS = 1_000_000_000
_MAX_VALUE_BYTES = 8


@dataclass(slots=True)
class _Header:
    """What was read so far."""

    timestamp_scale: int = 1_000_000
    cluster_timestamp: int = 0
    tracks: list[dict[int, int]] = field(default_factory=list)
    rolls: dict[int, float] = field(default_factory=dict)
    ticks: dict[int, list[int]] = field(default_factory=dict)


def read_matroska_track(file: BinaryIO, where: str) -> VideoTrack:
    """The first video track.

    Raises
    ------
    InputFormatError
        When the file has no video track.
    """
    header = _read_header(file)
    index = next(
        (i for i, track in enumerate(header.tracks) if track.get(_TRACK_TYPE) == _VIDEO_TYPE), None
    )
    if index is None or not header.timestamp_scale:
        raise InputFormatError(f"{where}: expected a video track, found none")
    track = header.tracks[index]
    duration_ns = track.get(_DEFAULT_DURATION, 0)
    # The roll turns counter-clockwise.
    quarter_turns = round(-header.rolls.get(index, 0.0) / 90)
    return VideoTrack(
        size=(track.get(_PIXEL_WIDTH, 0), track.get(_PIXEL_HEIGHT, 0)),
        rotation_deg=quarter_turns * 90 % 360,
        ticks=np.sort(np.array(header.ticks.get(track.get(_TRACK_NUMBER, 1), []), dtype=np.int64)),
        ticks_per_second=Fraction(_NANOSECONDS, header.timestamp_scale),
        nominal_fps=Fraction(_NANOSECONDS, duration_ns) if duration_ns else None,
    )


def _read_header(file: BinaryIO) -> _Header:
    header = _Header()
    for element, size in _elements(file):
        if element == _TRACK_ENTRY:
            header.tracks.append({})
        elif element == _TIMESTAMP_SCALE:
            header.timestamp_scale = _unsigned(file, size)
        elif element == _CLUSTER_TIMESTAMP:
            header.cluster_timestamp = _unsigned(file, size)
        elif element in _BLOCKS:
            track, _ = _variable_int(file, keep_marker=False)
            offset = struct.unpack(">h", file.read(2))[0]
            header.ticks.setdefault(track, []).append(header.cluster_timestamp + offset)
        elif not header.tracks:
            continue
        elif element == _POSE_ROLL and size in (4, 8):
            roll = struct.unpack(">f" if size == 4 else ">d", file.read(size))[0]
            header.rolls[len(header.tracks) - 1] = roll if abs(roll) < 1e6 else 0.0
        elif element in (
            _TRACK_NUMBER,
            _TRACK_TYPE,
            _DEFAULT_DURATION,
            _PIXEL_WIDTH,
            _PIXEL_HEIGHT,
        ):
            header.tracks[-1].setdefault(element, _unsigned(file, size))
    return header


def _elements(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """(id, size) of every element in order, with the file at its content; containers are opened.

    Opened containers need no end of their own, so that those of unknown size, as live recordings
    have them, read like all others. A file cut short ends where it ends.
    """
    end = os.fstat(file.fileno()).st_size
    position = 0
    while position < end:
        file.seek(position)
        try:
            element, id_bytes = _variable_int(file, keep_marker=True)
            size, size_bytes = _variable_int(file, keep_marker=False)
        except EOFError:
            return
        position += id_bytes + size_bytes
        if element not in _OPENED:
            if position + size > end:
                return
            yield element, size
            position += size
        else:
            yield element, size


def _variable_int(file: BinaryIO, *, keep_marker: bool) -> tuple[int, int]:
    """A variable-length integer and how many bytes it took."""
    first = file.read(1)
    if not first:
        raise EOFError
    num_bytes = 9 - first[0].bit_length()
    if num_bytes > _MAX_VALUE_BYTES:
        raise ValueError("broken Matroska element")
    value = first[0] if keep_marker else first[0] & ((1 << (8 - num_bytes)) - 1)
    rest = file.read(num_bytes - 1)
    if len(rest) < num_bytes - 1:
        raise EOFError
    return (value << (8 * len(rest))) | int.from_bytes(rest, "big"), num_bytes


def _unsigned(file: BinaryIO, size: int) -> int:
    if size > _MAX_VALUE_BYTES:
        raise ValueError("broken Matroska number")
    return int.from_bytes(file.read(size), "big")
