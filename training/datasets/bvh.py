"""Motion capture as labelled data: BVH files turned into one set of body points in metres, z up.

Mocap skeletons differ in joints, proportions, units and axes. Each clip keeps its bones'
directions and gets mean human bone lengths (METHOD.md section 8); synthetic bodies vary around them
later. Face, heel and toe points, which mocap lacks, are placed from the head's and the feet's frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InputFormatError
from core.io.bvh import BvhClip, global_transforms, read_bvh
from core.joint_sets import LIFTED_21
from core.proportion import HUMAN_BONE_LENGTHS
from core.skeleton import Skeleton, find_body_parts, skeleton_from_parent_names

from .motion_check import find_sound_stretch
from .vector import unit

_LIFTED = [
    (name, None if parent < 0 else LIFTED_21.joint_names[parent])
    for name, parent in zip(LIFTED_21.joint_names, LIFTED_21.parents, strict=True)
]
BODY_POINTS: Skeleton = skeleton_from_parent_names(
    "body-points-27",
    [
        *_LIFTED,
        ("left_eye", "thorax"),
        ("right_eye", "thorax"),
        ("left_ear", "thorax"),
        ("right_ear", "thorax"),
        ("left_small_toe", "left_ankle"),
        ("right_small_toe", "right_ankle"),
    ],
)
"""What a synthetic body has: the 21 output joints and what detectors mark besides."""


def point_name(joint: str) -> str:
    """What a joint is called among ``BODY_POINTS``: detectors have a big toe, bodies a toe."""
    return joint.replace("_big_toe", "_toe")


_REQUIRED_PARTS = (
    "hips",
    *tuple(
        side + part
        for side in ("left_", "right_")
        for part in ("upper_arm", "lower_arm", "upper_leg", "lower_leg", "foot")
    ),
)
# Head points from the middle between the ears, in metres along (left, forward, up) of the head; large, as
# detectors mark them (``core.proportion``).
_FACE = {
    "nose": (0.0, 0.115, -0.01),
    "head": (0.0, 0.0, 0.13),
    "left_eye": (0.034, 0.093, 0.033),
    "right_eye": (-0.034, 0.093, 0.033),
    "left_ear": (0.083, 0.0, 0.0),
    "right_ear": (-0.083, 0.0, 0.0),
}
_EARS_ABOVE_THORAX = 0.22
# Foot points from the ankle, along (outward, forward, up) of the foot.
_FOOT = {
    "heel": (0.0, -0.055, -0.065),
    "toe": (-0.015, 0.185, -0.06),
    "small_toe": (0.05, 0.14, -0.065),
}


@dataclass(frozen=True, slots=True, eq=False)
class MocapClip:
    """One clip: ``positions`` (T,27,3) m of ``BODY_POINTS``, world space, z up; ``fps`` Hz.

    ``num_cut_frames``: how many of the file's frames, before or after a break, are not among them.
    """

    name: str
    group: str
    positions: np.ndarray
    fps: float
    num_cut_frames: int = 0


def load_mocap_clip(path: Path, *, group: str = "") -> MocapClip:
    """One BVH file as body points of mean human proportions, as far as its motion is sound.

    Raises
    ------
    InputFormatError
        When the file is broken, its joint names cannot be mapped (lists the parts it needs), or its
        motion is not a person's (legs without length, and as ``find_sound_stretch``).
    """
    clip = read_bvh(path)
    if clip.num_frames < 2:
        raise InputFormatError(f"{path}: expected a motion, found {clip.num_frames} frame(s)")
    parts = find_body_parts(clip.joint_names)
    missing = [part for part in _REQUIRED_PARTS if part not in parts]
    if missing:
        raise InputFormatError(
            f"{path}: cannot map the skeleton: no joint for {', '.join(missing)} "
            f"among {', '.join(clip.joint_names)}"
        )
    if not _leg_length(clip, parts) > 0:
        raise InputFormatError(f"{path}: expected a skeleton with legs, found legs without length")
    positions = body_points(clip, parts)
    sound = find_sound_stretch(positions, clip.fps, str(path))
    kept = positions[sound].astype(np.float32)
    return MocapClip(path.stem, group, kept, clip.fps, len(positions) - len(kept))


def body_points(clip: BvhClip, parts: dict[str, int]) -> np.ndarray:
    """(T,27,3) m, z up: the ``BODY_POINTS`` of a clip with legs, with mean human bone lengths."""
    places, rotations = global_transforms(clip)
    up_axis = _up_axis(places, parts)
    turn = _rotation_to_z_up(up_axis)
    places, rotations = places @ turn.T, turn @ rotations
    human_leg = HUMAN_BONE_LENGTHS["knee"] + HUMAN_BONE_LENGTHS["ankle"]
    places = places * (human_leg / _leg_length(clip, parts))

    points = np.zeros((clip.num_frames, BODY_POINTS.num_joints, 3))
    source = {part: places[:, joint] for part, joint in parts.items()}
    wrists = {side: _wrist(clip, parts, side) for side in ("left_", "right_")}
    hips = (source["left_upper_leg"] + source["right_upper_leg"]) / 2
    shoulders = (source["left_upper_arm"] + source["right_upper_arm"]) / 2
    middle = _middle_of_trunk(clip, parts, places, hips, shoulders)

    def put(name: str, parent: str, direction: np.ndarray, length: float) -> None:
        points[:, BODY_POINTS.index(name)] = (
            points[:, BODY_POINTS.index(parent)] + unit(direction) * length
        )

    points[:, 0] = hips
    put("spine", "pelvis", middle - hips, HUMAN_BONE_LENGTHS["spine"])
    put("thorax", "spine", shoulders - middle, HUMAN_BONE_LENGTHS["thorax"])
    for side, other in (("left_", "right_"), ("right_", "left_")):
        across_hips = source[side + "upper_leg"] - source[other + "upper_leg"]
        across_shoulders = source[side + "upper_arm"] - source[other + "upper_arm"]
        thigh = source[side + "lower_leg"] - source[side + "upper_leg"]
        shin = source[side + "foot"] - source[side + "lower_leg"]
        upper_arm = source[side + "lower_arm"] - source[side + "upper_arm"]
        forearm = places[:, wrists[side]] - source[side + "lower_arm"]
        put(side + "hip", "pelvis", across_hips, HUMAN_BONE_LENGTHS["hip"])
        put(side + "knee", side + "hip", thigh, HUMAN_BONE_LENGTHS["knee"])
        put(side + "ankle", side + "knee", shin, HUMAN_BONE_LENGTHS["ankle"])
        put(side + "shoulder", "thorax", across_shoulders, HUMAN_BONE_LENGTHS["shoulder"])
        put(side + "elbow", side + "shoulder", upper_arm, HUMAN_BONE_LENGTHS["elbow"])
        put(side + "wrist", side + "elbow", forearm, HUMAN_BONE_LENGTHS["wrist"])
    _place_head(points, clip, parts, places, rotations)
    for side in ("left_", "right_"):
        _place_foot(points, side, parts, places, rotations)
    return points


def _leg_length(clip: BvhClip, parts: dict[str, int]) -> float:
    """Of thigh and shin, in the file's unit."""
    bones = clip.offsets[[parts["left_lower_leg"], parts["left_foot"]]]
    return float(np.linalg.norm(bones, axis=-1).sum())


def _place_head(
    points: np.ndarray,
    clip: BvhClip,
    parts: dict[str, int],
    places: np.ndarray,
    rotations: np.ndarray,
) -> None:
    """Place nose, eyes, ears and head top from the head joint's frame."""
    joint = parts.get("head", parts.get("neck", parts["hips"]))
    ends = [end for end, parent in enumerate(clip.parents) if parent == joint]
    crown = places[:, ends[0]] if ends else places[:, joint]
    shoulders = (places[:, parts["left_upper_arm"]] + places[:, parts["right_upper_arm"]]) / 2
    skull = (places[:, joint] + crown) / 2
    _left, forward, up = _trunk_frame(points)
    thorax = points[:, BODY_POINTS.index("thorax")]
    ears = thorax + unit(skull - shoulders) * _EARS_ABOVE_THORAX
    # A head faces, over a clip, where its chest faces: that fixes its local axes on any skeleton.
    head_forward, head_up = (
        np.einsum("tij,j->ti", rotations[:, joint], _mean_local(rotations[:, joint], axis))
        for axis in (forward, up)
    )
    axes = _orthonormal(head_up, head_forward)
    for name, offset in _FACE.items():
        points[:, BODY_POINTS.index(name)] = ears + np.einsum("tij,j->ti", axes, offset)


def _place_foot(
    points: np.ndarray,
    side: str,
    parts: dict[str, int],
    places: np.ndarray,
    rotations: np.ndarray,
) -> None:
    """Place heel and toes from the foot joint's frame."""
    joint = parts[side + "foot"]
    ankle = points[:, BODY_POINTS.index(side + "ankle")]
    world_up = np.broadcast_to(np.array([0.0, 0.0, 1.0]), ankle.shape)
    # Where the sole mostly faces down while the leg is upright: the foot's own up axis.
    knee = points[:, BODY_POINTS.index(side + "knee")]
    upright = unit(knee - ankle)[:, 2] > 0.8
    chosen = upright if upright.any() else np.ones(len(ankle), dtype=bool)
    up = _mean_local(rotations[chosen, joint], world_up[chosen])
    toe = parts.get(side + "toe")
    if toe is not None and np.linalg.norm(places[:, toe] - places[:, joint], axis=-1).min() > 1e-4:
        forward = places[:, toe] - places[:, joint]
    else:
        trunk_forward = _trunk_frame(points)[1]
        local = _mean_local(rotations[chosen, joint], trunk_forward[chosen])
        forward = np.einsum("tij,j->ti", rotations[:, joint], local)
    axes = _orthonormal(np.einsum("tij,j->ti", rotations[:, joint], up), forward)
    outward = 1.0 if side == "left_" else -1.0
    for name, (out, ahead, above) in _FOOT.items():
        offset = np.array([out * outward, ahead, above])
        points[:, BODY_POINTS.index(side + name)] = ankle + np.einsum("tij,j->ti", axes, offset)


def _trunk_frame(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors (T,3) to the left, forward and up of the chest."""
    left = unit(
        points[:, BODY_POINTS.index("left_shoulder")]
        - points[:, BODY_POINTS.index("right_shoulder")]
    )
    up = points[:, BODY_POINTS.index("thorax")] - points[:, BODY_POINTS.index("spine")]
    forward = unit(np.cross(left, up))
    return left, forward, np.cross(forward, left)


def _mean_local(rotations: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """(3,) the direction in a joint's own frame that fits global ``directions`` (T,3) best."""
    return unit(np.einsum("tij,ti->tj", rotations, directions).mean(axis=0))


def _orthonormal(up: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """(T,3,3) with columns left, forward, up; ``forward`` is kept, ``up`` made square to it."""
    forward = unit(forward)
    left = unit(np.cross(up, forward))
    return np.stack([left, forward, np.cross(forward, left)], axis=-1)


def _wrist(clip: BvhClip, parts: dict[str, int], side: str) -> int:
    """The wrist's joint: the hand, or whatever ends the forearm."""
    forearm = parts[side + "lower_arm"]
    return parts.get(side + "hand", clip.parents.index(forearm))


def _middle_of_trunk(
    clip: BvhClip,
    parts: dict[str, int],
    places: np.ndarray,
    hips: np.ndarray,
    shoulders: np.ndarray,
) -> np.ndarray:
    """(T,3) the point half-way up the spine, along its joints."""
    chain: list[int] = []
    joint = parts["left_upper_arm"]
    while joint >= 0:
        chain.append(joint)
        joint = clip.parents[joint]
    inner = [j for j in reversed(chain) if j not in (parts["left_upper_arm"], parts["hips"])]
    inner = [j for j in inner if j != parts.get("left_clavicle")]
    path = np.stack([hips, *(places[:, j] for j in inner), shoulders], axis=1)
    heights = np.linalg.norm(np.diff(path, axis=1), axis=-1).cumsum(axis=1)
    fractions = np.concatenate([np.zeros_like(heights[:, :1]), heights], axis=1)
    fractions = fractions / np.maximum(fractions[:, -1:], 1e-9)
    upper = np.clip((fractions < 0.5).sum(axis=1), 1, path.shape[1] - 1)
    frames = np.arange(len(path))
    below, above = fractions[frames, upper - 1], fractions[frames, upper]
    share = (0.5 - below) / np.maximum(above - below, 1e-9)
    return path[frames, upper - 1] + share[:, None] * (
        path[frames, upper] - path[frames, upper - 1]
    )


def _up_axis(places: np.ndarray, parts: dict[str, int]) -> np.ndarray:
    """(3,) the coordinate axis along which people stand: BVH's y unless another one clearly fits."""
    shoulders = places[:, parts["left_upper_arm"]] + places[:, parts["right_upper_arm"]]
    feet = places[:, parts["left_foot"]] + places[:, parts["right_foot"]]
    mean = (shoulders - feet).mean(axis=0)
    axis = int(np.argmax(np.abs(mean)))
    if axis != 1 and abs(mean[axis]) < 2.0 * mean[1]:
        axis = 1
    up = np.zeros(3)
    up[axis] = 1.0 if axis == 1 else np.sign(mean[axis])
    return up


def _rotation_to_z_up(up: np.ndarray) -> np.ndarray:
    """(3,3) the rotation that turns coordinate axis ``up`` into +z."""
    if up[2] > 0.5:
        return np.eye(3)
    side = np.roll(np.abs(up), 1)
    return np.stack([side, np.cross(up, side), up])
