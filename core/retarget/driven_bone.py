"""A rig reduced to the bones that are driven."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import LiftError
from ..types import RestPose


def pick_bones(rest_pose: RestPose, names: Iterable[str]) -> RestPose:
    """Some bones alone; each hangs from the nearest of them above it.

    Where the bones between keep their rest pose, the picked ones move exactly as in the whole rig.

    Parameters
    ----------
    rest_pose : RestPose
    names : iterable of str
        Bones of it, in any order.

    Returns
    -------
    RestPose
        In the order of ``rest_pose``.

    Raises
    ------
    LiftError
        When the rest pose lacks one of them.
    """
    wanted = set(names)
    lacking = sorted(wanted.difference(rest_pose.bone_names))
    if lacking:
        raise LiftError(f"pick_bones: expected the armature to have {', '.join(lacking)}")
    picked = [bone for bone, name in enumerate(rest_pose.bone_names) if name in wanted]
    # Of every bone the nearest picked one, itself included, by its place among the picked.
    place_at: list[int] = []
    num_picked = 0
    parents: list[int] = []
    for name, parent in zip(rest_pose.bone_names, rest_pose.parents, strict=True):
        above = place_at[parent] if parent >= 0 else -1
        if name in wanted:
            parents.append(above)
            place_at.append(num_picked)
            num_picked += 1
        else:
            place_at.append(above)
    return RestPose(
        bone_names=tuple(rest_pose.bone_names[bone] for bone in picked),
        parents=tuple(parents),
        heads=rest_pose.heads[picked],
        tails=rest_pose.tails[picked],
        rotations=rest_pose.rotations[picked],
    )
