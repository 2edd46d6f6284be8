"""Feet that stand: found, or told by the user, and held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..correction import Correction
from ..filters import neighbours
from ..types import Poses3D
from .contacts import detect_contacts, told_contacts
from .foot import SOLES
from .foot_lock import lock_feet

_FAR = 0.1
_TOLD_CONFIDENCE = 0.5
_AROUND_SECONDS = 0.5
"""A joint that was missing is believed by degrees: more than the time that bones take for it."""


def hold_feet(
    poses: Poses3D, corrections: Sequence[Correction], *, is_locked: bool
) -> tuple[Poses3D, np.ndarray, tuple[str, ...]]:
    """Hold standing feet still.

    Parameters
    ----------
    poses : Poses3D
        World space, ``LIFTED_21``, the ground at z = 0.
    corrections : sequence of Correction
        Of this person: their planted feet stand, and those that are not do not, whatever is detected.
    is_locked : bool
        Whether feet are held that are detected to stand; planted ones always are.

    Returns
    -------
    poses : Poses3D
    contacts : (T,2) bool array
        Which feet stand, left and right.
    warnings : tuple of str
    """
    is_planted, is_lifted = told_contacts(poses.frames, corrections)
    contacts = (detect_contacts(poses) | is_planted) & ~is_lifted
    poses = _with_told_soles(poses, is_planted)
    held, locked = lock_feet(poses, contacts if is_locked else is_planted, planted=is_planted)
    moved = np.linalg.norm(held.positions[:, 0] - poses.positions[:, 0], axis=-1)
    warnings: tuple[str, ...] = ()
    if moved.max() > _FAR:
        frame = poses.frames[moved.argmax()]
        warnings = (
            f"planted feet are out of the legs' reach: the body was moved by up to "
            f"{moved.max():.2f} m to them (frame {frame})",
        )
    return held, locked if is_locked else contacts, warnings


def _with_told_soles(poses: Poses3D, is_planted: np.ndarray) -> Poses3D:
    """Heels and toes count as known where they are planted: bones would let an unseen foot swing."""
    frames = np.arange(poses.num_frames)[:, None]
    before, after = neighbours(is_planted)
    since = np.where(before < 0, np.inf, frames - before)
    until = np.where(after >= poses.num_frames, np.inf, after - frames)
    is_near = np.minimum(since, until) <= _AROUND_SECONDS * float(poses.fps)
    confidence = poses.confidence.copy()
    for foot, sole in enumerate(SOLES):
        told = _TOLD_CONFIDENCE * is_near[:, [foot]]
        confidence[:, sole] = np.maximum(confidence[:, sole], told)
    return replace(poses, confidence=confidence)
