"""Bone motion, changed as the scene that receives it asks for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..core.geometry.quaternion import slerp, unroll
from ..core.types import BoneMotion


def resample_motion(motion: BoneMotion, fps: Fraction) -> BoneMotion:
    """The same motion at another frame rate: it starts alike and ends at most one frame earlier.

    Rotations (T,B,4) wxyz turn along the shorter arc, root and placed positions (T,3) m move
    straight; ``contacts`` and ``frames`` are those of the nearest source frame.
    """
    if fps == motion.fps:
        return motion
    num_frames = int((motion.num_frames - 1) * fps / motion.fps) + 1
    places = np.arange(num_frames) * float(motion.fps / fps)
    before = np.minimum(places.astype(int), motion.num_frames - 1)
    after = np.minimum(before + 1, motion.num_frames - 1)
    share = places - before
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
