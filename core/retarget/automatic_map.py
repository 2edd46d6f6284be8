"""The bone map of an unknown rig, found by its names and its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import LiftError
from ..types import RestPose
from .bone_map import (
    REQUIRED_ROLES,
    ROLES,
    SIDE_SUFFIXES,
    TWISTED_ROLES,
    BoneMap,
    side_of,
)
from .bone_name import BoneName, read_bone_names
from .bone_tree import BoneTree
from .finger_map import find_fingers
from .limb_choice import choose_limbs
from .name_map import Anchor
from .scheme_match import match_scheme
from .trunk_map import find_trunk
from .twist_map import find_twists

_NEXT_PART = {
    "upper_arm": "forearm",
    "forearm": "hand",
    "thigh": "shin",
    "shin": "foot",
}
_LEAST_SPAN_SHARE = 1e-3
_ON_ALL_FOURS = 0.8
_UPRIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ProposedBones:
    """What was found of a rig, complete or not: the chains of a bone map, by role.

    ``confidence`` 0..1 of each role; ``missing`` the roles without bones, required ones first;
    ``notes`` what the user should know.
    """

    name: str
    bones: Mapping[str, tuple[str, ...]]
    twists: Mapping[str, tuple[str, ...]]
    confidence: Mapping[str, float]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MappedRig:
    """A rig that can be driven: its map, and of each role how surely it is right, 0..1.

    ``missing`` are the optional roles that it has no bones for; ``notes`` what the user should know.
    """

    bone_map: BoneMap
    confidence: Mapping[str, float]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def find_bone_map(rest_pose: RestPose) -> MappedRig:
    """The bone map of any humanoid armature.

    Known rigs are recognised by their bones' names. In others arms and legs are found by names,
    in any of several languages and spellings, and by shape, and either may carry it alone; the
    trunk, head, fingers and twist helpers follow from them. Controls, mechanisms and what hangs on
    a body (hair, skirts, weapons) are passed over.

    Parameters
    ----------
    rest_pose : RestPose
        Any armature; bones in any order, parents first.

    Raises
    ------
    LiftError
        When a required part is missing or has no length, or the rig is one of a four-legged animal.
    """
    proposed = propose_bones(rest_pose)
    lacking = [role for role in proposed.missing if role in REQUIRED_ROLES]
    if lacking:
        raise LiftError(
            f"no humanoid found in the armature's {rest_pose.num_bones} bones: missing "
            f"{_told_together(lacking)}{_two_roots(rest_pose, proposed)}"
        )
    bone_map = BoneMap(name=proposed.name, bones=proposed.bones, twists=proposed.twists)
    _check_shape(rest_pose, bone_map)
    return MappedRig(bone_map, proposed.confidence, proposed.missing, proposed.notes)


def propose_bones(rest_pose: RestPose) -> ProposedBones:
    """What can be found of a bone map, for the user to complete where it is not all."""
    tree = BoneTree(rest_pose)
    names = read_bone_names(rest_pose.bone_names)
    known = match_scheme(tree, names)
    found, notes = _seek(tree, names) if known is None else _recall(tree, known)
    found = _fingers(tree, names, found) | found
    bones = _without_doubles(found)
    twists = _twists(tree, names, bones) if known is None else known.twist_indices(rest_pose)
    in_order = {role: bones[role] for role in ROLES if role in bones}
    return ProposedBones(
        name="found" if known is None else known.name,
        bones={role: _names_of(rest_pose, chain) for role, chain in in_order.items()},
        twists={role: _names_of(rest_pose, chain) for role, chain in twists.items()},
        confidence={role: found[role][1] for role in in_order},
        missing=_missing(in_order),
        notes=notes,
    )


Chains = dict[str, tuple[tuple[int, ...], float]]
"""Of each role its bones, parent to child, and how surely they are right, 0..1."""


def _recall(tree: BoneTree, known: BoneMap) -> tuple[Chains, tuple[str, ...]]:
    """The chains of a known rig, and what is to be said of them."""
    bones = known.indices(tree.rest_pose)
    return {role: (chain, 1.0) for role, chain in bones.items()}, (f"a known rig: {known.name}",)


def _seek(tree: BoneTree, names: Sequence[BoneName]) -> tuple[Chains, tuple[str, ...]]:
    """The chains of trunk and limbs of an unknown rig, and what is to be said of them."""
    limbs = choose_limbs(tree, names)
    found = _limb_chains(tree, names, limbs.anchors)
    if all(f"{part}{side}" in found for part in ("thigh", "upper_arm") for side in SIDE_SUFFIXES):
        found |= find_trunk(tree, names, limbs.anchors)
        found |= _shoulders(tree, names, found, limbs.anchors)
    return found, limbs.notes


def _fingers(tree: BoneTree, names: Sequence[BoneName], found: Chains) -> Chains:
    fingers: Chains = {}
    for side in SIDE_SUFFIXES:
        if f"hand{side}" in found:
            chains, trust = find_fingers(tree, names, found[f"hand{side}"][0][0])
            fingers |= {f"{finger}{side}": (chain, trust) for finger, chain in chains.items()}
    return fingers


def _limb_chains(
    tree: BoneTree, names: Sequence[BoneName], anchors: Mapping[str, Anchor]
) -> Chains:
    """Each limb part's bones: from where it begins to where the next part does."""
    chains: Chains = {}
    for role, anchor in anchors.items():
        if role.startswith("shoulder"):
            continue
        following = _following(role, anchors)
        line = tree.path(anchor.bone, following.bone)[1:-1] if following is not None else []
        between = [bone for bone in line if not names[bone].is_helper or names[bone].is_turn]
        chains[role] = (anchor.bone, *between), anchor.confidence
    return chains


def _following(role: str, anchors: Mapping[str, Anchor]) -> Anchor | None:
    part = _NEXT_PART.get(role.removesuffix(side_of(role)))
    return anchors.get(part + side_of(role)) if part is not None else None


def _shoulders(
    tree: BoneTree, names: Sequence[BoneName], found: Chains, anchors: Mapping[str, Anchor]
) -> Chains:
    """What is between the chest and the arms."""
    shoulders: Chains = {}
    for side in SIDE_SUFFIXES:
        chest, arm = found.get("chest"), anchors[f"upper_arm{side}"]
        line = tree.path(chest[0][-1], arm.bone)[1:-1] if chest is not None else []
        between = tuple(bone for bone in line if not names[bone].is_helper)
        if between:
            named = anchors.get(f"shoulder{side}")
            is_named = named is not None and named.bone in between
            trust = named.confidence if named is not None and is_named else 0.7
            shoulders[f"shoulder{side}"] = between, trust * arm.confidence
    return shoulders


def _without_doubles(found: Chains) -> dict[str, tuple[int, ...]]:
    """Every bone for one role alone: the surest."""
    bones: dict[str, tuple[int, ...]] = {}
    taken: set[int] = set()
    for role in sorted(found, key=lambda role: -found[role][1]):
        chain = found[role][0]
        if chain and taken.isdisjoint(chain):
            bones[role] = chain
            taken.update(chain)
    return bones


def _twists(
    tree: BoneTree, names: Sequence[BoneName], bones: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    twists: dict[str, tuple[int, ...]] = {}
    used = {bone for chain in bones.values() for bone in chain}
    for role in TWISTED_ROLES:
        if role in bones:
            side = side_of(role)
            following = bones.get(_NEXT_PART[role.removesuffix(side)] + side)
            beside = find_twists(tree, names, bones[role], following[0] if following else None)
            free = tuple(bone for bone in beside if bone not in used)
            if free:
                twists[role] = free
    return twists


def _names_of(rest_pose: RestPose, chain: Sequence[int]) -> tuple[str, ...]:
    return tuple(rest_pose.bone_names[bone] for bone in chain)


def _missing(bones: Mapping[str, object]) -> tuple[str, ...]:
    """The roles that are not in ``bones``, required ones first."""
    absent = [role for role in ROLES if role not in bones]
    return tuple(sorted(absent, key=lambda role: role not in REQUIRED_ROLES))


def _told_together(roles: Sequence[str]) -> str:
    """Roles as a person would say them: both sides of a part at once."""
    told: dict[str, None] = {}
    for role in roles:
        side = side_of(role)
        part = role.removesuffix(side)
        is_on_both = side != "" and all(part + suffix in roles for suffix in SIDE_SUFFIXES)
        told[f"{part} on both sides" if is_on_both else role] = None
    return ", ".join(told)


def _two_roots(rest_pose: RestPose, proposed: ProposedBones) -> str:
    """Why there is no trunk although there are arms and legs: nothing is above both."""
    ends = [proposed.bones.get(role) for role in ("thigh.L", "upper_arm.L")]
    if "hips" in proposed.bones or None in ends:
        return ""
    tree = BoneTree(rest_pose)
    tops: list[str] = []
    for chain in ends:
        assert chain is not None
        line = tree.ancestors(rest_pose.bone_names.index(chain[0]))
        tops.append(rest_pose.bone_names[line[-1]] if line else chain[0])
    legs, arms = tops
    if legs == arms:
        return ""
    return f": the legs hang from {legs!r} and the arms from {arms!r}, two roots without one above"


def _check_shape(rest_pose: RestPose, bone_map: BoneMap) -> None:
    """Raise LiftError for limbs without length and for an animal on four legs."""
    bones = bone_map.indices(rest_pose)
    heads = rest_pose.heads
    size = float(np.ptp(heads, axis=0).max())
    for side in SIDE_SUFFIXES:
        for part, following in _NEXT_PART.items():
            start = bones[part + side][0]
            end = bones.get(following + side)
            point = heads[end[0]] if end else rest_pose.tails[bones[part + side][-1]]
            if not np.linalg.norm(point - heads[start]) > _LEAST_SPAN_SHARE * size:
                raise LiftError(
                    f"{part}{side} ({rest_pose.bone_names[start]!r}): expected a bone with a "
                    "length, found zero"
                )
    trunk = _way(heads[bones["chest"][-1]] - heads[bones["hips"][0]])
    limbs = [
        _way(heads[bones[end + side][0]] - heads[bones[start + side][0]])
        for start, end in (("upper_arm", "forearm"), ("thigh", "foot"))
        for side in SIDE_SUFFIXES
    ]
    leg = _way(limbs[2] + limbs[3])
    if all(limb @ leg > _ON_ALL_FOURS for limb in limbs) and abs(trunk @ leg) < _UPRIGHT:
        raise LiftError(
            "expected a humanoid, found a body on four legs: its arms point as its legs do, at a "
            "right angle to its trunk"
        )


def _way(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
