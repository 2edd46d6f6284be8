"""What of a motion a rig's F-curves can hold: rotation modes, locks, connections, location axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..core.geometry.euler import from_euler, to_euler
from ..core.geometry.quaternion import normalise
from ..core.geometry.rotation_mode import RotationMode, from_curve_values, to_curve_values
from ..core.retarget.kinematics import local_locations
from ..core.retarget.pose_curve import PoseCurves
from ..core.types import BoneMotion
from .access import pose_of

_MOVES_M = 1e-4
_TURNS = 1e-3
_BONES_NAMED = 8


@dataclass(frozen=True, slots=True, eq=False)
class RigCurves:
    """What is written, and what cannot be.

    ``pose`` has every value at every frame, locked ones as they stand on the rig;
    ``rotation_components`` and ``location_components`` by bone: those that no lock keeps;
    ``scale`` metres per unit of the armature's own space.
    """

    pose: PoseCurves
    rotation_components: tuple[tuple[int, ...], ...]
    location_components: dict[int, tuple[int, ...]]
    scale: float
    warnings: tuple[str, ...]


def read_rig_curves(
    rig: bpy.types.Object,
    motion: BoneMotion,
    *,
    scale: float,
    near: Callable[[str, int], np.ndarray | None] | None,
) -> RigCurves:
    """The F-curve values that show ``motion`` on ``rig``, as far as its settings let them.

    Parameters
    ----------
    rig : bpy.types.Object
        An armature with the bones of ``motion.rest_pose``.
    motion : BoneMotion
        Rotations (T,B,4) wxyz local to rest, positions m.
    scale : float
        Metres per unit of the armature's own space.
    near : callable
        From a data path and its number of components C to (C,) values that the first frame's are to
        be near to, if there are any.
    """
    modes: list[RotationMode] = []
    rotations: list[np.ndarray] = []
    free: list[tuple[int, ...]] = []
    locked: set[str] = set()
    for bone, name in enumerate(motion.rest_pose.bone_names):
        pose_bone = pose_of(rig).bones[name]
        mode = rotation_mode_of(pose_bone)
        path = pose_bone.path_from_id(rotation_path(mode))
        beside = None if near is None else near(path, num_components(mode))
        values, components = _rotation_values(pose_bone, mode, motion.rotations[:, bone], beside)
        if len(components) < values.shape[-1] or any(pose_bone.lock_rotation):
            held = from_curve_values(values, mode)
            if not _is_same_rotation(held, motion.rotations[:, bone]):
                locked.add(name)
        modes.append(mode)
        rotations.append(values)
        free.append(components)
    locations, free_locations, locked_in_place, connected = _read_locations(rig, motion, scale)
    return RigCurves(
        PoseCurves(motion.rest_pose, tuple(modes), tuple(rotations), locations),
        tuple(free),
        free_locations,
        scale,
        _warnings(
            rig,
            [name for name in motion.rest_pose.bone_names if name in locked | locked_in_place],
            connected,
        ),
    )


def rotation_mode_of(animated: bpy.types.Object | bpy.types.PoseBone) -> RotationMode:
    """How ``animated`` holds its rotation: Blender's names are ours."""
    return animated.rotation_mode


def rotation_path(mode: RotationMode) -> str:
    """The property that holds a rotation in ``mode``."""
    paths = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    return paths.get(mode, "rotation_euler")


def num_components(mode: RotationMode) -> int:
    """How many F-curves a rotation in ``mode`` has."""
    return 4 if mode in ("QUATERNION", "AXIS_ANGLE") else 3


def location_values(
    pose_bone: bpy.types.PoseBone, locations: np.ndarray, *, scale: float
) -> np.ndarray:
    """(T,3) in the armature's units and the axes that the bone's location has, of (T,3) m.

    ``locations`` are along the bone's own rest axes.
    """
    return locations @ _location_axes(pose_bone).T / scale


def _rotation_values(
    pose_bone: bpy.types.PoseBone,
    mode: RotationMode,
    rotations: np.ndarray,
    near: np.ndarray | None,
) -> tuple[np.ndarray, tuple[int, ...]]:
    """(T,C) values with the locked ones as they stand, and which are free."""
    values = to_curve_values(rotations, mode, near=near)
    present = np.array(getattr(pose_bone, rotation_path(mode)))
    locks = np.array(pose_bone.lock_rotation)
    if len(present) == 4 and pose_bone.lock_rotations_4d:
        locks = np.array([pose_bone.lock_rotation_w, *locks])
    elif len(present) == 4 and locks.all():
        locks = np.ones(4, dtype=bool)
    elif len(present) == 4 and locks.any():
        # As Blender's own tools do: three locks are of the Euler angles, in whatever mode.
        held = _with_held_angles(rotations, from_curve_values(present, mode), locks)
        values = to_curve_values(held, mode, near=near)
        locks = np.zeros(4, dtype=bool)
    elif len(present) == 4:
        locks = np.zeros(4, dtype=bool)
    if locks.any():
        values = np.where(locks, present, values)
    return values, tuple(np.flatnonzero(~locks).tolist())


def _with_held_angles(rotations: np.ndarray, present: np.ndarray, locks: np.ndarray) -> np.ndarray:
    """(T,4) wxyz: ``rotations`` with the ``locks`` (3,) of their XYZ angles as in ``present`` (4,)."""
    angles = to_euler(rotations, "XYZ")
    angles[:, locks] = to_euler(present[None], "XYZ")[0, locks]
    return from_euler(angles, "XYZ")


def _is_same_rotation(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two motions (T,4) wxyz are the same but for rounding."""
    cosines = np.abs(np.sum(first * normalise(second), axis=-1))
    return bool(cosines.min() > 1.0 - 0.5 * (0.5 * _TURNS) ** 2)


def _read_locations(
    rig: bpy.types.Object, motion: BoneMotion, scale: float
) -> tuple[dict[int, np.ndarray], dict[int, tuple[int, ...]], set[str], list[str]]:
    """Locations (T,3) m and free components by bone; names of locked and of connected bones."""
    locations: dict[int, np.ndarray] = {}
    free: dict[int, tuple[int, ...]] = {}
    locked: set[str] = set()
    connected: list[str] = []
    for bone, wanted in local_locations(motion).items():
        name = motion.rest_pose.bone_names[bone]
        pose_bone = pose_of(rig).bones[name]
        if pose_bone.parent is not None and pose_bone.bone.use_connect:
            if np.abs(wanted).max() > _MOVES_M:
                connected.append(name)
            continue
        axes = _location_axes(pose_bone)
        values = wanted @ axes.T
        locks = np.array(pose_bone.lock_location)
        values[:, locks] = scale * np.array(pose_bone.location)[locks]
        locations[bone] = values @ axes
        free[bone] = tuple(np.flatnonzero(~locks).tolist())
        if np.abs(locations[bone] - wanted).max() > _MOVES_M:
            locked.add(name)
    return locations, free, locked, connected


def _location_axes(pose_bone: bpy.types.PoseBone) -> np.ndarray:
    """(3,3): from a bone's own rest axes to those that its location is measured along."""
    bone = pose_bone.bone
    if bone.use_local_location:
        return np.eye(3)
    own = np.array(bone.matrix_local.to_3x3())
    if bone.parent is None:
        return own
    return np.array(bone.parent.matrix_local.to_3x3()).T @ own


def _warnings(
    rig: bpy.types.Object, locked: Sequence[str], connected: Sequence[str]
) -> tuple[str, ...]:
    warnings: list[str] = []
    if locked:
        warnings.append(
            f"armature {rig.name!r}: locked channels stay as they are, so these bones move otherwise "
            f"than was solved: {_listed(locked)}"
        )
    if connected:
        warnings.append(
            f"armature {rig.name!r}: these bones are connected to their parents and cannot travel: "
            f"{_listed(connected)}"
        )
    return tuple(warnings)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_BONES_NAMED])
    return shown if len(names) <= _BONES_NAMED else f"{shown} and {len(names) - _BONES_NAMED} more"
