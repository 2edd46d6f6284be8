"""Which bones are a body's limbs, told by their names and by what hangs from what alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .bone_map import SIDE_SUFFIXES
from .bone_name import BoneName
from .bone_tree import BoneTree

LIMBS: tuple[tuple[str, ...], ...] = (
    ("shoulder", "upper_arm", "forearm", "hand"),
    ("thigh", "shin", "foot", "toes"),
)
"""The parts of an arm and of a leg, parent to child."""

_NEEDED = ("upper_arm", "forearm", "thigh", "shin", "foot")
_MISSING_COST = 1.0
_STEP_COST = 1e-3
_DEPTH_COST = 2e-3


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a part begins: its first bone, and how surely, 0..1."""

    bone: int
    confidence: float


def find_named_limbs(tree: BoneTree, names: Sequence[BoneName]) -> dict[str, Anchor]:
    """The bones that arms and legs begin their parts with, as far as names tell.

    Words such as shoulder, arm and leg mean one part or another: for each limb the chain of bones
    is taken that makes the most of all of its names.
    """
    anchors: dict[str, Anchor] = {}
    for side in SIDE_SUFFIXES:
        for parts in LIMBS:
            for part, anchor in _best_chain(tree, names, parts, side).items():
                anchors[part + side] = anchor
    return anchors


def find_named_bone(names: Sequence[BoneName], part: str, among: Sequence[int]) -> Anchor | None:
    """The bone on the midline whose name means ``part`` most surely, the first of equals."""
    candidates = [
        Anchor(bone, names[bone].parts[part])
        for bone in among
        if not names[bone].side and part in names[bone].parts
    ]
    return max(candidates, key=lambda anchor: anchor.confidence, default=None)


@dataclass(frozen=True, slots=True)
class _Chain:
    """A limb up to one of its parts: how good it is, and its bones by part."""

    score: float
    anchors: Mapping[str, Anchor]
    last: int


def _best_chain(
    tree: BoneTree, names: Sequence[BoneName], parts: tuple[str, ...], side: str
) -> Mapping[str, Anchor]:
    """The descending chain of bones whose names fit ``parts`` best, part by part."""
    ended: list[tuple[int, _Chain]] = []
    for bone, name in enumerate(names):
        if name.side != side:
            continue
        above = tree.ancestors(bone)
        for place, part in enumerate(parts):
            if part not in name.parts:
                continue
            start = _Chain(-_missing(parts[:place]), {}, -1)
            chains = [start]
            for upper_place, chain in ended:
                if upper_place < place and chain.last in above:
                    steps = above.index(chain.last)
                    cost = _missing(parts[upper_place + 1 : place]) + _STEP_COST * steps
                    chains.append(_Chain(chain.score - cost, chain.anchors, chain.last))
            best = max(chains, key=lambda chain: chain.score)
            anchor = Anchor(bone, name.parts[part])
            # Of equals, upperarm01 and upperarm02, the upper one.
            score = best.score + name.parts[part] - _DEPTH_COST * len(above)
            ended.append((place, _Chain(score, {**best.anchors, part: anchor}, bone)))
    if not ended:
        return {}
    whole = max(ended, key=lambda end: end[1].score - _missing(parts[end[0] + 1 :]))
    return whole[1].anchors


def _missing(parts: tuple[str, ...]) -> float:
    """The cost of leaving ``parts`` out."""
    return _MISSING_COST * sum(part in _NEEDED for part in parts)
