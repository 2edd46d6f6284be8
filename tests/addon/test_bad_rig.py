"""Rigs that no motion can be put on: one clear message, and the scene is as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import pytest
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.rig_choice import AnimationSettings, RigChoice
from lift_video_to_3d.addon.session import animate
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.retarget.bone_map import BoneMap
from lift_video_to_3d.core.retarget.bone_map_file import write_bone_map
from lift_video_to_3d.core.retarget.retarget import RetargetSettings
from lift_video_to_3d.core.retarget.scheme import load_scheme
from mathutils import Vector
from rig_clip import beam_clip
from rig_state import rolled_rest_pose, scene_state
from round_trip import start_empty_file

PREFIX = "mixamorig:"
MIXAMO = load_scheme("mixamo").bone_map
Bones = bpy.types.ArmatureEditBones


def hero() -> bpy.types.Object:
    """A Mixamo rig that has an action of the user's, in a scene with settings of the user's."""
    rig = create_armature(bpy.context, rolled_rest_pose("mixamo"), name="Hero")
    rig.pose.bones[f"{PREFIX}Head"].keyframe_insert("rotation_quaternion", frame=7)
    rig.animation_data.action.name = "mine"
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 24, 5, 50
    scene.frame_set(7)
    return rig


def edited(rig: bpy.types.Object, change: Callable[[Bones], None]) -> None:
    bpy.ops.object.mode_set(mode="EDIT")
    change(rig.data.edit_bones)
    bpy.ops.object.mode_set(mode="OBJECT")


def cut(rig: bpy.types.Object, *names: str) -> None:
    def remove(bones: Bones) -> None:
        for name in names:
            bone = bones[PREFIX + name]
            for each in [*bone.children_recursive, bone]:
                bones.remove(each)

    edited(rig, remove)


def without_legs(rig: bpy.types.Object) -> None:
    cut(rig, "LeftUpLeg", "RightUpLeg")


def with_one_arm(rig: bpy.types.Object) -> None:
    cut(rig, "LeftShoulder")


def with_two_roots(rig: bpy.types.Object) -> None:
    edited(rig, lambda bones: setattr(bones[f"{PREFIX}Spine"], "parent", None))


def non_humanoid(rig: bpy.types.Object) -> None:
    cut(rig, "LeftUpLeg", "RightUpLeg", "Spine")


def with_a_bone_without_length(rig: bpy.types.Object) -> None:
    def shorten(bones: Bones) -> None:
        shin = bones[f"{PREFIX}RightToeBase"]
        shin.tail = shin.head + Vector((0.0, 0.0, 4e-6))

    edited(rig, shorten)


def in_edit_mode(_: bpy.types.Object) -> None:
    bpy.ops.object.mode_set(mode="EDIT")


def without_bones(rig: bpy.types.Object) -> None:
    edited(rig, lambda bones: [bones.remove(bone) for bone in list(bones)] and None)


def mirrored(rig: bpy.types.Object) -> None:
    rig.scale.x = -1.0


def flattened(rig: bpy.types.Object) -> None:
    rig.scale = (1.0, 1.0, 0.0)


def unevenly_scaled(rig: bpy.types.Object) -> None:
    rig.scale.z = 1.3


def at_its_rest_position(rig: bpy.types.Object) -> None:
    rig.data.pose_position = "REST"


def with_a_strip_being_tweaked(rig: bpy.types.Object) -> None:
    animation_data = rig.animation_data
    track = animation_data.nla_tracks.new()
    strip = track.strips.new("mine", 1, animation_data.action)
    animation_data.action = None
    track.select = strip.select = True
    animation_data.nla_tracks.active = track
    animation_data.use_tweak_mode = True


BAD: dict[str, Callable[[bpy.types.Object], None]] = {
    "no humanoid found .* missing .*thigh on both sides": without_legs,
    "no humanoid found .* missing .*arm": with_one_arm,
    "no humanoid found in the armature's 1 bones": non_humanoid,
    "(to hang from hips|found in the armature's).*root": with_two_roots,
    "bone 'mixamorig:RightToeBase': expected a length": with_a_bone_without_length,
    "'Hero' is in Edit Mode: leave it first": in_edit_mode,
    "'Hero' has no bones": without_bones,
    "'Hero'.* found a mirrored one: apply it": mirrored,
    "'Hero'.* found zero .*: set it to 1": flattened,
    "'Hero'.* found an uneven one .*: apply it": unevenly_scaled,
    "'Hero' shows its rest position": at_its_rest_position,
    "'Hero': an NLA strip is being edited": with_a_strip_being_tweaked,
}


def whole_scene(rig: bpy.types.Object) -> dict[str, Any]:
    scene = bpy.context.scene
    return scene_state(rig) | {
        "timing": (scene.render.fps, scene.render.fps_base, scene.frame_start, scene.frame_end),
        "bones": rig.data.bones.keys() if isinstance(rig.data, bpy.types.Armature) else (),
        "kept": [(action.name, action.use_fake_user) for action in bpy.data.actions],
        "collections": bpy.data.collections.keys(),
    }


def refused(
    rig: bpy.types.Object,
    message: str,
    bone_map: str | Path | None = None,
    **settings: Any,
) -> None:
    """The clip is refused with the message, in one line, and nothing has changed."""
    bpy.context.view_layer.update()
    before = whole_scene(rig)
    choice = RigChoice(scheme=None, object_name=rig.name, bone_map=bone_map)
    with pytest.raises(LiftError, match=message) as caught:
        animate(bpy.context, beam_clip(), choice, AnimationSettings(**settings), name="take")
    assert "\n" not in str(caught.value)
    assert whole_scene(rig) == before


@pytest.mark.parametrize("message", BAD)
def test_a_bad_rig_is_refused_and_left_alone(message: str) -> None:
    rig = hero()
    BAD[message](rig)
    refused(rig, message)


@pytest.mark.parametrize("is_override", [False, True], ids=["linked", "overridden"])
def test_a_rig_of_another_file_is_refused(is_override: bool, tmp_path: Path) -> None:
    hero()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    start_empty_file()
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Hero"]
    [rig] = wanted.objects
    if is_override:
        rig = rig.override_create()
    bpy.context.collection.objects.link(rig)
    refused(rig, "is a library override: make it local" if is_override else "is linked from .*lib")


def test_what_is_no_armature_is_refused() -> None:
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    bpy.context.collection.objects.link(lamp)
    refused(lamp, "'lamp': expected an armature, found a light")


def test_a_cyclic_map_is_refused(tmp_path: Path) -> None:
    swapped = {**MIXAMO.bones}
    swapped["thigh.L"], swapped["shin.L"] = swapped["shin.L"], swapped["thigh.L"]
    write_bone_map(tmp_path / "map.json", BoneMap("swapped", swapped))
    refused(hero(), "bone map 'swapped'.*cyclic", tmp_path / "map.json")


def test_bones_without_a_match_are_named(tmp_path: Path) -> None:
    unknown = {**MIXAMO.bones, "head": ("Kopf",)}
    write_bone_map(tmp_path / "map.json", BoneMap("mine", unknown))
    refused(hero(), "bone map 'mine': expected the armature to have .*Kopf", tmp_path / "map.json")


@pytest.mark.parametrize(
    ("message", "settings"),
    {
        "after Blender's last frame": {"start_frame": 1048570},
        "expected a frame rate above 0 and at most 32767": {"scene_fps": Fraction(40000)},
        "expected a start frame of at least 1, found 0": {"start_frame": 0, "has_t_pose": True},
        "expected at least 1 scene frame between keys": {"frame_step": -1},
        "expected a bone for root, which is to carry the travel": {
            "retarget": RetargetSettings(travel="root")
        },
    }.items(),
)
def test_settings_that_do_not_fit_change_nothing(message: str, settings: dict[str, Any]) -> None:
    refused(hero(), message, **settings)


def test_an_error_that_nobody_foresaw_leaves_no_new_armature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lift_video_to_3d.addon.session.bake", interrupt)
    with pytest.raises(KeyboardInterrupt):
        animate(bpy.context, beam_clip(), RigChoice("mixamo"), AnimationSettings(), name="take")
    assert not bpy.data.objects and not bpy.data.armatures and not bpy.data.actions


@pytest.mark.parametrize("num_extra", [0, 1], ids=["alone", "T pose"])
def test_a_clip_of_one_frame_fits(num_extra: int) -> None:
    rig = hero()
    clip = beam_clip()
    motion = clip.motion
    still = replace(
        motion,
        rotations=motion.rotations[:1],
        root_position=motion.root_position[:1],
        contacts=motion.contacts[:1],
        frames=motion.frames[:1],
    )
    poses = clip.poses_world
    pose = replace(
        poses,
        positions=poses.positions[:1],
        confidence=poses.confidence[:1],
        frames=poses.frames[:1],
        depth_sigma=None if poses.depth_sigma is None else poses.depth_sigma[:1],
        contact_probability=(
            None if poses.contact_probability is None else poses.contact_probability[:1]
        ),
    )
    lifted = replace(clip, motion=still, poses_world=pose)
    choice = RigChoice(scheme=None, object_name="Hero")
    animate(bpy.context, lifted, choice, AnimationSettings(has_t_pose=bool(num_extra)), name="take")
    first, last = rig.animation_data.action.frame_range
    assert (first, last) == (1 - num_extra, 1)
