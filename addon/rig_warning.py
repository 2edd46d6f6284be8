"""What the user should know of a rig before a motion goes onto it: one line each."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from .rig_following import Following, following_parents, half_followers
from .rig_obstacle import driven_by_drivers, find_posed_bones


def constraint_warnings(acting: Sequence[tuple[str, str]]) -> list[str]:
    """Of constraints, each by bone and name, that stay on."""
    if not acting:
        return []
    told = ", ".join(f"{bone} ({constraint})" for bone, constraint in acting)
    return [f"constraints keep driven bones from moving as solved, unless they are muted: {told}"]


def follow_warnings(following: Following, acting: Sequence[tuple[str, str]]) -> list[str]:
    """Of bones that follow others by half, and of held ones besides those with constraints told of."""
    warnings: list[str] = []
    names, parents = following.bone_names, following_parents(following)
    told_of = {bone for bone, _ in acting}
    held = {name for name, is_held in zip(names, following.is_held, strict=True) if is_held}
    above = {
        name: names[parent] for name, parent in zip(names, parents, strict=True) if parent >= 0
    }
    first = [name for name in names if name in held - told_of and above.get(name) not in held]
    if first:
        warnings.append(
            "the rig holds bones, and what hangs from them, away from their keys: "
            + ", ".join(first)
        )
    if halves := half_followers(following):
        told = ", ".join(f"{follower} (of {followed})" for follower, followed in halves)
        warnings.append(
            f"bones follow others only partly, and so will not point quite as solved: {told}"
        )
    return warnings


def state_warnings(rig: bpy.types.Object, names: Sequence[str]) -> list[str]:
    """Of drivers on the bones ``names``, and of a pose left standing above them."""
    warnings: list[str] = []
    if by_driver := driven_by_drivers(rig, names):
        warnings.append(f"drivers turn bones, whatever is keyed: {', '.join(by_driver)}")
    if posed := find_posed_bones(rig, names):
        warnings.append(
            "bones that are not driven are posed and take the body along; clear their pose: "
            + ", ".join(posed)
        )
    return warnings
