"""Which known rig an armature is, told by its bones' names."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import LiftError
from .bone_map import BODY_ROLES, BoneMap
from .bone_name import BoneName, plain_name
from .bone_tree import BoneTree
from .scheme import SCHEME_NAMES, RigScheme, load_scheme

_SURELY_TRUNK = 0.8
_COPY_PREFIXES = ("def", "org", "mch")


def match_scheme(tree: BoneTree, names: Sequence[BoneName]) -> BoneMap | None:
    """The map of the known rig that has most of its bones in the armature; None where none fits.

    All of a rig's body must be there, in a line as it should be; fingers, root and twist bones may
    be absent. Case, separators and what precedes the names are passed over; copies of bones that
    follow others (DEF-, ORG-, MCH-) come after a rig that is named plainly.
    """
    bone_of: dict[str, str] = {}
    for name in tree.rest_pose.bone_names:
        bone_of.setdefault(plain_name(name), name)
    best: tuple[tuple[bool, int], BoneMap] | None = None
    for scheme_name in SCHEME_NAMES:
        scheme = load_scheme(scheme_name)
        for prefix in _prefixes(scheme, bone_of):
            found = {
                bone.name: bone_of[key]
                for bone in scheme.bones
                if (key := prefix + _bare(scheme, bone.name)) in bone_of
            }
            bone_map = _present_map(scheme, found)
            rank = not prefix.endswith(_COPY_PREFIXES), len(found)
            is_better = best is None or rank > best[0]
            if is_better and bone_map is not None and _fits(tree, names, bone_map):
                best = rank, bone_map
    return best[1] if best is not None else None


def _bare(scheme: RigScheme, bone: str) -> str:
    return plain_name(bone.removeprefix(scheme.prefix))


def _prefixes(scheme: RigScheme, bone_of: dict[str, str]) -> list[str]:
    """What may stand before this rig's names in the armature: what precedes its hips."""
    hips = _bare(scheme, scheme.bone_map.bones["hips"][0])
    return sorted({key.removesuffix(hips) for key in bone_of if key.endswith(hips)}, key=len)


def _present_map(scheme: RigScheme, found: dict[str, str]) -> BoneMap | None:
    """The scheme's map in the armature's own names; None where a part of the body is not there."""
    bones: dict[str, tuple[str, ...]] = {}
    for role, chain in scheme.bone_map.bones.items():
        if all(bone in found for bone in chain):
            bones[role] = tuple(found[bone] for bone in chain)
        elif role in BODY_ROLES:
            return None
    twists = {
        role: present
        for role, helpers in scheme.bone_map.twists.items()
        if (present := tuple(found[bone] for bone in helpers if bone in found))
    }
    return BoneMap(name=scheme.name, bones=bones, twists=twists)


def _fits(tree: BoneTree, names: Sequence[BoneName], bone_map: BoneMap) -> bool:
    """Whether the chains are chains in the armature, and the trunk has no bones besides."""
    try:
        bones = bone_map.indices(tree.rest_pose)
    except LiftError:
        return False
    hips, top, arm = bones["hips"][-1], bones["chest"][-1], bones["upper_arm.L"][0]
    trunk = (*bones.get("spine", ()), *bones["chest"])
    between = [bone for bone in tree.path(hips, top)[1:] if not names[bone].is_helper]
    above = [names[bone].parts.get("spine", 0.0) for bone in tree.path(top, arm)[1:]]
    return tuple(between) == trunk and max(above, default=0.0) < _SURELY_TRUNK
