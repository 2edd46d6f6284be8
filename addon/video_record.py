"""What was seen of a lifted person, and where the lifted joints lie in the video, kept with the camera.

It is custom data of the camera that stands where the video's stood: there it is saved with the file,
undone with the camera and gone with it, and no export of a rig carries it along. Compressed it takes
about a hundredth of what the rig's keys take; what was opened once is kept for as long as Blender runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import bpy

from ..core.video_trace import PackedTrace, VideoTrace, unpack_trace

_KEY = "lift_video_to_3d"
_VERSION = 1
_MOST_OPENED = 16

_opened: dict[str, VideoTrace] = {}


@dataclass(frozen=True, slots=True, eq=False)
class VideoRecord:
    """One person in the video, on the scene's timeline.

    ``start_frame`` the scene frame of the first row and ``frames_per_row`` how many scene frames lie
    between rows.
    """

    trace: VideoTrace
    start_frame: int
    frames_per_row: float

    def row_at(self, scene_frame: float) -> int | None:
        """The row that a scene frame shows; None before the first and after the last."""
        row = round((scene_frame - self.start_frame) / self.frames_per_row)
        return row if 0 <= row < len(self.trace.seen) else None


def keep_record(
    camera: bpy.types.Object,
    packed: PackedTrace,
    *,
    start_frame: int,
    frames_per_row: float,
    clip: str,
    person: int,
) -> None:
    """Keep a trace with the camera, in place of what was kept of the same person.

    ``start_frame`` and ``frames_per_row`` as in ``VideoRecord``; ``clip`` says which clip it is of: what
    is kept of another one goes.
    """
    data = cast(Any, camera.data)
    if _KEY not in data or data[_KEY].get("clip") != clip:
        data[_KEY] = {"clip": clip, "people": {}}
    width, height = packed.image_size
    data[_KEY]["people"][str(person)] = {
        "version": _VERSION,
        "digest": blake2b(packed.data, digest_size=16).hexdigest(),
        "num_frames": packed.num_frames,
        "width": width,
        "height": height,
        "start_frame": start_frame,
        "frames_per_row": frames_per_row,
        "packed": packed.data,
    }


def records_of(camera: bpy.types.Object) -> list[VideoRecord]:
    """What is kept with ``camera``, by person; nothing with other cameras."""
    kept = cast(Any, camera.data).get(_KEY)
    if kept is None:
        return []
    return [
        VideoRecord(_open(each), each["start_frame"], each["frames_per_row"])
        for each in kept["people"].values()
        if each["version"] == _VERSION
    ]


def forget_opened() -> None:
    """Forget what was opened; what is kept stays."""
    _opened.clear()


def _open(kept: Mapping[str, Any]) -> VideoTrace:
    digest = kept["digest"]
    if digest not in _opened:
        if len(_opened) >= _MOST_OPENED:
            _opened.clear()
        size = kept["width"], kept["height"]
        _opened[digest] = unpack_trace(PackedTrace(kept["num_frames"], size, kept["packed"]))
    return _opened[digest]
