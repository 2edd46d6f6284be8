"""The rigs that are known by name: their bones as data, one file each in ``schemes``.

A file is a JSON object. ``bones`` gives each part's bone or chain of bones; at the sides once, with
placeholders that ``sides`` replaces by the left and the right spelling. What the data leave out
follows from the part: its parent is the last bone of the part that it hangs from, its chain runs in
equal lengths between two points of ``landmark.rest_points``, its local X is the part's hinge.
``parents``, ``spans`` and ``local_x`` (of the left side, armature space, T pose) say otherwise;
``twists`` hang along their part; ``extras`` are bones without a part, with a tail of their own
(``to``) or a short one along their parent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LiftError
from .bone_map import FINGERS, ROLES, SIDE_SUFFIXES, BoneMap, nearest_parent_role, side_of

_FOLDER = Path(__file__).parent / "schemes"
SCHEME_NAMES: tuple[str, ...] = tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))
"""Every rig that is known by name."""

_LATERAL, _BACK, _DOWN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)
_THUMB_HINGE = (0.0, 0.6, 0.8)

# Of the left side: the points that a part's chain runs between, and its local X, which a positive
# turn bends the natural way about.
_PARTS: dict[str, tuple[str, str, tuple[float, float, float]]] = {
    "root": ("ground", "ground_front", _LATERAL),
    "hips": ("pelvis", "trunk_base", _LATERAL),
    "spine": ("trunk_base", "spine", _LATERAL),
    "chest": ("spine", "thorax", _LATERAL),
    "neck": ("thorax", "skull_base", _LATERAL),
    "head": ("skull_base", "head", _LATERAL),
    "shoulder": ("left_collar", "left_shoulder", _DOWN),
    "upper_arm": ("left_shoulder", "left_elbow", _DOWN),
    "forearm": ("left_elbow", "left_wrist", _DOWN),
    "hand": ("left_wrist", "left_knuckles", _DOWN),
    "thigh": ("left_hip", "left_knee", _LATERAL),
    "shin": ("left_knee", "left_ankle", _LATERAL),
    "foot": ("left_ankle", "left_ball", _LATERAL),
    "toes": ("left_ball", "left_toe", _LATERAL),
}
_ARM_PARTS = ("upper_arm", "forearm", "hand", *FINGERS)
_TWIST_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class SchemeBone:
    """One bone: it lies from ``head_share`` to ``tail_share`` of the way between two landmarks.

    Without an ``end`` it is a short one at ``start`` that goes on as its parent does. ``local_x`` is
    that of a T pose; where ``is_of_arm`` it goes down with the arm.
    """

    name: str
    parent: str | None
    start: str
    end: str | None
    head_share: float
    tail_share: float
    local_x: tuple[float, float, float]
    is_of_arm: bool = False


@dataclass(frozen=True, slots=True)
class RigScheme:
    """A rig that is known by name; ``arms_down`` and ``legs_apart`` rad as it rests.

    ``prefix`` opens every bone's name where the rig is built; ``bone_map`` has it too.
    """

    name: str
    about: str
    prefix: str
    bone_map: BoneMap
    bones: tuple[SchemeBone, ...]
    arms_down: float
    legs_apart: float


@cache
def load_scheme(name: str) -> RigScheme:
    """The scheme called ``name``.

    Raises
    ------
    LiftError
        When there is none.
    """
    if name not in SCHEME_NAMES:
        raise LiftError(f"rig {name!r}: expected one of {', '.join(SCHEME_NAMES)}")
    return scheme_from_data(json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def scheme_from_data(data: dict[str, Any]) -> RigScheme:
    """The scheme that a file's content describes."""
    chains = _chains(data, "bones")
    twists = _chains(data, "twists")
    bones = [*_role_bones(data, chains), *_twist_bones(chains, twists), *_extra_bones(data)]
    return RigScheme(
        name=data["name"],
        about=data["about"],
        prefix=data.get("prefix", ""),
        bone_map=BoneMap(name=data["name"], bones=chains, twists=twists),
        bones=tuple(_parents_first(bones)),
        arms_down=float(np.deg2rad(data["rest"]["arms_down_deg"])),
        legs_apart=float(np.deg2rad(data["rest"]["legs_apart_deg"])),
    )


def _chains(data: dict[str, Any], key: str) -> dict[str, tuple[str, ...]]:
    """Role to bones, both sides written out, in the order of ``ROLES``."""
    chains: dict[str, tuple[str, ...]] = {}
    parts: dict[str, str | list[str]] = data.get(key, {})
    for role in ROLES:
        side = side_of(role)
        names = parts.get(role.removesuffix(side))
        if names is not None:
            names = [names] if isinstance(names, str) else names
            chains[role] = tuple(_spell(data, name, side) for name in names)
    return chains


def _spell(data: dict[str, Any], name: str, side: str) -> str:
    """A bone's name as the rig has it: with its prefix and its side."""
    for placeholder, spellings in data["sides"].items():
        if side:
            name = name.replace(placeholder, spellings[0 if side == ".L" else 1])
    return data.get("prefix", "") + name


def _role_bones(data: dict[str, Any], chains: dict[str, tuple[str, ...]]) -> Iterator[SchemeBone]:
    spans, parents, axes = (data.get(key, {}) for key in ("spans", "parents", "local_x"))
    for role, chain in chains.items():
        side = side_of(role)
        part = role.removesuffix(side)
        above = nearest_parent_role(role, chains)
        parent = chains[above][-1] if above is not None else None
        if part in parents:
            parent = _spell(data, parents[part], side)
        for number, name in enumerate(chain):
            if part in FINGERS:
                hinge = _THUMB_HINGE if part == "thumb" else _BACK
                ends = f"left_{part}_{number}", f"left_{part}_{number + 1}"
                shares = 0.0, 1.0
            else:
                *ends, hinge = _PARTS[part]
                ends = spans.get(part, ends)
                shares = number / len(chain), (number + 1) / len(chain)
            yield SchemeBone(
                name=name,
                parent=parent,
                start=_on_side(ends[0], side),
                end=_on_side(ends[1], side),
                head_share=shares[0],
                tail_share=shares[1],
                local_x=_mirrored(axes.get(part, hinge), side),
                is_of_arm=part in _ARM_PARTS,
            )
            parent = name


def _twist_bones(
    chains: dict[str, tuple[str, ...]], twists: dict[str, tuple[str, ...]]
) -> Iterator[SchemeBone]:
    for role, helpers in twists.items():
        side = side_of(role)
        part = role.removesuffix(side)
        start, end, hinge = _PARTS[part]
        for number, name in enumerate(helpers):
            share = (number + 1) / (len(helpers) + 1)
            yield SchemeBone(
                name=name,
                parent=chains[role][0],
                start=_on_side(start, side),
                end=_on_side(end, side),
                head_share=share,
                tail_share=share + _TWIST_SHARE,
                local_x=_mirrored(hinge, side),
                is_of_arm=part in _ARM_PARTS,
            )


def _extra_bones(data: dict[str, Any]) -> Iterator[SchemeBone]:
    for extra in data.get("extras", ()):
        is_paired = any(placeholder in extra["bone"] for placeholder in data["sides"])
        for side in SIDE_SUFFIXES if is_paired else ("",):
            end = extra.get("to")
            yield SchemeBone(
                name=_spell(data, extra["bone"], side),
                parent=_spell(data, extra["parent"], side),
                start=_on_side(extra["from"], side),
                end=None if end is None else _on_side(end, side),
                head_share=0.0,
                tail_share=1.0,
                local_x=_mirrored(_LATERAL, side),
            )


def _on_side(landmark: str, side: str) -> str:
    return landmark.replace("left_", "right_") if side == ".R" else landmark


def _mirrored(axis: tuple[float, float, float], side: str) -> tuple[float, float, float]:
    """An axis of the left side on ``side``; a hinge is a pseudo-vector, so its X stays."""
    x, y, z = axis
    return (x, -y, -z) if side == ".R" else (x, y, z)


def _parents_first(bones: list[SchemeBone]) -> Iterator[SchemeBone]:
    """``bones`` in their own order as far as every parent stands before its children."""
    waiting, placed = bones, set[str | None]({None})
    while waiting:
        ready = [bone for bone in waiting if bone.parent in placed]
        assert ready, f"no way up from {waiting[0].name}"
        yield from ready[:1]
        placed.add(ready[0].name)
        waiting = [bone for bone in waiting if bone is not ready[0]]
