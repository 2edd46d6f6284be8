"""Baking in bulk: onto the default armature, onto a Rigify rig, and against ``keyframe_insert``.

``python tests/addon/bake_benchmark.py`` with bpy.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import addon_loader  # noqa: F401
import addon_utils
import bpy
import numpy as np
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.bake import BakeSettings, bake
from lift_video_to_3d.addon.rig import DrivenRig, drive_rig
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.retarget.follower import with_followers
from lift_video_to_3d.core.retarget.scheme import load_scheme
from lift_video_to_3d.core.types import BoneMotion
from round_trip import example_motion, start_empty_file

LONG, SLICE = 10_000, 2_000

BOUND_MM = 5.0


def bulk_seconds(num_frames: int) -> float:
    """Seconds of one bulk bake, the best of three."""
    motion = example_motion(num_frames=num_frames)
    best = float("inf")
    for _ in range(3):
        rig = create_armature(bpy.context, motion.rest_pose, name="bulk")
        began = time.perf_counter()
        bake(rig, motion, settings=BakeSettings(action_name="bulk"))
        best = min(best, time.perf_counter() - began)
    return best


def insert_seconds(num_frames: int) -> float:
    """Seconds of the same motion, keyed by Blender's own operator-like call."""
    motion = example_motion(num_frames=num_frames)
    rig = create_armature(bpy.context, motion.rest_pose, name="insert")
    bones = [rig.pose.bones[name] for name in motion.rest_pose.bone_names]
    began = time.perf_counter()
    for frame in range(num_frames):
        for bone, pose_bone in enumerate(bones):
            pose_bone.rotation_quaternion = motion.rotations[frame, bone]
            pose_bone.keyframe_insert("rotation_quaternion", frame=frame + 1)
    return time.perf_counter() - began


def generate_rigify() -> DrivenRig:
    """Rigify's human, generated and read."""
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    began = time.perf_counter()
    driven = drive_rig(bpy.context, bpy.context.object, load_scheme("rigify").bone_map)
    num_bones = len(driven.rig.data.bones)
    print(f"  reading a Rigify rig of {num_bones} bones {time.perf_counter() - began:8.3f} s")
    return driven


def wandering_motion(driven: DrivenRig, num_frames: int) -> BoneMotion:
    """Every driven bone but fingers swings, the hips travel, and IK controls follow."""
    rest_pose = driven.rest_pose
    rng = np.random.default_rng(1)
    seconds = np.arange(num_frames)[:, None, None] / 60.0
    speed, phase = rng.uniform(1.0, 4.0, size=(2, rest_pose.num_bones, 3))
    vectors = 0.3 * np.sin(speed * seconds + phase)
    names = rest_pose.bone_names
    still = [bone for bone, name in enumerate(names) if name.startswith(("f_", "thumb", "root"))]
    vectors[:, still] = vectors[:1, still]
    hips = driven.bone_map.indices(rest_pose)["hips"][0]
    motion = BoneMotion(
        rotations=quaternion.from_rotation_vector(vectors),
        root_position=rest_pose.heads[hips]
        + np.sin(0.2 * seconds[:, 0] * np.array([2.0, 1.0, 3.0])),
        contacts=np.zeros((num_frames, 2), dtype=bool),
        frames=np.arange(num_frames),
        fps=Fraction(60),
        rest_pose=rest_pose,
        root_bone=hips,
    )
    return with_followers(motion, driven.followers)


def report_bake(rig: bpy.types.Object, motion: BoneMotion, *, label: str, **options: Any) -> None:
    """Bake whole and reduced, and print both."""
    for reduce_mm in (None, BOUND_MM):
        settings = BakeSettings(action_name="benchmark", reduce_mm=reduce_mm)
        began = time.perf_counter()
        baked = bake(rig, motion, settings=settings, **options)
        seconds = time.perf_counter() - began
        kept = ""
        if reduce_mm is not None:
            share, error_mm = baked.num_keys / baked.num_keys_full, 1000.0 * baked.max_error_m
            kept = f", reduced to {reduce_mm:g} mm: {share:.1%} of keys, {error_mm:.2f} mm off"
        print(f"  {motion.num_frames} frames, {label:14s}{seconds:8.3f} s{kept}", flush=True)


if __name__ == "__main__":
    num_bones = example_motion(num_frames=1).rest_pose.num_bones
    print(f"baking, bpy {bpy.app.version_string}, {num_bones} bones:")
    print(f"  {LONG} frames in bulk             {bulk_seconds(LONG):8.3f} s")
    start_empty_file()
    default = example_motion(num_frames=LONG)
    default_rig = create_armature(bpy.context, default.rest_pose, name="default")
    report_bake(default_rig, default, label="default")
    driven = generate_rigify()
    report_bake(
        driven.rig,
        wandering_motion(driven, LONG),
        label=f"Rigify ({driven.rest_pose.num_bones})",
        scale=driven.scale,
        switches=driven.switches,
        muted=driven.muted,
    )
    bulk, insert = bulk_seconds(SLICE), insert_seconds(SLICE)
    print(f"  {SLICE} frames in bulk              {bulk:8.3f} s")
    print(
        f"  {SLICE} frames by keyframe_insert   {insert:8.3f} s, {insert / bulk:.0f} times as long"
    )
