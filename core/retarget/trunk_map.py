"""Hips, spine, chest, neck and head of a rig whose arms and legs are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..geometry.swing_twist import normalise_vectors
from .bone_map import SIDE_SUFFIXES
from .bone_name import BoneName
from .bone_tree import BoneTree
from .name_map import Anchor, find_named_bone

_CHEST_SHARE = 0.5
_HEAD_SHARE = 0.35
_LEAST_HEAD_PER_LEG = 0.29
_HIGHEST_NECK_PER_LEG = 0.09
_DEPTH_COST = 0.04
_MIDLINE = 0.15
_UNNAMED, _NAMED = 0.6, 0.9
_SURELY_NAMED = 0.5


def find_trunk(
    tree: BoneTree, names: Sequence[BoneName], limbs: Mapping[str, Anchor]
) -> dict[str, tuple[tuple[int, ...], float]]:
    """The chains of the midline, each with how surely it is that, 0..1.

    The hips are the lowest bone that both legs and the trunk hang from, the trunk what is between
    them and the lowest bone that both arms hang from. The trunk becomes chest at the bone that is
    called so, else half-way up.
    """
    upper_arms = [limbs[f"upper_arm{side}"].bone for side in SIDE_SUFFIXES]
    thighs = [limbs[f"thigh{side}"].bone for side in SIDE_SUFFIXES]
    arms = tree.common_ancestor(*upper_arms)
    middle = tree.common_ancestor(*thighs, *upper_arms)
    if middle is None or arms is None or arms in upper_arms:
        return {}
    hips = _named_hips(tree, names, middle)
    chains: dict[str, tuple[tuple[int, ...], float]] = {}
    above = [bone for bone in tree.ancestors(hips) if not names[bone].is_helper]
    if above:
        chains["root"] = (above[-1],), _confidence(names, above[-1:], ("root",))
    chains["hips"] = (hips,), _confidence(names, [hips], ("hips",))
    trunk = [bone for bone in tree.path(hips, arms)[1:] if not names[bone].is_helper]
    if trunk:
        cut = _start_of_chest(tree, names, hips, trunk, _arm_starts(tree, arms, limbs))
        confidence = _confidence(names, trunk, ("spine", "chest"))
        chains |= {"spine": (tuple(trunk[:cut]), confidence)} if cut else {}
        chains["chest"] = tuple(trunk[cut:]), confidence
        chains |= _neck_and_head(tree, names, arms, limbs)
    return chains


def _named_hips(tree: BoneTree, names: Sequence[BoneName], middle: int) -> int:
    """``middle``, or the bone above it that is called hips where ``middle`` is not."""
    if "hips" in names[middle].parts:
        return middle
    named = find_named_bone(names, "hips", tree.ancestors(middle))
    return named.bone if named is not None and named.confidence > _SURELY_NAMED else middle


def _confidence(names: Sequence[BoneName], bones: Sequence[int], parts: tuple[str, ...]) -> float:
    said = [max(names[bone].parts.get(part, 0.0) for part in parts) for bone in bones]
    return _UNNAMED + (_NAMED - _UNNAMED) * float(np.mean(said))


def _arm_starts(tree: BoneTree, arms: int, limbs: Mapping[str, Anchor]) -> list[int]:
    """The bones that hang from the chest on the ways to both arms."""
    return [tree.path(arms, limbs[f"upper_arm{side}"].bone)[1] for side in SIDE_SUFFIXES]


def _start_of_chest(
    tree: BoneTree,
    names: Sequence[BoneName],
    hips: int,
    trunk: Sequence[int],
    arm_starts: Sequence[int],
) -> int:
    """Which bone of the trunk is the chest's first."""
    called = [place for place, bone in enumerate(trunk) if "chest" in names[bone].parts]
    if called and called[0] > 0:
        return called[0]
    heads = tree.rest_pose.heads
    way = np.stack([*heads[[hips, *trunk]], heads[list(arm_starts)].mean(axis=0)])
    travelled = np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=-1))
    shares = travelled[:-1] / max(float(travelled[-1]), 1e-9)
    # Of two that are equally near the lower one: the sum's last digits must not decide.
    return int(np.argmin(np.round(np.abs(shares - _CHEST_SHARE), 6)))


def _neck_and_head(
    tree: BoneTree, names: Sequence[BoneName], top: int, limbs: Mapping[str, Anchor]
) -> dict[str, tuple[tuple[int, ...], float]]:
    arms = {
        bone
        for start in _arm_starts(tree, top, limbs)
        for bone in (start, *tree.descendants(start))
    }
    above = [
        bone for bone in tree.descendants(top) if bone not in arms and not names[bone].is_helper
    ]
    head = find_named_bone(names, "head", above)
    if head is None or head.confidence < _SURELY_NAMED:
        head = _head_by_shape(tree, names, top, above, limbs) or head
    if head is None:
        neck = [bone for bone in above if "neck" in names[bone].parts]
        return {"neck": (tuple(neck[:1]), _confidence(names, neck[:1], ("neck",)))} if neck else {}
    neck = [bone for bone in tree.path(top, head.bone)[1:-1] if not names[bone].is_helper]
    found = {"head": ((head.bone,), head.confidence)}
    return found | ({"neck": (tuple(neck), _confidence(names, neck, ("neck",)))} if neck else {})


def _head_by_shape(
    tree: BoneTree,
    names: Sequence[BoneName],
    top: int,
    above: Sequence[int],
    limbs: Mapping[str, Anchor],
) -> Anchor | None:
    """The bone on the midline that pivots where a head does."""
    heads = tree.rest_pose.heads
    shoulders, hips = (
        [heads[limbs[f"{part}{side}"].bone] for side in SIDE_SUFFIXES]
        for part in ("upper_arm", "thigh")
    )
    middle = 0.5 * (shoulders[0] + shoulders[1])
    central = _central_bones(tree, above, middle, shoulders[0] - shoulders[1])
    if not central:
        return None
    up = normalise_vectors(middle - 0.5 * (hips[0] + hips[1]), fallback=np.zeros(3))
    leg = [heads[limbs[part].bone] for part in ("thigh.L", "shin.L", "foot.L") if part in limbs]
    leg_length = float(np.linalg.norm(np.diff(leg, axis=0), axis=-1).sum())
    reaches = [float(((tree.reach(bone) - middle) @ up).max()) for bone in central]
    rises = (heads[central] - middle) @ up
    # A neck begins above the shoulders' height, but not far above.
    base = min(rises[int(np.argmax(reaches))], _HIGHEST_NECK_PER_LEG * leg_length)
    shares = (rises - base) / max(max(reaches) - base, _LEAST_HEAD_PER_LEG * leg_length, 1e-9)
    # A face's bones pivot as high as the head does, but deeper down the tree.
    depths = np.array([len(tree.path(top, bone)) for bone in central])
    head = central[int(np.argmin(np.abs(shares - _HEAD_SHARE) + _DEPTH_COST * depths))]
    return Anchor(head, _UNNAMED) if "neck" not in names[head].parts else None


def _central_bones(
    tree: BoneTree, bones: Sequence[int], middle: np.ndarray, across: np.ndarray
) -> list[int]:
    """Those of ``bones`` that begin half-way ``across`` the shoulders, with all that they carry."""
    farthest = _MIDLINE * float(across @ across)
    return [
        bone
        for bone in bones
        if abs((tree.rest_pose.heads[bone] - middle) @ across) < farthest
        and abs((tree.reach(bone).mean(axis=0) - middle) @ across) < farthest
    ]
