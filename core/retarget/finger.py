"""Fingers: where a hand's palm is, and how far its fingers curl when it is relaxed.

Keypoints of a body do not show fingers. Flat ones look dead, so they rest as a hand does that holds
nothing: bent more and more from the index finger to the little one, the thumb hardly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..geometry import quaternion
from ..geometry.swing_twist import angle_about, normalise_vectors, perpendicular
from ..types import RestPose
from .attachment import bone_direction
from .bone_map import FINGERS, SIDE_SUFFIXES, BoneMap

_RELAXED_DEG = {
    "thumb": (0.0, 8.0, 12.0),
    "index": (15.0, 24.0, 14.0),
    "middle": (20.0, 29.0, 17.0),
    "ring": (25.0, 33.0, 19.0),
    "pinky": (29.0, 35.0, 20.0),
}
"""Bend of each joint, from the knuckle out, deg."""

_THUMB_ACROSS, _THUMB_PALM = 0.8, 0.6
"""The thumb bends across the palm more than into it."""
_SMALLEST_SPREAD = 0.05
"""Of the palm's length: knuckles closer together do not show which way the palm faces."""

HandAxes = tuple[np.ndarray, np.ndarray]
"""(3,) unit vectors in armature space at rest: along the hand to its fingers; out of its palm."""


def hand_axes(
    rest_pose: RestPose, bones: Mapping[str, tuple[int, ...]], side: str
) -> HandAxes | None:
    """Which way a hand points and where its palm faces at rest, None where its fingers do not show.

    Parameters
    ----------
    rest_pose : RestPose
    bones : Mapping
        Bone indices by role.
    side : str
        ``.L`` or ``.R``.
    """
    fingers = [bones[finger + side] for finger in FINGERS[1:] if finger + side in bones]
    if f"hand{side}" not in bones or not fingers:
        return None
    wrist = rest_pose.heads[bones[f"hand{side}"][0]]
    knuckles = rest_pose.heads[[chain[0] for chain in fingers]] - wrist
    along = normalise_vectors(knuckles.mean(axis=0), fallback=np.zeros(3))
    across = knuckles[-1] - knuckles[0]
    if len(fingers) == 1 and f"thumb{side}" in bones:
        across = knuckles[0] - (rest_pose.heads[bones[f"thumb{side}"][-1]] - wrist)
    across = perpendicular(across, along)
    if np.linalg.norm(across) < _SMALLEST_SPREAD * np.linalg.norm(knuckles.mean(axis=0)):
        return None
    palm = np.cross(along, across) if side == ".R" else np.cross(across, along)
    return along, palm / np.linalg.norm(palm)


def relaxed_finger_rotations(rest_pose: RestPose, bone_map: BoneMap) -> dict[int, np.ndarray]:
    """The rotations that relax a rig's hands.

    Each joint bends towards the palm by what its rest pose lacks of a relaxed hand's bend: a hand
    that is curled already keeps its curl. Fingers of hands whose palm does not show keep their rest.

    Parameters
    ----------
    rest_pose : RestPose
        Any axes and rolls.
    bone_map : BoneMap

    Returns
    -------
    dict
        (4,) wxyz in the bone's own rest axes, by bone index.

    Raises
    ------
    LiftError
        When the armature does not fit the map.
    """
    bones = bone_map.indices(rest_pose)
    rotations: dict[int, np.ndarray] = {}
    for side in SIDE_SUFFIXES:
        axes = hand_axes(rest_pose, bones, side)
        if axes is None:
            continue
        for finger in FINGERS:
            if finger + side in bones:
                rotations |= _relaxed_finger(rest_pose, finger, bones[finger + side], axes, side)
    return rotations


def _relaxed_finger(
    rest_pose: RestPose, finger: str, chain: Sequence[int], axes: HandAxes, side: str
) -> dict[int, np.ndarray]:
    along, palm = axes
    ways = _segment_directions(rest_pose, chain)
    if finger == "thumb":
        across = np.cross(palm, along) if side == ".R" else np.cross(along, palm)
        # Where the thumb's first joint is straight no rig says: it counts as relaxed.
        before, inwards = ways[0], _THUMB_ACROSS * across + _THUMB_PALM * palm
    else:
        before, inwards = perpendicular(ways[0], palm), palm
    hinge = normalise_vectors(np.cross(ways[0], inwards), fallback=np.zeros(3))
    if not hinge.any():
        return {}
    bends = angle_about(np.stack([before, *ways[:-1]]), np.stack(ways), hinge)
    wanted = np.deg2rad(_RELAXED_DEG[finger])[: len(chain)]
    lacking = np.maximum(wanted - bends[: len(wanted)], 0.0)
    joints = list(chain[: len(wanted)])
    hinges_local = quaternion.rotate(quaternion.conjugate(rest_pose.rotations[joints]), hinge)
    return dict(zip(joints, quaternion.from_axis_angle(hinges_local, lacking), strict=True))


def _segment_directions(rest_pose: RestPose, chain: Sequence[int]) -> list[np.ndarray]:
    """(3,) unit vectors from each joint of a finger to the next, the last to its tip."""
    heads = rest_pose.heads[list(chain)]
    ways = [normalise_vectors(way, fallback=np.zeros(3)) for way in np.diff(heads, axis=0)]
    return [*ways, bone_direction(rest_pose, chain[-1], expected=ways[-1] if ways else None)]
