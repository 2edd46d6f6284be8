"""Bone motion, changed as the scene that receives it asks for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..core.geometry.quaternion import slerp, unroll
from ..core.retarget.travel import Travel
from ..core.types import BoneMotion


def resample_motion(motion: BoneMotion, fps: Fraction) -> BoneMotion:
    """The same motion at another frame rate: it starts alike and ends at most one frame earlier.

    Rotations (T,B,4) wxyz turn along the shorter arc, root and placed positions (T,3) m move
    straight; ``contacts`` and ``frames`` are those of the nearest source frame.
    """
    if fps == motion.fps:
        return motion
    before, after, share = _sources(motion.num_frames, motion.fps, fps)
    nearest = np.where(share < 0.5, before, after)

    def between(positions: np.ndarray) -> np.ndarray:
        return positions[before] + share[:, None] * (positions[after] - positions[before])

    rotations = slerp(motion.rotations[before], motion.rotations[after], share[:, None])
    return replace(
        motion,
        rotations=unroll(rotations),
        root_position=between(motion.root_position),
        placed={bone: between(positions) for bone, positions in motion.placed.items()},
        contacts=motion.contacts[nearest],
        frames=motion.frames[nearest],
        fps=fps,
    )


def resample_travel(travel: Travel, clip_fps: Fraction, fps: Fraction) -> Travel:
    """An object's way of ``clip_fps`` Hz at ``fps`` Hz, as ``resample_motion`` does it."""
    before, after, share = _sources(len(travel.positions), clip_fps, fps)
    steps = travel.positions[after] - travel.positions[before]
    turns = travel.headings[after] - travel.headings[before]
    return Travel(
        positions=travel.positions[before] + share[:, None] * steps,
        headings=travel.headings[before] + share * turns,
    )


def _sources(
    num_frames: int, clip_fps: Fraction, fps: Fraction
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each frame at ``fps``: the clip's frames before and after it, and its share of the way."""
    num_resampled = int((num_frames - 1) * fps / clip_fps) + 1
    places = np.arange(num_resampled) * float(clip_fps / fps)
    before = np.minimum(places.astype(int), num_frames - 1)
    return before, np.minimum(before + 1, num_frames - 1), places - before
