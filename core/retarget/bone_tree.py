"""An armature's hierarchy: what hangs from what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import RestPose


@dataclass(frozen=True, eq=False)
class BoneTree:
    """The bones of ``rest_pose`` as a tree, or as several; a bone is its index."""

    rest_pose: RestPose

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """(B,) the bones that hang from each bone."""
        children: list[list[int]] = [[] for _ in self.rest_pose.parents]
        for bone, parent in enumerate(self.rest_pose.parents):
            if parent >= 0:
                children[parent].append(bone)
        return tuple(map(tuple, children))

    def ancestors(self, bone: int) -> list[int]:
        """The bones above ``bone``, nearest first."""
        above: list[int] = []
        parent = self.rest_pose.parents[bone]
        while parent >= 0:
            above.append(parent)
            parent = self.rest_pose.parents[parent]
        return above

    def descendants(self, bone: int) -> list[int]:
        """The bones below ``bone``, parents before children."""
        below = list(self.children[bone])
        for child in below:
            below.extend(self.children[child])
        return below

    def path(self, upper: int, lower: int) -> list[int]:
        """The bones from ``upper`` to ``lower``, both included; none where they are not in a line."""
        line = [lower, *self.ancestors(lower)]
        return line[: line.index(upper) + 1][::-1] if upper in line else []

    def is_above(self, upper: int, lower: int) -> bool:
        """Whether ``lower`` hangs from ``upper``, directly or not."""
        return upper in self.ancestors(lower)

    def common_ancestor(self, *bones: int) -> int | None:
        """The lowest bone that is every one of ``bones`` or above it; None where there is none."""
        first, *others = ([bone, *self.ancestors(bone)] for bone in bones)
        return next((bone for bone in first if all(bone in line for line in others)), None)

    def reach(self, bone: int) -> np.ndarray:
        """(N, 3) m: the tail of ``bone``, and every point of the bones below it."""
        rest, below = self.rest_pose, self.descendants(bone)
        return np.concatenate([rest.tails[[bone]], rest.heads[below], rest.tails[below]])
