"""A person's motion on a rig of other proportions: start reading the folder here.

    solve_bone_rotations -> scaled travel, feet on the floor -> reach -> parts -> travel's carrier

Every limb points where the person's does. What differs are lengths: the way of the hips is scaled by
the ratio of the legs, and the body is shifted so that feet stand on the floor and stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ..errors import LiftError
from ..filters import fade_in
from ..joint_sets import LIFTED_21
from ..types import BoneMotion, Poses3D, RestPose
from .attachment import carrying_bones
from .bone_map import SIDE_SUFFIXES, BoneMap
from .bone_rotations import solve_bone_rotations
from .kinematics import joint_positions
from .limb_reach import EASED_SHARE, LimbTarget, reach_targets
from .measured_rig import ARMS, LEGS, SOLES, MeasuredRig, limb_length, measure_rig
from .part import PARTS, keep_parts
from .stance import ON_FLOOR, Soles, lower_to_reach, shift_along_floor, shift_to_floor
from .travel import Travel, TravelCarrier, carry_travel

Extremity = Literal["hands", "feet"]

_PELVIS, _THORAX = LIFTED_21.index("pelvis"), LIFTED_21.index("thorax")
_ENDS = {
    "hands": LIFTED_21.indices("left_wrist", "right_wrist"),
    "feet": LIFTED_21.indices("left_ankle", "right_ankle"),
}
_CHAINS = {"hands": ("upper_arm", "forearm", None), "feet": ("thigh", "shin", "foot")}

_NOTICED_MISS_M, _NOTICED_FLOAT_M, _NOTICED_SHARE = 0.02, 0.01, 0.02
_HAND_ON_FLOOR, _HAND_OFF_FLOOR = 0.15, 0.4
"""Shares of the leg's length that a wrist is above the floor."""
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class RetargetSettings:
    """What the user chose.

    ``travel``: who carries the way along the floor, the hips, the map's root bone, the armature's
    object, or nobody. ``reach``: whose ends are put at the person's scaled places by bending the limb,
    instead of pointing where the person's limb does. ``parts``: those of ``PARTS`` that are driven;
    the others rest.
    """

    travel: TravelCarrier = "hips"
    reach: frozenset[Extremity] = frozenset()
    parts: frozenset[str] = frozenset(PARTS)

    def __post_init__(self) -> None:
        for kind, found, known in (
            ("travel", {self.travel}, get_args(TravelCarrier)),
            ("reach", self.reach, get_args(Extremity)),
            ("parts", self.parts, PARTS),
        ):
            unknown = sorted(set(found) - set(known))
            if unknown:
                raise LiftError(
                    f"RetargetSettings.{kind}: expected {', '.join(known)}, found {unknown[0]!r}"
                )


@dataclass(frozen=True, slots=True, eq=False)
class RetargetedMotion:
    """A person's motion on a rig.

    ``motion`` in stage space; ``travel`` of the armature's object where it is the carrier, the motion
    then being relative to the object; ``scale``, the rig's size per the person's, by their legs.
    """

    motion: BoneMotion
    travel: Travel | None
    scale: float
    warnings: tuple[str, ...]


def retarget(
    poses: Poses3D,
    contacts: np.ndarray,
    rest_pose: RestPose,
    bone_map: BoneMap,
    *,
    settings: RetargetSettings,
) -> RetargetedMotion:
    """Put a person's motion on a rig.

    The stage is the person's world, scaled about its origin. The rig's floor is z = 0 where its feet
    at rest are on it or a little above, as thick soles are; else its lowest foot point. What heels and
    toes keep clear of it at rest they keep clear of it when they stand.

    Parameters
    ----------
    poses : Poses3D
        LIFTED_21 joints in space "world", the floor at z = 0.
    contacts : np.ndarray
        (T,2) bool: left and right foot, where it stands.
    rest_pose : RestPose
        Of the rig, in stage space.
    bone_map : BoneMap
    settings : RetargetSettings

    Returns
    -------
    RetargetedMotion

    Raises
    ------
    LiftError
        When the poses are not LIFTED_21 in world space, contacts have another shape, the armature does
        not fit the map or has legs without length, or the root bone is to carry the travel and the map
        has none.
    """
    if contacts.shape != (poses.num_frames, 2):
        raise LiftError(
            f"retarget: expected contacts ({poses.num_frames}, 2), found {contacts.shape}"
        )
    rig = measure_rig(rest_pose, bone_map)
    scale = rig.leg_length / limb_length(poses.positions, LEGS)
    source = scale * poses.positions + rig.floor * _UP
    motion = replace(solve_bone_rotations(poses, rest_pose, bone_map), contacts=contacts)
    motion = _stand(motion, source, rig, is_held="feet" in settings.reach)
    warnings = [] if "feet" in settings.reach else _name_floating(motion, source, rig)
    for extremity in ("feet", "hands"):
        if extremity not in settings.reach:
            continue
        motion, missed = _reach(motion, extremity, source, rig)
        warnings += _name_missed(missed, extremity)
    motion = keep_parts(motion, bone_map, settings.parts)
    travel = None
    if "trunk" in settings.parts:
        motion, travel = carry_travel(motion, bone_map, settings.travel)
    elif settings.travel != "hips":
        warnings.append("nothing travels without the trunk")
    return RetargetedMotion(motion, travel, scale, tuple(warnings))


def _stand(
    motion: BoneMotion, source: np.ndarray, rig: MeasuredRig, *, is_held: bool
) -> BoneMotion:
    """The hips on the source's way (T,21,3) m, shifted so that the feet stand on the rig's floor.

    Where the feet ``is_held`` to the source's footprints, the shift is upwards alone.
    """
    joints = joint_positions(motion, rig.bone_map)
    shift = source[:, _PELVIS] - joints[:, _PELVIS]
    feet = _soles_of(source, rig), _soles_of(joints + shift[:, None], rig, is_posed=True)
    fps = float(motion.fps)
    shift[:, 2] += shift_to_floor(*feet, motion.contacts, fps=fps)
    if not is_held:
        shift[:, :2] += shift_along_floor(*feet, motion.contacts, fps=fps)
    return replace(motion, root_position=motion.root_position + shift)


def _soles_of(joints: np.ndarray, rig: MeasuredRig, *, is_posed: bool = False) -> Soles:
    """Both feet's soles of ``joints`` (T,21,3) m: the source's, or the posed rig's."""
    heights = rig.joints[SOLES][..., 2]
    floor = heights if is_posed else np.full_like(heights, rig.floor)
    return Soles(joints[:, SOLES], floor)


def _name_floating(motion: BoneMotion, source: np.ndarray, rig: MeasuredRig) -> list[str]:
    """What is to be said where both feet cannot stand on the floor at once."""
    heights = _soles_of(source, rig).heights.min(axis=-1)
    posed = _soles_of(joint_positions(motion, rig.bone_map), rig, is_posed=True)
    off = np.abs(posed.heights.min(axis=-1) - np.where(np.abs(heights) < ON_FLOOR, 0.0, heights))
    off = np.where(motion.contacts, off, 0.0).max(axis=-1)
    num_far = int((off > _NOTICED_FLOAT_M).sum())
    if num_far <= _NOTICED_SHARE * len(off):
        return []
    return [
        f"a standing foot is off the floor in {num_far} of {len(off)} frames, by up to "
        f"{1000.0 * float(off.max()):.0f} mm: with legs that point as the person's, both feet cannot "
        f"stand; reaching with the feet bends the legs instead"
    ]


def _reach(
    motion: BoneMotion, extremity: Extremity, source: np.ndarray, rig: MeasuredRig
) -> tuple[BoneMotion, np.ndarray]:
    """Both hands or both feet at the source's places (T,21,3) m, and (T,2) m how far they are off."""
    if extremity == "feet":
        motion, targets = _step_in_footprints(motion, source, rig)
    else:
        targets = _hand_targets(motion, source, rig)
    bones = rig.bone_map.indices(rig.rest_pose)
    carriers = carrying_bones(rig.rest_pose, rig.bone_map)
    upper, lower, held = _CHAINS[extremity]
    limbs = [
        LimbTarget(
            upper=bones[upper + suffix][0],
            lower=bones[lower + suffix][0],
            carrier=int(carriers[end]),
            end_at_rest=rig.joints[end],
            held=None if held is None else bones[held + suffix][0],
            targets=targets[:, side],
            hinge_at_rest=_hinge_at_rest(rig, extremity, side),
        )
        for side, (suffix, end) in enumerate(zip(SIDE_SUFFIXES, _ENDS[extremity], strict=True))
    ]
    return reach_targets(motion, limbs)


def _step_in_footprints(
    motion: BoneMotion, source: np.ndarray, rig: MeasuredRig
) -> tuple[BoneMotion, np.ndarray]:
    """Where the ankles are to be (T,2,3) m, and the hips low enough for standing feet to get there.

    The rig's own foot, as it is turned, stands on the floor where the source's stands.
    """
    joints, ankles, fps = joint_positions(motion, rig.bone_map), _ENDS["feet"], float(motion.fps)
    targets = source[:, ankles]
    moved = joints.copy()
    moved[:, SOLES] += (targets - joints[:, ankles])[:, :, None]
    wanted, posed = _soles_of(source, rig), _soles_of(moved, rig, is_posed=True)
    for side in range(2):
        foot = slice(side, side + 1)
        alone = (
            Soles(wanted.points[:, foot], wanted.floor[foot]),
            Soles(posed.points[:, foot], posed.floor[foot]),
            motion.contacts[:, foot],
        )
        targets[:, side, :2] += shift_along_floor(*alone, fps=fps)
        targets[:, side, 2] += shift_to_floor(*alone, fps=fps)
    legs = joints[:, LEGS]
    present = np.linalg.norm(legs[:, :, 2] - legs[:, :, 0], axis=-1)
    reach = np.maximum(present, (1.0 - EASED_SHARE) * rig.leg_length)
    lower = lower_to_reach(legs[:, :, 0], targets, reach, motion.contacts, fps=fps)
    return replace(motion, root_position=motion.root_position - lower[:, None] * _UP), targets


def _hand_targets(motion: BoneMotion, source: np.ndarray, rig: MeasuredRig) -> np.ndarray:
    """(T,2,3) m: the wrists about the chest as the source's are, in the size of the rig's arms.

    Shoulders of another width do not part hands that meet. Near the floor a hand is as high as the
    source's.
    """
    joints = joint_positions(motion, rig.bone_map)
    size = limb_length(rig.joints[None], ARMS) / limb_length(source, ARMS)
    hands = source[:, _ENDS["hands"]]
    targets = joints[:, [_THORAX]] + size * (hands - source[:, [_THORAX]])
    above = (hands[..., 2] - rig.floor) / rig.leg_length
    is_free = fade_in((above - _HAND_ON_FLOOR) / (_HAND_OFF_FLOOR - _HAND_ON_FLOOR))
    targets[..., 2] += (1.0 - is_free) * (hands[..., 2] - targets[..., 2])
    return targets


def _hinge_at_rest(rig: MeasuredRig, extremity: Extremity, side: int) -> np.ndarray:
    """(3,) the axis about which a straight limb bends the natural way: knees back, elbows forward."""
    hips = rig.joints[[leg[0] for leg in LEGS]]
    forward = np.cross(hips[0] - hips[1], _UP)
    limb = (LEGS if extremity == "feet" else ARMS)[side]
    along = rig.joints[limb[2]] - rig.joints[limb[0]]
    return np.cross(along, forward if extremity == "hands" else -forward)


def _name_missed(missed: np.ndarray, extremity: Extremity) -> list[str]:
    """What is to be said of hands or feet that are (T,2) m from where they should be."""
    num_far = int((missed > _NOTICED_MISS_M).any(axis=-1).sum())
    if not num_far:
        return []
    return [
        f"{extremity} are out of reach in {num_far} of {len(missed)} frames, by up to "
        f"{1000.0 * float(missed.max()):.0f} mm"
    ]
