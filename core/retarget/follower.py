"""Control bones that go where a driven bone goes, such as an IK control with its FK limb's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import LiftError
from ..geometry import quaternion
from ..types import BoneMotion
from .kinematics import track_bones, turn_bones


def with_followers(motion: BoneMotion, followers: Mapping[str, str]) -> BoneMotion:
    """The same motion, and each follower moves as if it were one piece with the bone it follows.

    Parameters
    ----------
    motion : BoneMotion
        Its rest pose has the followers too, each as a root or below bones that it does not carry.
    followers : mapping of str to str
        Name of the control bone to name of the bone that it follows.

    Returns
    -------
    BoneMotion
        The followers are ``placed`` and turned; what hangs from them goes along.

    Raises
    ------
    LiftError
        When a bone is not in the rest pose, or a bone that is followed would move with a follower.
    """
    rest = motion.rest_pose
    index_of = {name: bone for bone, name in enumerate(rest.bone_names)}
    lacking = {name for pair in followers.items() for name in pair} - index_of.keys()
    if lacking:
        raise LiftError(f"expected the armature to have {', '.join(sorted(lacking))}")
    pairs = {index_of[control]: index_of[driven] for control, driven in followers.items()}
    for control, driven in pairs.items():
        above = driven
        while above >= 0 and above not in pairs:
            above = rest.parents[above]
        if above >= 0:
            names = rest.bone_names
            raise LiftError(
                f"{names[control]!r} is to follow {names[driven]!r}: expected a bone that no "
                f"follower carries, found that {names[above]!r} does"
            )
    tracks = track_bones(motion, pairs.values())
    placed: dict[int, np.ndarray] = {}
    turned: dict[int, np.ndarray] = {}
    for control, driven in pairs.items():
        head, rotation = tracks[driven]
        turn = quaternion.multiply(rotation, quaternion.conjugate(rest.rotations[driven]))
        offset = rest.heads[control] - rest.heads[driven]
        placed[control] = head + quaternion.rotate(turn, offset)
        turned[control] = quaternion.multiply(turn, rest.rotations[control])
    return turn_bones(replace(motion, placed={**motion.placed, **placed}), turned)
