"""Where the LIFTED_21 joints sit on an armature: the one place that ties joints to bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..geometry.swing_twist import normalise_vectors
from ..joint_sets import LIFTED_21
from ..types import RestPose
from .bone_map import BoneMap
from .landmark import BALL_SHARE, HEEL_RUN_PER_ANKLE_HEIGHT, NECK_SHARE

_BACK, _UP = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])

NOSE_FORWARD_SHARE = 0.366
NOSE_UP_SHARE = 0.592
"""The nose, as shares of the way from the thorax to the head's top, forward and up from the thorax."""


_LEAST_ALIGNMENT = 0.5
"""Cosine: bones of imported rigs may lie across their limbs, and then their tails say nothing."""

Place = Literal["head", "tail", "beyond", "mid_hip", "mid_shoulder", "nose", "heel"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A joint rides on a role's bones: at their head, their end, as far again, or a point of a shape.

    ``places`` are roles and points of them; the first whose role the rig has is taken.
    """

    joint: str
    places: tuple[tuple[str, Place], ...]


def _side_attachments(side: Literal["left", "right"], suffix: str) -> tuple[Attachment, ...]:
    return (
        Attachment(f"{side}_hip", ((f"thigh{suffix}", "head"),)),
        Attachment(f"{side}_knee", ((f"shin{suffix}", "head"),)),
        Attachment(f"{side}_ankle", ((f"foot{suffix}", "head"),)),
        Attachment(f"{side}_shoulder", ((f"upper_arm{suffix}", "head"),)),
        Attachment(f"{side}_elbow", ((f"forearm{suffix}", "head"),)),
        Attachment(f"{side}_wrist", ((f"hand{suffix}", "head"), (f"forearm{suffix}", "tail"))),
        Attachment(f"{side}_heel", ((f"foot{suffix}", "heel"),)),
        Attachment(f"{side}_toe", ((f"toes{suffix}", "tail"), (f"foot{suffix}", "tail"))),
    )


JOINT_ATTACHMENTS: tuple[Attachment, ...] = (
    Attachment("pelvis", (("hips", "mid_hip"),)),
    Attachment("spine", (("chest", "head"),)),
    Attachment("thorax", (("chest", "mid_shoulder"),)),
    Attachment("nose", (("head", "nose"), ("neck", "nose"), ("chest", "nose"))),
    Attachment("head", (("head", "tail"), ("neck", "tail"), ("chest", "beyond"))),
    *_side_attachments("left", ".L"),
    *_side_attachments("right", ".R"),
)


def carrying_bones(rest_pose: RestPose, bone_map: BoneMap) -> np.ndarray:
    """(21,) index of the bone that carries each LIFTED_21 joint.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    bones = bone_map.indices(rest_pose)
    carriers: dict[str, int] = {}
    for attachment in JOINT_ATTACHMENTS:
        role, place = _present_place(attachment, bones)
        is_at_end = place in ("tail", "beyond", "mid_shoulder")
        carriers[attachment.joint] = bones[role][-1 if is_at_end else 0]
    return np.array([carriers[joint] for joint in LIFTED_21.joint_names])


def rest_joint_positions(rest_pose: RestPose, bone_map: BoneMap) -> np.ndarray:
    """(21, 3) m: where the LIFTED_21 joints are on the armature at rest, armature space.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    bones = bone_map.indices(rest_pose)
    points: dict[str, np.ndarray] = {}
    for attachment in JOINT_ATTACHMENTS:
        role, place = _present_place(attachment, bones)
        head, tail = rest_pose.heads[bones[role][0]], rest_pose.tails[bones[role][-1]]
        if place == "head":
            points[attachment.joint] = head
        elif place == "tail":
            points[attachment.joint] = tail
        elif place == "beyond":
            points[attachment.joint] = 2.0 * tail - head
    points["pelvis"] = 0.5 * (points["left_hip"] + points["right_hip"])
    points["thorax"] = 0.5 * (points["left_shoulder"] + points["right_shoulder"])
    if "head" in bones:
        points["head"] = _rest_head_top(rest_pose, bones["head"], points)
    for side, suffix in (("left", ".L"), ("right", ".R")):
        if f"toes{suffix}" in bones:
            points[f"{side}_toe"] = _rest_toe(
                rest_pose, bones[f"toes{suffix}"], points[f"{side}_ankle"]
            )
    points["nose"] = _rest_nose(points)
    for side in ("left", "right"):
        points[f"{side}_heel"] = _rest_heel(points[f"{side}_ankle"], points[f"{side}_toe"])
    return np.stack([points[joint] for joint in LIFTED_21.joint_names])


def bone_direction(
    rest_pose: RestPose, bone: int, *, expected: np.ndarray | None = None
) -> np.ndarray:
    """(3,) unit vector from a bone's head to its tail at rest, or as ``expected`` if nowhere near it.

    Parameters
    ----------
    rest_pose : RestPose
    bone : int
    expected : np.ndarray, optional
        (3,) unit vector: where the limb goes on that the bone is the last of.
    """
    fallback = np.zeros(3) if expected is None else expected
    way = normalise_vectors(rest_pose.tails[bone] - rest_pose.heads[bone], fallback=fallback)
    return way if expected is None or way @ expected > _LEAST_ALIGNMENT else expected


def _present_place(
    attachment: Attachment, bones: Mapping[str, tuple[int, ...]]
) -> tuple[str, Place]:
    """The role that carries the joint on this rig, and where; the last one is always there."""
    present = [place for place in attachment.places if place[0] in bones]
    return present[0]


def _rest_head_top(
    rest_pose: RestPose, head: tuple[int, ...], points: dict[str, np.ndarray]
) -> np.ndarray:
    """(3,) m: the tail of a bone that goes up, else as far above the neck as in a mean body."""
    pivot, top = rest_pose.heads[head[0]], rest_pose.tails[head[-1]]
    trunk = normalise_vectors(points["thorax"] - points["pelvis"], fallback=_UP)
    if normalise_vectors(top - pivot, fallback=trunk) @ trunk > _LEAST_ALIGNMENT:
        return top
    return points["thorax"] + (pivot - points["thorax"]) / NECK_SHARE


def _rest_toe(rest_pose: RestPose, toes: tuple[int, ...], ankle: np.ndarray) -> np.ndarray:
    """(3,) m: the tail of a bone that goes forward, else as far before the ball as in a mean foot."""
    ball, tip = rest_pose.heads[toes[0]], rest_pose.tails[toes[-1]]
    run = (ball - ankle) * np.array([1.0, 1.0, 0.0])
    forward = normalise_vectors(run, fallback=np.zeros(3))
    if normalise_vectors(tip - ball, fallback=forward) @ forward >= _LEAST_ALIGNMENT:
        return tip
    return ball + run * (1.0 - BALL_SHARE) / BALL_SHARE


def _rest_nose(points: dict[str, np.ndarray]) -> np.ndarray:
    """(3,) m: in front of the head, on the side of the shoulders that is the body's front."""
    rise = points["head"] - points["thorax"]
    shoulders = points["left_shoulder"] - points["right_shoulder"]
    forward = normalise_vectors(np.cross(shoulders, rise), fallback=-_BACK)
    return (
        points["thorax"]
        + NOSE_UP_SHARE * rise
        + NOSE_FORWARD_SHARE * np.linalg.norm(rise) * forward
    )


def _rest_heel(ankle: np.ndarray, toe: np.ndarray) -> np.ndarray:
    """(3,) m: level with the toe's tip, behind the ankle."""
    height = ankle[2] - toe[2]
    level = (ankle - toe) * np.array([1.0, 1.0, 0.0])
    back = normalise_vectors(level, fallback=_BACK)
    return ankle - height * _UP + HEEL_RUN_PER_ANKLE_HEIGHT * abs(height) * back
