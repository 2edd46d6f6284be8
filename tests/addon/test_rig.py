"""Any armature in a scene becomes a rest pose and a bone map, or is refused and left as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.rig import (
    DrivenRig,
    choose_bone_map,
    drive_rig,
    find_rig,
    read_rest_pose,
)
from lift_video_to_3d.addon.rig_probe import measure_following
from lift_video_to_3d.addon.rigify import Switch
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.retarget.bone_map import HUMANOID, BoneMap
from lift_video_to_3d.core.retarget.bone_map_file import write_bone_map
from lift_video_to_3d.core.retarget.driven_bone import pick_bones
from lift_video_to_3d.core.retarget.scheme import SCHEME_NAMES, load_scheme
from lift_video_to_3d.core.types import RestPose
from mathutils import Euler, Matrix, Vector
from rig_state import rolled_rest_pose, scene_state
from round_trip import example_rest_pose

QUARTER = np.pi / 2.0


def create(rest: RestPose | None = None, name: str = "hero") -> bpy.types.Object:
    return create_armature(bpy.context, rest or example_rest_pose(), name=name)


def drive(rig: bpy.types.Object, bone_map: BoneMap = HUMANOID, **options: bool) -> DrivenRig:
    return drive_rig(bpy.context, rig, bone_map, **options)


def edit(rig: bpy.types.Object, change: Callable[[bpy.types.ArmatureEditBones], None]) -> None:
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    change(rig.data.edit_bones)
    bpy.ops.object.mode_set(mode="OBJECT")


def assert_same_rest_pose(found: RestPose, wanted: RestPose, *, atol: float = 1e-5) -> None:
    places = [found.bone_names.index(name) for name in wanted.bone_names]
    np.testing.assert_allclose(found.heads[places], wanted.heads, atol=atol)
    np.testing.assert_allclose(found.tails[places], wanted.tails, atol=atol)
    np.testing.assert_allclose(
        quaternion.to_matrix(found.rotations[places]),
        quaternion.to_matrix(wanted.rotations),
        atol=5e-4,
    )
    above = [
        found.bone_names[found.parents[place]] for place in places if found.parents[place] >= 0
    ]
    assert above == [wanted.bone_names[parent] for parent in wanted.parents if parent >= 0]


def tilted(rest: RestPose) -> RestPose:
    """The rest pose in centimetres with y up, as FBX has it."""
    down = quaternion.from_axis_angle(np.array([1.0, 0.0, 0.0]), -QUARTER)
    return RestPose(
        bone_names=rest.bone_names,
        parents=rest.parents,
        heads=100.0 * quaternion.rotate(down, rest.heads),
        tails=100.0 * quaternion.rotate(down, rest.tails),
        rotations=quaternion.multiply(down, rest.rotations),
    )


def import_of_fbx(rest: RestPose) -> bpy.types.Object:
    """An armature as Blender imports an FBX file's."""
    rig = create(tilted(rest))
    rig.rotation_euler = (QUARTER, 0.0, 0.0)
    rig.scale = (0.01, 0.01, 0.01)
    bpy.context.view_layer.update()
    return rig


@pytest.mark.parametrize("scheme", SCHEME_NAMES)
def test_known_rigs_are_read_as_they_were_built(scheme: str) -> None:
    rest = rolled_rest_pose(scheme)
    rig = create(rest)
    whole = read_rest_pose(rig)
    assert_same_rest_pose(whole, rest)
    bone_map = choose_bone_map(whole).bone_map
    # A preset's plain hierarchy has Rigify's names, but not its mark.
    assert bone_map == load_scheme(scheme).bone_map
    before = scene_state(rig)
    found = drive(rig, bone_map)
    chains = [*bone_map.bones.values(), *bone_map.twists.values()]
    wanted = pick_bones(whole, [bone for chain in chains for bone in chain])
    assert found.rest_pose.bone_names == wanted.bone_names
    assert_same_rest_pose(found.rest_pose, wanted)
    assert found.scale == pytest.approx(1.0) and found.warnings == ()
    assert found.switches == () and found.followers == {} and found.muted == ()
    assert scene_state(rig) == before


@pytest.mark.parametrize("scheme", ["mixamo", "unreal"])
def test_an_fbx_import_rests_upright_in_metres(scheme: str) -> None:
    rest = rolled_rest_pose(scheme)
    found = drive(import_of_fbx(rest), load_scheme(scheme).bone_map)
    names = found.rest_pose.bone_names
    assert_same_rest_pose(found.rest_pose, pick_bones(rest, names), atol=2e-5)
    assert found.scale == pytest.approx(0.01)


def test_where_a_rig_stands_and_looks_is_the_stages_not_the_rest_poses() -> None:
    rest = rolled_rest_pose("mixamo")
    rig = import_of_fbx(rest)
    holder = bpy.data.objects.new("holder", None)
    bpy.context.collection.objects.link(holder)
    holder.location, holder.rotation_euler = (3.0, -2.0, 0.5), (0.0, 0.0, 0.8)
    rig.parent = holder
    rig.location = (0.0, 1.0, 0.0)
    bpy.context.view_layer.update()
    found = read_rest_pose(rig)
    assert_same_rest_pose(found, rest, atol=2e-5)
    stage = Matrix.LocRotScale(rig.matrix_world.translation, Euler((0.0, 0.0, 0.8)), None)
    shown = [rig.matrix_world @ bone.head_local for bone in rig.data.bones]
    np.testing.assert_allclose([stage @ Vector(head) for head in found.heads], shown, atol=1e-4)


def test_a_parents_scale_and_the_scenes_unit_count() -> None:
    rest = example_rest_pose()
    rig = create(rest)
    holder = bpy.data.objects.new("holder", None)
    bpy.context.collection.objects.link(holder)
    holder.scale = (50.0, 50.0, 50.0)
    rig.parent = holder
    bpy.context.scene.unit_settings.scale_length = 0.01
    found = drive(rig)
    assert found.scale == pytest.approx(0.5)
    for name, head in zip(rest.bone_names, rest.heads, strict=True):
        place = found.rest_pose.bone_names.index(name)
        np.testing.assert_allclose(found.rest_pose.heads[place], 0.5 * head, atol=1e-5)


def test_the_rig_that_is_meant_is_found() -> None:
    rig = create()
    assert find_rig(bpy.context) == rig
    mesh = bpy.data.objects.new("skin", bpy.data.meshes.new("skin"))
    bpy.context.collection.objects.link(mesh)
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    other = create(name="other")
    assert find_rig(bpy.context) == other
    bpy.context.view_layer.objects.active = mesh
    assert find_rig(bpy.context) == rig
    assert find_rig(bpy.context, "other") == other
    bpy.context.view_layer.objects.active = None
    with pytest.raises(LiftError, match="which; the scene's: 'hero', 'other'"):
        find_rig(bpy.context)
    with pytest.raises(LiftError, match="no object 'none' in the scene; its armatures: 'hero'"):
        find_rig(bpy.context, "none")
    with pytest.raises(LiftError, match="'skin': expected an armature, found a mesh"):
        find_rig(bpy.context, "skin")


def test_an_empty_scene_has_no_rig() -> None:
    with pytest.raises(LiftError, match="the scene's: none"):
        find_rig(bpy.context)


def test_a_map_is_chosen_by_name_by_file_or_as_it_is(tmp_path: Path) -> None:
    rest = rolled_rest_pose("mixamo")
    mixamo = load_scheme("mixamo").bone_map
    write_bone_map(tmp_path / "mine.json", mixamo)
    for chosen in ("mixamo", tmp_path / "mine.json", str(tmp_path / "mine.json"), mixamo, None):
        found = choose_bone_map(rest, chosen)
        assert found.bone_map == mixamo
        assert set(found.confidence) == set(mixamo.bones) and min(found.confidence.values()) == 1.0


def test_a_known_rig_without_its_prefix_and_fingers_is_still_that_rig() -> None:
    rest = rolled_rest_pose("mixamo")
    kept = pick_bones(rest, [name for name in rest.bone_names if "HandIndex" not in name])
    bare = tuple(name.removeprefix("mixamorig:") for name in kept.bone_names)
    plain = RestPose(bare, kept.parents, kept.heads, kept.tails, kept.rotations)
    found = choose_bone_map(plain, "mixamo")
    assert found.bone_map.bones["hips"] == ("Hips",)
    assert "index.L" in found.missing and "ring.L" in found.bone_map.bones


def test_a_map_that_does_not_fit_says_what_is_missing() -> None:
    with pytest.raises(LiftError, match="bone map 'mixamo': expected the armature to have .*Hips"):
        choose_bone_map(example_rest_pose(), "mixamo")
    with pytest.raises(LiftError, match="rig 'nobody': expected one of"):
        choose_bone_map(example_rest_pose(), "nobody")


@pytest.mark.parametrize(
    ("cut", "missing"), [(("thigh.L", "thigh.R"), "thigh on both sides"), (("shoulder.L",), "arm")]
)
def test_a_rig_without_legs_or_an_arm_is_no_humanoid(cut: tuple[str, ...], missing: str) -> None:
    rig = create()

    def amputate(bones: bpy.types.ArmatureEditBones) -> None:
        for name in cut:
            for bone in [bones[name], *bones[name].children_recursive]:
                bones.remove(bone)

    edit(rig, amputate)
    with pytest.raises(LiftError, match=f"no humanoid found .* missing .*{missing}"):
        choose_bone_map(read_rest_pose(rig))


def test_a_map_that_hangs_the_wrong_way_round_is_refused() -> None:
    rig = create()
    swapped = {**HUMANOID.bones, "thigh.L": ("shin.L",), "shin.L": ("thigh.L",)}
    before = scene_state(rig)
    with pytest.raises(LiftError, match="the map is cyclic"):
        drive(rig, BoneMap("swapped", swapped))
    assert scene_state(rig) == before


def _mirrored(rig: bpy.types.Object) -> None:
    rig.scale = (-1.0, 1.0, 1.0)


def _uneven(rig: bpy.types.Object) -> None:
    rig.scale = (1.0, 1.0, 1.2)


def _flat(rig: bpy.types.Object) -> None:
    rig.scale = (0.0, 0.0, 0.0)


def _in_edit_mode(_: bpy.types.Object) -> None:
    bpy.ops.object.mode_set(mode="EDIT")


def _at_rest_position(rig: bpy.types.Object) -> None:
    rig.data.pose_position = "REST"


def _with_a_speck(rig: bpy.types.Object) -> None:
    def shorten(bones: bpy.types.ArmatureEditBones) -> None:
        bones["head"].tail = bones["head"].head + Vector((0.0, 0.0, 4e-6))

    edit(rig, shorten)


def _with_two_roots(rig: bpy.types.Object) -> None:
    def cut(bones: bpy.types.ArmatureEditBones) -> None:
        bones["spine"].parent = None

    edit(rig, cut)


def _without_bones(rig: bpy.types.Object) -> None:
    def clear(bones: bpy.types.ArmatureEditBones) -> None:
        for bone in list(bones):
            bones.remove(bone)

    edit(rig, clear)


BAD_RIGS = {
    "a mirrored one: apply it": _mirrored,
    r"an uneven one \(1, 1, 1.2\): apply it": _uneven,
    r"zero \(0, 0, 0\): set it to 1": _flat,
    "is in Edit Mode: leave it": _in_edit_mode,
    "shows its rest position": _at_rest_position,
    "bone 'head': expected a length, found zero": _with_a_speck,
    r"expected spine \('spine'\) to hang from hips \('hips'\), found .* root is 'spine'": _with_two_roots,
    "has no bones": _without_bones,
}


@pytest.mark.parametrize("message", BAD_RIGS)
def test_bad_rigs_are_refused_and_left_alone(message: str) -> None:
    rig = create()
    BAD_RIGS[message](rig)
    bpy.context.view_layer.update()
    before = scene_state(rig)
    with pytest.raises(LiftError, match=f"armature 'hero'.*{message}"):
        drive(rig)
    assert scene_state(rig) == before


def test_what_is_no_armature_is_refused() -> None:
    light = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    with pytest.raises(LiftError, match="object 'lamp': expected an armature, found a light"):
        read_rest_pose(light)


@pytest.mark.parametrize("is_override", [False, True])
def test_linked_and_overridden_rigs_are_refused(tmp_path: Path, is_override: bool) -> None:
    path = tmp_path / "library.blend"
    create()
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(path), link=True) as (_, wanted):
        wanted.objects = ["hero"]
    [rig] = wanted.objects
    if is_override:
        rig = rig.override_create()
    bpy.context.collection.objects.link(rig)
    message = "is a library override: make it local" if is_override else "is linked from .*library"
    with pytest.raises(LiftError, match=f"armature 'hero' {message}"):
        drive(rig)


def test_constraints_on_driven_bones_are_told_and_muted_only_if_asked() -> None:
    rig = create()
    bones = rig.pose.bones
    bones["chest"].constraints.new("LIMIT_ROTATION").name = "stiff"
    leg = bones["foot.L"].constraints.new("IK")
    leg.target, leg.chain_count, leg.use_tail = rig, 2, False
    leg.subtarget = "head"
    bones["head"].constraints.new("LIMIT_ROTATION").mute = True
    bpy.context.view_layer.update()
    before = scene_state(rig)
    constrained, held = drive(rig).warnings
    assert "chest (stiff), foot.L (IK)" in constrained and "head" not in constrained
    assert held.endswith("away from their keys: thigh.L")
    muted = drive(rig, mute_constraints=True)
    assert muted.muted == (("chest", "stiff"), ("foot.L", "IK"))
    assert muted.warnings == ()
    assert scene_state(rig) == before


def test_twist_helpers_that_the_rig_turns_itself_are_left_to_it() -> None:
    rig = create(rolled_rest_pose("unreal"))
    unreal = load_scheme("unreal").bone_map
    [helper, *_] = unreal.twists["forearm.L"]
    copy = rig.pose.bones[helper].constraints.new("COPY_ROTATION")
    copy.target, copy.subtarget = rig, unreal.bones["hand.L"][0]
    found = drive(rig, unreal)
    assert helper not in found.rest_pose.bone_names and found.warnings == ()
    assert found.bone_map.bones == unreal.bones
    muted = drive(rig, unreal, mute_constraints=True)
    assert helper in muted.rest_pose.bone_names and muted.muted == ((helper, copy.name),)


def _with_mechanism(influence: float) -> bpy.types.Object:
    """The default armature whose neck hangs from the hips, through a bone that copies the chest."""
    rig = create()

    def rewire(bones: bpy.types.ArmatureEditBones) -> None:
        mechanism = bones.new("mechanism")
        mechanism.head, mechanism.tail = bones["neck"].head, bones["neck"].tail
        mechanism.roll = bones["neck"].roll
        mechanism.parent = bones["hips"]
        bones["neck"].use_connect = False
        bones["neck"].parent = mechanism

    edit(rig, rewire)
    for kind in ("CHILD_OF",) if influence == 1.0 else ("COPY_ROTATION",):
        constraint = rig.pose.bones["mechanism"].constraints.new(kind)
        constraint.target, constraint.subtarget, constraint.influence = rig, "chest", influence
        if kind == "CHILD_OF":
            chest = rig.data.bones["chest"].matrix_local
            constraint.inverse_matrix = (rig.matrix_world @ chest).inverted()
            edit(rig, lambda bones: setattr(bones["mechanism"], "parent", None))
        else:
            constraint.target_space = constraint.owner_space = "LOCAL"
    return rig


def test_what_a_constraint_carries_hangs_from_what_carries_it() -> None:
    rig = _with_mechanism(1.0)
    before = scene_state(rig)
    found = drive(rig)
    assert found.warnings == () and scene_state(rig) == before
    assert_same_rest_pose(found.rest_pose, example_rest_pose())


def test_what_is_carried_by_half_is_told() -> None:
    [warning] = drive(_with_mechanism(0.3)).warnings
    assert "neck (of chest)" in warning and "partly" in warning


def test_a_bone_that_does_not_inherit_rotation_is_told_and_turns_by_itself() -> None:
    rig = create()
    rig.data.bones["upper_arm.L"].use_inherit_rotation = False
    found = drive(rig)
    [warning] = found.warnings
    assert "upper_arm.L (of shoulder.L)" in warning and "forearm" not in warning
    names = found.rest_pose.bone_names
    assert found.rest_pose.parents[names.index("upper_arm.L")] == -1
    assert names[found.rest_pose.parents[names.index("forearm.L")]] == "upper_arm.L"


def test_drivers_and_poses_in_the_way_are_told() -> None:
    rig = create()
    rig.pose.bones["head"].driver_add("rotation_quaternion", 1)

    def carry(bones: bpy.types.ArmatureEditBones) -> None:
        carrier = bones.new("carrier")
        carrier.head, carrier.tail = (0.0, 0.0, 0.0), (0.0, 0.5, 0.0)
        bones["hips"].parent = carrier

    edit(rig, carry)
    assert "carrier" not in "".join(drive(rig).warnings)
    rig.pose.bones["carrier"].location = (0.0, 0.1, 0.0)
    told = "\n".join(drive(rig).warnings)
    assert "drivers turn bones, whatever is keyed: head" in told
    assert "clear their pose: carrier" in told


def test_a_strip_that_is_being_tweaked_stays_so() -> None:
    rig = _with_mechanism(0.3)
    rig.pose.bones["chest"].location = (0.0, 0.2, 0.0)
    rig.keyframe_insert('pose.bones["chest"].location')
    animation_data = rig.animation_data
    track = animation_data.nla_tracks.new()
    strip = track.strips.new("walk", 1, animation_data.action)
    animation_data.action = None
    track.select = strip.select = True
    animation_data.nla_tracks.active = track
    animation_data.use_tweak_mode = True
    bpy.context.view_layer.update()
    assert animation_data.use_tweak_mode
    before = scene_state(rig)
    [warning] = drive(rig).warnings
    assert "neck (of chest)" in warning
    assert animation_data.use_tweak_mode and scene_state(rig) == before


def test_an_error_while_measuring_leaves_nothing_behind() -> None:
    rig = create()
    rig.keyframe_insert("location")
    before = scene_state(rig)
    with pytest.raises(KeyError, match="nothing"):
        measure_following(bpy.context, rig, ["hips"], switches=[Switch("nothing", "x", 1.0)])
    assert scene_state(rig) == before
