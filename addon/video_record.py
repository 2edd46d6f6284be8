"""What was seen of a lifted person, and where the lifted joints lie in the video, kept with the camera.

It is custom data of the camera that stands where the video's stood: there it is saved with the file,
undone with the camera and gone with it, and no export of a rig carries it along. Compressed it takes
about a hundredth of what the rig's keys take; what was opened once is kept for as long as Blender runs.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import bpy
import numpy as np

from ..core.geometry.camera import MIN_DEPTH, project_to_pixels
from ..core.joint_sets import BODY_23, LIFTED_21, convert_joints
from ..core.pipeline import LiftedPerson

_KEY = "lift_video_to_3d"
_VERSION = 1
# Of the picture's longer side: 0.23 px of 1920; 16 bits reach three pictures beyond each edge.
_STEPS_PER_SIDE = 8192
_MOST_OPENED = 16
_NUM_SEEN, _NUM_SOLVED = BODY_23.num_joints, LIFTED_21.num_joints

_opened: dict[str, VideoRecord] = {}


@dataclass(frozen=True, slots=True, eq=False)
class VideoRecord:
    """One person in the video, a row for each frame that was lifted.

    ``seen`` (T,23,2) px, the ``BODY_23`` keypoints, and their ``confidence`` (T,23) 0..1, 0 = missing;
    ``solved`` (T,21,2) px, where the ``LIFTED_21`` joints are seen; ``start_frame`` the scene frame of
    the first row and ``frames_per_row`` how many scene frames lie between rows.
    """

    seen: np.ndarray
    confidence: np.ndarray
    solved: np.ndarray
    image_size: tuple[int, int]
    start_frame: int
    frames_per_row: float

    def row_at(self, scene_frame: float) -> int | None:
        """The row that a scene frame shows; None before the first and after the last."""
        row = round((scene_frame - self.start_frame) / self.frames_per_row)
        return row if 0 <= row < len(self.seen) else None


def record_of(
    lifted: LiftedPerson, *, start_frame: int = 1, frames_per_row: float = 1.0
) -> VideoRecord:
    """What of a lifted person the video shows."""
    body = convert_joints(lifted.keypoints, BODY_23)
    # Frames of the motion that nobody was seen in have no keypoints.
    rows = np.searchsorted(body.frames, lifted.motion.frames).clip(max=body.num_frames - 1)
    is_there = body.frames[rows] == lifted.motion.frames
    points = lifted.poses_camera.positions
    depth = np.maximum(points[..., 2:], MIN_DEPTH)
    in_front = np.concatenate([points[..., :2], depth], axis=-1)
    return VideoRecord(
        seen=body.positions[rows],
        confidence=np.where(is_there[:, None], body.confidence[rows], 0.0),
        solved=project_to_pixels(in_front, lifted.camera),
        image_size=lifted.image_size,
        start_frame=start_frame,
        frames_per_row=frames_per_row,
    )


def keep_record(camera: bpy.types.Object, record: VideoRecord, *, clip: str, person: int) -> None:
    """Keep ``record`` with the camera, in place of what was kept of the same person.

    ``clip`` says which clip it is of: what is kept of another one goes.
    """
    data = cast(Any, camera.data)
    if _KEY not in data or data[_KEY].get("clip") != clip:
        data[_KEY] = {"clip": clip, "people": {}}
    packed = _pack(record)
    width, height = record.image_size
    data[_KEY]["people"][str(person)] = {
        "version": _VERSION,
        "digest": blake2b(packed, digest_size=16).hexdigest(),
        "num_frames": len(record.seen),
        "width": width,
        "height": height,
        "start_frame": record.start_frame,
        "frames_per_row": record.frames_per_row,
        "packed": packed,
    }


def records_of(camera: bpy.types.Object) -> list[VideoRecord]:
    """What is kept with ``camera``, by person; nothing with other cameras."""
    kept = cast(Any, camera.data).get(_KEY)
    if kept is None:
        return []
    return [_open(each) for each in kept["people"].values() if each["version"] == _VERSION]


def forget_opened() -> None:
    """Forget what was opened; what is kept stays."""
    _opened.clear()


def _open(kept: Mapping[str, Any]) -> VideoRecord:
    # The same person may be shown from another frame on: only what is in here tells.
    key = f"{kept['digest']} {kept['start_frame']} {kept['frames_per_row']}"
    if key not in _opened:
        if len(_opened) >= _MOST_OPENED:
            _opened.clear()
        _opened[key] = _unpack(kept)
    return _opened[key]


def _pack(record: VideoRecord) -> bytes:
    """Steps from frame to frame, joint by joint: most of them are close to 0."""
    step = max(record.image_size) / _STEPS_PER_SIDE
    pixels = np.concatenate([record.seen, record.solved], axis=1).reshape(len(record.seen), -1)
    limit = np.iinfo(np.int16).max
    places = np.round(pixels / step).clip(-limit, limit).astype(np.int16).view(np.uint16)
    moves = np.diff(places, axis=0, prepend=np.uint16(0)).T.astype("<u2", order="C")
    shares = np.round(255 * record.confidence).astype(np.uint8)
    changes = np.diff(shares, axis=0, prepend=np.uint8(0)).T
    return zlib.compress(moves.tobytes() + changes.tobytes(), 1)


def _unpack(kept: Mapping[str, Any]) -> VideoRecord:
    num_frames, size = kept["num_frames"], (kept["width"], kept["height"])
    data = np.frombuffer(zlib.decompress(kept["packed"]), dtype=np.uint8)
    num_values = 2 * (_NUM_SEEN + _NUM_SOLVED)
    moves, changes = np.split(data, [2 * num_values * num_frames])
    moves = moves.view("<u2").reshape(num_values, -1)
    places = np.cumsum(moves, axis=1, dtype=np.uint16).view(np.int16)
    pixels = places.T.reshape(num_frames, -1, 2) * (max(size) / _STEPS_PER_SIDE)
    shares = np.cumsum(changes.reshape(_NUM_SEEN, -1), axis=1, dtype=np.uint8)
    return VideoRecord(
        seen=pixels[:, :_NUM_SEEN],
        confidence=shares.T / 255,
        solved=pixels[:, _NUM_SEEN:],
        image_size=size,
        start_frame=kept["start_frame"],
        frames_per_row=kept["frames_per_row"],
    )
