"""How many roles automatic mapping gets right, rig by rig: run it to see the table.

``python -m tests.core.retarget.mapping_table``, from the repository's root.
"""

from __future__ import annotations

import numpy as np

from core.errors import LiftError
from core.retarget.automatic_map import find_bone_map
from core.retarget.bone_map import BoneMap
from core.retarget.scheme import SCHEME_NAMES, load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import RestPose
from tests.core.retarget.example_rig import (
    LENGTHS,
    count_right,
    in_an_odd_pose,
    renamed,
    scrambled,
    with_clutter,
    without_meaning,
)
from tests.core.retarget.example_scheme import UNKNOWN_SCHEMES


def find_or_none(rest: RestPose) -> BoneMap | None:
    try:
        return find_bone_map(rest).bone_map
    except LiftError:
        return None


def rigs_of(rest: RestPose, truth: BoneMap) -> dict[str, tuple[RestPose, BoneMap]]:
    """One rig in the ways that the table has columns for."""
    rng = np.random.default_rng(7)
    cluttered = with_clutter(rest, truth)
    silent_names = {name: f"Bone.{bone:03d}" for bone, name in enumerate(cluttered.bone_names)}
    return {
        "as it is": (rest, truth),
        "scrambled, more bones": (scrambled(cluttered, rng), truth),
        "odd pose, more bones": (scrambled(in_an_odd_pose(cluttered, rng), rng), truth),
        "no names": without_meaning(rest, truth),
        "no names, more bones": renamed(cluttered, truth, silent_names),
    }


def table() -> list[str]:
    """The table's lines: required roles right, other roles right, wrong ones."""
    lines: list[str] = []
    for scheme in (*map(load_scheme, SCHEME_NAMES), *UNKNOWN_SCHEMES):
        rigs = rigs_of(scheme_rest_pose(scheme, LENGTHS), scheme.bone_map)
        if not lines:
            lines.append(f"{'rig':<20}" + "".join(f"{way:>26}" for way in rigs))
        cells: list[str] = []
        for rest, truth in rigs.values():
            counts = count_right(find_or_none(rest), truth)
            required = f"{counts['required right']}/{counts['required']}"
            other = f"{counts['other right']}/{counts['other']}"
            cells.append(f"{required} + {other}, {counts['wrong']} wrong")
        lines.append(f"{scheme.name:<20}" + "".join(f"{cell:>26}" for cell in cells))
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
