"""A long video of a short one, for measuring: the same pictures again and again in a file as small.

An MP4 lists where each frame lies in the file; a list that names the same frames many times is a video
that repeats them (ISO/IEC 14496-12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from core.errors import InputFormatError
from core.io.atomic import atomic_output

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
# Bytes of an entry in each table of runs; ctts and stss are about frames as the other tables count them.
_RUN_BYTES = {b"stts": 8, b"ctts": 8}
_DURATION_PLACES = {b"mvhd": (16, 24), b"tkhd": (20, 28), b"mdhd": (16, 24)}


def loop_mp4(source: Path, target: Path, times: int) -> None:
    """Write a video that shows ``source`` ``times`` times.

    Parameters
    ----------
    source : Path
        An MP4 with one video track, no sound, all frames in one chunk, and its header at the end.
    target : Path
    times : int

    Raises
    ------
    InputFormatError
        When ``source`` is an MP4 of another kind.
    LiftError
        When ``target`` cannot be written.
    """
    content = source.read_bytes()
    boxes = list(_boxes(content))
    kinds = [kind for kind, _ in boxes]
    if kinds.count(b"moov") != 1 or kinds[-1] != b"moov":
        raise InputFormatError(f"{source}: expected an MP4 that ends with its header")
    body = content[: -len(boxes[-1][1]) - 8]
    looped = _looped(b"moov", boxes[-1][1], times, _num_frames(boxes[-1][1], source))
    with atomic_output(target) as partial:
        partial.write_bytes(body + looped)


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        if size < 8:
            raise InputFormatError(f"expected boxes with sizes of 32 bits, found {size}")
        yield kind, content[place + 8 : place + size]
        place += size


def _num_frames(movie: bytes, source: Path) -> int:
    tables = dict(_tables(movie))
    if b"stsz" not in tables or struct.unpack_from(">I", tables[b"stco"], 4) != (1,):
        raise InputFormatError(f"{source}: expected one track, all of its frames in one chunk")
    return struct.unpack_from(">I", tables[b"stsz"], 8)[0]


def _tables(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, body in _boxes(content):
        if kind in _CONTAINERS:
            yield from _tables(body)
        else:
            yield kind, body


def _looped(kind: bytes, body: bytes, times: int, num_frames: int) -> bytes:
    if kind in _CONTAINERS:
        inner = b"".join(
            _looped(each, inside, times, num_frames)
            for each, inside in _boxes(body)
            # Without an edit list all frames are shown.
            if each != b"edts"
        )
        return _box(kind, inner)
    return _box(kind, _looped_table(kind, body, times, num_frames))


def _looped_table(kind: bytes, body: bytes, times: int, num_frames: int) -> bytes:
    if kind in _DURATION_PLACES:
        place = _DURATION_PLACES[kind][body[0]]
        layout = ">Q" if body[0] else ">I"
        (duration,) = struct.unpack_from(layout, body, place)
        after = body[place + struct.calcsize(layout) :]
        return body[:place] + struct.pack(layout, times * duration) + after
    if kind in _RUN_BYTES or kind == b"stco":
        (count,) = struct.unpack_from(">I", body, 4)
        return body[:4] + struct.pack(">I", times * count) + times * body[8:]
    if kind == b"stss":
        keys = struct.unpack(f">{(len(body) - 8) // 4}I", body[8:])
        all_keys = [key + num_frames * loop for loop in range(times) for key in keys]
        return body[:4] + struct.pack(f">I{len(all_keys)}I", len(all_keys), *all_keys)
    if kind == b"stsz":
        return body[:8] + struct.pack(">I", times * num_frames) + times * body[12:]
    return body


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
