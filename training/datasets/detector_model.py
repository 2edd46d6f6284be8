"""The numbers of a 2D detector's errors, confidence and dropouts, and their JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.errors import InputFormatError
from core.io.atomic import atomic_output
from core.io.file_content import parse_json, read_bytes
from core.joint_sets import BODY_23

from .detector_view import NUM_SIGHT_TERMS, NUM_VIEW_TERMS

VISIBILITY_NODES = np.linspace(-2.5, 2.0, 10, dtype=np.float32)
CONFIDENCE_NODES = np.linspace(-3.0, 3.0, 13, dtype=np.float32)
CHANCE_NODES = np.linspace(0.0, 4.0, 9, dtype=np.float32)
"""Length of a unit normal vector in the image: 0 luckiest, 1.18 median, above 3 one in a hundred."""

# A visibility that no joint is below.
_NEVER = -9.0
_FORMAT = "detector-model-1"
_BUNDLED = Path(__file__).with_name("detector.json")
_NUM_JOINTS = BODY_23.num_joints
_SHAPES: dict[str, tuple[int, ...]] = {
    "view_bias": (_NUM_JOINTS, 3, NUM_VIEW_TERMS),
    "clip_bias": (_NUM_JOINTS, 3),
    "error": (_NUM_JOINTS, len(VISIBILITY_NODES), len(CHANCE_NODES)),
    "speed_power": (_NUM_JOINTS,),
    "clip_level": (_NUM_JOINTS,),
    "error_seconds": (_NUM_JOINTS, 2),
    "error_slow_share": (_NUM_JOINTS,),
    "error_mixing": (_NUM_JOINTS, _NUM_JOINTS),
    "visibility_weights": (_NUM_JOINTS, NUM_SIGHT_TERMS),
    "visibility_spread": (_NUM_JOINTS, len(VISIBILITY_NODES)),
    "clip_visibility": (_NUM_JOINTS,),
    "visibility_seconds": (_NUM_JOINTS,),
    "flicker": (_NUM_JOINTS,),
    "visibility_mixing": (_NUM_JOINTS, _NUM_JOINTS),
    "confidence": (_NUM_JOINTS, len(CONFIDENCE_NODES)),
    "unreported_below": (_NUM_JOINTS,),
    "mistaken": (_NUM_JOINTS, len(VISIBILITY_NODES)),
    "mistaken_reach": (_NUM_JOINTS,),
    "mistaken_seconds": (),
}


DetectorName = Literal["fitted", "gaussian", "perfect"]

_GAUSSIAN_SIGMA = 0.016
"""m along each axis: a guess, 1.4 % of a person's size as in METHOD.md section 8."""

Fields = dict[str, np.ndarray]
"""Some fields of a model by name."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorModel:
    """A detector, joint by joint in the order of ``BODY_23`` (J = 23); every field is fitted.

    Bias. ``view_bias`` (J,3,9) m along left, forward, up of the joint's part (``PART_OF_JOINT``), per
    view term: where the mark moves as the body turns. ``clip_bias`` (J,3) m: standard deviation of
    what stays for a whole clip besides.

    Error. ``error`` (J,V,R) m: its size at visibility ``VISIBILITY_NODES`` and chance
    ``CHANCE_NODES``, at a speed of 1 m/s. ``speed_power`` (J,): it grows with the speed to this power.
    ``clip_level`` (J,): standard deviation between clips of the logarithm of its size.
    ``error_seconds`` (J,2) s: correlation times of the quick and the slow part, ``error_slow_share``
    (J,) the slow one's share of the variance, ``error_mixing`` (J,J) a row of unit length per joint:
    the independent noises that it is made of.

    Visibility. ``visibility_weights`` (J,13): what the sight terms make expect; ``visibility_spread``
    (J,V): standard deviation of what chance adds in time, where ``VISIBILITY_NODES`` is expected;
    ``clip_visibility`` (J,): of what it adds per clip; ``visibility_seconds`` (J,) s: correlation time;
    ``flicker`` (J,): the share of the variance that is new every frame, and that the confidence alone
    follows; ``visibility_mixing`` as that of the error.

    Report. ``confidence`` (J,C) 0..1 at visibility ``CONFIDENCE_NODES``; ``unreported_below`` (J,): the
    visibility below which nothing is reported; ``mistaken`` (J,V) 0..1: share of frames in which the
    joint is put where the other side's is, at ``VISIBILITY_NODES``; ``mistaken_reach`` (J,) m: how far
    away that is at most; ``mistaken_seconds`` s: correlation time of mistakes.
    """

    view_bias: np.ndarray
    clip_bias: np.ndarray
    error: np.ndarray
    speed_power: np.ndarray
    clip_level: np.ndarray
    error_seconds: np.ndarray
    error_slow_share: np.ndarray
    error_mixing: np.ndarray
    visibility_weights: np.ndarray
    visibility_spread: np.ndarray
    clip_visibility: np.ndarray
    visibility_seconds: np.ndarray
    flicker: np.ndarray
    visibility_mixing: np.ndarray
    confidence: np.ndarray
    unreported_below: np.ndarray
    mistaken: np.ndarray
    mistaken_reach: np.ndarray
    mistaken_seconds: np.ndarray


def named_detector(name: DetectorName) -> DetectorModel:
    """The one that comes with the code ("fitted"), a guess, or one that makes no errors."""
    makers = {
        "fitted": bundled_detector,
        "gaussian": gaussian_detector,
        "perfect": perfect_detector,
    }
    return makers[name]()


@cache
def bundled_detector() -> DetectorModel:
    """The detector model that comes with the code."""
    return read_detector(_BUNDLED)


def read_detector(path: Path) -> DetectorModel:
    """A detector model from its JSON file.

    Raises
    ------
    InputFormatError
        When the file is no such JSON, or a field is missing, of the wrong shape or not finite.
    """
    content = parse_json(read_bytes(path), str(path))
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise InputFormatError(f"{path}: expected a detector model ({_FORMAT}), found another JSON")
    if content.get("joints") != list(BODY_23.joint_names):
        raise InputFormatError(f"{path}: joints: expected those of {BODY_23.name}, in its order")
    return DetectorModel(**{name: _field(content, name, path) for name in _SHAPES})


def write_detector(path: Path, model: DetectorModel) -> None:
    """Write ``model`` as JSON, to four significant digits, whole or not at all."""
    lines = [f'"format": {json.dumps(_FORMAT)}', f'"joints": {json.dumps(BODY_23.joint_names)}']
    for field in fields(model):
        values = getattr(model, field.name)
        rounded = np.vectorize(lambda value: float(f"{value:.4g}"))(values)
        lines.append(f'"{field.name}": {json.dumps(rounded.tolist())}')
    with atomic_output(path) as temporary:
        temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def perfect_detector() -> DetectorModel:
    """A detector without any error that is always sure."""
    arrays = {name: np.zeros(shape, dtype=np.float32) for name, shape in _SHAPES.items()}
    for name in ("error_mixing", "visibility_mixing"):
        arrays[name] = np.eye(_NUM_JOINTS, dtype=np.float32)
    arrays["confidence"] += 1.0
    arrays["unreported_below"] += _NEVER
    return DetectorModel(**arrays)


@cache
def gaussian_detector() -> DetectorModel:
    """A guess: normal noise, alike for all joints and new in every frame, and the detector is sure."""
    size = np.zeros_like(perfect_detector().error) + _GAUSSIAN_SIGMA * CHANCE_NODES
    return replace(perfect_detector(), error=size)


def _field(content: dict[str, Any], name: str, path: Path) -> np.ndarray:
    if name not in content:
        raise InputFormatError(f"{path}: expected the field {name!r}: none")
    try:
        values = np.array(content[name], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputFormatError(f"{path}: {name}: expected numbers: {error}") from error
    if values.shape != _SHAPES[name]:
        raise InputFormatError(
            f"{path}: {name}: expected shape {_SHAPES[name]}, found {values.shape}"
        )
    if not np.isfinite(values).all():
        raise InputFormatError(f"{path}: {name}: expected finite numbers")
    return values
