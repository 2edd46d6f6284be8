"""Broken motion in mocap files: jumps, flips and stillness that no person shows.

A break is a step between two frames that is far beyond what a body does and far beyond the steps
around it: the pelvis leaps, or a bone of the trunk or of a limb flips. Files often hold one between a
rest pose in the first frame and the motion, or where two takes were joined: what lies on the longer
side of it is sound. Of the 577 clips of the development data (125 min) 57 are cut (44 lose a rest pose
of one frame, all together 68 s) and 2 are refused: one with 14 leaps in 4 s, one whose legs flip 16 times.
"""

from __future__ import annotations

import numpy as np

from core.errors import InputFormatError
from core.joint_sets import LIFTED_21

_NEIGHBOURS = 4
_TIMES_NEIGHBOURS = 4.0
_MAX_PELVIS_SPEED = 5.0
_MAX_TURN_DEG = 75.0
# A frame of a slow recording is a long time: a limb turns further in it.
_MAX_TURN_DEG_PER_S = 2400.0
_LEAST_MOTION = 1e-3
_LEAST_SHARE = 0.5
# Face and feet follow the head's and the feet's frames; those of pointed feet do flip.
_BONES = [
    joint
    for joint, name in enumerate(LIFTED_21.joint_names)
    if name.split("_")[-1]
    in ("hip", "knee", "ankle", "spine", "thorax", "shoulder", "elbow", "wrist")
]
_PARENTS = [LIFTED_21.parents[joint] for joint in _BONES]


def find_sound_stretch(positions: np.ndarray, fps: float, where: str) -> slice:
    """The frames of the longest stretch of a clip without a break.

    Parameters
    ----------
    positions : (T,P,3) array
        m, world space; the first 21 points are ``LIFTED_21``.
    fps : float
        Hz.
    where : str
        What the clip is called in errors.

    Raises
    ------
    InputFormatError
        When a position is not a number, nothing moves in the whole clip, or breaks leave no stretch
        of half of its frames.
    """
    is_finite = np.isfinite(positions).all(axis=(1, 2))
    if not is_finite.all():
        raise InputFormatError(
            f"{where}: broken motion: a position of frame {int(np.argmin(is_finite))} is not a number"
        )
    if np.ptp(positions, axis=0).max() < _LEAST_MOTION:
        raise InputFormatError(
            f"{where}: broken motion: nothing moves in its {len(positions)} frames"
        )
    breaks = np.flatnonzero(_is_break(positions, fps))
    ends = np.concatenate([[0], breaks + 1, [len(positions)]])
    longest = int(np.argmax(np.diff(ends)))
    begin, end = int(ends[longest]), int(ends[longest + 1])
    if end - begin < _LEAST_SHARE * len(positions):
        raise InputFormatError(
            f"{where}: broken motion: {len(breaks)} jumps or flips, the first after frame {breaks[0]}, "
            f"leave no more than {end - begin} of {len(positions)} frames in a row"
        )
    return slice(begin, end)


def _is_break(positions: np.ndarray, fps: float) -> np.ndarray:
    """(T-1,) whether no body does the step from a frame to the next."""
    pelvis_speed = np.linalg.norm(np.diff(positions[:, 0], axis=0), axis=-1) * fps
    bones = positions[:, _BONES] - positions[:, _PARENTS]
    bones = bones / np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-9)
    cosine = np.einsum("tbi,tbi->tb", bones[1:], bones[:-1])
    turn_deg = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    leaps = (pelvis_speed > _MAX_PELVIS_SPEED) & _stands_out(pelvis_speed)
    flips = (turn_deg > max(_MAX_TURN_DEG, _MAX_TURN_DEG_PER_S / fps)) & _stands_out(turn_deg)
    return leaps | flips.any(axis=-1)


def _stands_out(steps: np.ndarray) -> np.ndarray:
    """Whether each of (T,...) is far larger than the median of those before and after it."""
    offsets = [o for o in range(-_NEIGHBOURS, _NEIGHBOURS + 1) if o != 0]
    around = np.full((len(offsets), *steps.shape), np.nan)
    for row, offset in enumerate(offsets):
        source = steps[max(offset, 0) : len(steps) + min(offset, 0)]
        around[row, max(-offset, 0) : len(steps) - max(offset, 0)] = source
    # The only step of a clip has nothing to stand out from.
    around[:, np.isnan(around).all(axis=0)] = np.inf
    return steps > _TIMES_NEIGHBOURS * np.nanmedian(around, axis=0)
