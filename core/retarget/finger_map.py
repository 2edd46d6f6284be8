"""The fingers of a rig whose hands are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .bone_map import FINGERS
from .bone_name import BoneName
from .bone_tree import BoneTree

_PHALANGES = 3
_KNUCKLE_SHARE = 0.35


def find_fingers(
    tree: BoneTree, names: Sequence[BoneName], hand: int
) -> tuple[dict[str, tuple[int, ...]], float]:
    """The phalanges of each finger below ``hand``, and how surely they are that, 0..1."""
    named = _named_fingers(tree, names, hand)
    if named:
        return named, 0.95
    return _shaped_fingers(tree, names, hand), 0.6


def _named_fingers(
    tree: BoneTree, names: Sequence[BoneName], hand: int
) -> dict[str, tuple[int, ...]]:
    below = tree.descendants(hand)
    chains: dict[str, list[int]] = {}
    numbered: dict[int, list[int]] = {}
    for bone in below:
        name = names[bone]
        finger = next((part for part in FINGERS if part in name.parts), None)
        if finger is not None:
            chains.setdefault(finger, []).append(bone)
        elif name.finger is not None:
            numbered.setdefault(name.finger, []).append(bone)
    # Without a thumb of its own name the lowest number is the thumb's.
    unnamed = FINGERS[1:] if "thumb" in chains else FINGERS
    for finger, number in zip(unnamed, sorted(numbered), strict=False):
        chains.setdefault(finger, numbered[number])
    lines = {finger: _one_line(tree, chain) for finger, chain in chains.items()}
    return {
        finger: tuple(line)
        if len(line) <= _PHALANGES
        else _phalanges(tree, hand, line, is_thumb=finger == "thumb")
        for finger, line in lines.items()
    }


def _shaped_fingers(
    tree: BoneTree, names: Sequence[BoneName], hand: int
) -> dict[str, tuple[int, ...]]:
    """Fingers by where they point: the thumb is the shortest and the most apart."""
    rest = tree.rest_pose
    leaves = [
        bone
        for bone in tree.descendants(hand)
        if not names[bone].is_helper and not tree.children[bone]
    ]
    if not 2 <= len(leaves) <= len(FINGERS):
        return {}
    paths = [tree.path(hand, leaf)[1:] for leaf in leaves]
    own = [[bone for bone in path if sum(bone in p for p in paths) == 1] for path in paths]
    tips = np.stack([rest.heads[leaf] for leaf in leaves]) - rest.heads[hand]
    reach = np.linalg.norm(tips, axis=-1)
    if reach.min() < 1e-9:
        return {}
    ways = tips / reach[:, None]
    mean = ways.mean(axis=0) / max(float(np.linalg.norm(ways.mean(axis=0))), 1e-9)
    apart = np.arccos(np.clip(ways @ mean, -1.0, 1.0)) + 1.0 - reach / reach.max()
    thumb = int(np.argmax(apart))
    across = ways[thumb] - (ways[thumb] @ mean) * mean
    order = [leaf for leaf in np.argsort(-(ways @ across)).tolist() if leaf != thumb]
    fingers = dict(zip(FINGERS, (own[number] for number in [thumb, *order]), strict=False))
    return {
        finger: phalanges
        for finger, path in fingers.items()
        if (phalanges := _phalanges(tree, hand, path, is_thumb=finger == "thumb"))
    }


def _one_line(tree: BoneTree, bones: list[int]) -> list[int]:
    """Those of ``bones``, parents before children, that hang one from the other."""
    line: list[int] = []
    for bone in bones:
        if not line or tree.is_above(line[-1], bone):
            line.append(bone)
    return line


def _phalanges(
    tree: BoneTree, hand: int, chain: Sequence[int], *, is_thumb: bool
) -> tuple[int, ...]:
    """At most three bones of ``chain``, from the knuckle on: without metacarpal and tip."""
    if is_thumb or not chain:
        return tuple(chain[:_PHALANGES])
    heads = tree.rest_pose.heads[tree.path(hand, chain[-1])]
    travelled = np.cumsum(np.linalg.norm(np.diff(heads, axis=0), axis=-1))[-len(chain) :]
    if len(chain) == 1:
        return tuple(chain)
    first = int(np.argmax(travelled >= _KNUCKLE_SHARE * travelled[-1]))
    return tuple(chain[first : first + _PHALANGES])
