"""Holding a foot still, and on the ground, while it stands; the leg follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..filters import fade_in, neighbours, runs
from ..types import Poses3D
from .foot import LEGS, SOLES

_BLEND_SECONDS = 0.15
_LARGEST_CORRECTION = 0.15
_STRAIGHTEST = 0.9995
_ON_GROUND, _OFF_GROUND = 0.06, 0.12
"""m: a foot that stands no higher or lower is put on the ground; beyond, it stands on something else."""


def lock_feet(poses: Poses3D, contacts: np.ndarray) -> tuple[Poses3D, np.ndarray]:
    """Hold each standing foot where it stands; legs and feet keep their lengths.

    During a contact the whole foot is still: the ankle at its median place, heel and toe as they mostly
    lie about it, the lower of both at z = 0 where it is near. Before and after, the correction fades out.
    The knee follows by two-bone inverse kinematics in the leg's own plane.

    Parameters
    ----------
    poses : Poses3D
        World space, ``LIFTED_21``, the ground at z = 0.
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
    blend = max(1, round(_BLEND_SECONDS * float(poses.fps)))
    for foot, ((hip, knee, ankle), heel_and_toe) in enumerate(zip(LEGS, SOLES, strict=True)):
        contact = contacts[:, foot]
        sole = positions[:, heel_and_toe] - positions[:, [ankle]]
        turned = _with_length_of(sole, sole + _blended(_still(sole, contact), contact, blend))
        offsets, held[:, foot] = _within_reach(_still(positions[:, ankle], contact), contact)
        lowest = (positions[:, ankle, 2] + offsets[:, 2]) + turned[..., 2].min(axis=1)
        offsets[:, 2] -= np.where(contact, lowest * _grounded(lowest), 0.0)
        wanted = positions[:, ankle] + _blended(offsets, contact, blend)
        positions[:, knee], positions[:, ankle] = bend_leg(
            positions[:, hip], positions[:, knee], positions[:, ankle], wanted
        )
        positions[:, heel_and_toe] = positions[:, [ankle]] + turned
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


def _still(values: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Offsets (T,...) that bring ``values`` to their median during each contact; 0 elsewhere."""
    offsets = np.zeros_like(values)
    for begin, end in runs(contact):
        offsets[begin:end] = np.median(values[begin:end], axis=0) - values[begin:end]
    return offsets


def _within_reach(offsets: np.ndarray, contact: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (T,3) no longer than a hand's breadth, and (T,) where they were: there the foot is held.

    A foot that has drifted further from where it stands is let go, without a jump.
    """
    length = np.linalg.norm(offsets, axis=-1)
    held = contact & (length <= _LARGEST_CORRECTION)
    return offsets * np.minimum(1.0, _LARGEST_CORRECTION / np.maximum(length, 1e-9))[:, None], held


def _grounded(lowest: np.ndarray) -> np.ndarray:
    """(T,) 1 where a foot's lowest point is about z = 0, 0 where it stands on something else."""
    return 1 - fade_in((np.abs(lowest) - _ON_GROUND) / (_OFF_GROUND - _ON_GROUND))


def _with_length_of(vectors: np.ndarray, changed: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return changed * (length / np.maximum(np.linalg.norm(changed, axis=-1, keepdims=True), 1e-9))


def _blended(offsets: np.ndarray, contact: np.ndarray, blend: int) -> np.ndarray:
    """Offsets (T,...) of contacts, fading to 0 in the ``blend`` frames around them.

    Between two contacts that are near, one fade runs from the one's offset to the other's.
    """
    num_frames = len(contact)
    frames = np.arange(num_frames)
    before, after = neighbours(contact)
    since = np.where(before >= 0, frames - before, np.inf)
    until = np.where(after < num_frames, after - frames, np.inf)
    span = np.clip(since + until, 1, blend)
    shape = (-1,) + (1,) * (offsets.ndim - 1)
    old, new = (1 - fade_in(apart / span).reshape(shape) for apart in (since, until))
    faded = offsets[before] * old + offsets[np.minimum(after, num_frames - 1)] * new
    return np.where(contact.reshape(shape), offsets, faded)
