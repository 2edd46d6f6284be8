"""What of a rig object's transform is the stage's, its place and turn, and what is the rig's own."""

from __future__ import annotations

from typing import cast

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from ..core.errors import LiftError
from ..core.geometry import quaternion
from ..core.geometry.swing_twist import split_swing_twist
from .access import armature_of

_UP = np.array([0.0, 0.0, 1.0])
_LARGEST_STRETCH = 0.01
_SMALLEST_SCALE = 1e-6


def check_usable(rig: bpy.types.Object) -> None:
    """Raise LiftError for what is no armature of this file that can be animated now."""
    if rig.type != "ARMATURE":
        raise LiftError(f"object {rig.name!r}: expected an armature, found a {rig.type.lower()}")
    armature = armature_of(rig)
    for block in (rig, armature):
        # The stubs hold that a library is always there.
        library = cast("bpy.types.Library | None", block.library)
        if library is not None:
            raise LiftError(
                f"armature {rig.name!r} is linked from {library.filepath}: make it local "
                "(Object > Relations > Make Local > All), or open that file"
            )
        if block.override_library is not None:
            raise LiftError(
                f"armature {rig.name!r} is a library override: make it local (Object > Relations > "
                "Make Local > All), or open the file that it comes from"
            )
    if rig.mode == "EDIT" or armature.is_editmode:
        raise LiftError(f"armature {rig.name!r} is in Edit Mode: leave it first (Tab)")
    if not armature.bones:
        raise LiftError(f"armature {rig.name!r} has no bones: add them, or pick another armature")


def tilt_and_scale(rig: bpy.types.Object) -> tuple[np.ndarray, float]:
    """What takes the armature's own space to the stage: (4,) wxyz, and m per unit.

    The rest of the object's transform, its place and its turn about z, is the stage's own.

    Raises
    ------
    LiftError
        When the scale is zero, negative or uneven.
    """
    linear = np.array(rig.matrix_world.to_3x3())
    left, stretches, right = np.linalg.svd(linear)
    told = ", ".join(f"{length:.4g}" for length in np.linalg.norm(linear, axis=0))
    scale = float(np.cbrt(np.prod(stretches)))
    where = f"armature {rig.name!r}: expected an object with an even, positive scale, found"
    cure = "apply it (Object > Apply > Scale), its parents' too"
    if stretches.min() < _SMALLEST_SCALE:
        raise LiftError(f"{where} zero ({told}): set it to 1")
    if np.linalg.det(linear) < 0.0:
        raise LiftError(f"{where} a mirrored one: {cure}")
    if stretches.max() / stretches.min() > 1.0 + _LARGEST_STRETCH:
        raise LiftError(f"{where} an uneven one ({told}): {cure}")
    turn = quaternion.from_matrix(left @ right)
    return quaternion.multiply(quaternion.conjugate(_turn_about_up(turn)), turn), scale


def stage_of(rig: bpy.types.Object) -> Matrix:
    """From the stage to the world: where ``rig`` stands now, and which way it is turned."""
    turn = _turn_about_up(np.array(rig.matrix_world.to_quaternion()))
    return Matrix.LocRotScale(rig.matrix_world.translation, Quaternion(turn.tolist()), None)


def _turn_about_up(rotation: np.ndarray) -> np.ndarray:
    return split_swing_twist(rotation, _UP)[1]
