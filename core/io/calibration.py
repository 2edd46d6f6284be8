"""Camera calibration in OpenCV's terms from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError, NotAvailableError
from ..geometry.quaternion import conjugate, from_rotation_vector, rotate
from ..types import Camera
from .file_content import read_bytes, show

_KEYS = ("size", "matrix", "distortions", "rotation", "translation")
_MAX_COEFFICIENTS = 5


def read_calibration(path: Path, camera_name: str | None) -> tuple[Camera, tuple[int, int]]:
    """One camera of a TOML file and its image size (width, height) px.

    Each camera is a table with ``size``, ``matrix`` (3x3), ``distortions`` (k1 k2 p1 p2 [k3]),
    ``rotation`` (Rodrigues vector, rad) and ``translation`` (m): x_camera = R x_world + t.
    ``camera_name`` is a table's name or the ``name`` in it; None takes the only camera.

    Raises
    ------
    InputFormatError
        When the file is broken, the camera unknown or not named, or a key missing or of a wrong
        shape.
    NotAvailableError
        When the lens is a fisheye or has more than five distortion coefficients.
    """
    path = Path(path)
    try:
        document = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputFormatError(f"{path}: not valid TOML: {error}") from error
    table, name = _choose(document, camera_name, path)
    where = f"{path}, camera {name}"
    missing = [key for key in _KEYS if key not in table]
    if missing:
        raise InputFormatError(f"{where}: expected {', '.join(_KEYS)}; missing {missing[0]!r}")
    if table.get("fisheye", False):
        raise NotAvailableError(f"{where}: fisheye lenses are not available: undistort the video")
    width, height = _array(table["size"], (2,), f"{where}, size")
    if width < 1 or height < 1:
        raise InputFormatError(f"{where}, size: expected px, found {width:g} x {height:g}")
    matrix = _array(table["matrix"], (3, 3), f"{where}, matrix")
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
        raise InputFormatError(f"{where}, matrix: expected positive focal lengths")
    k1, k2, p1, p2, k3 = _distortions(table["distortions"], where)
    rotation = from_rotation_vector(_array(table["rotation"], (3,), f"{where}, rotation"))
    translation = _array(table["translation"], (3,), f"{where}, translation")
    camera = Camera(
        focal_length=matrix[[0, 1], [0, 1]],
        principal_point=matrix[:2, 2],
        radial=np.array([k1, k2, k3]),
        tangential=np.array([p1, p2]),
        rotation_world_to_camera=rotation,
        position_world=-rotate(conjugate(rotation), translation),
    )
    return camera, (round(width), round(height))


def _choose(
    document: dict[str, Any], camera_name: str | None, path: Path
) -> tuple[dict[str, Any], str]:
    """The table of the camera that is meant, and its name."""
    cameras = {
        name: table
        for name, table in document.items()
        if isinstance(table, dict) and any(key in table for key in _KEYS)
    }
    if not cameras:
        raise InputFormatError(f"{path}: expected a table for each camera, found none")
    names = ", ".join(cameras)
    if camera_name is None:
        if len(cameras) > 1:
            raise InputFormatError(f"{path}: expected the name of one of its cameras: {names}")
        name = next(iter(cameras))
        return cameras[name], name
    for name, table in cameras.items():
        if camera_name in (name, table.get("name")):
            return table, name
    raise InputFormatError(f"{path}: expected one of its cameras ({names}), found {camera_name!r}")


def _array(value: Any, shape: tuple[int, ...], where: str) -> np.ndarray:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputFormatError(f"{where}: expected numbers, found {show(value)}") from error
    if array.shape != shape or not np.isfinite(array).all():
        raise InputFormatError(
            f"{where}: expected finite numbers of shape {shape}, found shape {array.shape}"
        )
    return array


def _distortions(value: Any, where: str) -> np.ndarray:
    """(5,) k1 k2 p1 p2 k3, those that are not given 0."""
    count = len(value) if isinstance(value, list) else 0
    given = _array(value, (count,), f"{where}, distortions")
    if (given[_MAX_COEFFICIENTS:] != 0).any():
        raise NotAvailableError(
            f"{where}: only k1 k2 p1 p2 k3 are available, found {count} distortion coefficients"
        )
    coefficients = np.zeros(_MAX_COEFFICIENTS)
    coefficients[: min(count, _MAX_COEFFICIENTS)] = given[:_MAX_COEFFICIENTS]
    return coefficients
