"""A clip on every rig that is known: Blender shows the person's limbs, on the floor, without flips."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.rig import choose_bone_map, read_rest_pose
from lift_video_to_3d.addon.rig_choice import AnimationSettings, RigChoice
from lift_video_to_3d.addon.session import Animation, animate, export_animation
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.pipeline import LiftedPerson
from lift_video_to_3d.core.retarget.retarget import RetargetSettings
from lift_video_to_3d.core.retarget.scheme import SCHEME_NAMES
from rig_clip import (
    as_fbx_import,
    assert_shown,
    beam_clip,
    keys_of,
    limb_errors_deg,
    recorded_clip,
    shown_joints,
)
from rig_state import rolled_rest_pose
from round_trip import posed_joint_positions, reimport

RECORDED = "cmu/06_09.bvh"
OWN = RigChoice(scheme=None, object_name="Hero")
A_POSE_DEG = 48.0
CLIPS = ("beam", "recorded")
ARM = ("Shoulder", "Arm", "ForeArm", "Hand")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> LiftedPerson:
    return recorded_clip(RECORDED, tmp_path_factory.mktemp("recorded"))


def clip_called(name: str, request: pytest.FixtureRequest) -> LiftedPerson:
    return beam_clip() if name == "beam" else request.getfixturevalue("recorded")


def put_on(clip: LiftedPerson, choice: RigChoice = OWN, **settings: object) -> Animation:
    return animate(bpy.context, clip, choice, AnimationSettings(**settings), name="take")  # type: ignore[arg-type]


def frames_of(clip: LiftedPerson) -> range:
    return range(1, clip.motion.num_frames + 1)


@pytest.mark.parametrize("clip_name", CLIPS)
@pytest.mark.parametrize("arms_down_deg", [0.0, A_POSE_DEG], ids=["T", "A"])
@pytest.mark.parametrize("scheme", SCHEME_NAMES)
def test_a_clip_on_a_known_rig(
    scheme: str, arms_down_deg: float, clip_name: str, request: pytest.FixtureRequest
) -> None:
    clip = clip_called(clip_name, request)
    create_armature(bpy.context, rolled_rest_pose(scheme, arms_down_deg=arms_down_deg), name="Hero")
    assert_shown(put_on(clip), clip)


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "AXIS_ANGLE"])
def test_bones_keep_their_rotation_mode_and_never_flip(mode: str) -> None:
    clip = beam_clip()
    rig = create_armature(bpy.context, rolled_rest_pose("mixamo"), name="Hero")
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    animation = put_on(clip)
    assert {bone.rotation_mode for bone in rig.pose.bones} == {mode}
    if mode == "AXIS_ANGLE":
        bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
        joints = shown_joints(rig, bone_map, frames_of(clip))
        assert limb_errors_deg(joints, clip.poses_world.positions).max() < 0.01
    else:
        assert_shown(animation, clip)


def test_an_fbx_import_that_stands_elsewhere_plays_where_it_stands() -> None:
    clip = beam_clip()
    rig = create_armature(bpy.context, rolled_rest_pose("mixamo"), name="Hero")
    put_on(clip)
    bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
    plain = shown_joints(rig, bone_map, frames_of(clip))
    rig.animation_data_clear()
    as_fbx_import(rig)
    holder = bpy.data.objects.new("holder", None)
    bpy.context.scene.collection.objects.link(holder)
    holder.location, holder.rotation_euler = (3.0, -2.0, 0.5), (0.0, 0.0, 1.0)
    rig.parent = holder
    animation = put_on(clip)
    assert_shown(animation, clip)
    assert np.abs(shown_joints(rig, bone_map, frames_of(clip)) - plain).max() < 1e-4
    hips = rig.matrix_world @ rig.pose.bones["mixamorig:Hips"].head
    assert np.linalg.norm(np.array(hips)[:2] - (3.0, -2.0)) < 3.0


def test_a_scene_in_centimetres_gets_a_person_of_the_same_size() -> None:
    clip = beam_clip()
    units = bpy.context.scene.unit_settings
    joints: list[np.ndarray] = []
    for metres_per_unit in (1.0, 0.01):
        units.system, units.scale_length = "METRIC", metres_per_unit
        rig = put_on(clip, RigChoice(scheme="mixamo")).rig
        top = max(bone.tail_local[2] for bone in rig.data.bones)
        assert 1.4 < top * metres_per_unit < 2.0
        bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
        joints.append(shown_joints(rig, bone_map, frames_of(clip)))
    assert np.abs(joints[1] - joints[0]).max() < 1e-4


@pytest.mark.parametrize("scheme", SCHEME_NAMES)
def test_a_second_bake_repeats_the_first_exactly_and_adds_nothing(scheme: str) -> None:
    clip = beam_clip()
    rig = create_armature(bpy.context, rolled_rest_pose(scheme), name="Hero")
    keys = []
    for _ in range(2):
        put_on(clip)
        keys.append(keys_of(rig))
    assert keys[0] == keys[1] and len(bpy.data.actions) == 1


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".bvh", ".usdc"])
@pytest.mark.parametrize("scheme", SCHEME_NAMES)
def test_an_exported_rig_comes_back_within_a_millimetre(
    scheme: str, suffix: str, tmp_path: Path
) -> None:
    clip = beam_clip()
    animation = put_on(clip, RigChoice(scheme=scheme))
    names = tuple(bone.name for bone in animation.rig.data.bones)
    wanted = posed_joint_positions(animation.rig, names, frames_of(clip))
    path = tmp_path / f"take{suffix}"
    export_animation(bpy.context, animation.rig, [path])
    if suffix in (".bvh", ".usdc"):
        # Both allow fewer letters in names.
        names = tuple(re.sub(r"\s" if suffix == ".bvh" else r"[^\w.]", "_", name) for name in names)
    found = reimport(path, names, fps=clip.motion.fps)
    assert np.abs(found.positions - wanted).max() < 1e-3


@pytest.mark.parametrize("carrier", ["root", "object", "in_place"])
def test_root_motion_moves_the_same_body(carrier: str, recorded: LiftedPerson) -> None:
    rig = create_armature(bpy.context, rolled_rest_pose("unreal"), name="Hero")
    bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
    put_on(recorded)
    plain = shown_joints(rig, bone_map, frames_of(recorded))
    put_on(recorded, retarget=RetargetSettings(travel=carrier))  # type: ignore[arg-type]
    bpy.context.scene.frame_set(1)
    stage = np.array(rig.matrix_world)
    moved = shown_joints(rig, bone_map, frames_of(recorded))
    if carrier == "in_place":
        pelvis = moved[:, 0] - moved[:1, 0]
        assert np.abs(pelvis[:, :2]).max() < 0.02 < np.ptp(plain[:, 0], axis=0)[:2].max()
        return
    if carrier == "object":
        # The joints were read as the object stands in the first frame.
        moved = moved @ stage[:3, :3].T + stage[:3, 3]
    assert np.abs(moved - plain).max() < 2e-4
    travelled = rig.pose.bones["root"] if carrier == "root" else rig
    bpy.context.scene.frame_set(1)
    start = np.array(travelled.matrix_world if carrier == "object" else travelled.matrix)
    bpy.context.scene.frame_set(recorded.motion.num_frames)
    end = np.array(travelled.matrix_world if carrier == "object" else travelled.matrix)
    assert np.linalg.norm(end[:2, 3] - start[:2, 3]) > 0.5


def test_a_t_pose_stands_before_the_first_frame() -> None:
    clip = beam_clip()
    rig = create_armature(
        bpy.context, rolled_rest_pose("unreal", arms_down_deg=A_POSE_DEG), name="Hero"
    )
    put_on(clip, has_t_pose=True, start_frame=10)
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (9, 9 + clip.motion.num_frames)
    bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
    [joints] = shown_joints(rig, bone_map, range(9, 10))
    wrists = joints[[13, 16]]
    shoulders = joints[[11, 14]]
    assert np.abs(wrists[:, 2] - shoulders[:, 2]).max() < 1e-3
    assert np.abs(wrists[:, 0] - shoulders[:, 0]).min() > 0.4


def test_keys_stand_on_every_nth_frame_of_the_scenes_rate() -> None:
    clip = beam_clip()
    animation = put_on(clip, RigChoice(), scene_fps=Fraction(30), frame_step=3, start_frame=5)
    curve = compat.assigned_fcurves(animation.rig)[0]
    frames = [key.co.x for key in curve.keyframe_points]
    assert frames == list(range(5, 5 + 3 * len(frames), 3))
    last_second = (clip.motion.num_frames - 1) / float(clip.motion.fps)
    assert 0.0 <= last_second - (frames[-1] - 5) / 30 < 0.1
    assert bpy.context.scene.render.fps == 30


def test_reduction_reports_what_blender_shows() -> None:
    clip = beam_clip()
    full = put_on(clip, RigChoice(scheme="mixamo"))
    names = tuple(bone.name for bone in full.rig.data.bones)
    wanted = posed_joint_positions(full.rig, names, frames_of(clip))
    reduced = put_on(clip, RigChoice(scheme="mixamo"), reduce_mm=5.0)
    found = posed_joint_positions(reduced.rig, names, frames_of(clip))
    off = np.linalg.norm(found - wanted, axis=-1).max()
    assert off <= 0.005 + 1e-5 and reduced.baked.num_keys < 0.6 * full.baked.num_keys
    assert reduced.report["reduction_error_mm"] == pytest.approx(
        1000 * reduced.baked.max_error_m, abs=1e-3
    )


def test_a_rig_that_cannot_be_driven_leaves_the_scene_as_it_was() -> None:
    mesh = bpy.data.objects.new("Hero", bpy.data.meshes.new("Hero"))
    bpy.context.scene.collection.objects.link(mesh)
    with pytest.raises(LiftError, match="expected an armature, found a mesh"):
        put_on(beam_clip())
    with pytest.raises(LiftError, match="after Blender's last frame"):
        put_on(beam_clip(), RigChoice(scheme="mixamo"), start_frame=1048570)
    assert [found.name for found in bpy.data.objects] == ["Hero"]
    assert not bpy.data.armatures and not bpy.data.actions


def test_parts_that_are_not_chosen_keep_the_keys_they_have(recorded: LiftedPerson) -> None:
    rig = create_armature(bpy.context, rolled_rest_pose("mixamo"), name="Hero")
    put_on(recorded)

    before = keys_of(rig)
    clip = beam_clip()
    arms = RetargetSettings(parts=frozenset({"left_arm", "right_arm"}))
    put_on(clip, retarget=arms, target="range", scene_fps=Fraction(30))
    after = keys_of(rig)
    changed = {key[0].split('"')[1] for key in after if after[key] != before[key]}
    arm_bones = {f"mixamorig:{side}{part}" for side in ("Left", "Right") for part in ARM}
    assert changed and changed <= arm_bones


def test_a_motion_goes_onto_an_nla_strip(recorded: LiftedPerson) -> None:
    rig = create_armature(bpy.context, rolled_rest_pose("mixamo"), name="Hero")
    put_on(recorded, target="nla")
    [track] = rig.animation_data.nla_tracks
    assert rig.animation_data.action is None and [strip.name for strip in track.strips] == ["take"]
    assert_shown_limbs(rig, recorded)


def assert_shown_limbs(rig: bpy.types.Object, clip: LiftedPerson) -> None:
    bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
    joints = shown_joints(rig, bone_map, frames_of(clip))
    assert limb_errors_deg(joints, clip.poses_world.positions).max() < 0.01
