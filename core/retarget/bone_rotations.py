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

_UP = np.array([0.0, 0.0, 1.0])
_AIMED_SPANS = {
    "spine": ("pelvis", "spine"),
    "neck": ("thorax", "head"),
    "shoulder.L": ("thorax", "left_shoulder"),
    "shoulder.R": ("thorax", "right_shoulder"),
}
"""Bones whose twist is borrowed from the parts they join, and the joints they run between."""

_CONTACT_THRESHOLD = 0.5


def solve_bone_rotations(
    poses: Poses3D, rest_pose: RestPose, bone_map: BoneMap = HUMANOID
) -> BoneMotion:
    """The bone rotations and root travel that put an armature's joints where the poses' are.

    Every rotation is the difference between a body part's frame in the pose and the same frame of
    the armature at rest, so rest poses may be T, A or any other and bones rolled at will. Along
    the chains bones aim at their child's joint; twist comes from hips, shoulders, the nose, the
    bend of elbows and knees, heels and toes.

    Parameters
    ----------
    poses : Poses3D
        LIFTED_21 joints in space "world" (z up). A confidence of 0 at a nose, heel or toe makes
        the head follow the chest, the foot its shin.
    rest_pose : RestPose
        Any armature. Bones above the hips and roots beside them rest.
    bone_map : BoneMap
        Which bones play which part; bones without one keep their rest pose.

    Returns
    -------
    BoneMotion
        Quaternions continuous in time; contacts where their probability is above one half.

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
    # The first bone of a chain takes the whole turn; the others follow it as one piece.
    turn_of_bone = {bones[role][0]: turn for role, turn in turns.items() if role in bones}
    pelvis = LIFTED_21.index("pelvis")
    hips = bones["hips"][0]
    root_offset = rest_pose.heads[hips] - rest_joints[pelvis]
    contacts = np.zeros((poses.num_frames, 2), dtype=bool)
    if poses.contact_probability is not None:
        contacts = poses.contact_probability > _CONTACT_THRESHOLD
    return BoneMotion(
        rotations=_local_rotations(turn_of_bone, rest_pose, poses.num_frames),
        root_position=poses.positions[:, pelvis] + quaternion.rotate(turns["hips"], root_offset),
        contacts=contacts,
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


def _local_rotations(
    turn_of_bone: dict[int, np.ndarray], rest_pose: RestPose, num_frames: int
) -> np.ndarray:
    """(T, B, 4) wxyz in each bone's own rest axes, continuous in time."""
    local = np.empty((num_frames, rest_pose.num_bones, 4))
    still = np.broadcast_to(quaternion.IDENTITY, (num_frames, 4))
    turns: list[np.ndarray] = []
    for bone, parent in enumerate(rest_pose.parents):
        parent_turn = turns[parent] if parent >= 0 else still
        turns.append(turn_of_bone.get(bone, parent_turn))
        rest = rest_pose.rotations[bone]
        own = quaternion.multiply(quaternion.conjugate(parent_turn), turns[bone])
        local[:, bone] = quaternion.multiply(
            quaternion.conjugate(rest), quaternion.multiply(own, rest)
        )
    return quaternion.unroll(quaternion.normalise(local))
