"""Lines of the live stream: a header or a frame of keypoints in, a pose or an error out, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeGuard

import numpy as np

from ..errors import InputFormatError
from ..joint_sets import BODY_25, JOINT_SETS
from ..skeleton import Skeleton
from .assembly import MAX_COORDINATE
from .file_content import parse_json, show
from .frame_rate import parse_frame_rate
from .person_row import SKELETON_BY_COUNT, parse_keypoints

_HEADER_KEYS = ("fps", "image_size", "joint_set")
_DECIMALS = 4
_LARGEST_FRAME, _LONGEST = 10**15, 1e12
_HIGHEST_RATE = 10_000


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What holds for all frames; None where the line does not say."""

    fps: Fraction | None
    image_size: tuple[int, int] | None
    skeleton: Skeleton | None


@dataclass(frozen=True, slots=True, eq=False)
class StreamFrame:
    """One frame: ``keypoints`` (J,3) px and confidence 0..1, 0 = missing; (0,3) where nobody was seen.

    ``frame`` number, ``time`` s, ``image_size`` and ``skeleton`` are None where the line does not say.
    """

    keypoints: np.ndarray
    frame: int | None
    time: float | None
    image_size: tuple[int, int] | None
    skeleton: Skeleton | None


def parse_stream_line(line: bytes) -> StreamHeader | StreamFrame:
    """A line of the stream: a frame if it has ``keypoints``, else a header.

    Raises
    ------
    InputFormatError
        When it is neither, or a value of it cannot be used.
    """
    content = parse_json(line, "the line")
    if not isinstance(content, dict):
        raise InputFormatError(f"expected a JSON object, found {show(content)}")
    if "keypoints" in content:
        return StreamFrame(
            keypoints=_keypoints(content["keypoints"]),
            frame=_frame_number(content.get("frame")),
            time=_seconds(content.get("time")),
            image_size=_image_size(content.get("image_size")),
            skeleton=_skeleton(content.get("joint_set")),
        )
    unknown = [key for key in content if key not in _HEADER_KEYS]
    if unknown:
        raise InputFormatError(
            f"expected 'keypoints', or a header of {', '.join(_HEADER_KEYS)} alone, found "
            f"{show(unknown[0])}"
        )
    return StreamHeader(
        fps=_frame_rate(content.get("fps")),
        image_size=_image_size(content.get("image_size")),
        skeleton=_skeleton(content.get("joint_set")),
    )


def skeleton_of_count(num_joints: int) -> Skeleton:
    """The joint set that a number of keypoints stands for.

    Raises
    ------
    InputFormatError
        When it stands for none, or for two.
    """
    if num_joints == BODY_25.num_joints:
        raise InputFormatError("25 joints: expected a 'joint_set' of BODY_25 or BODY_25B")
    if num_joints not in SKELETON_BY_COUNT:
        known = ", ".join(str(count) for count in SKELETON_BY_COUNT)
        raise InputFormatError(
            f"expected a known joint count ({known}) or a 'joint_set', found {num_joints}"
        )
    return SKELETON_BY_COUNT[num_joints]


def drop_extra_joints(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Keypoints (J,3) without those that a joint set leaves out of what its number stands for.

    Halpe-136 is Halpe-26 and more; any other surplus stays, for ``keypoints`` are of another set then.
    """
    if SKELETON_BY_COUNT.get(len(keypoints)) is skeleton:
        return keypoints[: skeleton.num_joints]
    return keypoints


def format_opening(skeleton: Skeleton, version: str) -> str:
    """The first line out: what the joints are called and how they hang together."""
    return json.dumps(
        {
            "version": version,
            "joint_names": skeleton.joint_names,
            "parents": skeleton.parents,
            "latency_frames": 0,
        }
    )


def format_pose(frame: int, time: float, arrays: Mapping[str, np.ndarray]) -> str:
    """A frame's line out; without ``arrays`` nobody has been seen yet."""
    content: dict[str, Any] = {"frame": frame, "time": round(time, 6), "is_seen": False}
    for name, array in arrays.items():
        is_number = np.issubdtype(array.dtype, np.floating)
        # Adding 0 makes -0.0 a plain 0.
        content[name] = (np.round(array, _DECIMALS) + 0.0 if is_number else array).tolist()
    if arrays:
        content["is_seen"] = bool(arrays["confidence"].any())
    return json.dumps(content, allow_nan=False)


def format_error(line_number: int, error: Exception) -> str:
    """The line out for a line that cannot be used."""
    return json.dumps({"line": line_number, "error": str(error)})


def _keypoints(values: object) -> np.ndarray:
    """(J,3) usable x, y, confidence; what is not usable is missing."""
    if values is None or values == []:
        return np.zeros((0, 3))
    keypoints = parse_keypoints(values, "keypoints")
    is_usable = np.isfinite(keypoints).all(axis=1)
    keypoints = np.where(is_usable[:, None], keypoints, 0.0)
    # Detectors write 0,0 for a joint they did not find.
    is_usable &= (np.abs(keypoints[:, :2]) <= MAX_COORDINATE).all(axis=1)
    is_usable &= (keypoints[:, :2] != 0).any(axis=1)
    keypoints[:, 2] = np.clip(keypoints[:, 2], 0.0, 1.0)
    return np.where(is_usable[:, None], keypoints, 0.0)


def _frame_number(value: object) -> int | None:
    if value is None or (_is_whole(value) and 0 <= value <= _LARGEST_FRAME):
        return value
    raise InputFormatError(f"frame: expected a whole number from 0, found {show(value)}")


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LONGEST:
        return float(value)
    raise InputFormatError(f"time: expected seconds, found {show(value)}")


def _frame_rate(value: object) -> Fraction | None:
    if value is None:
        return None
    rate = parse_frame_rate(value)
    if rate is None or rate > _HIGHEST_RATE:
        raise InputFormatError(f"fps: expected a rate as 25 or '30000/1001', found {show(value)}")
    return rate


def _image_size(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        width, height = value
        if (
            _is_whole(width)
            and _is_whole(height)
            and 0 < min(value) <= max(value) <= MAX_COORDINATE
        ):
            return width, height
    raise InputFormatError(f"image_size: expected [width, height] in pixels, found {show(value)}")


def _skeleton(value: object) -> Skeleton | None:
    if value is None:
        return None
    if isinstance(value, str) and value in JOINT_SETS:
        return JOINT_SETS[value]
    raise InputFormatError(
        f"joint_set: expected one of {', '.join(JOINT_SETS)}, found {show(value)}"
    )


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
