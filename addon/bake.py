"""Bone motion becomes an action: every F-curve is written in one go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import bpy
import numpy as np

from ..core.errors import LiftError
from ..core.retarget.key_reduction import ReducedKeys, reduce_keys
from ..core.retarget.kinematics import bone_transforms
from ..core.retarget.travel import Travel
from ..core.types import BoneMotion
from . import compat
from .access import action_of
from .action import (
    assign_empty_action,
    find_baked_action,
    open_present_action,
    push_to_nla,
    require_bakeable,
    value_beside,
    write_channel,
)
from .bone_curve import RigCurves, read_rig_curves
from .channel import Channel, KeyFrames, bone_channels, object_channels
from .object_curve import (
    ObjectCurves,
    put_back,
    reduce_travel,
    remember_stand,
    stand_of,
    travel_curves,
)
from .preparation import overruling_channels, require_names, rest_what_is_between, set_up
from .rig_choice import BakeTarget
from .rigify import Switch

_LAST_FRAME = 1048574
_HIGHEST_FPS = 32767
_TRAVEL_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class BakeSettings:
    """What a bake makes.

    ``action_name`` names the clip: baking it again onto the same rig replaces its action.
    ``frame_step`` scene frames lie between two frames of the motion. ``target``: an action of its
    own; that action on an NLA strip; or a range of the action that the rig has, where keys outside
    stay. ``reduce_mm`` leaves out keys as long as no joint moves by more. ``t_pose`` (B,4) wxyz local
    to rest stands on the frame before the first.
    """

    action_name: str
    start_frame: int = 1
    frame_step: int = 1
    target: BakeTarget = "action"
    reduce_mm: float | None = None
    t_pose: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Baked:
    """What a bake made: its ``action`` and how many keys that got, of ``num_keys_full`` unreduced.

    ``max_error_m``: how far reduction moved any bone's head or tail at any frame, measured.
    """

    action: bpy.types.Action
    num_keys: int
    num_keys_full: int
    max_error_m: float
    warnings: tuple[str, ...]


def bake(
    rig: bpy.types.Object,
    motion: BoneMotion,
    *,
    settings: BakeSettings,
    scale: float = 1.0,
    travel: Travel | None = None,
    switches: Sequence[Switch] = (),
    muted: Sequence[tuple[str, str]] = (),
    skipped: Collection[str] = (),
) -> Baked:
    """Let ``rig`` move as ``motion``.

    Keys are linear and, unless reduced, stand on every frame: nothing overshoots, and exporters that
    sample whole frames find exactly what was solved. Bones keep their rotation modes and scales;
    locked channels stay as they are.

    Parameters
    ----------
    rig : bpy.types.Object
        An armature with the bones of ``motion.rest_pose``.
    motion : BoneMotion
        Rotations (T,B,4) wxyz local to rest, positions (T,3) m in armature space.
    settings : BakeSettings
    scale : float
        Metres per unit of the armature's own space.
    travel : Travel, optional
        Where the object itself goes, in stage space.
    switches : sequence of Switch
        Properties of bones that are set, so that the rig obeys the bones of ``motion``.
    muted : sequence of (bone, constraint)
        Names of constraints to mute.
    skipped : collection of str
        Bones of the motion that get no keys, and keep what they have.

    Raises
    ------
    LiftError
        When the rig lacks a bone, property or constraint, its action cannot be changed, or the clip
        does not fit before Blender's last frame. Nothing is changed then.
    """
    require_names(rig, motion, switches, muted)
    frames = _key_frames(motion.num_frames, settings)
    is_range = settings.target == "range" and action_of(rig) is not None
    require_bakeable(rig, in_present_action=is_range)
    replaced = action_of(rig) if is_range else find_baked_action(rig, settings.action_name)
    near = partial(value_beside, rig, first=frames.first, last=frames.last) if is_range else None
    curves = read_rig_curves(rig, motion, scale=scale, near=near)
    moves = None
    if travel is not None:
        stand = stand_of(rig, replaced)
        moves = travel_curves(rig, travel, stand, scale=scale, near=near)
    full = _channels(rig, curves, moves, None, frames, settings.t_pose, skipped)
    channels, max_error_m = full, 0.0
    if settings.reduce_mm is not None:
        keys, moves, max_error_m = _reduce(motion, curves, moves, 0.001 * settings.reduce_mm)
        channels = _channels(rig, curves, moves, keys, frames, settings.t_pose, skipped)

    # All is known and nothing is refused any more: from here on the rig changes.
    if replaced is not None:
        put_back(rig, replaced)
    set_up(rig, switches, muted)
    before = compat.assignment_of(rig)
    if is_range:
        action = open_present_action(rig)
        channels += overruling_channels(rig, motion, curves, switches, frames)
    else:
        action = assign_empty_action(rig, settings.action_name)
        rest_what_is_between(rig, motion, curves)
    if moves is not None:
        remember_stand(action, moves.stand)
    for channel in channels:
        write_channel(rig, channel, keep_outside=is_range)
    warnings = curves.warnings
    if settings.target == "nla":
        warnings += push_to_nla(rig, action, before)
    return Baked(
        action=action,
        num_keys=sum(channel.num_keys for channel in channels),
        num_keys_full=sum(channel.num_keys for channel in full),
        max_error_m=max_error_m,
        warnings=warnings,
    )


def _key_frames(num_frames: int, settings: BakeSettings) -> KeyFrames:
    if settings.frame_step < 1:
        raise LiftError(
            f"expected at least 1 scene frame between keys, found {settings.frame_step}"
        )
    frames = settings.start_frame + settings.frame_step * np.arange(num_frames)
    if frames[-1] > _LAST_FRAME:
        raise LiftError(
            f"{num_frames} frames from frame {settings.start_frame} on end at frame {frames[-1]}, "
            f"after Blender's last frame, {_LAST_FRAME}"
        )
    has_t_pose = settings.t_pose is not None
    return KeyFrames(frames, t_pose=settings.start_frame - 1 if has_t_pose else None)


def _channels(
    rig: bpy.types.Object,
    curves: RigCurves,
    moves: ObjectCurves | None,
    keys: ReducedKeys | None,
    frames: KeyFrames,
    t_pose: np.ndarray | None,
    skipped: Collection[str],
) -> list[Channel]:
    channels = [
        channel
        for channel in bone_channels(rig, curves, frames, t_pose=t_pose, keys=keys)
        if channel.group not in skipped
    ]
    return channels if moves is None else channels + object_channels(moves, frames)


def _reduce(
    motion: BoneMotion, curves: RigCurves, moves: ObjectCurves | None, bound_m: float
) -> tuple[ReducedKeys, ObjectCurves | None, float]:
    """Which keys stay, with a bound on joints in the scene; the object uses a quarter of it."""
    if moves is None:
        keys = reduce_keys(curves.pose, max_error_m=bound_m)
        return keys, None, keys.max_error_m
    keys = reduce_keys(curves.pose, max_error_m=(1.0 - _TRAVEL_SHARE) * bound_m)
    heads, _ = bone_transforms(motion)
    reach_m = np.linalg.norm(heads, axis=-1).max() + motion.rest_pose.lengths.max()
    moves = reduce_travel(moves, reach_m=float(reach_m), max_error_m=_TRAVEL_SHARE * bound_m)
    return keys, moves, keys.max_error_m + moves.max_error_m


def set_scene_timing(
    scene: bpy.types.Scene, *, fps: Fraction, start_frame: int, num_frames: int
) -> None:
    """Give ``scene`` the clip's frame rate and frame range, and go to its first frame.

    Raises
    ------
    LiftError
        When Blender has no such frame rate.
    """
    scene.render.fps, scene.render.fps_base = blender_frame_rate(fps)
    scene.frame_start = start_frame
    scene.frame_end = start_frame + num_frames - 1
    scene.frame_set(start_frame)


def blender_frame_rate(fps: Fraction) -> tuple[int, float]:
    """``(fps, fps_base)`` for a scene, in Blender's own way: 30000/1001 Hz is ``(30, 1.001)``.

    The whole number next to the rate comes first because importers and exporters that overlook
    ``fps_base`` are then nearly right. Blender keeps ``fps_base`` in single precision: the rate is
    right to 6e-8.

    Raises
    ------
    LiftError
        When the rate is not above 0 and at most 32767.
    """
    if not 0 < fps <= _HIGHEST_FPS:
        raise LiftError(f"expected a frame rate above 0 and at most {_HIGHEST_FPS}, found {fps}")
    whole = max(1, round(fps))
    return whole, float(whole / fps)
