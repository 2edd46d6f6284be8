"""When a foot stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..correction import SIDES, Correction
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


def told_contacts(
    frames: np.ndarray, corrections: Sequence[Correction]
) -> tuple[np.ndarray, np.ndarray]:
    """Where a user says that a foot stands, and where that it does not.

    Parameters
    ----------
    frames : (T,) int array
        Source frame numbers.
    corrections : sequence of Correction
        Of this person.

    Returns
    -------
    is_planted, is_lifted : (T,2) bool arrays
        Left and right.
    """
    is_planted, is_lifted = np.zeros((2, len(frames), 2), dtype=bool)
    for each in corrections:
        if each.kind == "planted":
            is_planted[each.rows(frames), SIDES.index(each.subject)] = True
        elif each.kind == "not planted":
            is_lifted[each.rows(frames), SIDES.index(each.subject)] = True
    return is_planted, is_lifted


def with_told_probability(poses: Poses3D, corrections: Sequence[Correction]) -> Poses3D:
    """The poses with the network's contact probability, where it gave one, as the user knows it."""
    if poses.contact_probability is None:
        return poses
    is_planted, is_lifted = told_contacts(poses.frames, corrections)
    told = np.where(is_planted, 1.0, np.where(is_lifted, 0.0, poses.contact_probability))
    return replace(poses, contact_probability=told)


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
