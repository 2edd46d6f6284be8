"""Our own keypoint file: an npz without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import JOINT_SETS
from ..types import Keypoints2D
from .assembly import FoundPeople
from .atomic import atomic_output
from .file_content import show
from .frame_rate import parse_frame_rate
from .pickled_npz import read_npz

_REQUIRED = ("positions", "confidence", "joint_set")
_OPTIONAL = ("image_size", "fps", "frames", "has_settled_sides")
# Recovers 30000/1001 and every other rate with a smaller denominator from its float.
_MAX_DENOMINATOR = 1_000_000


def write_keypoints_npz(path: Path, keypoints: Keypoints2D) -> None:
    """Write one person's keypoints, whole or not at all.

    Keys: ``positions`` (T,J,2) px, ``confidence`` (T,J), ``frames`` (T,), ``joint_set``, and where
    known ``image_size`` (2,) px and ``fps`` Hz; ``has_settled_sides`` where left and right were told
    apart over the whole clip.

    Raises
    ------
    LiftError
        When the file cannot be written.
    """
    known: dict[str, np.ndarray] = {}
    if keypoints.image_size is not None:
        known["image_size"] = np.array(keypoints.image_size, dtype=np.int64)
    if keypoints.fps is not None:
        known["fps"] = np.array(float(keypoints.fps))
    if keypoints.has_settled_sides:
        known["has_settled_sides"] = np.array(True)
    with atomic_output(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            positions=keypoints.positions,
            confidence=keypoints.confidence,
            frames=keypoints.frames,
            joint_set=np.array(keypoints.skeleton.name),
            **known,
        )


def is_native(names: tuple[str, ...]) -> bool:
    """Whether an npz with these array names is our own keypoint file."""
    return {"positions", "joint_set"} <= set(names)


def read_native(path: Path) -> FoundPeople:
    """The person in our own npz.

    Raises
    ------
    InputFormatError
        When a key is missing or has the wrong shape, or the joint set is unknown.
    """
    arrays = read_npz(path, _REQUIRED + _OPTIONAL)
    missing = [name for name in _REQUIRED if name not in arrays]
    if missing:
        raise InputFormatError(f"{path}: expected an array {missing[0]!r}, found none")
    name = str(arrays["joint_set"])
    if name not in JOINT_SETS:
        known = ", ".join(JOINT_SETS)
        raise InputFormatError(f"{path}: expected a known joint_set ({known}), found {name[:40]!r}")
    skeleton = JOINT_SETS[name]
    positions = np.asarray(arrays["positions"])
    num_frames, num_joints = len(positions) if positions.ndim else 0, skeleton.num_joints
    _expect_shape(path, "positions", positions, (num_frames, num_joints, 2))
    confidence = arrays["confidence"]
    _expect_shape(path, "confidence", confidence, (num_frames, num_joints))
    frames = arrays.get("frames", np.arange(num_frames))
    _expect_shape(path, "frames", frames, (num_frames,))
    if frames.dtype.kind not in "iu" or (num_frames and np.abs(frames).max() > 10**15):
        raise InputFormatError(f"{path}: expected whole frame numbers, found {frames.dtype}")
    frames, first = np.unique(frames.astype(np.int64), return_index=True)
    repeats = num_frames - len(frames)
    warning = f"{repeats} frames repeat a frame number: the first of each was taken"
    return FoundPeople(
        positions=positions[first].astype(float),
        confidence=confidence[first].astype(float),
        row_frames=frames,
        track_ids=np.zeros(len(frames), dtype=np.int64),
        frames=[int(frame) for frame in frames],
        skeleton=skeleton,
        format=f"keypoint npz, {skeleton.name}",
        units="pixels",
        image_size=_image_size(path, arrays.get("image_size")),
        fps=_fps(path, arrays.get("fps")),
        warnings=(warning,) if repeats else (),
        has_settled_sides=_flag(path, arrays, "has_settled_sides"),
    )


def _expect_shape(path: Path, name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype.kind not in "fiub":
        raise InputFormatError(
            f"{path}: expected {name} of shape {shape} and numbers, found {array.shape} of "
            f"{array.dtype}"
        )


def _flag(path: Path, arrays: Mapping[str, np.ndarray], name: str) -> bool:
    value = arrays.get(name, np.array(False))
    if value.shape != () or value.dtype != bool:
        raise InputFormatError(
            f"{path}: expected {name} as one truth value, found {value.shape} of {value.dtype}"
        )
    return bool(value)


def _image_size(path: Path, value: np.ndarray | None) -> tuple[int, int] | None:
    if value is None:
        return None
    is_size = value.shape == (2,) and value.dtype.kind in "fiu"
    if not is_size or not np.isfinite(value).all() or not (value >= 1).all():
        raise InputFormatError(f"{path}: expected image_size as width, height in px")
    return int(value[0]), int(value[1])


def _fps(path: Path, value: np.ndarray | None) -> Fraction | None:
    if value is None:
        return None
    rate = parse_frame_rate(value.item()) if value.size == 1 else None
    fps = rate and rate.limit_denominator(_MAX_DENOMINATOR)
    if not fps:
        raise InputFormatError(
            f"{path}: expected fps as a number above 0, found {show(value.tolist())}"
        )
    return fps
