"""Rigify's own rigs are recognised, and its animals are not taken for people."""

from __future__ import annotations

from collections.abc import Iterator

import addon_utils
import bpy
import numpy as np
import pytest
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.retarget.automatic_map import find_bone_map
from lift_video_to_3d.core.retarget.scheme import load_scheme
from lift_video_to_3d.core.types import RestPose


@pytest.fixture(autouse=True)
def rigify(empty_file: None) -> Iterator[None]:
    """Enabled as a user enables it: its rigs' parameters are registered with its preferences."""
    addon_utils.enable("rigify", default_set=True)
    yield
    addon_utils.disable("rigify", default_set=True)


def rest_pose_of(rig: bpy.types.Object) -> RestPose:
    bones = rig.data.bones
    ordered = [*(bone for bone in bones if bone.parent is None)]
    for bone in ordered:
        ordered.extend(bone.children)
    names = [bone.name for bone in ordered]
    return RestPose(
        bone_names=tuple(names),
        parents=tuple(names.index(bone.parent.name) if bone.parent else -1 for bone in ordered),
        heads=np.array([bone.head_local for bone in ordered]),
        tails=np.array([bone.tail_local for bone in ordered]),
        rotations=np.array([bone.matrix_local.to_quaternion() for bone in ordered]),
    )


def remove_face(metarig: bpy.types.Object) -> None:
    """Half of a human's bones are in its face, and generating takes as much longer."""
    bpy.ops.object.mode_set(mode="EDIT")
    bones = metarig.data.edit_bones
    for bone in [bones["face"], *bones["face"].children_recursive]:
        bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_the_human_metarig_and_the_rig_generated_from_it_are_known() -> None:
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    found = find_bone_map(rest_pose_of(metarig)).bone_map
    assert found == load_scheme("rigify_metarig").bone_map
    remove_face(metarig)
    bpy.ops.pose.rigify_generate()
    [rig] = [each for each in bpy.data.objects if each.type == "ARMATURE" and each != metarig]
    found = find_bone_map(rest_pose_of(rig)).bone_map
    assert found == load_scheme("rigify").bone_map


def test_a_metarig_whose_names_say_nothing_is_mapped_by_its_shape() -> None:
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    known = find_bone_map(rest_pose_of(metarig)).bone_map
    names = {bone.name: f"Bone.{number:03d}" for number, bone in enumerate(metarig.data.bones)}
    for old, new in names.items():
        metarig.data.bones[old].name = new
    found = find_bone_map(rest_pose_of(metarig)).bone_map
    expected = {role: tuple(names[bone] for bone in chain) for role, chain in known.bones.items()}
    assert dict(found.bones) == expected


@pytest.mark.parametrize("animal", ["wolf", "cat", "horse", "bird", "shark", "basic_quadruped"])
def test_animals_are_refused(animal: str) -> None:
    getattr(bpy.ops.object, f"armature_{animal}_metarig_add")()
    with pytest.raises(LiftError, match="humanoid"):
        find_bone_map(rest_pose_of(bpy.context.object))
