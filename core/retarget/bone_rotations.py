"""From joint positions to bone rotations on any armature."""

from __future__ import annotations

import numpy as np

from ..errors import LiftError
from ..geometry import quaternion
from ..geometry.swing_twist import swing_between
from ..joint_sets import LIFTED_21
from ..types import BoneMotion, Poses3D, RestPose
from .attachment import rest_joint_positions
from .body_frame import SIDES, JointTracks, body_frames
from .bone_map import HUMANOID, BoneMap
from .bone_turn import local_rotations, turn_bones
from .finger import relaxed_finger_rotations

_UP = np.array([0.0, 0.0, 1.0])
_AIMED_SPANS = {
    "spine": ("pelvis", "spine"),
    "neck": ("thorax", "head"),
    "shoulder.L": ("thorax", "left_shoulder"),
    "shoulder.R": ("thorax", "right_shoulder"),
}
"""Bones whose twist is borrowed from the parts they join, and the joints they run between."""


def solve_bone_rotations(
    poses: Poses3D,
    rest_pose: RestPose,
    bone_map: BoneMap = HUMANOID,
    *,
    contacts: np.ndarray | None = None,
) -> BoneMotion:
    """The bone rotations and root travel that put an armature's joints where the poses' are.

    Every rotation is the difference between a body part's frame in the pose and the same frame of
    the armature at rest, so rest poses may be T, A or any other and bones rolled at will. Along
    the chains bones aim at their child's joint; twist comes from hips, shoulders, the nose, the
    bend of elbows and knees, heels and toes. Parts of several bones share both along their chain.
    Fingers rest as a relaxed hand's.

    Parameters
    ----------
    poses : Poses3D
        LIFTED_21 joints in space "world" (z up). A confidence of 0 at a nose, heel or toe makes
        the head follow the chest, the foot its shin.
    rest_pose : RestPose
        Any armature. Bones above the hips and roots beside them rest.
    bone_map : BoneMap
        Which bones play which part; bones without one keep their rest pose.
    contacts : np.ndarray, optional
        (T, 2) bool: where the left and right foot stand, for the motion to carry; nowhere when left
        out.

    Returns
    -------
    BoneMotion
        Quaternions continuous in time.

    Raises
    ------
    LiftError
        When the poses are not LIFTED_21 in world space, or the armature does not fit the map.
    """
    if poses.skeleton.joint_names != LIFTED_21.joint_names or poses.space != "world":
        raise LiftError(
            f"solve_bone_rotations: expected {LIFTED_21.name} joints in space 'world', found "
            f"{poses.skeleton.name} in {poses.space!r}"
        )
    bones = bone_map.indices(rest_pose)
    rest_joints = rest_joint_positions(rest_pose, bone_map)
    turns = _solve_role_turns(
        JointTracks(poses.positions, poses.confidence, float(poses.fps)),
        JointTracks(rest_joints[None], np.ones((1, len(rest_joints))), float(poses.fps)),
    )
    rotations = local_rotations(turn_bones(turns, rest_pose, bone_map), rest_pose, poses.num_frames)
    for bone, rotation in relaxed_finger_rotations(rest_pose, bone_map).items():
        rotations[:, bone] = rotation
    pelvis = LIFTED_21.index("pelvis")
    hips = bones["hips"][0]
    root_offset = rest_pose.heads[hips] - rest_joints[pelvis]
    return BoneMotion(
        rotations=rotations,
        root_position=poses.positions[:, pelvis] + quaternion.rotate(turns["hips"], root_offset),
        contacts=np.zeros((poses.num_frames, 2), dtype=bool) if contacts is None else contacts,
        frames=poses.frames,
        fps=poses.fps,
        rest_pose=rest_pose,
        root_bone=hips,
    )


def _solve_role_turns(pose: JointTracks, rest: JointTracks) -> dict[str, np.ndarray]:
    """(T, 4) wxyz per role: how each part is turned from rest to pose, armature space."""
    rest_frames = body_frames(rest)
    turns = {
        part: quaternion.multiply(frames, quaternion.conjugate(rest_frames[part]))
        for part, frames in body_frames(pose).items()
    }
    aims = {
        "spine": _half_way(turns["hips"], turns["chest"]),
        "neck": _half_way(turns["chest"], turns["head"]),
        "shoulder.L": turns["chest"],
        "shoulder.R": turns["chest"],
    }
    for role, turn in aims.items():
        turns[role] = _aim(turn, *_AIMED_SPANS[role], pose=pose, rest=rest)
    for side, suffix in SIDES:
        with_heel, without = turns[f"foot{suffix}"], turns.pop(f"foot_without_heel{suffix}")
        seen = quaternion.slerp(without, with_heel, pose.presence(f"{side}_heel"))
        shin = turns[f"shin{suffix}"]
        foot = quaternion.slerp(shin, seen, pose.presence(f"{side}_toe"))
        turns[f"foot{suffix}"] = turns[f"toes{suffix}"] = foot
        turns[f"hand{suffix}"] = turns[f"forearm{suffix}"]
    return turns


def _half_way(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(T, 4) wxyz: the twist between two parts shared evenly by the bone that joins them."""
    return quaternion.slerp(first, second, 0.5)


def _aim(
    turn: np.ndarray, start: str, end: str, *, pose: JointTracks, rest: JointTracks
) -> np.ndarray:
    """(T, 4) wxyz: ``turn`` swung the shortest way so that ``start`` to ``end`` lies as posed."""
    at_rest = rest.direction(start, end, fallback=_UP)
    turned = quaternion.rotate(turn, at_rest)
    posed = pose.direction(start, end, fallback=turned)
    return quaternion.multiply(swing_between(turned, posed), turn)
