"""Biovision BVH: read a motion capture file into rotations and global positions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputFormatError

_AXES = {"X": 0, "Y": 1, "Z": 2}


@dataclass(frozen=True, slots=True, eq=False)
class BvhClip:
    """A BVH file: its hierarchy (J nodes, end sites included) and its motion (T frames).

    ``joint_names`` end sites are named ``<parent>_end``; ``parents`` (J,) parent before child;
    ``offsets`` (J,3) in the file's unit; ``translations`` (T,J,3) local offset of every frame;
    ``rotations`` (T,J,3,3) local rotation matrices; ``fps`` Hz.
    """

    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    translations: np.ndarray
    rotations: np.ndarray
    fps: float

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(self.translations)


def read_bvh(path: Path) -> BvhClip:
    """Read a BVH file.

    Raises
    ------
    InputFormatError
        When the file cannot be read, or its hierarchy or motion is broken; says where.
    """
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputFormatError(f"{path}: cannot read ({error.strerror})") from error
    header, separator, body = text.partition("MOTION")
    if "HIERARCHY" not in header or not separator:
        raise InputFormatError(f"{path}: expected a BVH file with HIERARCHY and MOTION")
    names, parents, offsets, channels = _parse_hierarchy(header, path)
    values, fps = _parse_motion(body, sum(len(joint) for joint in channels), path)
    translations, rotations = _local_transforms(values, offsets, channels)
    return BvhClip(tuple(names), tuple(parents), offsets, translations, rotations, fps)


def global_transforms(clip: BvhClip) -> tuple[np.ndarray, np.ndarray]:
    """Forward kinematics: positions (T,J,3) in the file's unit and rotations (T,J,3,3), global."""
    positions = clip.translations.copy()
    rotations = clip.rotations.copy()
    for joint, parent in enumerate(clip.parents):
        if parent >= 0:
            turned = np.einsum("tij,tj->ti", rotations[:, parent], clip.translations[:, joint])
            positions[:, joint] = positions[:, parent] + turned
            rotations[:, joint] = rotations[:, parent] @ clip.rotations[:, joint]
    return positions, rotations


def _parse_hierarchy(
    header: str, path: Path
) -> tuple[list[str], list[int], np.ndarray, list[list[str]]]:
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[list[str]] = []
    stack: list[int] = []
    for number, line in enumerate(header.splitlines(), start=1):
        words = line.split()
        if not words or words[0] in ("HIERARCHY", "{"):
            continue
        try:
            if words[0] in ("ROOT", "JOINT", "End"):
                parent = stack[-1] if stack else -1
                is_end = words[0] == "End"
                names.append(f"{names[parent]}_end" if is_end else " ".join(words[1:]))
                parents.append(parent)
                offsets.append([0.0, 0.0, 0.0])
                channels.append([])
                stack.append(len(names) - 1)
            elif words[0] == "OFFSET":
                offsets[stack[-1]] = [float(word) for word in words[1:4]]
            elif words[0] == "CHANNELS":
                channels[stack[-1]] = words[2 : 2 + int(words[1])]
            elif words[0] == "}":
                stack.pop()
            else:
                raise ValueError(f"unknown word {words[0]!r}")
        except (IndexError, ValueError) as error:
            raise InputFormatError(f"{path}: line {number}: broken hierarchy ({error})") from error
    return names, parents, np.array(offsets).reshape(-1, 3), channels


def _parse_motion(body: str, num_channels: int, path: Path) -> tuple[np.ndarray, float]:
    lines = body.strip().splitlines()
    try:
        num_frames = int(lines[0].split(":")[1])
        frame_time = float(lines[1].split(":")[1])
        values = np.array(" ".join(lines[2:]).split(), dtype=float)
    except (IndexError, ValueError) as error:
        raise InputFormatError(f"{path}: broken MOTION section ({error})") from error
    if frame_time <= 0 or num_channels == 0 or values.size < num_frames * num_channels:
        raise InputFormatError(
            f"{path}: expected {num_frames} frames of {num_channels} channels, "
            f"found {values.size} numbers"
        )
    values = values[: num_frames * num_channels].reshape(num_frames, num_channels)
    if not np.isfinite(values).all():
        frame = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise InputFormatError(f"{path}: frame {frame}: a channel is not a finite number")
    return values, 1.0 / frame_time


def _local_transforms(
    values: np.ndarray, offsets: np.ndarray, channels: list[list[str]]
) -> tuple[np.ndarray, np.ndarray]:
    num_frames, num_joints = len(values), len(offsets)
    translations = np.repeat(offsets[None], num_frames, axis=0)
    rotations = np.repeat(np.eye(3)[None, None], num_frames, axis=0).repeat(num_joints, axis=1)
    column = 0
    for joint, names in enumerate(channels):
        for name in names:
            axis, kind = _AXES[name[0].upper()], name[1:].lower()
            if kind == "position":
                translations[:, joint, axis] = values[:, column]
            else:
                turn = _axis_rotation(np.radians(values[:, column]), axis)
                rotations[:, joint] = rotations[:, joint] @ turn
            column += 1
    return translations, rotations


def _axis_rotation(angles: np.ndarray, axis: int) -> np.ndarray:
    """(T,3,3) rotations by ``angles`` (T,) rad about a coordinate axis."""
    cosine, sine = np.cos(angles), np.sin(angles)
    matrix = np.zeros((len(angles), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1.0
    matrix[:, first, first] = matrix[:, second, second] = cosine
    matrix[:, first, second] = -sine
    matrix[:, second, first] = sine
    return matrix
