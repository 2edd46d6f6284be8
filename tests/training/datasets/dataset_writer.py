"""Tiny data sets of every shape that users have, written as they have them: pickled dicts in npz.

A stick figure walks about; its 2D are true projections of its 3D through the data set's cameras. The
camera convention is written out here once more, on purpose not with the code that reads it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.geometry.camera import project
from core.geometry.quaternion import to_matrix
from core.joint_sets import (
    COCO_17,
    H36M_17,
    HUMAN36M_17_OF_32,
    HUMANEVA_15,
    MPII_16,
)
from core.skeleton import Skeleton
from training.datasets import human36m, humaneva

LAYOUTS = {"h36m": H36M_17, "coco": COCO_17, "mpii": MPII_16, "humaneva15": HUMANEVA_15}
HUMANEVA_LENS: dict[str, Any] = {
    "focal_length": [650.0, 650.0],
    "center": [320.0, 240.0],
    "radial_distortion": [0.0, 0.0, 0.0],
    "tangential_distortion": [0.0, 0.0],
}
"""HumanEva publishes no lens: its 2D are made with this one."""

# Metres from the pelvis, facing +y: x to the right, z up.
_STANDING: dict[str, tuple[float, float, float]] = {
    "pelvis": (0.0, 0.0, 0.0),
    "spine": (0.0, 0.02, 0.25),
    "thorax": (0.0, 0.0, 0.50),
    "neck": (0.0, 0.02, 0.55),
    "nose": (0.0, 0.12, 0.64),
    "eye": (0.03, 0.10, 0.68),
    "ear": (0.07, 0.02, 0.66),
    "head": (0.0, 0.03, 0.78),
    "head_top": (0.0, 0.03, 0.78),
    "shoulder": (0.18, 0.0, 0.50),
    "elbow": (0.20, 0.0, 0.21),
    "wrist": (0.21, 0.03, -0.05),
    "hip": (0.115, 0.0, 0.0),
    "knee": (0.115, 0.0, -0.415),
    "ankle": (0.115, -0.02, -0.82),
    "heel": (0.115, -0.07, -0.89),
    "toe": (0.115, 0.16, -0.89),
}
# Joints that swing with a limb: its root, its middle, and how far the far half bends more.
_LIMBS = {
    "elbow": ("shoulder", "elbow", 0.0),
    "wrist": ("shoulder", "elbow", 0.5),
    "knee": ("hip", "knee", 0.0),
    "ankle": ("hip", "knee", -0.4),
    "heel": ("hip", "knee", -0.4),
    "toe": ("hip", "knee", -0.4),
}


def stick_figure(skeleton: Skeleton, num_frames: int, *, motion: str = "") -> np.ndarray:
    """(T,J,3) m, world space, z up: a figure that swings its limbs, bows, turns and walks about.

    ``motion`` names the movement: the same name gives the same one for every skeleton.
    """
    rng = np.random.default_rng(zlib.crc32(motion.encode()))
    time = np.arange(num_frames) / 50
    swing_rate, turn_rate, bow_rate = rng.uniform((0.7, 0.1, 0.2), (1.4, 0.4, 0.5))
    phase = rng.uniform(0, 2 * np.pi, 3)
    swing = 0.6 * np.sin(2 * np.pi * swing_rate * time + phase[0])
    turn = rng.uniform(0, 2 * np.pi) + 2 * np.pi * turn_rate * time
    bow = 0.3 * np.sin(2 * np.pi * bow_rate * time + phase[1])
    points = np.stack([_moved(name, swing, bow) for name in skeleton.joint_names], axis=1)
    cos, sin, zero, one = np.cos(turn), np.sin(turn), np.zeros(num_frames), np.ones(num_frames)
    upright = np.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], axis=1)
    walk = np.stack([0.4 * np.sin(turn + phase[2]), 0.4 * np.cos(turn), 0.95 * one], axis=1)
    return np.einsum("tab,tjb->tja", upright.reshape(-1, 3, 3), points) + walk[:, None]


def project_views(
    points_world: np.ndarray,
    intrinsics: Sequence[Mapping[str, Any]],
    extrinsics: Sequence[Mapping[str, Any]],
    *,
    noise_px: float = 0.0,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(T,J,2) px and (T,J,3) m, camera space, of each camera in a camera JSON's lists."""
    rng = np.random.default_rng(len(points_world))
    pixels: list[np.ndarray] = []
    cameras: list[np.ndarray] = []
    for lens, place in zip(intrinsics, extrinsics, strict=True):
        to_world = to_matrix(np.array(place["orientation"]))
        points = (points_world - np.array(place["translation"]) / 1000) @ to_world
        image = project(
            points,
            focal_length=np.array(lens["focal_length"]),
            principal_point=np.array(lens["center"]),
            radial=np.array(lens["radial_distortion"]),
            tangential=np.array(lens["tangential_distortion"]),
        )
        pixels.append((image + rng.normal(0, noise_px, image.shape)).astype(np.float32))
        cameras.append(points.astype(np.float32))
    return pixels, cameras


def write_human36m(
    folder: Path,
    *,
    detector: str = "gt",
    subjects: Sequence[str] = ("S1", "S5", "S9"),
    actions: Sequence[str] = ("Walking 1", "Walking", "Eating"),
    num_frames: int = 60,
    num_joints: int = 32,
    layout: str = "h36m",
    names_layout: bool = True,
    surplus_2d_frames: int = 0,
    unlabelled_subjects: Sequence[str] = (),
    noise_px: float = 0.0,
) -> Path:
    """``data_3d_h36m.npz`` (``num_joints`` 17 or 32) and ``data_2d_h36m_<detector>.npz`` in ``folder``."""
    table = json.loads(human36m.CAMERA_TABLE.read_text(encoding="utf-8"))
    lenses = table["h36m_cameras_intrinsic_params"]
    places = table["h36m_cameras_extrinsic_params"]
    positions_2d: dict[str, Any] = {}
    positions_3d: dict[str, Any] = {}
    for subject in (*subjects, *unlabelled_subjects):
        place = places[subject if subject in subjects else "S1"]
        for action in actions:
            motion, count = f"{subject} {action}", num_frames + surplus_2d_frames
            seen = stick_figure(LAYOUTS[layout], count, motion=motion)
            views, _ = project_views(seen, lenses, place, noise_px=noise_px)
            positions_2d.setdefault(subject, {})[action] = views
            if subject in subjects:
                body = stick_figure(H36M_17, num_frames, motion=motion)
                whole = body if num_joints == 17 else in_32_joints(body)
                positions_3d.setdefault(subject, {})[action] = whole.astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    save_3d(folder / "data_3d_h36m.npz", positions_3d)
    metadata = metadata_of(layout, names_layout=names_layout)
    save_2d(folder / f"data_2d_h36m_{detector}.npz", positions_2d, metadata)
    return folder


def write_humaneva(
    folder: Path,
    *,
    detector: str = "gt",
    subjects: Sequence[str] = ("Train/S1", "Train/S2", "Validate/S2"),
    actions: Sequence[str] = ("Walking 1 chunk0", "Walking 1 chunk2", "Jog 1 chunk0"),
    num_frames: int = 40,
    layout: str = "humaneva15",
    names_layout: bool = True,
    unlabelled_subjects: Sequence[str] = (),
) -> Path:
    """``data_3d_humaneva15.npz`` and ``data_2d_humaneva15_<detector>.npz`` in ``folder``."""
    table = json.loads(humaneva.CAMERA_TABLE.read_text(encoding="utf-8"))
    places = table["humaneva_cameras_extrinsic_params"]
    positions_2d: dict[str, Any] = {}
    positions_3d: dict[str, Any] = {}
    for subject in (*subjects, *unlabelled_subjects):
        place = places[subject.rpartition("/")[2] if subject in subjects else "S1"]
        for action in actions:
            motion = f"{subject} {action}"
            seen = stick_figure(LAYOUTS[layout], num_frames, motion=motion)
            views, _ = project_views(seen, [HUMANEVA_LENS] * 3, place)
            positions_2d.setdefault(subject, {})[action] = views
            if subject in subjects:
                body = stick_figure(HUMANEVA_15, num_frames, motion=motion)
                positions_3d.setdefault(subject, {})[action] = body.astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    save_3d(folder / "data_3d_humaneva15.npz", positions_3d)
    metadata = metadata_of(layout, names_layout=names_layout)
    save_2d(folder / f"data_2d_humaneva15_{detector}.npz", positions_2d, metadata)
    return folder


def write_custom(
    folder: Path,
    *,
    name: str = "mine",
    videos: Sequence[str] = ("a.mp4", "b.mp4"),
    num_frames: int = 50,
    layout: str = "h36m",
    skeleton_out: Skeleton = H36M_17,
    has_confidence: bool = False,
    noise_px: float = 0.0,
) -> Path:
    """A custom data set of two cameras: ``folder / f"data_2d_custom_{name}.npz"``, which is returned.

    Beside it lie ``data_3d_world.npz`` (for use with ``cameras.json``) and ``data_3d_camera.npz``
    (without), the same poses in world space and in each camera's.
    """
    table = custom_cameras(videos)
    positions: dict[str, dict[str, Any]] = {"2d": {}, "world": {}, "camera": {}}
    for video in videos:
        lists = table["intrinsic_params"], table["extrinsic_params"][video]
        seen = stick_figure(LAYOUTS[layout], num_frames, motion=video)
        views, _ = project_views(seen, *lists, noise_px=noise_px)
        if has_confidence:
            sure = np.full((*seen.shape[:2], 1), 0.75, np.float32)
            views = [np.concatenate([view, sure], axis=-1) for view in views]
        body = stick_figure(skeleton_out, num_frames, motion=video)
        positions["2d"][video] = {"custom": views}
        positions["world"][video] = {"custom": body.astype(np.float32)}
        positions["camera"][video] = {"custom": project_views(body, *lists)[1]}
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {video: {"w": 1280, "h": 720} for video in videos}
    path = folder / f"data_2d_custom_{name}.npz"
    save_2d(path, positions["2d"], {**metadata_of(layout), "video_metadata": sizes})
    save_3d(folder / "data_3d_world.npz", positions["world"])
    save_3d(folder / "data_3d_camera.npz", positions["camera"])
    (folder / "cameras.json").write_text(json.dumps(table), encoding="utf-8")
    return path


def custom_cameras(videos: Sequence[str]) -> dict[str, Any]:
    """A camera JSON: two cameras with lenses of their own, placed as Human3.6M's first two."""
    published = json.loads(human36m.CAMERA_TABLE.read_text(encoding="utf-8"))
    places = published["h36m_cameras_extrinsic_params"]["S1"][:2]
    lenses = [
        {
            "id": name,
            "center": [640.0, 360.0],
            "focal_length": [focal, focal],
            "radial_distortion": [-0.05, 0.01, 0.0],
            "tangential_distortion": [0.001, -0.002],
            "res_w": 1280,
            "res_h": 720,
        }
        for name, focal in (("left", 900.0), ("right", 1000.0))
    ]
    return {
        "intrinsic_params": lenses,
        "extrinsic_params": dict.fromkeys(videos, places),
    }


def in_32_joints(positions: np.ndarray) -> np.ndarray:
    """(T,32,C) of (T,17,C): the joints that are dropped later repeat the pelvis."""
    whole = np.repeat(positions[:, :1], 32, axis=1)
    whole[:, HUMAN36M_17_OF_32] = positions
    return whole


def metadata_of(layout: str, *, names_layout: bool = True) -> dict[str, Any]:
    """``metadata`` as it stands in a 2D file of a known layout; published ones may not name it."""
    skeleton = LAYOUTS[layout]
    return {
        **({"layout_name": layout} if names_layout else {}),
        "num_joints": skeleton.num_joints,
        "keypoints_symmetry": [list(skeleton.joints_left), list(skeleton.joints_right)],
    }


def save_2d(path: Path, positions_2d: Any, metadata: Any) -> Path:
    """A 2D file of any contents, as ``numpy.savez`` pickles them."""
    np.savez_compressed(path, positions_2d=_pickled(positions_2d), metadata=_pickled(metadata))
    return path


def save_3d(path: Path, positions_3d: Any) -> Path:
    """A 3D file of any contents."""
    np.savez_compressed(path, positions_3d=_pickled(positions_3d))
    return path


def edit_2d(path: Path) -> dict[str, Any]:
    """The contents of a 2D file that was written here, to change and ``save_2d`` again."""
    with np.load(path, allow_pickle=True) as archive:
        return {name: archive[name].item() for name in ("positions_2d", "metadata")}


def edit_3d(path: Path) -> dict[str, Any]:
    """The positions of a 3D file that was written here, to change and ``save_3d`` again."""
    with np.load(path, allow_pickle=True) as archive:
        return archive["positions_3d"].item()


def _pickled(value: Any) -> np.ndarray:
    array = np.empty((), dtype=object)
    array[()] = value
    return array


def _moved(name: str, swing: np.ndarray, bow: np.ndarray) -> np.ndarray:
    """(T,3) one joint, limbs swung about the shoulder or hip, the upper body bowed at the pelvis."""
    side, _, part = name.rpartition("_") if name.startswith(("left_", "right_")) else ("", "", name)
    outward = np.array([-1 if side == "left" else 1, 1, 1])
    moved = np.broadcast_to(np.array(_STANDING[part]) * outward, (len(swing), 3))
    if part in _LIMBS:
        root, middle, bend = _LIMBS[part]
        at_root, at_middle, at = (
            np.array(_STANDING[known]) * outward for known in (root, middle, part)
        )
        # An arm swings with the other side's leg.
        angle = swing if (side == "left") == (root == "hip") else -swing
        bent = angle + bend * (1 + np.abs(swing))
        moved = at_root + _tilted(at_middle - at_root, angle) + _tilted(at - at_middle, bent)
    is_upper = part not in ("pelvis", "hip", "knee", "ankle", "heel", "toe")
    return _tilted(moved, bow) if is_upper else moved


def _tilted(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """(T,3) points turned about the x axis by ``angle`` (T,) rad."""
    x, y, z = np.broadcast_arrays(*np.moveaxis(points, -1, 0), angle)[:3]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([x, cos * y - sin * z, sin * y + cos * z], axis=-1)
