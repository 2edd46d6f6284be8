"""Who carries the way that a person goes: the hips, a root bone, the armature's object, or nobody.

The way is the hips' path on the floor and their heading, both smoothed: what engines call root
motion. Carried by the root bone or by the object, every bone of the body is where it was before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..errors import LiftError
from ..filters import smooth_low_pass
from ..geometry import quaternion
from ..types import BoneMotion
from .bone_map import BoneMap
from .kinematics import track_bones, turn_bones

TravelCarrier = Literal["hips", "root", "object", "in_place"]

_CUTOFF_HZ = 1.0
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Where an object goes: ``positions`` (T,3) m with z = 0; ``headings`` (T,) rad about z.

    Headings are 0 at rest and continuous in time. A point p of the object is at ``rotations`` p +
    ``positions``, in stage space.
    """

    positions: np.ndarray
    headings: np.ndarray

    @property
    def rotations(self) -> np.ndarray:
        """(T, 4) wxyz."""
        return quaternion.from_axis_angle(_UP, self.headings)

    def to_stage(self, points: np.ndarray) -> np.ndarray:
        """(T, 3) m: ``points`` (T, 3) or (3,) of the object, where they are on the stage."""
        return quaternion.rotate(self.rotations, points) + self.positions

    def to_object(self, points_stage: np.ndarray) -> np.ndarray:
        """(T, 3) m: points of the stage (T, 3), as seen from the object."""
        back = quaternion.conjugate(self.rotations)
        return quaternion.rotate(back, points_stage - self.positions)


def find_travel(motion: BoneMotion) -> Travel:
    """The way of the hips on the floor, where an armature would go that stands at rest.

    Smoothed with a cut-off of 1 Hz: steps and sway stay with the body. The heading is the hips' turn
    about the vertical; it counts the less the more they lie on their side, and passes through
    somersaults.
    """
    rest, hips = motion.rest_pose, motion.root_bone
    fps = float(motion.fps)
    _, rotation = track_bones(motion, [hips])[hips]
    turns = quaternion.multiply(rotation, quaternion.conjugate(rest.rotations[hips]))
    # The twist about z is (w, z); squared it is the same for both signs of the quaternion.
    facing = (turns[:, 0] + 1j * turns[:, 3]) ** 2
    facing = smooth_low_pass(
        np.stack([facing.real, facing.imag], axis=-1), fps=fps, cutoff_hz=_CUTOFF_HZ
    )
    headings = np.unwrap(np.arctan2(facing[:, 1], facing[:, 0]))
    path = smooth_low_pass(motion.root_position, fps=fps, cutoff_hz=_CUTOFF_HZ)
    turned = Travel(np.zeros((motion.num_frames, 3)), headings)
    positions = path - turned.to_stage(rest.heads[hips])
    positions[:, 2] = 0.0
    return replace(turned, positions=positions)


def carry_travel(
    motion: BoneMotion, bone_map: BoneMap, carrier: TravelCarrier
) -> tuple[BoneMotion, Travel | None]:
    """The motion with its way carried by ``carrier``, and the object's way where that is the object.

    Raises
    ------
    LiftError
        When the root bone is to carry it and the map has none, or the armature does not fit the map.
    """
    if carrier == "in_place":
        return keep_in_place(motion), None
    if carrier == "root":
        return carry_by_root(motion, bone_map), None
    if carrier == "object":
        return carry_by_object(motion)
    return motion, None


def carry_by_object(motion: BoneMotion) -> tuple[BoneMotion, Travel]:
    """The armature's object goes the way, and the bones move relative to it."""
    travel = find_travel(motion)
    free = (motion.root_bone, *motion.placed)
    tracks = track_bones(motion, free)
    back = quaternion.conjugate(travel.rotations)
    moved = replace(
        motion,
        root_position=travel.to_object(motion.root_position),
        placed={bone: travel.to_object(heads) for bone, heads in motion.placed.items()},
    )
    turned = {bone: quaternion.multiply(back, tracks[bone][1]) for bone in free}
    return turn_bones(moved, turned), travel


def carry_by_root(motion: BoneMotion, bone_map: BoneMap) -> BoneMotion:
    """The map's root bone goes the way, and the hips move relative to it.

    Raises
    ------
    LiftError
        When the map has no root bone, or the armature does not fit it.
    """
    if "root" not in bone_map.bones:
        raise LiftError(
            f"bone map {bone_map.name!r}: expected a bone for root, which is to carry the travel, "
            f"found none"
        )
    rest = motion.rest_pose
    root = bone_map.indices(rest)["root"][0]
    travel = find_travel(motion)
    free = (motion.root_bone, *motion.placed)
    tracks = track_bones(motion, free)
    placed = {**motion.placed, root: travel.to_stage(rest.heads[root])}
    return turn_bones(
        replace(motion, placed=placed),
        {
            **{bone: tracks[bone][1] for bone in free},
            root: quaternion.multiply(travel.rotations, rest.rotations[root]),
        },
    )


def keep_in_place(motion: BoneMotion) -> BoneMotion:
    """The same motion without its horizontal travel: the hips stay above their rest position."""
    rest_head = motion.rest_pose.heads[motion.root_bone]
    away = motion.root_position - rest_head
    away[:, 2] = 0.0
    root_position = motion.root_position.copy()
    root_position[:, :2] = rest_head[:2]
    return replace(
        motion,
        root_position=root_position,
        placed={bone: heads - away for bone, heads in motion.placed.items()},
    )
