"""MediaPipe's 33 pose landmarks as JSON or npy; the CSV forms are in blazepose_csv.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import BLAZEPOSE_33
from .assembly import FoundPeople
from .file_content import frame_number_from_id, parse_json, read_bytes, show
from .frame_file import FrameFormat
from .person_row import PersonRow, parse_table
from .pickled_npz import read_npy

_NUM_JOINTS = BLAZEPOSE_33.num_joints
_LANDMARK_KEYS = ("landmarks", "pose_landmarks", "poseLandmarks", "keypoints", "landmark", "pose")
_FRAME_KEYS = ("frame", "frame_id", "frame_number", "frame_idx", "frame_index")
_SCORE_KEYS = ("visibility", "score", "confidence", "presence")


def found_landmarks(
    keypoints: np.ndarray,
    row_frames: np.ndarray,
    frames: Sequence[int],
    *,
    layout: str,
    warnings: tuple[str, ...] = (),
) -> FoundPeople:
    """(N,33,3) x, y, visibility as FoundPeople; ``layout`` is the kind of file."""
    return FoundPeople(
        positions=keypoints[..., :2],
        confidence=keypoints[..., 2],
        row_frames=row_frames,
        track_ids=np.full(len(keypoints), -1, dtype=np.int64),
        frames=frames,
        skeleton=BLAZEPOSE_33,
        format=f"MediaPipe {layout}, {BLAZEPOSE_33.name}",
        units="unknown",
        warnings=warnings,
    )


def choose_columns(landmarks: np.ndarray) -> np.ndarray:
    """(N,33,3) x, y, visibility from (N,33,k) unnamed columns, k of 2 to 5.

    The columns are x y, x y z, x y visibility, x y z visibility, or x y z visibility presence. A
    third column alone is visibility where it never leaves 0..1, which a depth does.
    """
    num_columns = landmarks.shape[2]
    keypoints = np.ones((*landmarks.shape[:2], 3))
    keypoints[..., :2] = landmarks[..., :2]
    third = landmarks[..., 2] if num_columns == 3 else np.full(1, -1.0)
    finite = third[np.isfinite(third)]
    if num_columns >= 4:
        keypoints[..., 2] = landmarks[..., 3]
    elif finite.size and finite.min() >= 0 and finite.max() <= 1:
        keypoints[..., 2] = third
    return keypoints


def read_blazepose_npy(path: Path) -> FoundPeople:
    """The person in a (T,33,2..5) npy.

    Raises
    ------
    InputFormatError
        When the array is broken or of another shape.
    """
    landmarks = read_npy(read_bytes(path), str(path))
    is_landmarks = landmarks.ndim == 3 and landmarks.shape[1] == _NUM_JOINTS
    if not is_landmarks or not 2 <= landmarks.shape[2] <= 5 or landmarks.dtype.kind not in "fiu":
        raise InputFormatError(
            f"{path}: expected numbers of shape (T, 33, 2 to 5), found {landmarks.shape} of "
            f"{landmarks.dtype}"
        )
    frames = np.arange(len(landmarks))
    keypoints = choose_columns(landmarks.astype(float))
    return found_landmarks(keypoints, frames, range(len(frames)), layout="npy")


def _landmarks_of(entry: Any) -> Any:
    """What an entry of a clip holds as landmarks: the entry itself, or the value of a known key."""
    if isinstance(entry, dict):
        return next((entry[key] for key in _LANDMARK_KEYS if key in entry), None)
    return entry


def _is_landmark(value: Any) -> bool:
    if isinstance(value, dict):
        return "x" in value and "y" in value
    return (
        isinstance(value, list) and 2 <= len(value) <= 5 and not isinstance(value[0], list | dict)
    )


def _people_of(entry: Any) -> list[Any]:
    """One list of landmarks per person of a frame, which holds one person's or a list of them."""
    landmarks = _landmarks_of(entry)
    if not isinstance(landmarks, list) or not landmarks:
        return []
    return [landmarks] if _is_landmark(landmarks[0]) else landmarks


def is_blazepose_frame(content: Any) -> bool:
    """Whether decoded JSON is one frame of landmarks, in a clip or alone in its file."""
    people = _people_of(content)
    first = people[0] if people else None
    return isinstance(first, list) and bool(first) and _is_landmark(first[0])


def _clip_of(content: Any) -> list[Any] | None:
    """The frames of a clip, whichever way it nests them; None where it is no clip of landmarks."""
    if isinstance(content, dict):
        if isinstance(content.get("frames"), list):
            content = content["frames"]
        elif content and all(name.isdecimal() and len(name) < 16 for name in content):
            content = [{"frame": int(name), "landmarks": value} for name, value in content.items()]
        else:
            content = _landmarks_of(content)
    if not isinstance(content, list) or not content:
        return None
    if _is_landmark(content[0]):
        return [content]
    first = next((entry for entry in content if _landmarks_of(entry)), None)
    return content if is_blazepose_frame(first) else None


def is_blazepose_clip(content: Any) -> bool:
    """Whether decoded JSON is a clip of MediaPipe landmarks, or a single frame of them."""
    return _clip_of(content) is not None


def read_blazepose_json(content: Any, path: Path) -> FoundPeople:
    """Everyone in a clip of landmarks.

    Raises
    ------
    InputFormatError
        When a frame is broken, naming frame and joint.
    """
    entries = _clip_of(content)
    assert entries is not None, "call after is_blazepose_clip"
    frames: list[int] = []
    rows: list[PersonRow] = []
    known: set[int] = set()
    for number, entry in enumerate(entries):
        frame = _frame_number(entry, number, path)
        if frame not in known:
            known.add(frame)
            frames.append(frame)
            rows += parse_blazepose_frame(entry, frame, f"{path}, frame {frame}")
    num_repeated = len(entries) - len(frames)
    warning = f"{num_repeated} entries repeat a frame number: the first of each was taken"
    return found_landmarks(
        np.array([row.keypoints for row in rows]).reshape(-1, _NUM_JOINTS, 3),
        np.array([row.frame for row in rows], dtype=np.int64),
        frames,
        layout="JSON",
        warnings=(warning,) if num_repeated else (),
    )


def _frame_number(entry: Any, number: int, path: Path) -> int:
    key = next((key for key in _FRAME_KEYS if isinstance(entry, dict) and key in entry), None)
    if key is None:
        return number
    frame = frame_number_from_id(entry[key], f"{path}, entry {number}")
    if frame is None:
        raise InputFormatError(
            f"{path}, entry {number}: expected a frame number, found {show(entry[key])}"
        )
    return frame


def parse_blazepose_frame(content: Any, frame: int, where: str) -> list[PersonRow]:
    """The people of one frame of landmarks.

    Raises
    ------
    InputFormatError
        When the landmarks are broken, naming the joint.
    """
    rows: list[PersonRow] = []
    for number, landmarks in enumerate(_people_of(content), start=1):
        there = f"{where}, person {number}"
        if not isinstance(landmarks, list) or len(landmarks) != _NUM_JOINTS:
            raise InputFormatError(f"{there}: expected 33 landmarks, found {show(landmarks)}")
        rows.append(PersonRow(frame, _parse_landmarks(landmarks, there), -1, there))
    return rows


def _parse_landmarks(landmarks: list[Any], where: str) -> np.ndarray:
    """(33,3) x, y, visibility."""
    if not all(isinstance(landmark, dict) for landmark in landmarks):
        return choose_columns(parse_table(landmarks, where)[None])[0]
    score = next((key for key in _SCORE_KEYS if key in landmarks[0]), "")
    values = [[item.get("x"), item.get("y"), item.get(score, 1.0)] for item in landmarks]
    return parse_table(values, where)


BLAZEPOSE_FRAME = FrameFormat(
    name="MediaPipe JSON",
    decode=parse_json,
    matches=is_blazepose_frame,
    parse=parse_blazepose_frame,
    units="unknown",
)
