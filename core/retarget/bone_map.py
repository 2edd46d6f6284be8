"""Which bone plays which part: the roles of a humanoid, as data.

Roles are the default humanoid's own bone names. Another rig's map names its bones for the same
roles; bones without a role keep their rest pose relative to their parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..errors import LiftError
from ..types import RestPose

_MIDLINE_ROLES = ("hips", "spine", "chest", "neck", "head")
_SIDE_ROLES = ("shoulder", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toes")

ROLES: tuple[str, ...] = (
    *_MIDLINE_ROLES,
    *(f"{role}.L" for role in _SIDE_ROLES),
    *(f"{role}.R" for role in _SIDE_ROLES),
)
"""Every role, parents before children."""


@dataclass(frozen=True)
class BoneMap:
    """The bone names of one kind of rig: ``bones`` maps every role to the name of its bone."""

    name: str
    bones: Mapping[str, str]

    def __post_init__(self) -> None:
        missing = [role for role in ROLES if role not in self.bones]
        unknown = [role for role in self.bones if role not in ROLES]
        if missing or unknown:
            raise LiftError(
                f"bone map {self.name!r}: expected one bone for each role, found "
                f"missing {missing}, unknown {unknown}"
            )
        if len(set(self.bones.values())) != len(self.bones):
            raise LiftError(f"bone map {self.name!r}: expected a bone of its own for each role")
        # Its own read-only copy: a frozen map must not change with the caller's dictionary.
        object.__setattr__(self, "bones", MappingProxyType(dict(self.bones)))

    def indices(self, rest_pose: RestPose) -> dict[str, int]:
        """The index of each role's bone in ``rest_pose``.

        Raises
        ------
        LiftError
            When the rest pose lacks a bone, or the hips' bone is not its only root.
        """
        names = rest_pose.bone_names
        lacking = [bone for bone in self.bones.values() if bone not in names]
        if lacking:
            raise LiftError(
                f"bone map {self.name!r}: expected the armature to have {', '.join(lacking)}"
            )
        roots = [name for name, parent in zip(names, rest_pose.parents, strict=True) if parent < 0]
        if roots != [self.bones["hips"]]:
            raise LiftError(
                f"bone map {self.name!r}: expected {self.bones['hips']!r} as the only root bone, "
                f"found {', '.join(roots)}"
            )
        return {role: names.index(bone) for role, bone in self.bones.items()}


HUMANOID = BoneMap(name="humanoid", bones={role: role for role in ROLES})
"""The default armature's own names."""
