"""Two-bone inverse kinematics on a posed armature: wrists and ankles put where they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry import quaternion
from ..geometry.swing_twist import (
    angle_about,
    any_perpendicular,
    normalise_vectors,
    perpendicular,
    swing_between,
)
from ..types import BoneMotion, RestPose
from .kinematics import BoneTracks, track_bones, turn_bones

EASED_SHARE = 0.01
"""Of a limb's length: the last of its reach, which is approached ever more slowly."""
_LEAST_BEND = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class LimbTarget:
    """A limb of two chains, and where its end is to be.

    ``upper`` and ``lower`` are the first bones of both chains; ``end`` rides on ``carrier`` at rest
    position ``end_at_rest`` (3,) m; ``held`` is the bone at the end that keeps its direction, or None
    where it goes with the limb. ``targets`` (T,3) m, armature space. ``hinge_at_rest`` (3,) is the
    axis about which the limb bends the natural way, for a limb that never bends.
    """

    upper: int
    lower: int
    carrier: int
    end_at_rest: np.ndarray
    held: int | None
    targets: np.ndarray
    hinge_at_rest: np.ndarray


def reach_targets(motion: BoneMotion, limbs: Sequence[LimbTarget]) -> tuple[BoneMotion, np.ndarray]:
    """Bend and swing limbs so that their ends are at their targets.

    The limb keeps its plane: the hinge turns by the swing from the old end to the new one, and about
    it the limb bends more or less (law of cosines). A target beyond a limb's length is approached
    along its line, ever more slowly over the last hundredth of the length; a limb that was straighter
    than that may stay so.

    Returns
    -------
    motion : BoneMotion
    missed : np.ndarray
        (T, L) m: how far each end is from its target.
    """
    bones = {limb.lower for limb in limbs} | {limb.carrier for limb in limbs}
    tracks = track_bones(motion, bones | {limb.held for limb in limbs if limb.held is not None})
    turned: dict[int, np.ndarray] = {}
    missed = np.empty((motion.num_frames, len(limbs)))
    for number, limb in enumerate(limbs):
        solved, missed[:, number] = _solve_limb(motion.rest_pose, limb, tracks)
        turned |= solved
    return turn_bones(motion, turned), missed


def _solve_limb(
    rest: RestPose, limb: LimbTarget, tracks: BoneTracks
) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """The limb's bones' rotations (T,4) wxyz in armature space, and (T,) m that the end misses by."""
    (start, upper_rotation), (middle, lower_rotation) = tracks[limb.upper], tracks[limb.lower]
    head, rotation = tracks[limb.carrier]
    offset = quaternion.rotate(
        quaternion.conjugate(rest.rotations[limb.carrier]),
        limb.end_at_rest - rest.heads[limb.carrier],
    )
    end = head + quaternion.rotate(rotation, offset)
    upper, lower = middle - start, end - middle
    hinge = _hinge(limb, upper, lower, lower_rotation, rest.rotations[limb.lower])

    wanted = np.linalg.norm(limb.targets - start, axis=-1)
    reached = _eased(wanted, upper, lower)
    bend = _bend_to_reach(reached, upper, lower, hinge)
    bent = upper + quaternion.rotate(bend, lower)
    aim = normalise_vectors(limb.targets - start, fallback=normalise_vectors(bent))
    swing = swing_between(normalise_vectors(bent, fallback=aim), aim, half_turn_axis=hinge)
    turned = {
        limb.upper: quaternion.multiply(swing, upper_rotation),
        limb.lower: quaternion.multiply(swing, quaternion.multiply(bend, lower_rotation)),
    }
    if limb.held is not None:
        turned[limb.held] = tracks[limb.held][1]
    return turned, np.linalg.norm(start + quaternion.rotate(swing, bent) - limb.targets, axis=-1)


def _hinge(
    limb: LimbTarget,
    upper: np.ndarray,
    lower: np.ndarray,
    rotations: np.ndarray,
    rest_rotation: np.ndarray,
) -> np.ndarray:
    """(T,3) unit vector about which the limb bends, at a right angle to its upper part.

    The lower part turns about one axis of its own: the mean of what the bent frames show.
    """
    back = quaternion.conjugate(rotations)
    seen = quaternion.rotate(back, np.cross(upper, lower)).sum(axis=0)
    scale = np.linalg.norm(upper[0]) * np.linalg.norm(lower[0]) * len(upper)
    at_rest = quaternion.rotate(quaternion.conjugate(rest_rotation), limb.hinge_at_rest)
    own = seen if np.linalg.norm(seen) > _LEAST_BEND * scale else at_rest
    along = normalise_vectors(upper)
    across = perpendicular(quaternion.rotate(rotations, own), along)
    return normalise_vectors(across, fallback=any_perpendicular(along))


def _eased(wanted: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """(T,) m: distances from a limb's start to its end that it can have, near those ``wanted``."""
    lengths = np.linalg.norm(upper, axis=-1), np.linalg.norm(lower, axis=-1)
    longest, shortest = lengths[0] + lengths[1], np.abs(lengths[0] - lengths[1])
    easing = EASED_SHARE * longest
    beyond = np.maximum(wanted - (longest - easing), 0.0) / easing
    eased = wanted - easing * beyond + easing * (1.0 - np.exp(-beyond))
    # A limb that was as straight before need not bend.
    present = np.linalg.norm(upper + lower, axis=-1)
    return np.clip(np.maximum(eased, np.minimum(wanted, present)), shortest, longest)


def _bend_to_reach(
    reached: np.ndarray, upper: np.ndarray, lower: np.ndarray, hinge: np.ndarray
) -> np.ndarray:
    """(T,4) wxyz: the turn of ``lower`` about ``hinge`` that brings the limb's end ``reached`` m away."""
    upper_across, lower_across = perpendicular(upper, hinge), perpendicular(lower, hinge)
    along = (upper * hinge).sum(axis=-1) * (lower * hinge).sum(axis=-1)
    squares = (upper**2).sum(axis=-1) + (lower**2).sum(axis=-1)
    widths = np.linalg.norm(upper_across, axis=-1) * np.linalg.norm(lower_across, axis=-1)
    cosine = (reached**2 - squares - 2.0 * along) / np.maximum(2.0 * widths, 1e-12)
    now = angle_about(normalise_vectors(upper_across), lower_across, hinge)
    return quaternion.from_axis_angle(hinge, np.arccos(np.clip(cosine, -1.0, 1.0)) - now)
