"""When a foot stands."""

from __future__ import annotations

import numpy as np

from ..filters import runs
from ..types import Poses3D
from .foot import FEET

_ENTER_PROBABILITY, _LEAVE_PROBABILITY = 0.6, 0.4
_ENTER_SPEED, _LEAVE_SPEED = 0.5, 0.8
_SHORTEST_SECONDS = 0.1


def detect_contacts(poses: Poses3D) -> np.ndarray:
    """Which feet stand still in each frame.

    Parameters
    ----------
    poses : Poses3D
        World space, ``LIFTED_21``.

    Returns
    -------
    (T,2) bool array
        Left and right. With the network's contact probability where there is one, else where the foot
        is low; in both cases while it moves slowly, with hysteresis, at least a tenth of a second.
    """
    fps = float(poses.fps)
    if poses.num_frames < 2:
        return np.zeros((poses.num_frames, 2), dtype=bool)
    feet = poses.positions[:, FEET]
    speed = np.linalg.norm(np.gradient(feet.mean(axis=2), axis=0), axis=-1) * fps
    if poses.contact_probability is not None:
        probability = poses.contact_probability
    else:
        height = feet[..., 2].min(axis=2)
        probability = np.clip(1.2 - height / 0.1, 0.0, 1.0)
    enter, stay = enter_and_stay(probability, speed)
    shortest = max(2, round(_SHORTEST_SECONDS * fps))
    return np.stack([_hold(enter[:, foot], stay[:, foot], shortest) for foot in (0, 1)], axis=-1)


def enter_and_stay(probability: np.ndarray, speed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a foot begins to stand, and where one that stands goes on: hysteresis.

    ``probability`` and ``speed`` (m/s) are of one shape (...), as are both results; ``stay`` holds
    wherever ``enter`` does.
    """
    enter = (probability > _ENTER_PROBABILITY) & (speed < _ENTER_SPEED)
    stay = (probability > _LEAVE_PROBABILITY) & (speed < _LEAVE_SPEED)
    return enter, stay


def _hold(enter: np.ndarray, stay: np.ndarray, shortest: int) -> np.ndarray:
    """(T,) bool: runs of ``stay`` that hold an ``enter`` and last at least ``shortest`` frames."""
    result = np.zeros(len(enter), dtype=bool)
    for begin, end in runs(stay):
        if end - begin >= shortest and enter[begin:end].any():
            result[begin:end] = True
    return result
