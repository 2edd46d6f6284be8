"""Baking in bulk against ``keyframe_insert``: ``python tests/addon/bake_benchmark.py`` with bpy."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONG, SLICE = 10_000, 2_000


def load(name: str, path: Path, folder: Path | None = None) -> None:
    """Load ``path`` as the module ``name``, a package where its ``folder`` is given."""
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(folder)] if folder else None
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


load("lift_video_to_3d", ROOT / "__init__.py", ROOT)
load("round_trip", Path(__file__).with_name("round_trip.py"))

import bpy  # noqa: E402
from lift_video_to_3d.addon.armature import create_armature  # noqa: E402
from lift_video_to_3d.addon.bake import bake  # noqa: E402
from round_trip import example_motion  # noqa: E402


def bulk_seconds(num_frames: int) -> float:
    """Seconds of one bulk bake, the best of three."""
    motion = example_motion(num_frames=num_frames)
    best = float("inf")
    for _ in range(3):
        rig = create_armature(bpy.context, motion.rest_pose, name="bulk")
        began = time.perf_counter()
        bake(rig, motion, action_name="bulk")
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


if __name__ == "__main__":
    num_bones = example_motion(num_frames=1).rest_pose.num_bones
    print(f"baking, bpy {bpy.app.version_string}, {num_bones} bones:")
    print(f"  {LONG} frames in bulk             {bulk_seconds(LONG):8.3f} s")
    bulk, insert = bulk_seconds(SLICE), insert_seconds(SLICE)
    print(f"  {SLICE} frames in bulk              {bulk:8.3f} s")
    print(
        f"  {SLICE} frames by keyframe_insert   {insert:8.3f} s, {insert / bulk:.0f} times as long"
    )
