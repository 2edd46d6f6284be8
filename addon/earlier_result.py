"""The armature that an earlier lift of the same person made, which the next one takes the place of."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import bpy
import numpy as np

from .access import action_of, armature_of
from .action import RIG_KEY, find_baked_action
from .object_curve import stand_of

_ASIDE = ".earlier"


def replaceable(rig: bpy.types.Object | None, clip_name: str) -> bpy.types.Object | None:
    """``rig``, if nothing is lost with it that a lift of the clip does not make anew; else None.

    It is not when something else in the file uses it, has it as its parent or constrains it, when it was
    moved, or when it moves by anything but the clip's own action. Edits of its bones and keys do not count.
    """
    if rig is None or rig.type != "ARMATURE" or not rig.is_editable or not rig.users_scene:
        return None
    animation_data, action = rig.animation_data, action_of(rig)
    moves_otherwise = animation_data is not None and (
        bool(animation_data.nla_tracks) or bool(animation_data.drivers)
    )
    if moves_otherwise or (action is not None and find_baked_action(rig, clip_name) != action):
        return None
    stand = stand_of(rig, action)
    is_turned = not np.allclose(np.abs(stand.rotation), (1.0, 0.0, 0.0, 0.0))
    is_moved = is_turned or stand.location.any() or not np.allclose(np.array(rig.scale), 1.0)
    if rig.parent is not None or is_moved:
        return None
    assert rig.pose is not None
    if rig.constraints or any(bone.constraints for bone in rig.pose.bones):
        return None
    users = bpy.data.user_map(subset=[rig])[rig]
    places = (bpy.types.Collection, bpy.types.Scene)
    return rig if all(isinstance(user, places) for user in users) else None


def put_in(rig: bpy.types.Object, collections: Sequence[bpy.types.Collection]) -> None:
    """Have ``rig`` in these collections and no other; where it is, if there are none."""
    if not collections:
        return
    for collection in set(rig.users_collection) - set(collections):
        collection.objects.unlink(rig)
    for collection in set(collections) - set(rig.users_collection):
        collection.objects.link(rig)


@contextmanager
def in_place_of(earlier: bpy.types.Object | None) -> Generator[None]:
    """Make something in the place of ``earlier``: it frees its names, and goes when that is done.

    When it cannot be done, ``earlier`` is as it was.
    """
    if earlier is None:
        yield
        return
    armature, action = armature_of(earlier), action_of(earlier)
    blocks: list[bpy.types.ID] = [earlier, armature, *([] if action is None else [action])]
    names = [block.name for block in blocks]
    _rename(blocks, [name + _ASIDE for name in names], action)
    try:
        yield
    except BaseException:
        _rename(blocks, names, action)
        raise
    bpy.data.objects.remove(earlier)
    if armature.users == 0:
        bpy.data.armatures.remove(armature)
    if action is not None and action.users <= int(action.use_fake_user):
        bpy.data.actions.remove(action)


def _rename(blocks: list[bpy.types.ID], names: list[str], action: bpy.types.Action | None) -> None:
    """Name the rig, which comes first, and what is its own; its action goes on knowing it."""
    for block, name in zip(blocks, names, strict=True):
        block.name = name
    if action is not None:
        action[RIG_KEY] = names[0]
