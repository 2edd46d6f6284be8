"""The panel shows which bones of the chosen character play which part, as soon as it is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.plain_name import plain_name
from lift_video_to_3d.core.retarget.bone_map import BODY_ROLES, HUMANOID
from lift_video_to_3d.core.retarget.bone_map_file import write_bone_map
from round_trip import example_rest_pose


@pytest.fixture
def panel() -> Iterator[Any]:
    lift_video_to_3d.register()
    yield bpy.context.scene.lift
    lift_video_to_3d.unregister()


@pytest.fixture
def hero() -> bpy.types.Object:
    return create_armature(bpy.context, example_rest_pose(), name="hero")


def remove_bones(rig: bpy.types.Object, *names: str) -> None:
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name in names:
        rig.data.edit_bones.remove(rig.data.edit_bones[name])
    bpy.ops.object.mode_set(mode="OBJECT")


def bones_of(panel: Any) -> dict[str, str]:
    return {part.role: part.bones for part in panel.target_parts}


def test_choosing_a_character_shows_its_bones(panel: Any, hero: bpy.types.Object) -> None:
    panel.rig = hero
    assert not panel.target_parts, "a new armature is to be built"
    panel.target = "OWN"
    assert bones_of(panel) == {role: role for role in BODY_ROLES} and not panel.target_error
    assert all(part.confidence == 1.0 for part in panel.target_parts)
    assert "root" in panel.target_missing.split() and "index.L" in panel.target_missing.split()
    panel.rig = None
    assert not panel.target_parts and not panel.target_missing


def test_a_character_that_cannot_be_driven_says_what_is_missing(
    panel: Any, hero: bpy.types.Object
) -> None:
    panel.target, panel.rig = "OWN", hero
    remove_bones(hero, "shin.L", "foot.L", "toes.L")
    assert "shin.L" in bones_of(panel), "as it was when it was chosen"
    assert bpy.ops.lift.inspect_target() == {"FINISHED"}
    assert "no humanoid found" in panel.target_error
    assert {"shin.L", "foot.L"} <= set(panel.target_missing.split())
    assert bones_of(panel)["upper_arm.R"] == "upper_arm.R"


def test_a_chosen_map_is_shown_or_why_it_does_not_fit(
    panel: Any, hero: bpy.types.Object, tmp_path: Path
) -> None:
    path = tmp_path / "map.json"
    write_bone_map(path, HUMANOID)
    panel.target, panel.rig, panel.bone_map = "OWN", hero, str(path)
    assert bones_of(panel)["hips"] == "hips" and not panel.target_error
    panel.bone_map = str(tmp_path / "absent.json")
    assert "absent.json" in panel.target_error and not panel.target_parts
    panel.bone_map = ""
    assert not panel.target_error and panel.target_parts


def test_there_is_nothing_to_find_again_without_a_character(panel: Any) -> None:
    assert not bpy.ops.lift.inspect_target.poll()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("left_wrist", "left wrist"),
        ("upper_arm.L", "left upper arm"),
        ("index.R", "right index finger"),
        ("thumb.R", "right thumb"),
        ("hips", "hips"),
    ],
)
def test_parts_are_said_in_plain_words(name: str, said: str) -> None:
    assert plain_name(name) == said
