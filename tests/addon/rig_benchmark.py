"""A long clip onto a Rigify rig and onto the default armature: the whole operation, lifted poses to keys.

``python tests/addon/rig_benchmark.py [NUM_FRAMES]`` with bpy.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import addon_loader  # noqa: F401
import bpy
import numpy as np
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.rig_choice import AnimationSettings, RigChoice
from lift_video_to_3d.addon.session import animate
from lift_video_to_3d.core.pipeline import LiftedPerson
from lift_video_to_3d.core.retarget.bone_rotations import solve_bone_rotations
from rig_clip import beam_clip


def there_and_back(clip: LiftedPerson, num_frames: int) -> LiftedPerson:
    """The clip played forwards and backwards until it is so long."""
    length = clip.motion.num_frames
    rows = np.concatenate([np.arange(length - 1), np.arange(length - 1, 0, -1)])
    rows = np.resize(rows, num_frames)
    poses = replace(
        clip.poses_world,
        positions=clip.poses_world.positions[rows],
        confidence=clip.poses_world.confidence[rows],
        depth_sigma=None,
        contact_probability=None,
        frames=np.arange(num_frames),
    )
    motion = solve_bone_rotations(poses, clip.motion.rest_pose, contacts=clip.motion.contacts[rows])
    return replace(clip, poses_world=poses, motion=motion)


def seconds_on(clip: LiftedPerson, choice: RigChoice, settings: AnimationSettings) -> float:
    """How long it takes to read the rig, retarget and bake."""
    began = time.perf_counter()
    animation = animate(bpy.context, clip, choice, settings, name="long")
    seconds = time.perf_counter() - began
    kept = animation.baked.num_keys / animation.baked.num_keys_full
    print(
        f"  {animation.rig.name:12s}{seconds:8.2f} s, {animation.baked.num_keys_full} keys, "
        f"{kept:.1%} kept, {1000 * animation.baked.max_error_m:.2f} mm off",
        flush=True,
    )
    return seconds


def main() -> None:
    """Print the seconds for both rigs, whole and reduced."""
    num_frames = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    clip = there_and_back(beam_clip(), num_frames)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    rig = bpy.context.object
    own = RigChoice(scheme=None, object_name=rig.name)
    print(f"{num_frames} frames; Rigify: {len(rig.data.bones)} bones")
    for reduce_mm in (None, 5.0):
        settings = AnimationSettings(reduce_mm=reduce_mm)
        default = seconds_on(clip, RigChoice(), settings)
        rigify = seconds_on(clip, own, settings)
        print(f"  ratio {rigify / default:.1f}")
    bpy.ops.preferences.addon_disable(module="rigify")
    compat.leave(0)


if __name__ == "__main__":
    main()
