"""A bake replaces what it made before, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.bake import BakeSettings, bake
from lift_video_to_3d.addon.rigify import Switch
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.types import BoneMotion
from round_trip import example_motion, joint_positions, posed_joint_positions

WALK = BakeSettings(action_name="walk")
NLA = replace(WALK, target="nla")
RANGE = replace(WALK, target="range", start_frame=20)


@pytest.fixture
def motion() -> BoneMotion:
    return example_motion(num_frames=20)


@pytest.fixture
def rig(motion: BoneMotion) -> bpy.types.Object:
    return create_armature(bpy.context, motion.rest_pose, name="walker")


def key_table(rig: bpy.types.Object) -> dict[tuple[str, int], np.ndarray]:
    """(K,2) frame and value of every F-curve, by data path and component."""
    return {
        (curve.data_path, curve.array_index): np.array([key.co for key in curve.keyframe_points])
        for curve in compat.assigned_fcurves(rig)
    }


def assert_shown(rig: bpy.types.Object, motion: BoneMotion, *, start_frame: int = 1) -> None:
    frames = range(start_frame, start_frame + motion.num_frames)
    found = posed_joint_positions(rig, motion.rest_pose.bone_names, frames)
    np.testing.assert_allclose(found, joint_positions(motion), atol=1e-5)


def insert_keys(bone: bpy.types.PoseBone, path: str, values: dict[int, object]) -> None:
    for frame, value in values.items():
        setattr(bone, path, value)
        bone.keyframe_insert(path, frame=frame)


def test_the_same_bake_again_is_the_same_action_to_the_last_bit(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    first = bake(rig, motion, settings=WALK).action
    keys = key_table(rig)
    second = bake(rig, motion, settings=WALK).action
    assert second == first == rig.animation_data.action
    assert [action.name for action in bpy.data.actions] == ["walk"]
    again = key_table(rig)
    assert keys.keys() == again.keys()
    for curve, points in keys.items():
        np.testing.assert_array_equal(again[curve], points)
    if compat.HAS_ACTION_SLOTS:
        assert len(second.slots) == 1


def test_a_shorter_clip_in_other_modes_leaves_no_key_of_the_longer(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    bake(rig, motion, settings=WALK)
    for bone in rig.pose.bones:
        bone.rotation_mode = "XYZ"
    short = example_motion(num_frames=5)
    action = bake(rig, short, settings=WALK).action
    assert tuple(action.frame_range) == (1, 5)
    assert not [path for path, _ in key_table(rig) if path.endswith("quaternion")]
    assert_shown(rig, short)


def test_another_clip_and_another_rig_get_actions_of_their_own(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    other = create_armature(bpy.context, motion.rest_pose, name="other")
    baked = [
        bake(rig, motion, settings=WALK).action,
        bake(rig, motion, settings=replace(WALK, action_name="run")).action,
        bake(other, motion, settings=WALK).action,
    ]
    assert len(set(baked)) == 3
    assert all(action.use_fake_user for action in baked)


def test_a_rig_that_was_renamed_keeps_its_action(motion: BoneMotion, rig: bpy.types.Object) -> None:
    first = bake(rig, motion, settings=WALK).action
    rig.name = "hero"
    assert bake(rig, motion, settings=WALK).action == first


def test_an_action_of_the_users_is_neither_taken_nor_lost(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    insert_keys(rig.pose.bones["head"], "location", {3: (1.0, 2.0, 3.0)})
    own = rig.animation_data.action
    own.name = "walk"
    baked = bake(rig, motion, settings=WALK).action
    assert baked != own and own.use_fake_user
    assert baked.name == "walk.001"
    rig.animation_data.action = own
    assert bake(rig, motion, settings=WALK).action == baked


def test_a_strip_on_a_track_of_its_own_shows_the_motion(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    action = bake(rig, motion, settings=replace(NLA, start_frame=11)).action
    assert rig.animation_data.action is None
    [track] = rig.animation_data.nla_tracks
    [strip] = track.strips
    assert (strip.action, strip.frame_start, strip.frame_end) == (action, 11, 30)
    assert_shown(rig, motion, start_frame=11)


def test_baked_again_the_strip_is_replaced_on_its_track(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    first = bake(rig, motion, settings=NLA).action
    short = example_motion(num_frames=8)
    second = bake(rig, short, settings=replace(NLA, start_frame=4)).action
    assert second == first
    [track] = rig.animation_data.nla_tracks
    [strip] = track.strips
    assert (strip.frame_start, strip.frame_end) == (4, 11)
    assert_shown(rig, short, start_frame=4)


def test_one_frame_makes_a_strip(rig: bpy.types.Object) -> None:
    still = example_motion(num_frames=1)
    bake(rig, still, settings=NLA)
    assert_shown(rig, still)


def test_an_action_that_plays_over_the_strip_stays_and_is_named(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    insert_keys(rig.pose.bones["head"], "location", {3: (1.0, 2.0, 3.0)})
    own = rig.animation_data.action
    own.name = "own"
    [warning] = bake(rig, motion, settings=NLA).warnings
    assert "'own'" in warning and "plays over" in warning
    assert rig.animation_data.action == own
    if compat.HAS_ACTION_SLOTS:
        assert rig.animation_data.action_slot is not None


def test_a_range_is_replaced_and_keys_outside_stay(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    longer = example_motion(num_frames=60)
    action = bake(rig, longer, settings=replace(WALK, action_name="long")).action
    for curve in compat.assigned_fcurves(rig):
        for key in curve.keyframe_points:
            key.interpolation = "BEZIER"
            key.handle_left_type = "FREE"
            key.handle_left.y += 0.25
        curve.update()
    before = key_table(rig)
    handles = {
        (curve.data_path, curve.array_index, key.co.x): tuple(key.handle_left)
        for curve in compat.assigned_fcurves(rig)
        for key in curve.keyframe_points
    }
    baked = bake(rig, motion, settings=RANGE)
    assert baked.action == action == rig.animation_data.action
    assert_shown(rig, motion, start_frame=20)
    for curve in compat.assigned_fcurves(rig):
        keys = curve.keyframe_points
        points = np.array([key.co for key in keys])
        outside = (points[:, 0] < 20) | (points[:, 0] > 39)
        old = before[curve.data_path, curve.array_index]
        np.testing.assert_array_equal(points[outside], old[(old[:, 0] < 20) | (old[:, 0] > 39)])
        assert len(points) == 60
        for key, is_outside in zip(keys, outside, strict=True):
            assert (key.interpolation, key.handle_left_type) == (
                ("BEZIER", "FREE") if is_outside else ("LINEAR", key.handle_left_type)
            )
            # Beside a linear key Blender sets a handle itself: it has no effect there.
            if is_outside and key.co.x != 40:
                handle = handles[curve.data_path, curve.array_index, key.co.x]
                assert tuple(key.handle_left) == pytest.approx(handle, abs=1e-5)


def test_a_range_replaced_again_is_the_same(motion: BoneMotion, rig: bpy.types.Object) -> None:
    bake(rig, example_motion(num_frames=60), settings=replace(WALK, action_name="long"))
    bake(rig, motion, settings=RANGE)
    keys = key_table(rig)
    bake(rig, motion, settings=RANGE)
    for curve, points in key_table(rig).items():
        np.testing.assert_array_equal(points, keys[curve])


def test_a_range_turns_the_short_way_from_the_key_before_it(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    first = motion.rotations[0]
    euler = rig.pose.bones["neck"]
    euler.rotation_mode = "XYZ"
    for bone, name in enumerate(motion.rest_pose.bone_names):
        pose_bone = rig.pose.bones[name]
        if name == "neck":
            insert_keys(pose_bone, "rotation_euler", {10: (4.0 * np.pi, 0.0, -2.0 * np.pi)})
        else:
            insert_keys(pose_bone, "rotation_quaternion", {10: -first[bone]})
    bake(rig, motion, settings=RANGE)
    for (path, component), points in key_table(rig).items():
        if "rotation" in path:
            step = abs(points[1, 1] - points[0, 1])
            assert points[0, 0] == 10 and points[1, 0] == 20
            assert step < (1.0 if "euler" in path else 1e-6), (path, component)


def test_a_range_overrules_what_else_moves_its_bones(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    head = rig.pose.bones["head"]
    insert_keys(head, "location", {1: (1.0, 2.0, 3.0), 25: (3.0, 2.0, 1.0), 90: (0.0, 1.0, 0.0)})
    head["IK_FK"] = 0.0
    head.keyframe_insert('["IK_FK"]', frame=1)
    bake(rig, motion, settings=RANGE, switches=(Switch("head", "IK_FK", 1.0),))
    assert_shown(rig, motion, start_frame=20)
    assert head["IK_FK"] == 1.0
    keys = key_table(rig)['pose.bones["head"].location', 2]
    np.testing.assert_array_equal(keys, [[1, 3], [20, 0], [39, 0], [90, 0]])


def test_without_an_action_a_range_is_a_new_one(motion: BoneMotion, rig: bpy.types.Object) -> None:
    action = bake(rig, motion, settings=RANGE).action
    assert action.name == "walk" and action.use_fake_user
    assert_shown(rig, motion, start_frame=20)


def test_a_new_action_without_a_slot_takes_a_range(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    rig.animation_data_create().action = bpy.data.actions.new("own")
    assert bake(rig, motion, settings=RANGE).action.name == "own"
    assert_shown(rig, motion, start_frame=20)


def test_a_strip_that_is_being_edited_is_left_alone(
    motion: BoneMotion, rig: bpy.types.Object
) -> None:
    bake(rig, motion, settings=NLA)
    track = rig.animation_data.nla_tracks[0]
    rig.animation_data.nla_tracks.active = track
    track.strips[0].select = True
    rig.animation_data.use_tweak_mode = True
    assert rig.animation_data.use_tweak_mode
    with pytest.raises(LiftError, match="tweak mode"):
        bake(rig, motion, settings=WALK)
