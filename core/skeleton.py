"""Joints, their parents and their mirror images."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Skeleton:
    """Named joints in a fixed order, each with its parent.

    Parameters
    ----------
    name : str
        What the joint set is called in reports and files.
    joint_names : tuple of str
        (J,) unique names.
    parents : tuple of int
        (J,) index of each joint's parent, -1 for a root. In a detector's own order a parent may
        stand after its child (``is_topological`` tells).
    joints_left, joints_right : tuple of int
        Indices of mirrored pairs: ``joints_left[i]`` mirrors ``joints_right[i]``.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    joints_left: tuple[int, ...]
    joints_right: tuple[int, ...]

    def __post_init__(self) -> None:
        num_joints = len(self.joint_names)
        assert len(set(self.joint_names)) == num_joints, f"{self.name}: joint names repeat"
        assert len(self.parents) == num_joints, f"{self.name}: {len(self.parents)} parents"
        assert all(-1 <= parent < num_joints for parent in self.parents), f"{self.name}: parents"
        assert len(self.joints_left) == len(self.joints_right), f"{self.name}: unpaired sides"

    @property
    def num_joints(self) -> int:
        """Number of joints J."""
        return len(self.joint_names)

    @property
    def is_topological(self) -> bool:
        """Whether every parent stands before its child."""
        return all(parent < joint for joint, parent in enumerate(self.parents))

    @cached_property
    def mirror(self) -> np.ndarray:
        """(J,) index of each joint's mirror image (itself on the midline)."""
        mirror = np.arange(self.num_joints)
        mirror[list(self.joints_left)] = self.joints_right
        mirror[list(self.joints_right)] = self.joints_left
        return mirror

    @cached_property
    def chains(self) -> np.ndarray:
        """(J,J) 1 where the column's joint lies on the row's path from the root, which is left out.

        What is given for the bone that ends at each joint, it adds up from the root. Topological
        skeletons of one root alone.
        """
        assert self.is_topological, f"{self.name}: a parent stands after its child"
        matrix = np.eye(self.num_joints)
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                matrix[joint] += matrix[parent]
        matrix[:, 0] = 0.0
        return matrix

    @property
    def bones(self) -> np.ndarray:
        """(B,2) pairs (parent, child) of every joint that has a parent."""
        pairs = [(parent, joint) for joint, parent in enumerate(self.parents) if parent >= 0]
        return np.array(pairs, dtype=int).reshape(-1, 2)

    def index(self, joint_name: str) -> int:
        """Index of ``joint_name``.

        Raises
        ------
        KeyError
            When the skeleton has no such joint.
        """
        try:
            return self.joint_names.index(joint_name)
        except ValueError:
            raise KeyError(f"{self.name} has no joint {joint_name!r}") from None

    def indices(self, *joint_names: str) -> list[int]:
        """Indices of several joints, in the order asked for."""
        return [self.index(joint_name) for joint_name in joint_names]


def skeleton_from_parent_names(name: str, joints: list[tuple[str, str | None]]) -> Skeleton:
    """A Skeleton from (joint, parent's name) pairs; ``left_x`` and ``right_x`` are paired by name."""
    names = tuple(joint for joint, _ in joints)
    parents = tuple(-1 if parent is None else names.index(parent) for _, parent in joints)
    left = [joint for joint in names if joint.startswith("left_")]
    mirrored = [joint.replace("left_", "right_", 1) for joint in left]
    return Skeleton(
        name=name,
        joint_names=names,
        parents=parents,
        joints_left=tuple(names.index(joint) for joint in left),
        joints_right=tuple(names.index(joint) for joint in mirrored),
    )


BODY_PART_NAMES: dict[str, tuple[str, ...]] = {
    "hips": ("hips", "hip", "pelvis"),
    "neck": ("lowerneck", "neck"),
    "head": ("head", "face"),
    "clavicle": ("collar", "clavicle", "shoulder"),
    "upper_arm": ("upperarm", "arm", "shldr", "humerus", "shoulder"),
    "lower_arm": ("forearm", "lowerarm", "radius", "elbow"),
    "hand": ("wrist", "hand"),
    "upper_leg": ("upleg", "upperleg", "thigh", "femur", "hip"),
    "lower_leg": ("leg", "lowerleg", "shin", "tibia", "calf", "knee"),
    "foot": ("foot", "ankle"),
    "toe": ("toebase", "toe", "toes", "ball"),
}
"""The one table of what body parts are called in BVH files and rigs: best name first, lower case,
without separators, prefixes or side."""

_MIDLINE_PARTS = ("hips", "neck", "head")


def find_body_parts(names: tuple[str, ...]) -> dict[str, int]:
    """Which joint or bone is which body part, told by its name.

    Parameters
    ----------
    names : tuple of str
        Joint or bone names as a file gives them: "mixamorig:LeftUpLeg", "lShldr", "thigh.L" ...

    Returns
    -------
    dict
        Part ("hips", "left_upper_arm" ...) to index; parts without a match are absent.
    """
    split_names = [_split_side(name) for name in names]
    found: dict[str, int] = {}
    for side in ("", "left_", "right_"):
        # Arms before collar bones: "shoulder" is a collar bone only where an arm is named too.
        parts = sorted(BODY_PART_NAMES, key=lambda part: part == "clavicle")
        for part in parts:
            if (part in _MIDLINE_PARTS) != (side == ""):
                continue
            for synonym in BODY_PART_NAMES[part]:
                if (side, synonym) in split_names:
                    index = split_names.index((side, synonym))
                    if index not in found.values():
                        found[side + part] = index
                        break
    return found


def _split_side(name: str) -> tuple[str, str]:
    """("left_" | "right_" | "", bare lower-case name) of a joint or bone name."""
    bare = name.rpartition(":")[2]
    lowered = re.sub(r"[^A-Za-z0-9]+", "_", bare).lower().strip("_")
    for side, pattern in (
        ("left_", r"^left_?(.+)$|^(.+?)_?left$|^(.+)_l$|^l_(.+)$"),
        ("right_", r"^right_?(.+)$|^(.+?)_?right$|^(.+)_r$|^r_(.+)$"),
    ):
        match = re.match(pattern, lowered)
        if match:
            return side, next(group for group in match.groups() if group).replace("_", "")
    # One glued letter, as in lShldr or rfemur, counts only before a known part.
    if lowered[:1] in ("l", "r") and lowered[1:] in _ALL_PART_NAMES:
        return ("left_" if lowered[0] == "l" else "right_"), lowered[1:]
    return "", lowered.replace("_", "")


_ALL_PART_NAMES = {synonym for names in BODY_PART_NAMES.values() for synonym in names}
