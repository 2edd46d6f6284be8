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
    # Metres; the file's UnitScaleFactor of 100 says so.
    "unity": EnginePreset(1.0, 1.0, "FBX_SCALE_ALL"),
    # Centimetres, FBX's own unit: UnitScaleFactor 1.
    "unreal": EnginePreset(100.0, 0.01, "FBX_SCALE_NONE"),
}
"""Measured in the files: every object and bone has scale 1 (without a preset the armature has 100), Y is
up, the front along Z; the change of axes is a quarter turn about X on the armature and on bound meshes. One
skeleton of deforming bones, no leaf bones, the animation called as the clip."""

ENGINE_ARMATURE_NAME = "Armature"
"""The object's name in every file. Unreal is said to leave an object of this name out of the skeleton; that
was not tried here."""
