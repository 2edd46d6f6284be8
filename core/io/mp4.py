"""MP4 and MOV headers (ISO/IEC 14496-12; Apple, QuickTime File Format)."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from ..errors import InputFormatError
from .video_track import VideoTrack

_MAX_HEADER_BYTES = 512 << 20
_MAX_FRAMES = 100_000_000
_CONTAINERS = {b"mdia", b"minf", b"stbl", b"edts"}


@dataclass(frozen=True, slots=True)
class _Edit:
    """The part of a track that is shown: media time from ``start``, ``duration`` in movie time."""

    start: int
    duration: int


def read_mp4_track(file: BinaryIO, where: str) -> VideoTrack:
    """The video track with the most frames.

    Raises
    ------
    InputFormatError
        When the file has no header, no video, or comes in fragments.
    """
    movie = _read_movie(file, where)
    movie_timescale, movie_rotation = 1, 0
    tracks: list[VideoTrack] = []
    for kind, body in _boxes(movie):
        if kind == b"mvhd":
            movie_timescale, matrix = _movie_header(body)
            movie_rotation = _rotation_deg(matrix)
    for kind, body in _boxes(movie):
        if kind == b"trak":
            track = _read_trak(body, movie_timescale, movie_rotation)
            tracks += [] if track is None else [track]
    if not tracks:
        raise InputFormatError(f"{where}: expected a video track, found none")
    track = max(tracks, key=lambda candidate: len(candidate.ticks))
    if not len(track.ticks) and any(kind == b"mvex" for kind, _ in _boxes(movie)):
        raise InputFormatError(
            f"{where}: a fragmented MP4 does not list its frames: remux it, or give its rate and "
            "size"
        )
    return track


def _read_movie(file: BinaryIO, where: str) -> memoryview:
    """The content of the box ``moov``, wherever in the file it stands."""
    file_size = file.seek(0, 2)
    position = 0
    while position + 8 <= file_size:
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8))
        header_size = 8
        if size == 1:
            size, header_size = struct.unpack(">Q", file.read(8))[0], 16
        elif size == 0:
            size = file_size - position
        if size < header_size:
            break
        if kind == b"moov":
            if size > _MAX_HEADER_BYTES or position + size > file_size:
                break
            return memoryview(file.read(size - header_size))
        position += size
    raise InputFormatError(f"{where}: expected an MP4 header (moov), found none: cut short?")


def _boxes(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """(kind, content) of each box in ``content``."""
    position = 0
    while position + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, position)
        header_size = 8
        if size == 1:
            size, header_size = struct.unpack_from(">Q", content, position + 8)[0], 16
        elif size == 0:
            size = len(content) - position
        if size < header_size:
            return
        yield kind, content[position + header_size : position + size]
        position += size


def _leaves(content: memoryview) -> dict[bytes, memoryview]:
    """The boxes of a track that hold data, by kind."""
    leaves: dict[bytes, memoryview] = {}
    for kind, body in _boxes(content):
        found = _leaves(body) if kind in _CONTAINERS else {kind: body}
        # The first of a kind counts: QuickTime has a second handler, of the data, further in.
        leaves = found | leaves
    return leaves


def _movie_header(body: memoryview) -> tuple[int, tuple[int, ...]]:
    is_long = body[0] == 1
    timescale = struct.unpack_from(">I", body, 20 if is_long else 12)[0]
    return timescale or 1, struct.unpack_from(">9i", body, 48 if is_long else 36)


def _rotation_deg(matrix: tuple[int, ...]) -> int:
    """Clockwise rotation to the nearest quarter turn, from a, b, u, c, d, v, x, y, w."""
    quarter_turns = round(math.degrees(math.atan2(matrix[1], matrix[0])) / 90)
    return quarter_turns * 90 % 360


def _read_trak(content: memoryview, movie_timescale: int, movie_rotation: int) -> VideoTrack | None:
    """The track if it is one of video."""
    leaves = _leaves(content)
    handler = leaves.get(b"hdlr")
    if handler is None or bytes(handler[8:12]) != b"vide":
        return None
    if not {b"tkhd", b"mdhd", b"stsd", b"stts"} <= set(leaves):
        return None
    header, media = leaves[b"tkhd"], leaves[b"mdhd"]
    matrix = struct.unpack_from(">9i", header, 52 if header[0] == 1 else 40)
    timescale = struct.unpack_from(">I", media, 20 if media[0] == 1 else 12)[0]
    if not timescale:
        return None
    # Sample description: 8 bytes, then the entry's box header (8) and its 24 bytes before the size.
    size = struct.unpack_from(">2H", leaves[b"stsd"], 40)
    shown_at, durations = _sample_times(leaves)
    shown_at, durations = _apply_edits(leaves, shown_at, durations, timescale, movie_timescale)
    return VideoTrack(
        size=size,
        rotation_deg=(_rotation_deg(matrix) + movie_rotation) % 360,
        ticks=shown_at,
        ticks_per_second=Fraction(timescale),
        duration_ticks=int(durations.sum()),
    )


def _sample_times(leaves: dict[bytes, memoryview]) -> tuple[np.ndarray, np.ndarray]:
    """(T,) when each frame is shown, in that order, and (T,) how long, in ticks."""
    durations = _expand(_table(leaves[b"stts"], ">u4"))
    decoded_at = np.cumsum(durations) - durations
    if b"ctts" not in leaves:
        return decoded_at, durations
    # Version 0 says unsigned, but players read it as signed, and so do files mean it.
    offsets = _expand(_table(leaves[b"ctts"], ">i4"))[: len(decoded_at)]
    shown_at = decoded_at.copy()
    shown_at[: len(offsets)] += offsets
    order = np.argsort(shown_at, kind="stable")
    return shown_at[order], durations[order]


def _table(body: memoryview, dtype: str) -> np.ndarray:
    """(entries, 2) of a table of counts and values."""
    count = struct.unpack_from(">I", body, 4)[0]
    entries = np.frombuffer(body[8 : 8 + 8 * count], dtype=dtype).reshape(-1, 2).astype(np.int64)
    if len(entries) != count or (entries[:, 0] < 0).any() or entries[:, 0].sum() > _MAX_FRAMES:
        raise ValueError("frame table cut short or absurdly long")
    return entries


def _expand(entries: np.ndarray) -> np.ndarray:
    return np.repeat(entries[:, 1], entries[:, 0])


def _apply_edits(
    leaves: dict[bytes, memoryview],
    shown_at: np.ndarray,
    durations: np.ndarray,
    timescale: int,
    movie_timescale: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Only the frames that a player shows, where the edit list is a single cut."""
    edits = [edit for edit in _edits(leaves) if edit.start >= 0]
    if len(edits) != 1:
        return shown_at, durations
    start = edits[0].start
    length = edits[0].duration * timescale / movie_timescale if edits[0].duration else math.inf
    # The cut's length is rounded to movie time, which may be coarser than a frame.
    slack = min(timescale / movie_timescale, float(durations.max(initial=0)) / 2)
    is_shown = (shown_at + durations > start) & (shown_at < start + max(length - slack, 1))
    return shown_at[is_shown], durations[is_shown]


def _edits(leaves: dict[bytes, memoryview]) -> list[_Edit]:
    body = leaves.get(b"elst")
    if body is None:
        return []
    count = struct.unpack_from(">I", body, 4)[0]
    entry = struct.Struct(">Qqi" if body[0] == 1 else ">Iii")
    count = min(count, (len(body) - 8) // entry.size)
    entries = [entry.unpack_from(body, 8 + entry.size * number) for number in range(count)]
    return [_Edit(start=start, duration=duration) for duration, start, _ in entries]
