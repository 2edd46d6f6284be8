"""Bone motion becomes an action: every F-curve is written in one go."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import bpy
import numpy as np

from ..core.errors import LiftError
from ..core.geometry.quaternion import conjugate, rotate
from ..core.types import BoneMotion
from . import compat
from .access import pose_of

_INTERPOLATION = cast(bpy.types.EnumProperty, bpy.types.Keyframe.bl_rna.properties["interpolation"])
_LINEAR = _INTERPOLATION.enum_items["LINEAR"].value
_LAST_FRAME = 1048574
_HIGHEST_FPS = 32767


def bake(
    rig: bpy.types.Object, motion: BoneMotion, *, action_name: str, start_frame: int = 1
) -> bpy.types.Action:
    """Give ``rig`` a new action with one keyframe per frame of ``motion``.

    Keys stand on every frame, so they are linear: nothing overshoots, and exporters that sample
    whole frames find exactly what was solved.

    Parameters
    ----------
    rig : bpy.types.Object
        An armature with the bones of ``motion.rest_pose``; their rotation mode becomes quaternion.
    motion : BoneMotion
        Rotations (T,B,4) wxyz local to rest, root positions (T,3) m in armature space.
    action_name : str
        Name of the new action; Blender adds a number where it is taken.
    start_frame : int
        Scene frame of the first pose.

    Raises
    ------
    LiftError
        When ``rig`` lacks a bone, or the clip does not fit before Blender's last frame.
    """
    rest_pose = motion.rest_pose
    pose_bones = pose_of(rig).bones
    missing = [name for name in rest_pose.bone_names if name not in pose_bones]
    if missing:
        raise LiftError(f"armature {rig.name!r} lacks the bones {', '.join(missing)}")
    if start_frame + motion.num_frames - 1 > _LAST_FRAME:
        raise LiftError(
            f"{motion.num_frames} frames from frame {start_frame} on end after Blender's last "
            f"frame, {_LAST_FRAME}"
        )
    action = compat.assign_new_action(rig, action_name)
    frames = np.arange(start_frame, start_frame + motion.num_frames)
    for bone, bone_name in enumerate(rest_pose.bone_names):
        pose_bone = pose_bones[bone_name]
        pose_bone.rotation_mode = "QUATERNION"
        if bone == motion.root_bone:
            _write_curves(rig, pose_bone, "location", frames, root_location_local(motion))
        _write_curves(rig, pose_bone, "rotation_quaternion", frames, motion.rotations[:, bone])
    return action


def root_location_local(motion: BoneMotion) -> np.ndarray:
    """(T,3) m: the root bone's travel from its rest position, in its own rest axes."""
    rest_pose = motion.rest_pose
    root = motion.root_bone
    travel_armature = motion.root_position - rest_pose.heads[root]
    return rotate(conjugate(rest_pose.rotations[root]), travel_armature)


def _write_curves(
    rig: bpy.types.Object,
    pose_bone: bpy.types.PoseBone,
    channel: str,
    frames: np.ndarray,
    values: np.ndarray,
) -> None:
    """Write (T,) ``frames`` and (T,C) ``values`` as one F-curve per component of ``channel``."""
    points = np.empty((len(frames), 2), dtype=np.float32)
    points[:, 0] = frames
    interpolation = np.full(len(frames), _LINEAR, dtype=np.int32)
    data_path = pose_bone.path_from_id(channel)
    for component in range(values.shape[-1]):
        points[:, 1] = values[:, component]
        fcurve = compat.add_fcurve(rig, data_path, component, group=pose_bone.name)
        fcurve.keyframe_points.add(len(frames))
        fcurve.keyframe_points.foreach_set("co", points.ravel())
        fcurve.keyframe_points.foreach_set("interpolation", interpolation)
        fcurve.update()


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
