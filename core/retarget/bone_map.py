"""Which bones play which part: the roles of a humanoid, as data.

A role is played by a chain of bones, parent to child: three spine bones, two neck bones, an upper
arm of a bend and a twist bone. Roles are the default humanoid's own bone names, and three kinds
more: ``root``, a bone above the hips that may carry the travel; the fingers, each a chain of its
phalanges without the metacarpal; and twist helpers, which hang beside a limb's chain and are listed
apart. Bones without a role keep their rest pose relative to their parent.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from ..errors import LiftError
from ..types import RestPose

SIDE_SUFFIXES = (".L", ".R")
FINGERS = ("thumb", "index", "middle", "ring", "pinky")

_MIDLINE_ROLES = ("hips", "spine", "chest", "neck", "head")
_SIDE_ROLES = ("shoulder", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toes")


def _both_sides(*roles: str) -> tuple[str, ...]:
    return tuple(f"{role}{suffix}" for suffix in SIDE_SUFFIXES for role in roles)


BODY_ROLES: tuple[str, ...] = (*_MIDLINE_ROLES, *_both_sides(*_SIDE_ROLES))
"""Every role of the default humanoid, parents before children."""

ROLES: tuple[str, ...] = ("root", *BODY_ROLES, *_both_sides(*FINGERS))
"""Every role there is, parents before children."""

REQUIRED_ROLES: tuple[str, ...] = (
    "hips",
    "chest",
    *_both_sides("upper_arm", "forearm", "thigh", "shin", "foot"),
)
"""The least that can be driven. Where there is one trunk bone alone, it is the chest: the one that
the arms hang from."""

TWISTED_ROLES: tuple[str, ...] = _both_sides("upper_arm", "forearm", "thigh", "shin")
"""The roles whose twist may be handed on to helper bones."""

_PARENT_PARTS = {
    "hips": "root",
    "spine": "hips",
    "chest": "spine",
    "neck": "chest",
    "head": "neck",
    "shoulder": "chest",
    "upper_arm": "shoulder",
    "forearm": "upper_arm",
    "hand": "forearm",
    "thigh": "hips",
    "shin": "thigh",
    "foot": "shin",
    "toes": "foot",
    **dict.fromkeys(FINGERS, "hand"),
}


def side_of(role: str) -> str:
    """``.L``, ``.R`` or, on the midline, an empty string."""
    return role[-2:] if role.endswith(SIDE_SUFFIXES) else ""


def parent_role(role: str) -> str | None:
    """The role that ``role`` hangs from in a complete humanoid; None for the root."""
    side = side_of(role)
    part = _PARENT_PARTS.get(role.removesuffix(side))
    if part is None:
        return None
    return part + side if part + side in ROLES else part


def nearest_parent_role(role: str, present: Container[str]) -> str | None:
    """The first of the roles above ``role`` that is ``present``; None where there is none."""
    above = parent_role(role)
    while above is not None and above not in present:
        above = parent_role(above)
    return above


@dataclass(frozen=True)
class BoneMap:
    """The bone names of one kind of rig.

    ``bones`` maps roles to chains of bone names, parent to child, and has every one of
    ``REQUIRED_ROLES``; ``twists`` maps some of ``TWISTED_ROLES`` to the helper bones beside their
    chain, in the order in which they lie along it.
    """

    name: str
    bones: Mapping[str, tuple[str, ...]]
    twists: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def __post_init__(self) -> None:
        missing = [role for role in REQUIRED_ROLES if role not in self.bones]
        if missing:
            raise LiftError(
                f"bone map {self.name!r}: expected bones for hips, chest, both arms (upper_arm, "
                f"forearm) and both legs (thigh, shin, foot), missing {', '.join(missing)}"
            )
        for kind, chains, known in (
            ("role", self.bones, ROLES),
            ("role with twist bones", self.twists, TWISTED_ROLES),
        ):
            for role, chain in chains.items():
                if role not in known:
                    raise LiftError(
                        f"bone map {self.name!r}: expected a {kind} of {', '.join(known)}, "
                        f"found {role!r}"
                    )
                if not chain:
                    raise LiftError(f"bone map {self.name!r}: expected a bone for {role}")
        self._check_that_bones_differ()
        # Its own read-only copies: a frozen map must not change with the caller's dictionaries.
        object.__setattr__(self, "bones", MappingProxyType(dict(self.bones)))
        object.__setattr__(self, "twists", MappingProxyType(dict(self.twists)))

    def _check_that_bones_differ(self) -> None:
        role_of_bone: dict[str, str] = {}
        for chains in (self.bones, self.twists):
            for role, chain in chains.items():
                for bone in chain:
                    if bone in role_of_bone:
                        raise LiftError(
                            f"bone map {self.name!r}: expected every role to have bones of its "
                            f"own, found {bone!r} for {role_of_bone[bone]} and {role}"
                        )
                    role_of_bone[bone] = role

    def indices(self, rest_pose: RestPose) -> dict[str, tuple[int, ...]]:
        """The indices of each role's bones in ``rest_pose``, parent to child.

        The armature may have any number of roots and other bones besides.

        Raises
        ------
        LiftError
            When the rest pose lacks a bone, a chain is none, or roles hang the wrong way round.
        """
        indices = self._find(self.bones, rest_pose)
        for role, chain in indices.items():
            for upper, lower in pairwise(chain):
                if not _is_above(rest_pose, upper, lower):
                    raise self._wrong_order(rest_pose, (role, upper), (role, lower))
            above = nearest_parent_role(role, indices)
            if above is not None and _is_above(rest_pose, chain[0], indices[above][-1]):
                raise self._wrong_order(rest_pose, (above, indices[above][-1]), (role, chain[0]))
        return indices

    def twist_indices(self, rest_pose: RestPose) -> dict[str, tuple[int, ...]]:
        """The indices of each role's twist helpers in ``rest_pose``.

        Raises
        ------
        LiftError
            When the rest pose lacks one.
        """
        return self._find(self.twists, rest_pose)

    def _find(
        self, chains: Mapping[str, tuple[str, ...]], rest_pose: RestPose
    ) -> dict[str, tuple[int, ...]]:
        index_of = {name: index for index, name in enumerate(rest_pose.bone_names)}
        lacking = [bone for chain in chains.values() for bone in chain if bone not in index_of]
        if lacking:
            raise LiftError(
                f"bone map {self.name!r}: expected the armature to have {', '.join(lacking)}"
            )
        return {role: tuple(index_of[bone] for bone in chain) for role, chain in chains.items()}

    def _wrong_order(
        self, rest_pose: RestPose, upper: tuple[str, int], lower: tuple[str, int]
    ) -> LiftError:
        (upper_role, above), (lower_role, below) = upper, lower
        names = rest_pose.bone_names
        is_cyclic = _is_above(rest_pose, below, above)
        found = "it hangs above it: the map is cyclic" if is_cyclic else "it hangs elsewhere"
        return LiftError(
            f"bone map {self.name!r}: expected {lower_role} ({names[below]!r}) to hang below "
            f"{upper_role} ({names[above]!r}), found that {found}"
        )


def _is_above(rest_pose: RestPose, upper: int, lower: int) -> bool:
    """Whether bone ``upper`` is an ancestor of bone ``lower``."""
    bone = rest_pose.parents[lower]
    while bone > upper:
        bone = rest_pose.parents[bone]
    return bone == upper


HUMANOID = BoneMap(name="humanoid", bones={role: (role,) for role in BODY_ROLES})
"""The default armature's own names."""
