"""Clips to put on rigs, and what Blender then shows of them, bone by bone.

Loaded by conftest.py as the module ``rig_clip``.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.rig import choose_bone_map, read_rest_pose
from lift_video_to_3d.addon.rig_space import stage_of
from lift_video_to_3d.addon.session import Animation
from lift_video_to_3d.core.fit.bone_lengths import fit_bone_lengths
from lift_video_to_3d.core.fit.contacts import detect_contacts
from lift_video_to_3d.core.fit.foot_lock import lock_feet
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.joint_sets import LIFTED_21
from lift_video_to_3d.core.pipeline import LiftedPerson, LiftSettings, lift_clip
from lift_video_to_3d.core.retarget.attachment import carrying_bones, rest_joint_positions
from lift_video_to_3d.core.retarget.bone_map import BoneMap
from lift_video_to_3d.core.retarget.bone_rotations import solve_bone_rotations
from lift_video_to_3d.core.retarget.humanoid import humanoid_rest_pose
from lift_video_to_3d.core.retarget.kinematics import joint_positions
from lift_video_to_3d.core.types import Camera, Keypoints2D, Poses3D
from mathutils import Matrix

ROOT = Path(__file__).resolve().parents[2]
MOCAP = ROOT.parent / "shared" / "data" / "mocap"
LIMBS = tuple(
    LIFTED_21.indices(f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("hip", "knee"),
        ("knee", "ankle"),
    )
)
SOLES = [LIFTED_21.indices(f"{side}_heel", f"{side}_toe") for side in ("left", "right")]

# Another process, because core is loaded there under its own name.
_READ_MOCAP = """
import sys
import numpy as np
from pathlib import Path
from core.joint_sets import LIFTED_21
from training.datasets.bvh import BODY_POINTS, load_mocap_clip
from training.evaluation.world_mocap import stand_on_floor
clip = stand_on_floor(load_mocap_clip(Path(sys.argv[1])))
positions = clip.positions[:, BODY_POINTS.indices(*LIFTED_21.joint_names)]
np.savez(sys.argv[2], positions=positions, fps=clip.fps)
"""


@cache
def beam_clip() -> LiftedPerson:
    """The real clip of this repository, lifted."""
    [lifted] = lift_clip(
        ROOT / "tests" / "data" / "beam" / "cam01_json",
        person=1,
        settings=LiftSettings(fps=Fraction(60)),
        progress=lambda _, __: None,
    )
    return lifted


def recorded_clip(name: str, folder: Path, *, num_frames: int = 120) -> LiftedPerson:
    """Motion capture as the pipeline hands it on: a body of constant bones, its feet locked."""
    if not MOCAP.is_dir():
        pytest.skip(f"needs the mocap of {MOCAP}")
    path = folder / "clip.npz"
    subprocess.run(
        [sys.executable, "-c", _READ_MOCAP, str(MOCAP / name), str(path)], check=True, cwd=ROOT
    )
    with np.load(path) as stored:
        positions, fps = stored["positions"][:num_frames].astype(float), float(stored["fps"])
    poses = Poses3D(
        positions=positions,
        depth_sigma=None,
        contact_probability=None,
        confidence=np.ones(positions.shape[:2]),
        frames=np.arange(len(positions)),
        fps=Fraction(fps).limit_denominator(1001),
        person=1,
        space="world",
        skeleton=LIFTED_21,
    )
    rest_pose = humanoid_rest_pose(fit_bone_lengths(poses))
    poses = replace(poses, positions=joint_positions(solve_bone_rotations(poses, rest_pose)))
    poses, contacts = lock_feet(poses, detect_contacts(poses))
    motion = solve_bone_rotations(poses, rest_pose, contacts=contacts)
    poses = replace(poses, positions=joint_positions(motion))
    camera = Camera(np.ones(2), np.ones(2), np.zeros(3), np.zeros(2), np.ones(4), np.zeros(3))
    keypoints = Keypoints2D(
        positions=poses.positions[..., :2],
        confidence=poses.confidence,
        frames=poses.frames,
        image_size=(640, 480),
        fps=poses.fps,
        person=1,
        skeleton=LIFTED_21,
    )
    return LiftedPerson(1, keypoints, poses, poses, motion, camera, (640, 480), {}, ())


def shown_joints(rig: bpy.types.Object, bone_map: BoneMap, frames: range) -> np.ndarray:
    """(T,21,3) m: the LIFTED_21 joints as Blender shows them, relative to where the rig stands."""
    scene = bpy.context.scene
    scene.frame_set(frames[0])
    stage = np.array(stage_of(rig).inverted())
    rest = read_rest_pose(rig, unit_scale=scene.unit_settings.scale_length)
    carriers = carrying_bones(rest, bone_map)
    offsets = quaternion.rotate(
        quaternion.conjugate(rest.rotations[carriers]),
        rest_joint_positions(rest, bone_map) - rest.heads[carriers],
    )
    bones = [rig.pose.bones[rest.bone_names[carrier]] for carrier in carriers]
    joints = np.empty((len(frames), len(bones), 3))
    for row, frame in enumerate(frames):
        scene.frame_set(frame)
        matrices = stage @ np.array([rig.matrix_world @ bone.matrix for bone in bones])
        axes = matrices[:, :3, :3] / np.linalg.norm(matrices[:, :3, :3], axis=1, keepdims=True)
        heads = matrices[:, :3, 3] * scene.unit_settings.scale_length
        joints[row] = heads + np.einsum("jab,jb->ja", axes, offsets)
    return joints


def limb_errors_deg(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(T,8) deg between the limb bones' directions of joints (T,21,3)."""
    directions = []
    for joints in (found, wanted):
        ends = joints[:, LIMBS]
        along = ends[:, :, 1] - ends[:, :, 0]
        directions.append(along / np.linalg.norm(along, axis=-1, keepdims=True))
    across = np.linalg.norm(np.cross(*directions), axis=-1)
    return np.rad2deg(np.arctan2(across, np.sum(directions[0] * directions[1], axis=-1)))


def floor_errors_m(joints: np.ndarray, contacts: np.ndarray, rest_joints: np.ndarray) -> np.ndarray:
    """How far the lower end of each standing foot is from where a sole of the rig is at rest."""
    heights = joints[:, SOLES][..., 2] - rest_joints[SOLES][..., 2]
    return heights.min(axis=-1)[contacts]


def largest_turn_deg(rig: bpy.types.Object, names: tuple[str, ...], frames: range) -> float:
    """The largest change of a channel's rotation from frame to frame, as keys hold it."""
    worst = 0.0
    before: dict[str, np.ndarray] = {}
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        for name in names:
            bone = rig.pose.bones[name]
            if bone.rotation_mode == "QUATERNION":
                now = np.array(bone.rotation_quaternion)
                if name in before:
                    cosine = (
                        float(now @ before[name])
                        / np.linalg.norm(now)
                        / np.linalg.norm(before[name])
                    )
                    # Not the absolute value: a change of sign is a flip on the way between keys.
                    worst = max(worst, np.rad2deg(2.0 * np.arccos(np.clip(cosine, -1.0, 1.0))))
            else:
                now = np.array(bone.rotation_euler)
                if name in before:
                    worst = max(worst, float(np.rad2deg(np.abs(now - before[name]).max())))
            before[name] = now
    return worst


def as_fbx_import(rig: bpy.types.Object) -> None:
    """Bones in centimetres with Y up, an object that is scaled and turned to make up for it."""
    rig.data.transform(Matrix.Scale(100.0, 4) @ Matrix.Rotation(-np.pi / 2, 4, "X"))
    rig.scale = (0.01, 0.01, 0.01)
    rig.rotation_euler = (np.pi / 2, 0.0, 0.0)
    rig.update_tag()
    rig.data.update_tag()
    bpy.context.view_layer.update()


def assert_shown(animation: Animation, clip: LiftedPerson) -> None:
    """What must hold on any rig, in the figures of the issue."""
    rig = animation.rig
    rest = read_rest_pose(rig)
    bone_map = choose_bone_map(rest).bone_map
    joints = shown_joints(rig, bone_map, range(1, clip.motion.num_frames + 1))
    limbs = limb_errors_deg(joints, clip.poses_world.positions)
    floor = floor_errors_m(joints, clip.motion.contacts, rest_joint_positions(rest, bone_map))
    driven = tuple(name for chain in bone_map.bones.values() for name in chain)
    per_frame = 60.0 * 60.0 / float(clip.motion.fps)
    turn = largest_turn_deg(rig, driven, range(1, clip.motion.num_frames + 1))
    assert limbs.max() < 2.0
    assert np.abs(floor).max() < 0.010
    assert turn < per_frame


def keys_of(rig: bpy.types.Object) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """Frame and value of every key, by data path and component."""
    return {
        (curve.data_path, curve.array_index): [tuple(key.co) for key in curve.keyframe_points]
        for curve in compat.assigned_fcurves(rig)
    }
