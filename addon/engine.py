"""What game engines want of an FBX file, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EngineName = Literal["unity", "unreal"]


@dataclass(frozen=True, slots=True)
class EnginePreset:
    """How a character goes into an engine.

    ``units_per_metre`` of the file's numbers; ``metres_per_unit`` of the scene while it is written, which
    the exporter turns into the file's unit; ``scale_options`` where the exporter writes that unit.
    """

    units_per_metre: float
    metres_per_unit: float
    scale_options: Literal["FBX_SCALE_NONE", "FBX_SCALE_ALL"]


ENGINE_PRESETS: dict[EngineName, EnginePreset] = {
    # Metres, told by the file itself: no object arrives with a scale of 100.
    "unity": EnginePreset(1.0, 1.0, "FBX_SCALE_ALL"),
    # Centimetres in the numbers themselves: a scale of 100 on the root would spoil its physics.
    "unreal": EnginePreset(100.0, 0.01, "FBX_SCALE_NONE"),
}
"""Both Y up, -Z forward, deforming bones alone, no leaf bones."""

ENGINE_ARMATURE_NAME = "Armature"
"""Unreal leaves an object of this name out of the skeleton; in Unity clips find a character's bones by
path, so it must be the same in every file."""
