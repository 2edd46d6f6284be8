"""When a foot stands, and holding it still while it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..filters import neighbours
from ..types import Poses3D

_ENTER_PROBABILITY, _LEAVE_PROBABILITY = 0.6, 0.4
_ENTER_SPEED, _LEAVE_SPEED = 0.5, 0.8
_SHORTEST_SECONDS = 0.1
_BLEND_SECONDS = 0.15
_LARGEST_CORRECTION = 0.15
_STRAIGHTEST = 0.9995


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
    names = poses.skeleton.joint_names
    sides = [
        [names.index(f"{side}_{part}") for part in ("ankle", "heel", "toe")]
        for side in ("left", "right")
    ]
    feet = poses.positions[:, sides]
    speed = np.linalg.norm(np.gradient(feet.mean(axis=2), axis=0), axis=-1) * fps
    if poses.contact_probability is not None:
        probability = poses.contact_probability
    else:
        height = feet[..., 2].min(axis=2)
        probability = np.clip(1.2 - height / 0.1, 0.0, 1.0)
    enter = (probability > _ENTER_PROBABILITY) & (speed < _ENTER_SPEED)
    stay = (probability > _LEAVE_PROBABILITY) & (speed < _LEAVE_SPEED)
    shortest = max(2, round(_SHORTEST_SECONDS * fps))
    return np.stack([_runs(enter[:, foot], stay[:, foot], shortest) for foot in (0, 1)], axis=-1)


def lock_feet(poses: Poses3D, contacts: np.ndarray) -> tuple[Poses3D, np.ndarray]:
    """Hold each standing foot where it stands; legs keep their lengths.

    During a contact the ankle stays at its median place (and the heel and toe with it); before and
    after, the correction fades out. The knee follows by two-bone inverse kinematics in the leg's own
    plane.

    Parameters
    ----------
    poses : Poses3D
        World space, ``LIFTED_21``.
    contacts : (T,2) bool array
        From ``detect_contacts``.

    Returns
    -------
    poses, contacts
        The contacts without those frames in which the foot was too far off to be held.
    """
    if poses.num_frames < 2 or not contacts.any():
        return poses, contacts
    positions, held = poses.positions.copy(), contacts.copy()
    names = poses.skeleton.joint_names
    blend = max(1, round(_BLEND_SECONDS * float(poses.fps)))
    for foot, side in enumerate(("left", "right")):
        hip, knee, ankle, heel, toe = (
            names.index(f"{side}_{part}") for part in ("hip", "knee", "ankle", "heel", "toe")
        )
        correction, held[:, foot] = _corrections(positions[:, ankle], contacts[:, foot], blend)
        wanted = positions[:, ankle] + correction
        new_knee, new_ankle = bend_leg(
            positions[:, hip], positions[:, knee], positions[:, ankle], wanted
        )
        moved = new_ankle - positions[:, ankle]
        positions[:, [ankle, heel, toe]] += moved[:, None]
        positions[:, knee] = new_knee
    return replace(poses, positions=positions), held


def bend_leg(
    hip: np.ndarray, knee: np.ndarray, ankle: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two-bone inverse kinematics: knee and ankle (T,3) for a wanted ankle, bone lengths kept.

    The knee stays on its side of the line from hip to ankle; a target out of reach is approached as
    far as the leg goes. Law of cosines.
    """
    thigh = np.linalg.norm(knee - hip, axis=-1)
    shin = np.linalg.norm(ankle - knee, axis=-1)
    line = wanted - hip
    reach = np.linalg.norm(line, axis=-1)
    longest, shortest = (thigh + shin) * _STRAIGHTEST, np.abs(thigh - shin) * 1.001 + 1e-6
    was_reach = np.linalg.norm(ankle - hip, axis=-1)
    reached = np.clip(reach, shortest, np.maximum(longest, was_reach))
    along = line / np.maximum(reach, 1e-9)[:, None]
    out = (knee - hip) - ((knee - hip) * along).sum(axis=-1, keepdims=True) * along
    width = np.linalg.norm(out, axis=-1, keepdims=True)
    out = np.where(width > 1e-9, out / np.maximum(width, 1e-9), 0.0)
    share = (thigh**2 - shin**2 + reached**2) / (2 * np.maximum(reached, 1e-9))
    height = np.sqrt(np.maximum(thigh**2 - share**2, 0.0))
    new_knee = hip + share[:, None] * along + height[:, None] * out
    return new_knee, hip + reached[:, None] * along


def _runs(enter: np.ndarray, stay: np.ndarray, shortest: int) -> np.ndarray:
    """(T,) bool: runs of ``stay`` that hold an ``enter`` and last at least ``shortest`` frames."""
    edges = np.diff(np.concatenate([[0], (enter | stay).astype(int), [0]]))
    result = np.zeros(len(enter), dtype=bool)
    for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if end - begin >= shortest and enter[begin:end].any():
            result[begin:end] = True
    return result


def _corrections(
    ankle: np.ndarray, contact: np.ndarray, blend: int
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (T,3) that hold the ankle (T,3) still in each contact and fade around it, and (T,) where."""
    edges = np.diff(np.concatenate([[0], contact.astype(int), [0]]))
    offsets = np.zeros_like(ankle)
    for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        offsets[begin:end] = np.median(ankle[begin:end], axis=0) - ankle[begin:end]
    # A foot that has drifted a hand's breadth from where it stands is let go, without a jump.
    length = np.linalg.norm(offsets, axis=-1)
    held = contact & (length <= _LARGEST_CORRECTION)
    offsets *= np.minimum(1.0, _LARGEST_CORRECTION / np.maximum(length, 1e-9))[:, None]
    frames = np.arange(len(ankle))
    before, after = neighbours(contact)
    since = np.where(before >= 0, frames - before, np.inf)
    until = np.where(after < len(ankle), after - frames, np.inf)
    # Between two contacts that are near, one fade runs from the one's offset to the other's.
    span = np.clip(since + until, 1, blend)
    fade_out = np.where(contact, 0.0, _fade(since / span))
    fade_in = np.where(contact, 0.0, _fade(until / span))
    last, following = offsets[before], offsets[np.minimum(after, len(ankle) - 1)]
    faded = last * fade_out[:, None] + following * fade_in[:, None]
    return np.where(contact[:, None], offsets, faded), held


def _fade(share: np.ndarray) -> np.ndarray:
    """1 at 0, 0 from 1 on, level at both ends."""
    clipped = np.clip(share, 0.0, 1.0)
    return 1 - clipped * clipped * (3 - 2 * clipped)
