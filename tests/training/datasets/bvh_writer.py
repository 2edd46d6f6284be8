"""Tiny BVH files: a stick figure with Mixamo's joint names that walks and swings its limbs."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# Centimetres from the parent: x to the left, y up, facing +z.
_OFFSETS: dict[str, tuple[float, float, float]] = {
    "Hips": (0, 0, 0),
    "Spine": (0, 12, 0),
    "Spine1": (0, 14, 0),
    "Spine2": (0, 14, 0),
    "Neck": (0, 16, 0),
    "Head": (0, 9, 1),
    "LeftShoulder": (5, 12, 0),
    "LeftArm": (13, 0, 0),
    "LeftForeArm": (28, 0, 0),
    "LeftHand": (25, 0, 0),
    "LeftUpLeg": (10, -5, 0),
    "LeftLeg": (0, -42, 0),
    "LeftFoot": (0, -42, 0),
    "LeftToeBase": (0, -7, 14),
}
_CHILDREN: dict[str, tuple[str, ...]] = {
    "Hips": ("Spine", "LeftUpLeg", "RightUpLeg"),
    "Spine": ("Spine1",),
    "Spine1": ("Spine2",),
    "Spine2": ("Neck", "LeftShoulder", "RightShoulder"),
    "Neck": ("Head",),
    "LeftShoulder": ("LeftArm",),
    "LeftArm": ("LeftForeArm",),
    "LeftForeArm": ("LeftHand",),
    "LeftUpLeg": ("LeftLeg",),
    "LeftLeg": ("LeftFoot",),
    "LeftFoot": ("LeftToeBase",),
}
_ENDS = {"Head": "0 18 0", "Hand": "8 0 0", "ToeBase": "0 0 5"}


def write_bvh(
    path: Path, *, num_frames: int = 40, fps: float = 30.0, walk_cm_per_s: float = 60.0
) -> Path:
    """One file; its name decides how the figure moves."""
    lines: list[str] = ["HIERARCHY"]
    joints = _add_joint(lines, "Hips", 0)
    rng = np.random.default_rng(zlib.crc32(path.stem.encode()))
    time = np.arange(num_frames) / fps
    turns = rng.uniform(-15, 15, (len(joints), 3, 1)) * np.sin(
        2 * np.pi * rng.uniform(0.4, 1.2, (len(joints), 3, 1)) * time
        + rng.uniform(0, 6, (len(joints), 3, 1))
    )
    heading = rng.uniform(0, 2 * np.pi)
    distance = walk_cm_per_s * time
    place = [np.sin(heading) * distance, np.full(num_frames, 92.0), np.cos(heading) * distance]
    values = np.concatenate([place, turns.reshape(-1, num_frames)]).T
    lines += ["MOTION", f"Frames: {num_frames}", f"Frame Time: {1 / fps:.8f}"]
    lines += [" ".join(f"{value:.5f}" for value in row) for row in values]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_bvh_folder(folder: Path, names: Sequence[str], *, num_frames: int = 40) -> Path:
    """A file for each name ("ann/walk" lies in the folder "ann")."""
    for name in names:
        write_bvh(folder / f"{name}.bvh", num_frames=num_frames)
    return folder


def write_rope(path: Path) -> Path:
    """A BVH file that is nobody's skeleton."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "HIERARCHY\nROOT rope\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        "End Site\n{\nOFFSET 0 1 0\n}\n}\nMOTION\nFrames: 2\nFrame Time: 0.1\n0 0 0\n0 0 0\n"
    )
    return path


def write_index(folder: Path, splits: Mapping[str, str]) -> Path:
    """``index.json``: the split of each "group/clip"."""
    entries = [
        {"set": name.split("/")[0], "clip": name.split("/")[1], "group": name.split("/")[0]}
        | {"split": split}
        for name, split in splits.items()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def _add_joint(lines: list[str], name: str, depth: int) -> list[str]:
    """Append a joint and all below it; their names in the order of the file."""
    side, part = (name[:4], name[4:]) if name.startswith("Left") else ("", name)
    side, part = ("Right", name[5:]) if name.startswith("Right") else (side, part)
    x, y, z = _OFFSETS[f"Left{part}" if side else part]
    channels = "Zrotation Xrotation Yrotation"
    lines += [
        f"{'JOINT' if depth else 'ROOT'} mixamorig:{name}",
        "{",
        f"OFFSET {-x if side == 'Right' else x} {y} {z}",
        f"CHANNELS 3 {channels}"
        if depth
        else f"CHANNELS 6 Xposition Yposition Zposition {channels}",
    ]
    joints = [name]
    for child in _CHILDREN.get(f"Left{part}" if side else part, ()):
        is_mirrored = side == "Right" and child.startswith("Left")
        joints += _add_joint(lines, f"Right{child[4:]}" if is_mirrored else child, depth + 1)
    if part in _ENDS:
        end = _ENDS[part]
        lines += ["End Site", "{", f"OFFSET {'-' if side == 'Right' else ''}{end}", "}"]
    lines.append("}")
    return joints
