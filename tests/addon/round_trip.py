"""What the tests in Blender share: an example motion, its joints by plain matrices, and re-import.

Loaded by conftest.py as the module ``round_trip``, and by tests/blender inside a real Blender.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
from lift_video_to_3d.addon import compat, session
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.bake import BakeSettings, bake, set_scene_timing
from lift_video_to_3d.core.retarget.humanoid import humanoid_rest_pose
from lift_video_to_3d.core.types import BoneMotion, RestPose
from mathutils import Quaternion

LIFTED_21_LENGTHS_M = (
    *(0.0, 0.13, 0.45, 0.43, 0.13, 0.45, 0.43, 0.23, 0.25, 0.15, 0.25),
    *(0.18, 0.28, 0.25, 0.18, 0.28, 0.25, 0.10, 0.20, 0.10, 0.20),
)


def example_rest_pose() -> RestPose:
    """The default humanoid at a person's usual size."""
    return humanoid_rest_pose(np.array(LIFTED_21_LENGTHS_M))


def example_motion(*, num_frames: int = 40, fps: Fraction = Fraction(30)) -> BoneMotion:
    """A smooth motion in which every bone swings and twists by up to about 60 degrees."""
    rest_pose = example_rest_pose()
    rng = np.random.default_rng(7)
    seconds = np.arange(num_frames) / 30.0
    phase = rng.uniform(0, 2 * np.pi, size=(rest_pose.num_bones, 3))
    speed = rng.uniform(1, 4, size=(rest_pose.num_bones, 3))
    xyz = 0.35 * np.sin(speed * seconds[:, None, None] + phase)
    rotations = np.concatenate([np.ones((*xyz.shape[:-1], 1)), xyz], axis=-1)
    rotations /= np.linalg.norm(rotations, axis=-1, keepdims=True)
    root_position = rest_pose.heads[0] + np.stack(
        [0.4 * seconds, 0.2 * np.sin(seconds), 0.1 * np.cos(2 * seconds)], axis=-1
    )
    return BoneMotion(
        rotations=rotations,
        root_position=root_position,
        contacts=np.zeros((num_frames, 2), dtype=bool),
        frames=np.arange(num_frames),
        fps=fps,
        rest_pose=rest_pose,
    )


def joint_positions(motion: BoneMotion) -> np.ndarray:
    """(T,B,3) m: where every bone's head is, by 4x4 matrices as Blender's manual defines a pose."""
    rest_pose = motion.rest_pose
    rest = np.tile(np.eye(4), (rest_pose.num_bones, 1, 1))
    rest[:, :3, :3] = [Quaternion(rotation).to_matrix() for rotation in rest_pose.rotations]
    rest[:, :3, 3] = rest_pose.heads
    positions = np.empty((motion.num_frames, rest_pose.num_bones, 3))
    for frame in range(motion.num_frames):
        posed: list[np.ndarray] = []
        for bone, parent in enumerate(rest_pose.parents):
            local = np.eye(4)
            local[:3, :3] = Quaternion(motion.rotations[frame, bone]).to_matrix()
            if parent < 0:
                here = rest[bone].copy()
                here[:3, 3] = motion.root_position[frame]
            else:
                here = posed[parent] @ np.linalg.inv(rest[parent]) @ rest[bone]
            posed.append(here @ local)
            positions[frame, bone] = posed[bone][:3, 3]
    return positions


def posed_joint_positions(
    rig: bpy.types.Object, bone_names: tuple[str, ...], frames: range
) -> np.ndarray:
    """(T,B,3) m: where Blender shows the head of each bone, world space."""
    positions = np.empty((len(frames), len(bone_names), 3))
    for row, frame in enumerate(frames):
        bpy.context.scene.frame_set(frame)
        for bone, name in enumerate(bone_names):
            positions[row, bone] = rig.matrix_world @ rig.pose.bones[name].head
    return positions


def posed_bone_matrices(
    rig: bpy.types.Object, bone_names: tuple[str, ...], frames: range
) -> np.ndarray:
    """(T,B,4,4): where Blender shows each bone, in the armature's own space."""
    matrices = np.empty((len(frames), len(bone_names), 4, 4))
    for row, frame in enumerate(frames):
        bpy.context.scene.frame_set(frame)
        for bone, name in enumerate(bone_names):
            matrices[row, bone] = rig.pose.bones[name].matrix
    return matrices


@dataclass(frozen=True)
class Reimported:
    """A file as a reader finds it: joints (T,B,3) m in world space, and the rate in Hz."""

    positions: np.ndarray
    fps: float


def start_empty_file() -> None:
    """An empty file, with the preferences as they are."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def add_animated_armature(
    motion: BoneMotion, *, name: str, start_frame: int = 1
) -> bpy.types.Object:
    """An armature named ``name`` that moves as ``motion``; the scene's timing is set to it."""
    rig = create_armature(bpy.context, motion.rest_pose, name=name)
    bake(rig, motion, settings=BakeSettings(action_name=name, start_frame=start_frame))
    set_scene_timing(
        bpy.context.scene, fps=motion.fps, start_frame=start_frame, num_frames=motion.num_frames
    )
    return rig


def export_motion(
    motion: BoneMotion, paths: Sequence[Path], *, name: str, start_frame: int = 1
) -> None:
    """Write ``motion`` on an armature of its own to each of ``paths``, from an empty file."""
    start_empty_file()
    rig = add_animated_armature(motion, name=name, start_frame=start_frame)
    session.export_animation(bpy.context, rig, paths)


def reimport(path: Path, bone_names: tuple[str, ...], *, fps: Fraction) -> Reimported:
    """Import ``path`` into an empty file of ``fps`` Hz and play it."""
    start_empty_file()
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = round(fps), round(fps) / float(fps)
    _IMPORTERS[path.suffix](path)
    scene = bpy.context.scene
    [rig] = [found for found in bpy.data.objects if found.type == "ARMATURE"]
    keys = [key.co.x for curve in compat.assigned_fcurves(rig) for key in curve.keyframe_points]
    # Blender's own importers place keys of fractional rates up to a frame off: count, then scale.
    first, last = min(keys), max(keys)
    scene_fps = scene.render.fps / scene.render.fps_base
    found_fps = _gltf_frame_rate(path) if path.suffix == ".glb" else scene_fps
    names = bone_names
    if path.suffix == ".usdc":
        names = tuple(name.replace(".", "_") for name in bone_names)
    return Reimported(
        posed_joint_positions(rig, names, range(round(first), round(last) + 1)), found_fps
    )


def _import_bvh(path: Path) -> None:
    bpy.ops.import_anim.bvh(
        filepath=str(path), update_scene_fps=True, update_scene_duration=True, frame_start=1
    )


def _import_fbx(path: Path) -> None:
    bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)


def _import_glb(path: Path) -> None:
    bpy.ops.import_scene.gltf(filepath=str(path))


def _import_usd(path: Path) -> None:
    bpy.ops.wm.usd_import(filepath=str(path))


def _open_blend(path: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(path))


_IMPORTERS: dict[str, Callable[[Path], None]] = {
    ".bvh": _import_bvh,
    ".fbx": _import_fbx,
    ".glb": _import_glb,
    ".usdc": _import_usd,
    ".blend": _open_blend,
}


def gltf_document(path: Path) -> dict:
    """The JSON chunk of a GLB file."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length])


def gltf_times(path: Path) -> tuple[float, float, int]:
    """First time, last time (s) and number of keys of the longest channel of a GLB's animation."""
    document = gltf_document(path)
    [animation] = document["animations"]
    accessors = [document["accessors"][sampler["input"]] for sampler in animation["samplers"]]
    longest = max(accessors, key=lambda accessor: accessor["count"])
    return longest["min"][0], longest["max"][0], longest["count"]


def _gltf_frame_rate(path: Path) -> float:
    first, last, count = gltf_times(path)
    return (count - 1) / (last - first) if count > 1 else float("nan")
