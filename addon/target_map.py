"""Which bones of the chosen character play which part: found when the choice changes, then shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..core.errors import LiftError
from ..core.retarget.automatic_map import propose_bones
from ..core.types import RestPose
from .access import path_of
from .rig import choose_bone_map, read_rest_pose
from .translation import translate_core

if TYPE_CHECKING:
    from .properties import LIFT_PG_panel


def inspect_target(panel: LIFT_PG_panel) -> None:
    """Find the chosen character's bones and show them in the panel, or why it cannot be driven."""
    panel.target_parts.clear()
    panel.target_missing = panel.target_error = ""
    if panel.target != "OWN" or panel.rig is None:
        return
    chosen = path_of(panel.bone_map) if panel.bone_map else None
    try:
        rest_pose = read_rest_pose(panel.rig)
    except LiftError as error:
        panel.target_error = translate_core(str(error))
        return
    try:
        mapped = choose_bone_map(rest_pose, chosen)
    except LiftError as error:
        panel.target_error = translate_core(str(error))
        if chosen is None:
            _show_proposed(panel, rest_pose)
        return
    _show(panel, mapped.bone_map.bones, mapped.confidence, mapped.missing)


def _show_proposed(panel: LIFT_PG_panel, rest_pose: RestPose) -> None:
    """What was found of a character that cannot be driven: what is missing can be told from it."""
    proposed = propose_bones(rest_pose)
    _show(panel, proposed.bones, proposed.confidence, proposed.missing)


def _show(
    panel: LIFT_PG_panel,
    bones: Mapping[str, tuple[str, ...]],
    confidence: Mapping[str, float],
    missing: Iterable[str],
) -> None:
    for role, chain in bones.items():
        part = panel.target_parts.add()
        part.role, part.bones, part.confidence = role, ", ".join(chain), confidence[role]
    panel.target_missing = " ".join(missing)
