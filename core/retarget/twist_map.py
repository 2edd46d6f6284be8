"""The twist helpers of a rig whose limbs are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .bone_name import BoneName
from .bone_tree import BoneTree

_LARGEST_OFFSET = 0.08
_SMALLEST_ALIGNMENT = 0.9
_SHARES = 0.05, 1.0


def find_twists(
    tree: BoneTree,
    names: Sequence[BoneName],
    chain: Sequence[int],
    following: int | None,
) -> tuple[int, ...]:
    """The twist helpers that hang beside a limb's ``chain``, in their order along it.

    Where no bone of the armature is called a twist bone, those are helpers that lie on the limb's
    line and end there. ``following`` is the bone that the next part begins with, if there is one.
    """
    rest = tree.rest_pose
    start = rest.heads[chain[0]]
    end = rest.heads[following] if following is not None else rest.tails[chain[-1]]
    length = float(np.linalg.norm(end - start))
    if length < 1e-9:
        return ()
    along = (end - start) / length
    are_named = any(name.is_turn for name in names)
    shares: dict[int, float] = {}
    for bone in (child for parent in chain for child in tree.children[parent]):
        if bone in chain or bone == following:
            continue
        offset = rest.heads[bone] - start
        share = float(offset @ along) / length
        if names[bone].is_turn or (
            not are_named
            and not names[bone].speaks
            and not tree.children[bone]
            and _SHARES[0] < share < _SHARES[1]
            and np.linalg.norm(offset - share * length * along) < _LARGEST_OFFSET * length
            and abs(_direction(tree, bone) @ along) > _SMALLEST_ALIGNMENT
        ):
            shares[bone] = share
    return tuple(sorted(shares, key=lambda bone: shares[bone]))


def _direction(tree: BoneTree, bone: int) -> np.ndarray:
    way = tree.rest_pose.tails[bone] - tree.rest_pose.heads[bone]
    return way / max(float(np.linalg.norm(way)), 1e-9)
