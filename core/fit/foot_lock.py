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
_NUM_PULLS = 10
_ON_GROUND, _OFF_GROUND = 0.06, 0.12
"""m: a foot that stands no higher or lower is put on the ground; beyond, it stands on something else."""


def lock_feet(
    poses: Poses3D, contacts: np.ndarray, *, planted: np.ndarray | None = None
) -> tuple[Poses3D, np.ndarray]:
    """Hold each standing foot where it stands; legs and feet keep their lengths.

    During a contact the whole foot is still: the ankle at its median place, heel and toe as they mostly
    lie about it, the lower of both at z = 0 where it is near. Before and after, the correction fades out.
    The knee follows by two-bone inverse kinematics in the leg's own plane; where a foot is planted beyond
    the leg's reach, the body follows it.

    Parameters
    ----------
    poses : Poses3D
        World space, ``LIFTED_21``, the ground at z = 0.
    contacts : (T,2) bool array
        From ``detect_contacts``.
    planted : (T,2) bool array or None
        Contacts that are certain: they are held however far off the foot is, and tell the place.

    Returns
    -------
    poses, contacts
        The contacts without those frames in which the foot was too far off to be held.
    """
    if poses.num_frames < 2 or not contacts.any():
        return poses, contacts
    planted = np.zeros_like(contacts) if planted is None else planted
    positions, held = poses.positions.copy(), contacts.copy()
    blend = max(1, round(_BLEND_SECONDS * float(poses.fps)))
    wanted, soles, hold = (np.zeros((poses.num_frames, 2, *shape)) for shape in ((3,), (2, 3), ()))
    for foot, ((_, _, ankle), heel_and_toe) in enumerate(zip(LEGS, SOLES, strict=True)):
        contact, certain = contacts[:, foot], planted[:, foot]
        sole = positions[:, heel_and_toe] - positions[:, [ankle]]
        offsets = _still(positions[:, ankle], contact, certain)
        offsets, held[:, foot] = _within_reach(offsets, contact, certain)
        # Beside a planted stretch, what is too far from its place does not stand there.
        contact = contact & (held[:, foot] | ~_in_runs_of(contact, certain))
        turns = _still(sole, contact, certain)
        soles[:, foot] = _with_length_of(sole, sole + _blended(turns, contact, blend))
        lowest = (positions[:, ankle, 2] + offsets[:, 2]) + soles[:, foot, :, 2].min(axis=1)
        offsets[:, 2] -= np.where(contact, lowest * _grounded(lowest), 0.0)
        wanted[:, foot] = positions[:, ankle] + _blended(offsets, contact, blend)
        hold[:, foot] = _blended(contact.astype(float), contact, blend)
    if planted.any():
        pull = _blended(_pull_of(positions, wanted, planted), planted.any(axis=1), blend)
        positions += pull[:, None]
        # A foot in the air goes with the body.
        wanted += pull[:, None] * (1 - hold)[..., None]
    for foot, ((hip, knee, ankle), heel_and_toe) in enumerate(zip(LEGS, SOLES, strict=True)):
        positions[:, knee], positions[:, ankle] = bend_leg(
            positions[:, hip], positions[:, knee], positions[:, ankle], wanted[:, foot]
        )
        positions[:, heel_and_toe] = positions[:, [ankle]] + soles[:, foot]
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


def _still(values: np.ndarray, contact: np.ndarray, planted: np.ndarray) -> np.ndarray:
    """Offsets (T,...) that bring ``values`` to their median during each contact; 0 elsewhere.

    Where some of a contact is planted, the median is that of the planted frames.
    """
    offsets = np.zeros_like(values)
    for begin, end in runs(contact):
        certain = planted[begin:end]
        telling = values[begin:end][certain] if certain.any() else values[begin:end]
        offsets[begin:end] = np.median(telling, axis=0) - values[begin:end]
    return offsets


def _in_runs_of(contact: np.ndarray, planted: np.ndarray) -> np.ndarray:
    """(T,) bool: the contacts that hold a planted frame."""
    result = np.zeros_like(contact)
    for begin, end in runs(contact):
        result[begin:end] = planted[begin:end].any()
    return result


def _within_reach(
    offsets: np.ndarray, contact: np.ndarray, planted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (T,3) no longer than a hand's breadth, and (T,) where they were: there the foot is held.

    A foot that has drifted further from where it stands is let go, without a jump, unless it is planted.
    """
    length = np.linalg.norm(offsets, axis=-1)
    held = contact & (planted | (length <= _LARGEST_CORRECTION))
    share = np.minimum(1.0, _LARGEST_CORRECTION / np.maximum(length, 1e-9))
    return offsets * np.where(planted, 1.0, share)[:, None], held


def _pull_of(positions: np.ndarray, wanted: np.ndarray, planted: np.ndarray) -> np.ndarray:
    """(T,3) how far the body must go so that straight legs reach planted ankles (T,2,3)."""
    hips, knees, ankles = (positions[:, [leg[part] for leg in LEGS]] for part in range(3))
    length = np.linalg.norm(knees - hips, axis=-1) + np.linalg.norm(ankles - knees, axis=-1)
    pull = np.zeros((len(positions), 3))
    # Of two feet each pulls in turn: projections onto two balls (von Neumann's alternating ones).
    for _ in range(_NUM_PULLS):
        for foot in range(2):
            line = wanted[:, foot] - hips[:, foot] - pull
            reach = np.maximum(np.linalg.norm(line, axis=-1), 1e-9)
            share = np.maximum(1 - length[:, foot] * _STRAIGHTEST / reach, 0.0)
            pull = pull + np.where(planted[:, foot], share, 0.0)[:, None] * line
    return pull


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
