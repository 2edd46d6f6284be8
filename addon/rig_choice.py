"""Whose bones are to move, and how the motion is put on them: chosen before Blender is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from ..core.errors import LiftError
from ..core.retarget.retarget import RetargetSettings
from ..core.retarget.scheme import SCHEME_NAMES
from .engine import EngineName

BakeTarget = Literal["action", "nla", "range"]

DEFAULT_SCHEME = "default"


@dataclass(frozen=True, slots=True)
class RigChoice:
    """A new armature or one that is there already.

    ``scheme``: build an armature with these bone names, hierarchy and rest pose. None: take the
    armature ``object_name`` (None: the only one) of the file ``blend`` (None: the one that is open), with
    the ``bone_map`` of a scheme's name or a JSON file (None: found by itself).
    """

    scheme: str | None = DEFAULT_SCHEME
    blend: Path | None = None
    object_name: str | None = None
    bone_map: str | Path | None = None


@dataclass(frozen=True, slots=True)
class AnimationSettings:
    """How the motion is baked.

    ``scene_fps`` Hz (None: the clip's); ``start_frame`` of the first pose; ``frame_step`` scene frames
    from key to key; ``target``: a new action, an NLA strip or a range of the present action;
    ``reduce_mm``: keys are left out while no joint moves by more; ``has_t_pose``: one
    frame before the first; ``mutes_constraints`` of driven bones; ``engine`` whose way FBX files go.
    """

    scene_fps: Fraction | None = None
    start_frame: int = 1
    frame_step: int = 1
    retarget: RetargetSettings = field(default_factory=RetargetSettings)
    target: BakeTarget = "action"
    reduce_mm: float | None = None
    has_t_pose: bool = False
    mutes_constraints: bool = False
    engine: EngineName | None = None


def choose_rig(values: Sequence[str], object_name: str | None) -> RigChoice:
    """What the values of ``--rig`` (NAME, FILE.json, FILE.blend) and ``--rig-object`` ask for together.

    Raises
    ------
    LiftError
        When they do not go together, or a name is no scheme's.
    """
    blends = [Path(value) for value in values if value.lower().endswith(".blend")]
    files = [Path(value) for value in values if value.lower().endswith(".json")]
    names = [value for value in values if not value.lower().endswith((".blend", ".json"))]
    for name in names:
        if name not in SCHEME_NAMES:
            raise LiftError(
                f"--rig {name}: expected one of {', '.join(SCHEME_NAMES)}, or a file that ends in "
                ".blend or .json"
            )
    if len(blends) > 1:
        raise LiftError("--rig: expected one .blend file")
    if len(files) + len(names) > 1:
        raise LiftError("--rig: expected one bone map, a name or a .json file")
    bone_map = (*files, *names)[0] if files or names else None
    if blends or object_name is not None:
        blend = blends[0] if blends else None
        return RigChoice(scheme=None, blend=blend, object_name=object_name, bone_map=bone_map)
    if files:
        raise LiftError(
            f"--rig {files[0]}: a bone map is for an armature: give --rig FILE.blend or --rig-object too"
        )
    return RigChoice(scheme=names[0] if names else DEFAULT_SCHEME)
