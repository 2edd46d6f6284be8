"""Where a person was seen in the video, and where the lifted joints lie there: small enough to keep."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from .geometry.camera import MIN_DEPTH, project_to_pixels
from .joint_sets import BODY_23, LIFTED_21, convert_joints
from .pipeline import LiftedPerson

# Of the picture's longer side: 0.23 px of 1920; 16 bits reach three pictures beyond each edge.
_STEPS_PER_SIDE = 8192
_NUM_SEEN, _NUM_SOLVED = BODY_23.num_joints, LIFTED_21.num_joints


@dataclass(frozen=True, slots=True, eq=False)
class VideoTrace:
    """One person in the video, a row for each frame that was lifted.

    ``seen`` (T,23,2) px, the ``BODY_23`` keypoints, and their ``confidence`` (T,23) 0..1, 0 = missing;
    ``solved`` (T,21,2) px, where the ``LIFTED_21`` joints are seen.
    """

    seen: np.ndarray
    confidence: np.ndarray
    solved: np.ndarray
    image_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PackedTrace:
    """A ``VideoTrace`` of ``num_frames`` rows in about 80 bytes a row."""

    num_frames: int
    image_size: tuple[int, int]
    data: bytes


def trace_of(lifted: LiftedPerson) -> VideoTrace:
    """What of a lifted person the video shows."""
    body = convert_joints(lifted.keypoints, BODY_23)
    # Frames of the motion that nobody was seen in have no keypoints.
    rows = np.searchsorted(body.frames, lifted.motion.frames).clip(max=body.num_frames - 1)
    is_there = body.frames[rows] == lifted.motion.frames
    points = lifted.poses_camera.positions
    depth = np.maximum(points[..., 2:], MIN_DEPTH)
    in_front = np.concatenate([points[..., :2], depth], axis=-1)
    return VideoTrace(
        seen=body.positions[rows],
        confidence=np.where(is_there[:, None], body.confidence[rows], 0.0),
        solved=project_to_pixels(in_front, lifted.camera),
        image_size=lifted.image_size,
    )


def pack_trace(trace: VideoTrace) -> PackedTrace:
    """``trace`` to a step of 1/8192 of the picture's longer side, confidence to 1/255."""
    # Steps from frame to frame, joint by joint: most of them are close to 0.
    step = max(trace.image_size) / _STEPS_PER_SIDE
    pixels = np.concatenate([trace.seen, trace.solved], axis=1).reshape(len(trace.seen), -1)
    limit = np.iinfo(np.int16).max
    places = np.round(pixels / step).clip(-limit, limit).astype(np.int16).view(np.uint16)
    moves = np.diff(places, axis=0, prepend=np.uint16(0)).T.astype("<u2", order="C")
    shares = np.round(255 * trace.confidence).astype(np.uint8)
    changes = np.diff(shares, axis=0, prepend=np.uint8(0)).T
    data = zlib.compress(moves.tobytes() + changes.tobytes(), 1)
    return PackedTrace(len(trace.seen), trace.image_size, data)


def unpack_trace(packed: PackedTrace) -> VideoTrace:
    """What ``pack_trace`` packed."""
    data = np.frombuffer(zlib.decompress(packed.data), dtype=np.uint8)
    num_values = 2 * (_NUM_SEEN + _NUM_SOLVED)
    moves, changes = np.split(data, [2 * num_values * packed.num_frames])
    moves = moves.view("<u2").reshape(num_values, -1)
    places = np.cumsum(moves, axis=1, dtype=np.uint16).view(np.int16)
    step = max(packed.image_size) / _STEPS_PER_SIDE
    pixels = step * places.T.reshape(packed.num_frames, -1, 2)
    shares = np.cumsum(changes.reshape(_NUM_SEEN, -1), axis=1, dtype=np.uint8)
    return VideoTrace(
        seen=pixels[:, :_NUM_SEEN],
        confidence=shares.T / 255,
        solved=pixels[:, _NUM_SEEN:],
        image_size=packed.image_size,
    )
