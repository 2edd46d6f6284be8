"""Anatomical frames of the body's parts, read from LIFTED_21 joints alone.

The same functions read a pose and an armature at rest, so that the difference of both is the
rotation of the part, whatever the armature's rolls, axes and rest pose. Frames are (T, 4) wxyz.
Trunk and head: x to the person's left, y back, z up.
"""

from __future__ import annotations

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
from ..joint_sets import LIFTED_21
from .limb_twist import fade_between, presence, steady_angle

_LEFT, _BACK, _UP = np.eye(3)
# Limbs and feet have frames of their own: x along the bone, y along its hinge.
_ALONG, _HINGE = _LEFT, _BACK
# Takes a frame that was given as (z, x, y) to one of (x, y, z).
_Z_FIRST = quaternion.from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))

SIDES = (("left", ".L"), ("right", ".R"))

_UNCLEAR_BEND, _CLEAR_BEND = np.sin(np.deg2rad([8.0, 22.0]))
_UNCLEAR_NOSE, _CLEAR_NOSE = 0.08, 0.2
_FOOT_CUE_WEIGHT = 0.3
_POINTED_FOOT, _FLEXED_FOOT = np.sin(np.deg2rad([15.0, 40.0]))
_LARGEST_FOOT_TILT_COS, _TRUSTED_FOOT_TILT_COS = np.cos(np.deg2rad([80.0, 50.0]))


@dataclass(frozen=True, slots=True, eq=False)
class LimbReference:
    """The hinge of a straight limb that points along ``direction``, both (3,) in the trunk's frame.

    Carried to every other direction by the smallest rotation, which is undefined only where the
    limb points exactly opposite: ``direction`` is chosen so that no body gets there.
    """

    direction: np.ndarray
    hinge: np.ndarray

    @property
    def mirrored(self) -> LimbReference:
        """The other side's; a hinge is a pseudo-vector."""
        flip = np.array([-1.0, 1.0, 1.0])
        return LimbReference(direction=self.direction * flip, hinge=-self.hinge * flip)


def _arm_reference() -> LimbReference:
    # Stretched to the left, the forearm bends forward: the elbow of a T pose.
    direction = np.array([1.0, -0.3, -0.6]) / np.linalg.norm([1.0, -0.3, -0.6])
    return LimbReference(direction, quaternion.rotate(swing_between(_LEFT, direction), -_UP))


_LEFT_ARM = _arm_reference()
_LEFT_LEG = LimbReference(direction=-(_BACK + _UP) / np.sqrt(2.0), hinge=_LEFT)


@dataclass(frozen=True, slots=True, eq=False)
class LimbFrames:
    """Both segments of a limb, (T, 4) wxyz: x along the bone, y the hinge between them.

    ``lower`` turns about the hinge and never about itself; ``untwisted`` lies along the upper segment
    as the trunk carries it there, whichever way the hinge is turned.
    """

    untwisted: np.ndarray
    upper: np.ndarray
    lower: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class JointTracks:
    """LIFTED_21 ``positions`` (T,21,3) m over time with their ``confidence`` (T,21), ``fps`` Hz."""

    positions: np.ndarray
    confidence: np.ndarray
    fps: float

    def at(self, joint: str) -> np.ndarray:
        """(T, 3) m: where ``joint`` is."""
        return self.positions[:, LIFTED_21.index(joint)]

    def presence(self, joint: str) -> np.ndarray:
        """(T,) 0 where ``joint`` is missing, 1 away from gaps."""
        return presence(self.confidence[:, LIFTED_21.index(joint)], fps=self.fps)

    def direction(self, start: str, end: str, *, fallback: np.ndarray) -> np.ndarray:
        """(T, 3) unit vector from ``start`` to ``end``, ``fallback`` where both coincide."""
        return normalise_vectors(self.at(end) - self.at(start), fallback=fallback)


def frame_from_axes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(..., 4) wxyz whose x is the unit vector ``first`` and whose y is nearest to ``second``."""
    towards = perpendicular(second, first)
    y = normalise_vectors(towards, fallback=any_perpendicular(first))
    return quaternion.from_matrix(np.stack([first, y, np.cross(first, y)], axis=-1))


def body_frames(joints: JointTracks) -> dict[str, np.ndarray]:
    """(T, 4) wxyz of every part that the joints show, by role.

    Beside them, feet as seen without heels, and arms and legs untwisted: as they leave the trunk.
    """
    pelvis = pelvis_frame(joints)
    chest = chest_frame(joints, pelvis)
    frames = {"hips": pelvis, "chest": chest, "head": head_frame(joints, chest)}
    for side, suffix in SIDES:
        arm = arm_frames(joints, side, chest)
        leg = leg_frames(joints, side, pelvis)
        shin = leg.lower
        frames |= {
            f"upper_arm{suffix}": arm.upper,
            f"upper_arm_untwisted{suffix}": arm.untwisted,
            f"forearm{suffix}": arm.lower,
            f"thigh{suffix}": leg.upper,
            f"thigh_untwisted{suffix}": leg.untwisted,
            f"shin{suffix}": shin,
            f"foot{suffix}": foot_frame(joints, side, shin),
            f"foot_without_heel{suffix}": foot_frame_without_heel(joints, side, shin),
        }
    return frames


def pelvis_frame(joints: JointTracks) -> np.ndarray:
    """The pelvis: exactly along the line of the hips, up the spine as far as that allows."""
    left = joints.direction("right_hip", "left_hip", fallback=_LEFT)
    back = np.cross(joints.direction("pelvis", "spine", fallback=_UP), left)
    return frame_from_axes(left, back)


def chest_frame(joints: JointTracks, pelvis: np.ndarray) -> np.ndarray:
    """The chest: exactly along the upper spine, turned with the line of the shoulders."""
    up = joints.direction("spine", "thorax", fallback=quaternion.rotate(pelvis, _UP))
    left = joints.direction(
        "right_shoulder", "left_shoulder", fallback=quaternion.rotate(pelvis, _LEFT)
    )
    return quaternion.multiply(frame_from_axes(up, left), _Z_FIRST)


def head_frame(joints: JointTracks, chest: np.ndarray) -> np.ndarray:
    """The head: exactly along thorax to head top, facing where the nose is, else with the chest."""
    up = joints.direction("thorax", "head", fallback=quaternion.rotate(chest, _UP))
    follows = quaternion.multiply(swing_between(quaternion.rotate(chest, _UP), up), chest)
    nose = perpendicular(joints.at("nose") - joints.at("thorax"), up)
    height = np.linalg.norm(joints.at("head") - joints.at("thorax"), axis=-1)
    clarity = np.linalg.norm(nose, axis=-1) / np.maximum(height, 1e-9) * joints.presence("nose")
    turn = steady_angle(
        angle_about(quaternion.rotate(follows, -_BACK), nose, up),
        clarity,
        unclear=_UNCLEAR_NOSE,
        clear=_CLEAR_NOSE,
        fps=joints.fps,
        turns_round=False,
    )
    return quaternion.multiply(quaternion.from_axis_angle(up, turn), follows)


def arm_frames(joints: JointTracks, side: str, chest: np.ndarray) -> LimbFrames:
    """Upper arm and forearm: x along the bone, y the elbow's hinge."""
    fallback = quaternion.rotate(chest, -_UP)
    upper = joints.direction(f"{side}_shoulder", f"{side}_elbow", fallback=fallback)
    lower = joints.direction(f"{side}_elbow", f"{side}_wrist", fallback=upper)
    reference = _LEFT_ARM if side == "left" else _LEFT_ARM.mirrored
    return _limb_frames(upper, lower, chest, reference, fps=joints.fps, turns_round=True)


def leg_frames(joints: JointTracks, side: str, pelvis: np.ndarray) -> LimbFrames:
    """Thigh and shin: x along the bone, y the knee's hinge; a straight leg turns with its foot."""
    fallback = quaternion.rotate(pelvis, -_UP)
    upper = joints.direction(f"{side}_hip", f"{side}_knee", fallback=fallback)
    lower = joints.direction(f"{side}_knee", f"{side}_ankle", fallback=upper)
    forward = joints.direction(f"{side}_heel", f"{side}_toe", fallback=lower)
    sideways = np.cross(forward, lower)
    is_flexed = fade_between(np.linalg.norm(sideways, axis=-1), _POINTED_FOOT, _FLEXED_FOOT)
    seen = joints.presence(f"{side}_heel") * joints.presence(f"{side}_toe")
    reference = _LEFT_LEG if side == "left" else _LEFT_LEG.mirrored
    return _limb_frames(
        upper,
        lower,
        pelvis,
        reference,
        fps=joints.fps,
        turns_round=False,
        cue_hinge=sideways,
        cue_weight=_FOOT_CUE_WEIGHT * is_flexed * seen,
    )


def _limb_frames(
    upper: np.ndarray,
    lower: np.ndarray,
    trunk: np.ndarray,
    reference: LimbReference,
    *,
    fps: float,
    turns_round: bool,
    cue_hinge: np.ndarray | None = None,
    cue_weight: np.ndarray | float = 0.0,
) -> LimbFrames:
    inside = quaternion.rotate(quaternion.conjugate(trunk), upper)
    carried = quaternion.rotate(swing_between(reference.direction, inside), reference.hinge)
    straight = quaternion.rotate(trunk, carried)
    bend = np.cross(upper, lower)
    cue: np.ndarray | float = 0.0
    if cue_hinge is not None:
        cue = cue_weight * np.exp(1j * angle_about(straight, cue_hinge, upper))
    turn = steady_angle(
        angle_about(straight, bend, upper),
        np.linalg.norm(bend, axis=-1),
        unclear=_UNCLEAR_BEND,
        clear=_CLEAR_BEND,
        fps=fps,
        turns_round=turns_round,
        cue=cue,
    )
    hinge = quaternion.rotate(quaternion.from_axis_angle(upper, turn), straight)
    upper_frame = frame_from_axes(upper, hinge)
    fold = swing_between(upper, lower, half_turn_axis=hinge)
    return LimbFrames(
        untwisted=frame_from_axes(upper, straight),
        upper=upper_frame,
        lower=quaternion.multiply(fold, upper_frame),
    )


def foot_frame(joints: JointTracks, side: str, shin: np.ndarray) -> np.ndarray:
    """The foot: x from heel to toe, y across the sole as the ankle above it shows."""
    across_knee = quaternion.rotate(shin, _HINGE)
    forward = joints.direction(
        f"{side}_heel", f"{side}_toe", fallback=quaternion.rotate(shin, _ALONG)
    )
    to_toe = joints.at(f"{side}_toe") - joints.at(f"{side}_ankle")
    to_heel = joints.at(f"{side}_heel") - joints.at(f"{side}_ankle")
    across = normalise_vectors(np.cross(to_toe, to_heel), fallback=across_knee)
    # Ankle, heel and toe are close to a line: noise can tip them over, an ankle cannot.
    agreement = np.sum(across * across_knee, axis=-1)
    trust = fade_between(agreement, _LARGEST_FOOT_TILT_COS, _TRUSTED_FOOT_TILT_COS)[:, None]
    return frame_from_axes(forward, trust * across + (1.0 - trust) * across_knee)


def foot_frame_without_heel(joints: JointTracks, side: str, shin: np.ndarray) -> np.ndarray:
    """The foot without its heel: x from ankle to toe, y along the knee's hinge."""
    fallback = quaternion.rotate(shin, _ALONG)
    forward = joints.direction(f"{side}_ankle", f"{side}_toe", fallback=fallback)
    return frame_from_axes(forward, quaternion.rotate(shin, _HINGE))
