"""The plain copy of a rig shows what the rig shows, and leaves no trace of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest
from character import (
    FRAMES,
    MESH_NAMES,
    NUM_FRAMES,
    animated_character,
    as_it_is,
    carried_by_its_parent,
    in_centimetres,
    parented,
    scaled_and_turned,
    shown_vertices,
    travelling_by_its_object,
)
from lift_video_to_3d.addon import writer
from lift_video_to_3d.addon.export import export_armature
from lift_video_to_3d.addon.plain_copy import plain_copy
from lift_video_to_3d.addon.rig_space import stage_of
from lift_video_to_3d.core.errors import LiftError
from mathutils import Matrix, Vector
from rig_clip import as_fbx_import
from rig_state import scene_state

BODY = ("hips", "chest", "head", "hand.L", "toes.R")


def edit(rig: bpy.types.Object, change: Callable[[bpy.types.ArmatureEditBones], None]) -> None:
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    change(rig.data.edit_bones)
    bpy.ops.object.mode_set(mode="OBJECT")


def held_by_constraints(rig: bpy.types.Object) -> None:
    limit = rig.pose.bones["upper_arm.L"].constraints.new("LIMIT_ROTATION")
    limit.use_limit_x = limit.use_limit_z = True
    limit.owner_space = "LOCAL"
    follow = rig.pose.bones["shin.R"].constraints.new("COPY_LOCATION")
    follow.target, follow.influence = bpy.data.objects["empty"], 0.2


def led_by_controls(rig: bpy.types.Object) -> None:
    """Bones that do not deform between, above and beside those that do."""

    def add_controls(bones: bpy.types.ArmatureEditBones) -> None:
        for name, parent, child in (("control", "chest", "neck"), ("master", None, "hips")):
            control = bones.new(name)
            control.head, control.tail = bones[child].head, bones[child].head + Vector((0, 0.1, 0))
            control.parent = bones[parent] if parent else None
            bones[child].use_connect = False
            bones[child].parent = control

    edit(rig, add_controls)
    for name in ("control", "master"):
        rig.data.bones[name].use_deform = False
        bone = rig.pose.bones[name]
        bone.rotation_mode = "XYZ"
        bone.rotation_euler, bone.location = (0.3, 0.1, -0.2), (0.1, 0.0, 0.05)


RIGS = {
    each.__name__: each
    for each in (
        *(
            as_it_is,
            scaled_and_turned,
            parented,
            in_centimetres,
            as_fbx_import,
            held_by_constraints,
        ),
        *(led_by_controls, travelling_by_its_object, carried_by_its_parent),
    )
}


def character(change: Callable[[bpy.types.Object], None]) -> bpy.types.Object:
    rig = animated_character()
    change(rig)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, NUM_FRAMES
    scene.frame_set(1)
    return rig


def copied(
    rig: bpy.types.Object, *, name: str = "plain", to: Matrix | None = None, meshes: bool = False
) -> Any:
    return plain_copy(bpy.context, rig, name=name, to=to or Matrix(), with_meshes=meshes)


def joints(rig: bpy.types.Object, seen_from: Matrix, names: tuple[str, ...]) -> np.ndarray:
    """(T,2B,3): heads and tails of the bones, as Blender shows them."""
    shown = []
    for frame in FRAMES:
        bpy.context.scene.frame_set(frame)
        matrix = seen_from @ rig.matrix_world
        bones = [rig.pose.bones[name] for name in names]
        shown.append([matrix @ end for bone in bones for end in (bone.head, bone.tail)])
    return np.array(shown)


def metres_from_stage(rig: bpy.types.Object) -> Matrix:
    bpy.context.scene.frame_set(1)
    unit = bpy.context.scene.unit_settings.scale_length
    return Matrix.Scale(unit, 4) @ stage_of(rig).inverted()


@pytest.mark.parametrize("change", RIGS)
def test_a_copy_shows_the_joints_of_the_rig_from_its_stage(change: str) -> None:
    rig = character(RIGS[change])
    names = tuple(bone.name for bone in rig.data.bones if bone.use_deform)
    wanted = joints(rig, metres_from_stage(rig), names)
    assert np.ptp(wanted, axis=0).max() > 0.05
    with copied(rig) as copy:
        assert copy.matrix_world == Matrix()
        found = joints(copy, Matrix(), names)
    assert np.abs(found - wanted).max() < 1e-4


@pytest.mark.parametrize("change", RIGS)
def test_copied_meshes_show_the_vertices_of_the_characters(change: str) -> None:
    rig = character(RIGS[change])
    stage = metres_from_stage(rig)
    unit = bpy.context.scene.unit_settings.scale_length
    wanted = shown_vertices(MESH_NAMES, FRAMES)
    originals = [bpy.data.objects[name] for name in MESH_NAMES]
    with copied(rig, meshes=True) as copy:
        copies = [bpy.data.objects[name] for name in MESH_NAMES]
        assert not set(copies) & set(originals)
        assert all(each.parent == copy and each.matrix_world == Matrix() for each in copies)
        found = shown_vertices(MESH_NAMES, FRAMES)
        chosen = set(bpy.context.selected_objects)
        assert chosen == {copy, *copies} and bpy.context.object == copy
    turned = np.array(stage)
    for name in MESH_NAMES:
        seen = wanted[name] / unit @ turned[:3, :3].T + turned[:3, 3]
        # The scene's unit does not count for the copy: its numbers are metres.
        assert np.abs(found[name] / unit - seen).max() < 1e-4, name


def test_a_copy_goes_into_the_space_that_is_asked_for() -> None:
    rig = character(parented)
    to = Matrix.Scale(100.0, 4) @ Matrix.Rotation(-np.pi / 2, 4, "X")
    wanted = joints(rig, to @ metres_from_stage(rig), BODY)
    with copied(rig, to=to) as copy:
        assert np.abs(joints(copy, Matrix(), BODY) - wanted).max() < 1e-2


def test_only_what_deforms_travels_or_carries_a_mesh_is_copied() -> None:
    rig = character(led_by_controls)
    deforming = {bone.name for bone in rig.data.bones if bone.use_deform}
    with copied(rig) as copy:
        assert set(copy.data.bones.keys()) == deforming
        assert copy.data.bones["neck"].parent.name == "chest"
    rig.pose.bones["master"].keyframe_insert("location", frame=1)
    with copied(rig) as copy:
        assert set(copy.data.bones.keys()) == deforming | {"master"}
        assert copy.data.bones["hips"].parent.name == "master"
    bpy.data.objects["badge"].parent_bone = "control"
    with copied(rig, meshes=True) as copy:
        assert set(copy.data.bones.keys()) == deforming | {"master", "control"}


def test_a_keyed_root_beside_the_body_is_a_control_and_stays_behind() -> None:
    rig = character(as_it_is)

    def add(bones: bpy.types.ArmatureEditBones) -> None:
        for name in ("target", "prop"):
            bone = bones.new(name)
            bone.head, bone.tail = (1.0, 0.0, 0.0), (1.0, 0.2, 0.0)

    edit(rig, add)
    rig.data.bones["target"].use_deform = False
    for name in ("target", "prop"):
        rig.pose.bones[name].keyframe_insert("location", frame=1)
    with copied(rig) as copy:
        assert "target" not in copy.data.bones
        assert copy.data.bones["prop"].parent is None


def test_a_deforming_bone_hangs_from_what_its_control_stands_for() -> None:
    """As in Rigify: the arm hangs from a control that lies where the deforming chest lies."""
    rig = character(as_it_is)

    def add(bones: bpy.types.ArmatureEditBones) -> None:
        control = bones.new("control")
        control.head, control.tail = bones["chest"].head, bones["chest"].tail
        bones["shoulder.L"].use_connect = False
        bones["shoulder.L"].parent = control

    edit(rig, add)
    rig.data.bones["control"].use_deform = False
    with copied(rig) as copy:
        assert copy.data.bones["shoulder.L"].parent.name == "chest"
        assert [bone.name for bone in copy.data.bones if bone.parent is None] == ["hips"]


def test_parts_that_share_but_a_control_keep_it_as_their_root() -> None:
    rig = character(as_it_is)

    def add(bones: bpy.types.ArmatureEditBones) -> None:
        holder, prop = bones.new("holder"), bones.new("prop")
        holder.head, holder.tail = (0.0, 0.0, 0.0), (0.0, 0.5, 0.0)
        prop.head, prop.tail = (1.0, 0.0, 0.0), (1.0, 0.2, 0.0)
        bones["hips"].parent = prop.parent = holder

    edit(rig, add)
    rig.data.bones["holder"].use_deform = False
    with copied(rig) as copy:
        assert [bone.name for bone in copy.data.bones if bone.parent is None] == ["holder"]


@pytest.mark.parametrize(
    ("change", "root"),
    [(as_it_is, "hips"), (travelling_by_its_object, "root"), (carried_by_its_parent, "root")],
)
def test_travel_of_the_object_gets_a_bone(change: Any, root: str) -> None:
    rig = character(change)
    with copied(rig) as copy:
        assert [bone.name for bone in copy.data.bones if bone.parent is None] == [root]
        places = joints(copy, Matrix(), (root,))[:, 0]
    if root == "root":
        np.testing.assert_allclose(places[0], 0.0, atol=1e-6)
        assert np.linalg.norm(places[-1] - places[0]) > 0.9


def test_the_object_gets_another_bone_where_there_is_a_root() -> None:
    rig = character(travelling_by_its_object)
    rig.data.bones["hips"].name = "root"
    with copied(rig) as copy:
        assert copy.data.bones["root"].parent.name == "root.object"


def test_vertex_groups_of_controls_do_not_bind_the_copy() -> None:
    rig = character(as_it_is)
    rig.data.bones["hips"].use_deform = False
    wanted = shown_vertices(["skin"], FRAMES)["skin"]
    with copied(rig, meshes=True):
        assert "hips" not in bpy.data.objects["skin"].vertex_groups
        assert np.abs(shown_vertices(["skin"], FRAMES)["skin"] - wanted).max() < 1e-4


def test_modifiers_are_applied_where_the_mesh_stands() -> None:
    rig = character(scaled_and_turned)
    plinth = bpy.data.objects["plinth"]
    plinth.modifiers.new("Mirror", "MIRROR")
    plinth.location.x += 0.7
    stage = np.array(metres_from_stage(rig))
    wanted = shown_vertices(["plinth"], FRAMES)["plinth"] @ stage[:3, :3].T + stage[:3, 3]
    with copied(rig, meshes=True):
        found = shown_vertices(["plinth"], FRAMES)["plinth"]
        assert not bpy.data.objects["plinth"].modifiers
    assert wanted.shape[1] == 8
    assert np.abs(found - wanted).max() < 1e-4


def test_faces_of_a_mirrored_mesh_look_outwards() -> None:
    rig = character(as_it_is)
    bpy.data.objects["plinth"].scale.x = -1.0
    with copied(rig, meshes=True):
        mesh = bpy.data.objects["plinth"].data
        middle = sum((vertex.co for vertex in mesh.vertices), Vector()) / len(mesh.vertices)
        assert all((face.center - middle).dot(face.normal) > 0.0 for face in mesh.polygons)


def test_what_hangs_from_a_mesh_that_hangs_from_a_bone_goes_with_the_bone() -> None:
    rig = character(as_it_is)
    bpy.data.objects["plinth"].parent = bpy.data.objects["badge"]
    wanted = shown_vertices(["plinth"], FRAMES)["plinth"]
    with copied(rig, meshes=True):
        [group] = bpy.data.objects["plinth"].vertex_groups
        assert group.name == "head"
        assert np.abs(shown_vertices(["plinth"], FRAMES)["plinth"] - wanted).max() < 1e-4


def test_a_rig_without_deforming_bones_is_refused() -> None:
    rig = character(as_it_is)
    for bone in rig.data.bones:
        bone.use_deform = False
    before = everything(rig)
    with pytest.raises(LiftError, match="'hero': none of its bones deforms"), copied(rig):
        pass
    assert everything(rig) == before


def everything(rig: bpy.types.Object) -> dict[str, Any]:
    """What an export must leave as it was."""
    scene = bpy.context.scene
    kinds = (*("objects", "meshes", "armatures", "actions", "collections", "shape_keys"), "scenes")
    return scene_state(rig) | {
        "blocks": {kind: sorted(each.name for each in getattr(bpy.data, kind)) for kind in kinds},
        "users": [each.users for each in (*bpy.data.meshes, *bpy.data.actions)],
        "position": rig.data.pose_position,
        "scene": (
            *(scene.frame_start, scene.frame_end, scene.render.fps, scene.render.fps_base),
            *(scene.unit_settings.system, scene.unit_settings.scale_length),
        ),
        "hidden": [
            (each.hide_viewport, each.hide_select, each.visible_get()) for each in bpy.data.objects
        ],
        "held": [
            (each.parent, each.parent_bone, [str(modifier.name) for modifier in each.modifiers])
            for each in bpy.data.objects
        ],
        "vertices": {
            name: corners.round(5).tolist()
            for name, corners in shown_vertices(MESH_NAMES, [scene.frame_current]).items()
        },
    }


@pytest.mark.parametrize("change", [as_it_is, travelling_by_its_object, in_centimetres])
@pytest.mark.parametrize("is_taken", [False, True], ids=["free name", "taken name"])
@pytest.mark.parametrize("fails", [False, True], ids=["works", "fails"])
def test_an_export_leaves_everything_as_it_was(
    change: Any, is_taken: bool, fails: bool, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = character(change)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 3, 77
    scene.frame_set(7)
    if is_taken:
        bpy.data.objects["bystander"].name = "Armature"
        rig.data.name = "Armature"
    bpy.ops.object.select_all(action="DESELECT")
    for name in ("badge", "lamp"):
        bpy.data.objects[name].select_set(True)
    before = everything(rig)
    if fails:

        def fail(*_: object, **__: object) -> object:
            assert bpy.data.objects["Armature"].type == "ARMATURE"
            raise RuntimeError("the disk is on fire")

        monkeypatch.setattr(writer, "_export_fbx", fail)
        with pytest.raises(LiftError, match="hero.fbx: the disk is on fire"):
            export_armature(bpy.context, rig, tmp_path / "hero.fbx", engine="unreal")
    else:
        export_armature(bpy.context, rig, tmp_path / "hero.fbx", engine="unreal")
    assert everything(rig) == before
    assert [each.name for each in tmp_path.iterdir()] == ([] if fails else ["hero.fbx"])


def test_an_interrupted_copy_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = character(as_it_is)
    before = everything(rig)
    for place in ("create_armature", "bake", "copied_meshes"):
        with monkeypatch.context() as patch:

            def interrupt(*_: object, **__: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(f"lift_video_to_3d.addon.plain_copy.{place}", interrupt)
            with pytest.raises(KeyboardInterrupt), copied(rig, name="hero", meshes=True):
                pass
        kept = everything(rig)
        assert {key: kept[key] for key in ("blocks", "users", "position", "action")} == {
            key: before[key] for key in ("blocks", "users", "position", "action")
        }


@pytest.mark.parametrize("mode", ["POSE", "OBJECT"])
def test_the_users_mode_comes_back(mode: str, tmp_path: Any) -> None:
    rig = character(as_it_is)
    bpy.context.view_layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.object.mode_set(mode=mode)
    export_armature(bpy.context, rig, tmp_path / "hero.glb")
    assert bpy.context.object == rig and rig.mode == mode
