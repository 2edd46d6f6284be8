"""An object's own F-curves, where it carries a person's travel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from ..core.filters.decimation import decimate
from ..core.geometry import quaternion
from ..core.geometry.rotation_mode import RotationMode, from_curve_values, to_curve_values
from ..core.retarget.travel import Travel
from .bone_curve import num_components, rotation_mode_of, rotation_path

_STAND_KEYS = "lift_stand_location", "lift_stand_rotation"


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """Where an object stands before it travels: ``location`` (3,), ``rotation`` (4,) wxyz, its own."""

    location: np.ndarray
    rotation: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCurves:
    """The values of an object's location and rotation at every frame, and which frames get keys.

    From ``stand`` on: ``locations`` (T,3) in its parent's units of ``metres_per_unit``, ``rotations``
    (T,C) in ``mode``; ``location_rows`` and ``rotation_rows`` (K,); ``max_error_m`` what the frames
    without keys add to the error of any joint, at most.
    """

    stand: Stand
    mode: RotationMode
    locations: np.ndarray
    rotations: np.ndarray
    metres_per_unit: float
    location_rows: np.ndarray
    rotation_rows: np.ndarray
    max_error_m: float = 0.0


def stand_of(rig: bpy.types.Object, action: bpy.types.Action | None) -> Stand:
    """Where ``rig`` stood before ``action`` was baked, if that makes it travel; else where it is."""
    if action is not None and all(key in action for key in _STAND_KEYS):
        location, rotation = (np.array(action[key].to_list()) for key in _STAND_KEYS)
        return Stand(location, rotation)
    mode = rotation_mode_of(rig)
    values = np.array(getattr(rig, rotation_path(mode)))
    return Stand(np.array(rig.location), from_curve_values(values, mode))


def stage_at(rig: bpy.types.Object, stand: Stand) -> Matrix:
    """From the stage to the world while ``rig`` is at ``stand``: that place, and the turn about z.

    Its ``matrix_world`` is up to date; what holds it (parent, constraints) counts as it is now.
    """
    holder, own_to_world = _holder_of(rig)
    place = holder @ (Vector(stand.location.tolist()) + rig.delta_location)
    turn = _heading(quaternion.multiply(own_to_world, stand.rotation))
    return Matrix.LocRotScale(place, Quaternion(turn.tolist()), None)


def remember_stand(action: bpy.types.Action, stand: Stand) -> None:
    """Write into ``action`` where its object stood, for when it is baked again."""
    for key, values in zip(_STAND_KEYS, (stand.location, stand.rotation), strict=True):
        action[key] = values.tolist()


def put_back(rig: bpy.types.Object, action: bpy.types.Action) -> None:
    """Let ``rig`` stand where it stood before ``action`` made it travel, and forget where that was."""
    if not all(key in action for key in _STAND_KEYS):
        return
    stand = stand_of(rig, action)
    mode = rotation_mode_of(rig)
    values: Sequence[Any] = to_curve_values(stand.rotation[None], mode)[0].tolist()
    rig.location = stand.location.tolist()
    setattr(rig, rotation_path(mode), values)
    for key in _STAND_KEYS:
        del action[key]


def travel_curves(
    rig: bpy.types.Object,
    travel: Travel,
    stand: Stand,
    *,
    scale: float,
    near: Callable[[str, int], np.ndarray | None] | None,
) -> ObjectCurves:
    """How ``rig`` goes from its stand: the stage lies there, turned about z as the object is.

    Parameters
    ----------
    rig : bpy.types.Object
        Whose ``matrix_world`` is up to date; what holds it (parent, constraints) counts as it is now.
    travel : Travel
        Positions (T,3) m and headings (T,) rad in stage space.
    stand : Stand
    scale : float
        Metres per unit of the armature's own space.
    near : callable
        From a data path and its number of components C to (C,) values that the first frame's are to
        be near to, if there are any; else they are near to the stand's.
    """
    mode = rotation_mode_of(rig)
    holder, own_to_world = _holder_of(rig)
    # Turning about the world's z before the stand's rotation is turning about it as it stands.
    turns = quaternion.multiply(
        quaternion.conjugate(own_to_world), quaternion.multiply(travel.rotations, own_to_world)
    )
    metres_per_world_unit = scale / _mean_scale(rig.matrix_world)
    stage = _heading(quaternion.multiply(own_to_world, stand.rotation))
    steps_world = quaternion.rotate(stage, travel.positions) / metres_per_world_unit
    world_to_holder = np.array(holder.inverted().to_3x3())
    rows = np.arange(len(travel.headings))
    beside = None if near is None else near(rotation_path(mode), num_components(mode))
    if beside is None:
        beside = to_curve_values(stand.rotation[None], mode)[0]
    return ObjectCurves(
        stand=stand,
        mode=mode,
        locations=stand.location + steps_world @ world_to_holder.T,
        rotations=to_curve_values(quaternion.multiply(turns, stand.rotation), mode, near=beside),
        metres_per_unit=metres_per_world_unit * _mean_scale(holder),
        location_rows=rows,
        rotation_rows=rows,
    )


def reduce_travel(curves: ObjectCurves, *, reach_m: float, max_error_m: float) -> ObjectCurves:
    """The same with few keys, which move nothing within ``reach_m`` of the object by more than the bound.

    Location and rotation get half of ``max_error_m`` each.
    """
    exact = from_curve_values(curves.rotations, curves.mode)

    def location_error(values: np.ndarray) -> np.ndarray:
        return curves.metres_per_unit * np.linalg.norm(values - curves.locations, axis=-1)

    def rotation_error(values: np.ndarray) -> np.ndarray:
        wrong_turn = quaternion.between(exact, from_curve_values(values, curves.mode))
        return 2.0 * reach_m * np.linalg.norm(wrong_turn[:, 1:], axis=-1)

    share_m = 0.5 * max_error_m
    location_rows, locations = decimate(curves.locations, lambda x: location_error(x) / share_m)
    rotation_rows, rotations = decimate(curves.rotations, lambda x: rotation_error(x) / share_m)
    return replace(
        curves,
        location_rows=location_rows,
        rotation_rows=rotation_rows,
        max_error_m=float(np.max(location_error(locations) + rotation_error(rotations))),
    )


def _holder_of(rig: bpy.types.Object) -> tuple[Matrix, np.ndarray]:
    """What holds ``rig``, and (4,) wxyz from its own rotation to the world."""
    holder = rig.matrix_world @ rig.matrix_basis.inverted()
    delta = _delta_rotation(rig, rotation_mode_of(rig))
    return holder, quaternion.multiply(np.array(holder.to_quaternion()), delta)


def _delta_rotation(rig: bpy.types.Object, mode: RotationMode) -> np.ndarray:
    """(4,) wxyz: the delta that Blender applies over the object's own rotation."""
    if mode == "QUATERNION":
        return quaternion.normalise(np.array(rig.delta_rotation_quaternion))
    if mode == "AXIS_ANGLE":
        # Blender has one, but shows it nowhere.
        return quaternion.IDENTITY
    return from_curve_values(np.array(rig.delta_rotation_euler), mode)


def _heading(rotation: np.ndarray) -> np.ndarray:
    """(4,) wxyz: the turn about z that is left of ``rotation`` when its tilt is taken away."""
    return quaternion.normalise(rotation * np.array([1.0, 0.0, 0.0, 1.0]))


def _mean_scale(matrix: Matrix) -> float:
    return sum(matrix.to_scale()[:]) / 3.0
