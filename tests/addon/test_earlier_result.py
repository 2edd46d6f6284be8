"""Lifting a person again: the new armature takes the place of the last, unless something would be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"


@pytest.fixture
def panel() -> Iterator[Any]:
    """With the clip lifted once."""
    lift_video_to_3d.register()
    panel = bpy.context.scene.lift
    panel.source = str(BEAM / "cam01_json")
    panel.has_video_camera = False
    bpy.ops.lift.lift()
    yield panel
    lift_video_to_3d.unregister()


def names() -> tuple[list[str], list[str], list[str]]:
    return (
        sorted(found.name for found in bpy.data.objects if found.type == "ARMATURE"),
        sorted(found.name for found in bpy.data.armatures),
        sorted(found.name for found in bpy.data.actions),
    )


ONE = (["cam01_json"], ["cam01_json"], ["cam01_json"])
BOTH = ["cam01_json", "cam01_json.001"]


def test_the_last_armature_is_replaced_whatever_its_kind(panel: Any) -> None:
    assert names() == ONE
    for scheme in ("default", "mixamo"):
        panel.scheme = scheme
        last = panel.result_rig.session_uid
        bpy.ops.lift.lift()
        assert names() == ONE and panel.result_rig.session_uid != last
    assert "mixamorig:Hips" in panel.result_rig.data.bones


def test_without_the_option_another_one_is_made(panel: Any) -> None:
    panel.replaces_result = False
    bpy.ops.lift.lift()
    assert names()[0] == BOTH and panel.result_rig.name == BOTH[1]


def test_another_clips_armature_stays(panel: Any) -> None:
    panel.source = str(
        BEAM / "cam01_json" / sorted(p.name for p in (BEAM / "cam01_json").iterdir())[0]
    )
    panel.result_built_of = '["/another/clip.json", 1, null]'
    bpy.ops.lift.lift()
    assert names()[0] == BOTH


def _give_child(rig: bpy.types.Object) -> None:
    child = bpy.data.objects.new("hat", None)
    bpy.context.collection.objects.link(child)
    child.parent, child.parent_type, child.parent_bone = rig, "BONE", "head"


def _deform_with(rig: bpy.types.Object) -> None:
    body = bpy.data.objects.new("body", bpy.data.meshes.new("body"))
    bpy.context.collection.objects.link(body)
    body.modifiers.new("Armature", "ARMATURE").object = rig


def _constrain(rig: bpy.types.Object) -> None:
    rig.pose.bones["head"].constraints.new("LIMIT_ROTATION")


def _push_down(rig: bpy.types.Object) -> None:
    rig.animation_data.nla_tracks.new().strips.new("mine", 1, rig.animation_data.action)


def _animate_otherwise(rig: bpy.types.Object) -> None:
    rig.animation_data.action = bpy.data.actions.new("mine")


def _drive(rig: bpy.types.Object) -> None:
    rig.driver_add("location", 0)


def _move(rig: bpy.types.Object) -> None:
    rig.location.x = 2.0


def _turn(rig: bpy.types.Object) -> None:
    rig.rotation_euler.z = 1.0


@pytest.mark.parametrize(
    "use",
    [_move, _turn, _give_child, _deform_with, _constrain, _push_down, _animate_otherwise, _drive],
)
def test_what_else_uses_the_last_one_keeps_it(
    panel: Any, use: Callable[[bpy.types.Object], None]
) -> None:
    last = panel.result_rig
    use(last)
    bpy.ops.lift.lift()
    assert last.name == "cam01_json" and panel.result_rig.name == "cam01_json.001"


def test_an_armature_shared_with_another_object_stays(panel: Any) -> None:
    twin = bpy.data.objects.new("twin", panel.result_rig.data)
    bpy.context.collection.objects.link(twin)
    bpy.ops.lift.lift()
    assert sorted(names()[0]) == ["cam01_json", "twin"] and len(bpy.data.armatures) == 2
    assert len(twin.data.bones)


def test_the_users_own_armature_stays(panel: Any) -> None:
    hero, panel.target = panel.result_rig, "OWN"
    panel.rig = hero
    bpy.ops.lift.lift()
    panel.rig, panel.target = None, "NEW"
    bpy.ops.lift.lift()
    assert hero.name == "cam01_json" and panel.result_rig.name == "cam01_json.001"


def test_the_new_one_is_in_the_collection_of_the_last(panel: Any) -> None:
    actors = bpy.data.collections.new("actors")
    bpy.context.scene.collection.children.link(actors)
    actors.objects.link(panel.result_rig)
    for other in set(panel.result_rig.users_collection) - {actors}:
        other.objects.unlink(panel.result_rig)
    bpy.ops.lift.lift()
    assert panel.result_rig.users_collection == (actors,) and names() == ONE


def test_one_that_travels_as_an_object_is_replaced(panel: Any) -> None:
    panel.travel = "object"
    for _ in range(2):
        bpy.ops.lift.lift()
        assert names() == ONE


def test_one_that_was_deleted_is_not_missed(panel: Any) -> None:
    bpy.data.objects.remove(panel.result_rig)
    bpy.ops.lift.lift()
    assert panel.result_rig is not None and len(names()[0]) == 1


def test_when_the_lift_fails_the_last_one_is_as_it_was(panel: Any) -> None:
    last, keys = panel.result_rig, panel.result_rig.animation_data.action.frame_range[:]
    panel.start_frame = 1_048_570
    with pytest.raises(RuntimeError, match="after Blender's last frame"):
        bpy.ops.lift.lift()
    assert names() == ONE and panel.result_rig == last
    assert last.animation_data.action.frame_range[:] == keys
    panel.start_frame = 1
    bpy.ops.lift.lift()
    assert names() == ONE
