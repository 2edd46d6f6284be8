"""The path of a camera that moves, from JSON: a matchmover's, or Blender's solved camera.

    {
      "format": "lift-camera-path", "version": 1,
      "convention": "blender",
      "metres_per_unit": 1.0,
      "fps": 24,
      "fov_deg": 54.2,
      "frames": [
        {"frame": 0, "position_world": [0.0, -4.1, 1.6],
         "rotation_camera_to_world": [0.7071, 0.7071, 0.0, 0.0]},
        ...
      ]
    }

``convention``: the camera's own axes; "blender" (x right, y up, looks along -z) or "opencv" (x right,
y down, looks along +z). The world has z up and is the one that the result is in.
``metres_per_unit``: of the positions. Without it their scale is unknown, as a camera solver leaves it,
and is found from feet that stand still.
``fps``: optional; must be the clip's.
Lens: optional; ``fov_deg`` (across the image's width) or ``focal_length_px`` (of an image of
``image_size`` [width, height], by default the clip's), once for the clip or in every frame (zoom).
``frames``: ``frame`` is the number of the keypoints' frame (their first is mostly 0, Blender's 1);
``position_world`` where the camera is; ``rotation_camera_to_world`` or ``rotation_world_to_camera`` a unit
quaternion, w x y z. Between given frames the camera is interpolated; beyond them there is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError, NotAvailableError
from ..geometry.camera_motion import camera_at
from ..geometry.quaternion import conjugate, multiply, normalise
from ..types import Camera
from .file_content import parse_json, read_bytes, show
from .frame_rate import parse_frame_rate

FORMAT, VERSION = "lift-camera-path", 1

_OPENCV, _BLENDER = "opencv", "blender"
_HALF_TURN_ABOUT_X = np.array([0.0, 1.0, 0.0, 0.0])
_TO_CAMERA, _TO_WORLD = "rotation_world_to_camera", "rotation_camera_to_world"
_LENS_KEYS = ("fov_deg", "focal_length_px")
_KEYS = (
    *("format", "version", "convention", "metres_per_unit", "fps", "image_size", "frames"),
    *_LENS_KEYS,
)
_FRAME_KEYS = ("frame", "position_world", _TO_CAMERA, _TO_WORLD, *_LENS_KEYS)
_LARGEST_FRAME = 10**9
_UNIT_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class CameraPath:
    """A camera's pose at N frames, in a world with z up.

    ``frames`` (N,) increasing frame numbers of the clip; ``rotations_world_to_camera`` (N,4) wxyz, to
    the axes x right, y down, z forward; ``positions_world`` (N,3) in a unit of ``metres_per_unit``
    metres, None where that is not known; ``fov_deg`` or ``focal_length_px`` (N,) or None: across the
    width of ``image_size`` (width, height) px, None = the clip's; ``fps`` Hz or None.
    """

    path: Path
    frames: np.ndarray
    rotations_world_to_camera: np.ndarray
    positions_world: np.ndarray
    metres_per_unit: float | None
    fov_deg: np.ndarray | None
    focal_length_px: np.ndarray | None
    image_size: tuple[int, int] | None
    fps: Fraction | None

    def focal_lengths(self, image_size: tuple[int, int]) -> np.ndarray | None:
        """(N,) px in an image of this width and height; None where the path does not say.

        Raises
        ------
        InputFormatError
            When the path's lens is for an image of another shape.
        """
        if self.fov_deg is not None:
            return image_size[0] / 2 / np.tan(np.radians(self.fov_deg) / 2)
        if self.focal_length_px is None or self.image_size is None:
            return self.focal_length_px
        width, height = self.image_size
        if abs(image_size[0] * height / (image_size[1] * width) - 1) > 0.02:
            raise InputFormatError(
                f"{self.path}: its focal length is for {width}x{height} px, the clip is "
                f"{image_size[0]}x{image_size[1]} px"
            )
        return self.focal_length_px * image_size[0] / width

    def camera_on(self, lens: Camera, frames: np.ndarray) -> Camera:
        """A camera with the given lens, that is where the path is at every frame.

        Parameters
        ----------
        lens : Camera
            Its pose is replaced; a focal length (N,2) is that of each of the path's frames.
        frames : (T,) array
            Numbers of the clip's frames.

        Raises
        ------
        InputFormatError
            When the path does not reach to all of them.
        """
        first, last = int(self.frames[0]), int(self.frames[-1])
        is_beyond = (frames < first) | (frames > last)
        if is_beyond.any():
            begin, end = int(frames[0]), int(frames[-1])
            missing = _stretches([(begin, min(first - 1, end)), (max(last + 1, begin), end)])
            raise InputFormatError(
                f"{self.path}: expected a camera pose for frames {begin} to {end}, found {first} to "
                f"{last}: none for {missing}"
            )
        given = Camera(
            focal_length=lens.focal_length,
            principal_point=lens.principal_point,
            radial=lens.radial,
            tangential=lens.tangential,
            rotation_world_to_camera=self.rotations_world_to_camera,
            position_world=self.positions_world,
        )
        return camera_at(given, np.interp(frames, self.frames, np.arange(len(self.frames))))


def read_camera_path(path: Path) -> CameraPath:
    """The camera path in a JSON file (its keys: see the module).

    Raises
    ------
    InputFormatError
        When the file is broken, a key is missing, unknown or of a wrong kind, a number is not finite, a
        quaternion is not of unit length, or a frame is given twice; the message names the frame.
    NotAvailableError
        When it is of a later version.
    """
    path = Path(path)
    document = parse_json(read_bytes(path), str(path))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputFormatError(
            f'{path}: expected a camera path: an object with "format": "{FORMAT}"'
        )
    if document.get("version") != VERSION:
        raise NotAvailableError(
            f"{path}: expected version {VERSION}, found {show(document.get('version'))}"
        )
    _check_keys(document, _KEYS, str(path))
    convention = document.get("convention")
    if convention not in (_BLENDER, _OPENCV):
        raise InputFormatError(
            f'{path}: expected "convention" "{_BLENDER}" or "{_OPENCV}", found {show(convention)}'
        )
    entries = document.get("frames")
    if not isinstance(entries, list) or not entries:
        raise InputFormatError(f'{path}: expected "frames", a list of poses, found {show(entries)}')
    frames = np.array([_frame_number(entry, path) for entry in entries], dtype=np.int64)
    order = np.argsort(frames, kind="stable")
    frames, entries = frames[order], [entries[row] for row in order]
    is_repeated = np.diff(frames) == 0
    if is_repeated.any():
        raise InputFormatError(f"{path}: frame {frames[np.argmax(is_repeated)]} is given twice")
    where = [f"{path}, frame {frame}" for frame in frames]
    rotations = _unit_quaternions(
        np.array([_rotation(entry, at) for entry, at in zip(entries, where, strict=True)]), where
    )
    if convention == _BLENDER:
        rotations = multiply(_HALF_TURN_ABOUT_X, rotations)
    return CameraPath(
        path=path,
        frames=frames,
        rotations_world_to_camera=rotations,
        positions_world=np.array(
            [
                _vector(entry.get("position_world"), 3, f"{at}, position_world")
                for entry, at in zip(entries, where, strict=True)
            ]
        ),
        metres_per_unit=_optional_positive(document, "metres_per_unit", str(path)),
        fov_deg=_lens(document, entries, "fov_deg", path),
        focal_length_px=_lens(document, entries, "focal_length_px", path),
        image_size=_image_size(document.get("image_size"), path),
        fps=_frame_rate(document.get("fps"), path),
    )


def _frame_number(entry: Any, path: Path) -> int:
    if not isinstance(entry, dict):
        raise InputFormatError(
            f'{path}, "frames": expected an object for each, found {show(entry)}'
        )
    number = entry.get("frame")
    if not isinstance(number, int) or isinstance(number, bool) or abs(number) > _LARGEST_FRAME:
        raise InputFormatError(
            f'{path}, "frames": expected "frame", a whole number, found {show(number)}'
        )
    _check_keys(entry, _FRAME_KEYS, f"{path}, frame {number}")
    return number


def _rotation(entry: dict[str, Any], where: str) -> list[float]:
    """wxyz, world to camera, as given: not yet of unit length."""
    given = [name for name in (_TO_CAMERA, _TO_WORLD) if name in entry]
    if len(given) != 1:
        raise InputFormatError(
            f"{where}: expected either {_TO_CAMERA} or {_TO_WORLD}, found "
            f"{'both' if given else 'neither'}"
        )
    values = _vector(entry[given[0]], 4, f"{where}, {given[0]}")
    return conjugate(np.array(values)).tolist() if given[0] == _TO_WORLD else values


def _unit_quaternions(quaternions: np.ndarray, where: list[str]) -> np.ndarray:
    norms = np.linalg.norm(quaternions, axis=-1)
    is_off = np.abs(norms - 1) > _UNIT_TOLERANCE
    if is_off.any():
        row = int(np.argmax(is_off))
        raise InputFormatError(
            f"{where[row]}: expected a rotation of unit length (w x y z), found length "
            f"{norms[row]:.3g}"
        )
    return normalise(quaternions)


def _lens(
    document: dict[str, Any], entries: list[dict[str, Any]], key: str, path: Path
) -> np.ndarray | None:
    """(N,) of the lens' ``key``, given once or in every frame; None where it is not."""
    other = next(name for name in _LENS_KEYS if name != key)
    in_frames = [entry for entry in entries if key in entry]
    if key not in document and not in_frames:
        return None
    if other in document or any(other in entry for entry in entries):
        raise InputFormatError(f"{path}: expected either {key} or {other}, found both")
    if key in document and in_frames:
        raise InputFormatError(f"{path}: expected {key} for the clip or in its frames, found both")
    if not in_frames:
        return np.full(len(entries), _lens_value(document, key, str(path)))
    return np.array([_lens_value(each, key, f"{path}, frame {each['frame']}") for each in entries])


def _lens_value(holder: dict[str, Any], key: str, where: str) -> float:
    value = _optional_positive(holder, key, where)
    if value is None:
        raise InputFormatError(f"{where}: expected {key}, as other frames have it")
    if key == "fov_deg" and value >= 180:
        raise InputFormatError(f"{where}, fov_deg: expected less than 180, found {value:g}")
    return value


def _optional_positive(holder: dict[str, Any], key: str, where: str) -> float | None:
    if key not in holder:
        return None
    value = holder[key]
    if not _is_number(value) or value <= 0:
        raise InputFormatError(f"{where}, {key}: expected a number above 0, found {show(value)}")
    return float(value)


def _vector(value: Any, length: int, where: str) -> list[float]:
    if not isinstance(value, list) or len(value) != length or not all(map(_is_number, value)):
        raise InputFormatError(
            f"{where}: expected a list of {length} finite numbers, found {_show_items(value)}"
        )
    return [float(each) for each in value]


def _image_size(value: Any, path: Path) -> tuple[int, int] | None:
    if value is None:
        return None
    width, height = _vector(value, 2, f"{path}, image_size")
    if width < 1 or height < 1:
        raise InputFormatError(f"{path}, image_size: expected px, found {_show_items(value)}")
    return round(width), round(height)


def _frame_rate(value: Any, path: Path) -> Fraction | None:
    if value is None:
        return None
    rate = parse_frame_rate(value)
    if rate is None:
        raise InputFormatError(
            f"{path}, fps: expected a rate as 25 or '30000/1001', found {show(value)}"
        )
    return rate


def _check_keys(holder: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    """A misspelt option must not pass for one that is not given."""
    unknown = next((key for key in holder if key not in known), None)
    if unknown is not None:
        raise InputFormatError(f"{where}: expected {', '.join(known)}; found {unknown!r}")


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A whole number of hundreds of digits is not one that a float can hold.
    return is_number and abs(value) < 1e300 and math.isfinite(value)


def _show_items(value: Any) -> str:
    is_short = isinstance(value, list) and len(value) <= 4
    return f"[{', '.join(map(show, value))}]" if is_short else show(value)


def _stretches(spans: list[tuple[int, int]]) -> str:
    """The frames of the spans that are not empty, in words."""
    return " and ".join(
        f"{begin}" if begin == end else f"{begin} to {end}" for begin, end in spans if begin <= end
    )
