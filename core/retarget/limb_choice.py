"""Arms and legs as names tell them and as shape tells them, made one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .bone_map import REQUIRED_ROLES, SIDE_SUFFIXES
from .bone_name import BoneName
from .bone_tree import BoneTree
from .name_map import LIMBS, Anchor, find_named_limbs
from .structure_map import BodyAxes, find_structural_limbs, find_toes

_ALONE = 0.9
_TOES_BY_SHAPE = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class ChosenLimbs:
    """Where each part of the limbs begins; ``axes`` where the shape told how the body stands."""

    anchors: Mapping[str, Anchor]
    axes: BodyAxes | None
    notes: tuple[str, ...]


def choose_limbs(tree: BoneTree, names: Sequence[BoneName]) -> ChosenLimbs:
    """The bones that the parts of arms and legs begin with.

    A limb is taken as its names tell it where they tell all of it, else as the shape does; what
    both tell alike is the surer for it.
    """
    is_usable = [not name.is_helper for name in names]
    named = find_named_limbs(tree, names)
    structural = find_structural_limbs(tree, is_usable)
    shaped, axes = structural if structural is not None else ({}, None)
    if _num_alike(named, _swapped(shaped)) > _num_alike(named, shaped):
        shaped = _swapped(shaped)
    anchors: dict[str, Anchor] = {}
    notes: list[str] = []
    for parts in LIMBS:
        for side in SIDE_SUFFIXES:
            limb, note = _choose_limb(tree, named, shaped, [part + side for part in parts])
            anchors |= limb
            notes += [note] if note else []
    for side in SIDE_SUFFIXES:
        foot = anchors.get(f"foot{side}")
        if foot is not None and f"toes{side}" not in anchors:
            toes = find_toes(tree, foot.bone, is_usable)
            if toes is not None:
                trust = _TOES_BY_SHAPE * foot.confidence
                anchors[f"toes{side}"] = Anchor(toes, trust)
    if axes is not None and not axes.is_facing_known and not named:
        notes.append("the feet do not tell front from back: left is taken to be +X")
    return ChosenLimbs(anchors=anchors, axes=axes, notes=tuple(notes))


def _choose_limb(
    tree: BoneTree, named: Mapping[str, Anchor], shaped: Mapping[str, Anchor], roles: list[str]
) -> tuple[dict[str, Anchor], str | None]:
    """One limb's anchors, and what is to be said of them."""
    by_name = {role: named[role] for role in roles if role in named}
    by_shape = {role: shaped[role] for role in roles if role in shaped}
    if _is_whole(by_name, roles):
        first, second, alone = by_name, by_shape, _ALONE
    elif _is_whole(by_shape, roles) and _other_side_agrees(named, shaped, roles):
        first, second, alone = by_shape, by_name, 1.0
    else:
        return by_name, None
    limb: dict[str, Anchor] = {}
    differing: list[str] = []
    for role in roles:
        if role in first and role in second:
            is_same = first[role].bone == second[role].bone
            limb[role] = _together(first[role], second[role]) if is_same else first[role]
            differing += [] if is_same else [role]
        elif role in first:
            confidence = alone * first[role].confidence
            limb[role] = replace(first[role], confidence=confidence)
        elif role in second and limb and _hangs_below(tree, limb, second[role].bone):
            limb[role] = second[role]
    if not differing:
        return limb, None
    source = "names" if first is by_name else "shape"
    return limb, f"names and shape differ at {', '.join(differing)}: taken by {source}"


def _together(first: Anchor, second: Anchor) -> Anchor:
    doubt = (1.0 - first.confidence) * (1.0 - second.confidence)
    return Anchor(first.bone, 1.0 - doubt)


def _is_whole(limb: Mapping[str, Anchor], roles: list[str]) -> bool:
    return all(role in limb for role in roles if role in REQUIRED_ROLES)


def _other_side_agrees(
    named: Mapping[str, Anchor], shaped: Mapping[str, Anchor], roles: list[str]
) -> bool:
    """Whether the same limb of the other side is where the shape says, if names tell all of it."""
    other = [_other_side(role) for role in roles]
    if not _is_whole(named, other):
        return True
    both = [role for role in other if role in named and role in shaped]
    return all(named[role].bone == shaped[role].bone for role in both)


def _hangs_below(tree: BoneTree, limb: Mapping[str, Anchor], bone: int) -> bool:
    lowest = max(anchor.bone for anchor in limb.values())
    return tree.is_above(lowest, bone)


def _other_side(role: str) -> str:
    return role[:-1] + ("R" if role.endswith("L") else "L")


def _swapped(anchors: Mapping[str, Anchor]) -> dict[str, Anchor]:
    return {_other_side(role): anchor for role, anchor in anchors.items()}


def _num_alike(first: Mapping[str, Anchor], second: Mapping[str, Anchor]) -> int:
    return sum(role in second and second[role].bone == first[role].bone for role in first)
