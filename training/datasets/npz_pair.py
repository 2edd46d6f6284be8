"""VideoPose3D's pair of npz files: ``positions_2d`` with its ``metadata``, and ``positions_3d``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputFormatError
from core.io.file_content import show
from core.io.videopose3d import size_from
from core.joint_sets import (
    COCO_17,
    H36M_17,
    HUMAN36M_17_OF_32,
    HUMANEVA_15,
    LIFTED_21,
    MPII_16,
)
from core.skeleton import Skeleton

from .npz_arrays import read_arrays

_LAYOUTS = {
    "h36m": H36M_17,
    "human3.6m": H36M_17,
    "coco": COCO_17,
    "mpii": MPII_16,
    "humaneva15": HUMANEVA_15,
}
KNOWN_LAYOUTS = tuple(_LAYOUTS)
"""What ``layout_name`` may say, for the joints to have names."""
_SKELETON_OUT = {17: H36M_17, 32: H36M_17, 15: HUMANEVA_15, 21: LIFTED_21}
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True, eq=False)
class DetectedVideos:
    """What a 2D file holds: subject -> action -> one (T,J,2 or 3) array per camera.

    px, and the confidence 0..1 where there is a third column; ``image_sizes`` of the subjects
    (videos) that the file gives one for.
    """

    path: Path
    skeleton: Skeleton
    videos: dict[str, dict[str, tuple[np.ndarray, ...]]]
    image_sizes: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class TruePositions:
    """What a 3D file holds: subject -> action -> whatever the file says of it."""

    path: Path
    videos: dict[str, dict[str, Any]]


def read_detected_videos(path: Path, *, own_skeleton: Skeleton | None = None) -> DetectedVideos:
    """The keypoints of a 2D file; Human3.6M's 32 joints become 17.

    ``metadata`` says which joints they are: a known layout becomes its skeleton, any other one with
    nameless joints and the symmetry that is given. Where it names no layout and the number and the
    symmetry of the joints are those of ``own_skeleton``, the data set's own, it is that one.

    Raises
    ------
    InputFormatError
        When the file is missing, broken, holds more than plain data, or an array has another number
        of joints than the metadata says.
    """
    arrays = read_arrays(path, ("positions_2d", "metadata"))
    metadata = _item(arrays["metadata"])
    if not isinstance(metadata, dict):
        raise InputFormatError(f"{path}: metadata: expected a dict, found {show(metadata)}")
    videos = {
        subject: {
            action: tuple(
                _view_array(view, (2, 3), f"{path}: {subject}/{action}/camera {number}")
                for number, view in enumerate(_views(value, f"{path}: {subject}/{action}"))
            )
            for action, value in actions.items()
        }
        for subject, actions in _two_levels(arrays["positions_2d"], path, "positions_2d").items()
    }
    counts = _joint_counts(videos)
    skeleton, num_joints = _skeleton_in(metadata, path, counts, own_skeleton)
    for count, where in counts.items():
        if count != num_joints:
            raise InputFormatError(
                f"{path}: {where}: expected {num_joints} joints (metadata, {skeleton.name}), "
                f"found {count}"
            )
    if num_joints == 32 and skeleton is H36M_17:
        videos = {
            subject: {
                action: tuple(view[:, HUMAN36M_17_OF_32] for view in views)
                for action, views in actions.items()
            }
            for subject, actions in videos.items()
        }
    sizes = metadata.get("video_metadata")
    found = {name: size_from(sizes.get(name)) for name in videos} if isinstance(sizes, dict) else {}
    return DetectedVideos(
        path=path,
        skeleton=skeleton,
        videos=videos,
        image_sizes={name: size for name, size in found.items() if size is not None},
    )


def read_true_positions(path: Path) -> TruePositions:
    """The contents of a 3D file, not yet checked below its actions.

    Raises
    ------
    InputFormatError
        When the file is missing, broken, or holds more than plain data.
    """
    arrays = read_arrays(path, ("positions_3d",))
    return TruePositions(path, _two_levels(arrays["positions_3d"], path, "positions_3d"))


def checked_positions(
    value: Any, where: str, joint_counts: Collection[int]
) -> tuple[np.ndarray, Skeleton]:
    """(T,K,3) m of one action, and its joints, told by their number; 32 of Human3.6M become 17.

    Raises
    ------
    InputFormatError
        When it is no such array, or K is none of ``joint_counts``.
    """
    positions = _view_array(value, (3,), where)
    count = positions.shape[1]
    if count not in joint_counts:
        expected = ", ".join(map(str, sorted(joint_counts)))
        raise InputFormatError(
            f"{where}: expected 3D positions of {expected} joints, found {count}"
        )
    if count == 32:
        positions = positions[:, HUMAN36M_17_OF_32]
    return positions, _SKELETON_OUT[count]


def listed(names: Collection[str]) -> str:
    """Names for a message: the first few, and how many more."""
    shown = ", ".join(repr(name) for name in list(names)[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown or "none"


def _item(array: np.ndarray) -> Any:
    return array.item() if array.ndim == 0 else array


def _two_levels(array: np.ndarray, path: Path, name: str) -> dict[str, dict[str, Any]]:
    """Subject -> action -> value, with names that are text."""
    subjects = _item(array)
    expected = f"{path}: {name}: expected a dict subject -> action -> array"
    if not isinstance(subjects, dict) or not subjects:
        raise InputFormatError(f"{expected}, found {show(subjects)}")
    for subject, actions in subjects.items():
        if not isinstance(subject, str) or not isinstance(actions, dict) or not actions:
            raise InputFormatError(f"{expected}, found {show(actions)} as subject {show(subject)}")
        for action in actions:
            if not isinstance(action, str):
                raise InputFormatError(f"{expected}, found {show(action)} as action of {subject}")
    return subjects


def _views(value: Any, where: str) -> list[Any]:
    """The cameras of one action: a list of arrays, however it was stored."""
    is_stack = isinstance(value, np.ndarray) and (value.dtype == object or value.ndim == 4)
    if not is_stack and not isinstance(value, list | tuple):
        raise InputFormatError(f"{where}: expected a list of arrays, one per camera")
    return list(value)


def _view_array(value: Any, num_columns: tuple[int, ...], where: str) -> np.ndarray:
    """(T,J,C) numbers."""
    expected = f"(frames, joints, {' or '.join(map(str, num_columns))})"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise InputFormatError(f"{where}: expected an array {expected}, found {_kind(value)}")
    if value.ndim != 3 or value.shape[2] not in num_columns or not len(value):
        raise InputFormatError(f"{where}: expected an array {expected}, found {value.shape}")
    return value


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else show(value)


def _joint_counts(videos: dict[str, dict[str, tuple[np.ndarray, ...]]]) -> dict[int, str]:
    """Each number of joints that occurs, and where first."""
    counts: dict[int, str] = {}
    for subject, actions in videos.items():
        for action, views in actions.items():
            for number, view in enumerate(views):
                counts.setdefault(view.shape[1], f"{subject}/{action}/camera {number}")
    return counts


def _skeleton_in(
    metadata: dict[Any, Any],
    path: Path,
    counts: Collection[int],
    own_skeleton: Skeleton | None,
) -> tuple[Skeleton, int]:
    """The joints that the metadata tells, and how many of them the arrays must have."""
    layout, num_joints = str(metadata.get("layout_name") or ""), metadata.get("num_joints")
    if not isinstance(num_joints, int | np.integer) or num_joints < 1:
        raise InputFormatError(
            f"{path}: metadata: expected num_joints, a number, found {show(num_joints)}"
        )
    known = _LAYOUTS.get(layout.lower()) if layout else own_skeleton
    # The metadata of 32-joint files often speaks of the 17 that are used.
    if known is H36M_17 and num_joints in (17, 32) and 32 in counts:
        return H36M_17, 32
    symmetry = metadata.get("keypoints_symmetry")
    left, right = _sides(symmetry, int(num_joints), f"{path}: metadata: keypoints_symmetry")
    if known is not None and known.num_joints == num_joints:
        same = set(zip(known.joints_left, known.joints_right, strict=True))
        if same == set(zip(left, right, strict=True)):
            return known, int(num_joints)
    # A layout's name with another number or symmetry of joints says that the order is another one.
    nameless = Skeleton(
        name=f"{layout or 'unknown'}-{num_joints}",
        joint_names=tuple(f"joint_{joint}" for joint in range(int(num_joints))),
        parents=(-1,) * int(num_joints),
        joints_left=left,
        joints_right=right,
    )
    return nameless, int(num_joints)


def _sides(value: Any, num_joints: int, where: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The joints on the left and, in the same order, on the right."""
    message = f"{where}: expected two lists of as many joints, left and right, found {value!r:.80}"
    if not isinstance(value, list | tuple | np.ndarray) or len(value) != 2:
        raise InputFormatError(message)
    sides: list[tuple[int, ...]] = []
    for side in value:
        if not isinstance(side, list | tuple | np.ndarray):
            raise InputFormatError(message)
        if not all(isinstance(joint, int | np.integer) for joint in side):
            raise InputFormatError(message)
        sides.append(tuple(int(joint) for joint in side))
    joints = [*sides[0], *sides[1]]
    if len(sides[0]) != len(sides[1]) or len(set(joints)) != len(joints):
        raise InputFormatError(message)
    if joints and not 0 <= min(joints) <= max(joints) < num_joints:
        raise InputFormatError(message)
    return sides[0], sides[1]
