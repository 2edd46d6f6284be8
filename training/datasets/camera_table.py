"""The cameras of a multi-view data set: one lens per camera, one place per camera and subject.

JSON, as Human3.6M's and HumanEva's are published: ``..._intrinsic_params`` is a list with ``id``,
``res_w``, ``res_h`` and, where the lens is known, ``focal_length`` and ``center`` (px),
``radial_distortion`` (3) and ``tangential_distortion`` (2); ``..._extrinsic_params`` gives each
subject's list of ``orientation`` (wxyz, camera to world) and ``translation`` (mm), in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputFormatError
from core.geometry.quaternion import IDENTITY, conjugate, normalise, rotate
from core.io.file_content import parse_json, read_bytes, show
from core.types import Camera

_LENS_KEYS = ("focal_length", "center", "radial_distortion", "tangential_distortion")
_MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where a camera stands: ``rotation_world_to_camera`` (4,) wxyz, ``position_world`` (3,) m."""

    rotation_world_to_camera: np.ndarray
    position_world: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One camera as it stood for one subject.

    ``image_size`` (width, height) px, ``pose`` and ``camera``, its lens and pose, are None where they
    are not known; a lens without a known pose stands at the world's origin.
    """

    name: str
    image_size: tuple[int, int] | None
    pose: Pose | None
    camera: Camera | None


@dataclass(frozen=True, slots=True, eq=False)
class CameraTable:
    """A data set's cameras; ``poses`` maps each subject to a pose per camera, None where unknown."""

    path: Path
    names: tuple[str, ...]
    image_sizes: tuple[tuple[int, int] | None, ...]
    lenses: tuple[Camera | None, ...]
    poses: dict[str, tuple[Pose | None, ...]]

    def has_poses(self, subject: str) -> bool:
        """Whether the place of every camera is known for ``subject``."""
        return all(pose is not None for pose in self.poses.get(subject, (None,)))

    def views(self, subject: str) -> tuple[View, ...]:
        """Every camera, in order, as it stood for ``subject``."""
        poses = self.poses.get(subject, (None,) * len(self.names))
        return tuple(
            View(name, size, pose, _placed(lens, pose))
            for name, size, lens, pose in zip(
                self.names, self.image_sizes, self.lenses, poses, strict=True
            )
        )


def to_camera_space(points_world: np.ndarray, pose: Pose) -> np.ndarray:
    """Points (...,3) m from world to camera space, float32."""
    turned = rotate(pose.rotation_world_to_camera, points_world - pose.position_world)
    return turned.astype(np.float32)


def read_camera_table(path: Path) -> CameraTable:
    """The cameras of a JSON file in the published shape (see the module's first lines).

    Raises
    ------
    InputFormatError
        When the file is missing or broken, a number missing or not finite, or a subject's list has
        another length than the list of cameras.
    """
    content = parse_json(read_bytes(path), str(path))
    intrinsics = _section(content, "intrinsic_params", list, path)
    extrinsics = _section(content, "extrinsic_params", dict, path)
    names = tuple(_name(entry, index, path) for index, entry in enumerate(intrinsics))
    where = [f"{path}: camera {name}" for name in names]
    return CameraTable(
        path=path,
        names=names,
        image_sizes=tuple(map(_image_size, intrinsics, where)),
        lenses=tuple(map(_lens, intrinsics, where)),
        poses={
            str(subject): _poses(entries, names, f"{path}: subject {subject!r}")
            for subject, entries in extrinsics.items()
        },
    )


def _section(content: Any, ending: str, kind: type, path: Path) -> Any:
    """The one value of the file whose key ends so."""
    keys = list(content) if isinstance(content, dict) else []
    found = [key for key in keys if key.endswith(ending)]
    is_good = len(found) == 1 and isinstance(content[found[0]], kind)
    if not is_good or (kind is list and not content[found[0]]):
        raise InputFormatError(
            f"{path}: expected one key that ends in {ending!r} with a {kind.__name__} of cameras, "
            f"found {', '.join(keys) or show(content)}"
        )
    return content[found[0]]


def _name(entry: Any, index: int, path: Path) -> str:
    if not isinstance(entry, dict):
        raise InputFormatError(f"{path}: camera {index}: expected a dict, found {show(entry)}")
    return str(entry.get("id", index))


def _image_size(entry: dict[str, Any], where: str) -> tuple[int, int] | None:
    if "res_w" not in entry and "res_h" not in entry:
        return None
    width, height = _numbers([entry.get("res_w"), entry.get("res_h")], 2, f"{where}, res_w, res_h")
    if min(width, height) < 1:
        raise InputFormatError(f"{where}: expected res_w, res_h in px, found {width:g}, {height:g}")
    return round(width), round(height)


def _lens(entry: dict[str, Any], where: str) -> Camera | None:
    missing = [key for key in _LENS_KEYS if key not in entry]
    if len(missing) == len(_LENS_KEYS):
        return None
    if missing:
        raise InputFormatError(f"{where}: expected {', '.join(_LENS_KEYS)}; missing {missing[0]!r}")
    focal, center, radial, tangential = (
        _numbers(entry[key], length, f"{where}, {key}")
        for key, length in zip(_LENS_KEYS, (2, 2, 3, 2), strict=True)
    )
    if (focal <= 0).any():
        raise InputFormatError(f"{where}: expected a positive focal_length, found {focal.tolist()}")
    return Camera(focal, center, radial, tangential, IDENTITY, np.zeros(3))


def _poses(entries: Any, names: tuple[str, ...], where: str) -> tuple[Pose | None, ...]:
    count = len(entries) if isinstance(entries, list) else 0
    if count != len(names):
        raise InputFormatError(
            f"{where}: expected the places of {len(names)} cameras ({', '.join(names)}), "
            f"found {count}"
        )
    return tuple(
        _pose(entry, f"{where}, camera {name}") for entry, name in zip(entries, names, strict=True)
    )


def _pose(entry: Any, where: str) -> Pose | None:
    # Subjects whose 3D is not published have empty entries.
    if entry == {}:
        return None
    if not isinstance(entry, dict) or not {"orientation", "translation"} <= set(entry):
        raise InputFormatError(f"{where}: expected orientation and translation")
    orientation = _numbers(entry["orientation"], 4, f"{where}, orientation")
    if abs(np.linalg.norm(orientation) - 1) > 0.01:
        raise InputFormatError(
            f"{where}: expected a unit quaternion as orientation, found {orientation.tolist()}"
        )
    return Pose(
        rotation_world_to_camera=conjugate(normalise(orientation)),
        position_world=_numbers(entry["translation"], 3, f"{where}, translation") / _MM_PER_M,
    )


def _placed(lens: Camera | None, pose: Pose | None) -> Camera | None:
    if lens is None or pose is None:
        return lens
    return Camera(
        lens.focal_length,
        lens.principal_point,
        lens.radial,
        lens.tangential,
        pose.rotation_world_to_camera,
        pose.position_world,
    )


def _numbers(value: Any, length: int, where: str) -> np.ndarray:
    """(length,) finite numbers."""
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputFormatError(f"{where}: expected numbers, found {show(value)}") from error
    if array.shape != (length,) or not np.isfinite(array).all():
        raise InputFormatError(f"{where}: expected {length} finite numbers, found {show(value)}")
    return array
