"""What makes rigs hard to read: other bones, orders, names, poses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from core.geometry import quaternion
from core.proportion import mean_bone_lengths
from core.retarget.bone_map import REQUIRED_ROLES, ROLES, BoneMap
from core.retarget.scheme import load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import RestPose

LENGTHS = mean_bone_lengths()


def known_rest_pose(name: str) -> RestPose:
    return scheme_rest_pose(load_scheme(name), LENGTHS)


def scrambled(rest: RestPose, rng: np.random.Generator) -> RestPose:
    """The same bones in another order, parents still first."""
    order: list[int] = []
    waiting = list(rng.permutation(rest.num_bones))
    while waiting:
        ready = next(bone for bone in waiting if rest.parents[bone] in (-1, *order))
        waiting.remove(ready)
        order.append(int(ready))
    return _picked(rest, order)


def without(rest: RestPose, *names: str) -> RestPose:
    """The rig without these bones and what hangs from them."""
    kept: list[int] = []
    for bone, parent in enumerate(rest.parents):
        if rest.bone_names[bone] not in names and (parent < 0 or parent in kept):
            kept.append(bone)
    return _picked(rest, kept)


def with_bones(rest: RestPose, *bones: tuple[str, str | None, np.ndarray, np.ndarray]) -> RestPose:
    """The rig with more bones: name, parent's name, head and tail (3,) m."""
    names, parents = list(rest.bone_names), list(rest.parents)
    for name, parent, _, _ in bones:
        parents.append(-1 if parent is None else names.index(parent))
        names.append(name)
    more = len(bones)
    return RestPose(
        bone_names=tuple(names),
        parents=tuple(parents),
        heads=np.concatenate([rest.heads, [head for _, _, head, _ in bones]]),
        tails=np.concatenate([rest.tails, [tail for _, _, _, tail in bones]]),
        rotations=np.concatenate([rest.rotations, np.tile(quaternion.IDENTITY, (more, 1))]),
    )


def with_clutter(rest: RestPose, bone_map: BoneMap) -> RestPose:
    """The rig with what rigs have besides: hair, a skirt, a cape, a weapon, IK and poles, a face."""
    place = {name: index for index, name in enumerate(rest.bone_names)}

    def at(role: str) -> tuple[str, np.ndarray]:
        bone = bone_map.bones[role][-1]
        return bone, rest.heads[place[bone]]

    left, back, up = np.eye(3)
    added: list[tuple[str, str | None, np.ndarray, np.ndarray]] = []

    def chain(names: list[str], parent: str | None, start: np.ndarray, step: np.ndarray) -> None:
        for number, name in enumerate(names):
            head = start + number * step
            added.append((name, parent, head, head + step))
            parent = name

    top, top_head = at("head" if "head" in bone_map.bones else "chest")
    hips, hips_head = at("hips")
    chain([f"hair_{n}" for n in range(4)], top, top_head + 0.1 * up, 0.08 * back - 0.1 * up)
    chest, chest_head = at("chest")
    chain([f"cape_{n}" for n in range(5)], chest, chest_head + 0.1 * back, 0.02 * back - 0.25 * up)
    chain([f"tail.00{n}" for n in range(4)], hips, hips_head + 0.1 * back, 0.12 * back)
    for side, sign in ((".L", 1.0), (".R", -1.0)):
        foot, foot_head = at(f"foot{side}")
        chain([f"skirt{n}{side}" for n in range(3)], hips, hips_head + 0.2 * sign * left, -0.2 * up)
        chain([f"eye{side}"], top, top_head + 0.03 * sign * left - 0.08 * back, -0.02 * back)
        chain([f"breast{side}"], chest, chest_head + 0.08 * sign * left - 0.1 * back, -0.05 * back)
        chain([f"foot_ik{side}"], None, foot_head, -0.2 * back)
        chain([f"knee_pole{side}"], None, foot_head + 0.4 * up - 0.5 * back, -0.1 * back)
        chain([f"hand_ik{side}"], None, at(f"forearm{side}")[1] + 0.25 * sign * left, 0.1 * up)
        chain([f"toe_roll{side}"], foot, foot_head - 0.05 * up, -0.05 * back)
    chain(["weapon_r"], at("forearm.R")[0], at("forearm.R")[1], -0.6 * back)
    return with_bones(rest, *added)


def renamed(rest: RestPose, bone_map: BoneMap, name_of: dict[str, str]) -> tuple[RestPose, BoneMap]:
    """The rig and its map with other names."""
    names = tuple(name_of[name] for name in rest.bone_names)

    def chains(old: Any) -> dict[str, tuple[str, ...]]:
        return {role: tuple(name_of[bone] for bone in chain) for role, chain in old.items()}

    return replace(rest, bone_names=names), BoneMap(
        bone_map.name, chains(bone_map.bones), chains(bone_map.twists)
    )


def without_meaning(rest: RestPose, bone_map: BoneMap) -> tuple[RestPose, BoneMap]:
    """The rig with names that say nothing."""
    names = {name: f"Bone.{number:03d}" for number, name in enumerate(rest.bone_names)}
    return renamed(rest, bone_map, names)


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LEFT_WORDS, _RIGHT_WORDS = ("l", "left"), ("r", "right")


def respelled(name: str, style: str) -> str:
    """``name`` in another style of separators, case and side, the same for a whole rig."""
    words = [word.lower() for word in _WORD.findall(name.rpartition(":")[2])]
    sides = [word for word in words if word in (*_LEFT_WORDS, *_RIGHT_WORDS)]
    rest = [word for word in words if word not in sides]
    side = "" if not sides else "left" if sides[0] in _LEFT_WORDS else "right"
    if style == "camel":
        return side.capitalize() + "".join(word.capitalize() for word in rest)
    if style == "blender":
        return "_".join(rest) + (f".{side[0].upper()}" if side else "")
    if style == "shouting":
        return "_".join(word.upper() for word in ([side[0]] if side else []) + rest)
    if style == "dashes":
        return "-".join([*rest, *([side] if side else [])])
    if style == "prefixed":
        return "Hero:" + " ".join([*([side] if side else []), *rest])
    raise AssertionError(style)


STYLES = ("camel", "blender", "shouting", "dashes", "prefixed")


def in_an_odd_pose(rest: RestPose, rng: np.random.Generator, size: float = 1.2) -> RestPose:
    """The rig at rest with every bone turned against its parent, bones as long as before."""
    turns = quaternion.from_rotation_vector(
        rng.normal(scale=size / 3**0.5, size=(rest.num_bones, 3))
    )
    heads, tails, rotations = rest.heads.copy(), rest.tails.copy(), rest.rotations.copy()
    carried: list[np.ndarray] = []
    for bone, parent in enumerate(rest.parents):
        above = carried[parent] if parent >= 0 else quaternion.IDENTITY
        carried.append(quaternion.multiply(above, turns[bone]))
        if parent >= 0:
            offset = rest.heads[bone] - rest.heads[parent]
            heads[bone] = heads[parent] + quaternion.rotate(above, offset)
        tails[bone] = heads[bone] + quaternion.rotate(
            carried[bone], rest.tails[bone] - rest.heads[bone]
        )
        rotations[bone] = quaternion.multiply(carried[bone], rest.rotations[bone])
    return replace(rest, heads=heads, tails=tails, rotations=rotations)


def count_right(found: BoneMap | None, truth: BoneMap) -> dict[str, int]:
    """How many of a rig's required and other roles were found right, wrong or not at all."""
    counts = {"required": 0, "required right": 0, "other": 0, "other right": 0, "wrong": 0}
    bones = found.bones if found is not None else {}
    for role in ROLES:
        kind = "required" if role in REQUIRED_ROLES else "other"
        counts[kind] += role in truth.bones
        is_right = role in truth.bones and bones.get(role) == truth.bones[role]
        counts[f"{kind} right"] += is_right
        counts["wrong"] += role in bones and not is_right
    return counts


def _picked(rest: RestPose, bones: list[int]) -> RestPose:
    """These bones alone, parents first; one whose parent is not among them becomes a root."""
    place_of = {bone: place for place, bone in enumerate(bones)}
    return RestPose(
        bone_names=tuple(rest.bone_names[bone] for bone in bones),
        parents=tuple(place_of.get(rest.parents[bone], -1) for bone in bones),
        heads=rest.heads[bones],
        tails=rest.tails[bones],
        rotations=rest.rotations[bones],
    )
