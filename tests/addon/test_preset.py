"""Presets keep the panel's choices: what is stored comes back, the clip stays out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon.preset import PRESET_CHOICES, LIFT_PT_presets
from lift_video_to_3d.addon.properties import LIFT_PG_panel

# What belongs to one clip or one file.
OF_ONE_CLIP = {"source", "video", "person", "rig", "given_fps", "given_size"}
OF_ONE_CLIP |= {"has_frame_range", "first_video_frame", "last_video_frame"}
MENU = LIFT_PT_presets.__name__


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The panel, with presets written to a folder of the test's own."""
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path))
    # Blender writes the last preset's name there.
    monkeypatch.setattr(LIFT_PT_presets, "bl_label", LIFT_PT_presets.bl_label)
    lift_video_to_3d.register()
    yield bpy.context.scene.lift
    lift_video_to_3d.unregister()


def values_of(panel: Any) -> dict[str, Any]:
    return {name: getattr(panel, name) for name in PRESET_CHOICES}


def another_value(panel: Any, name: str) -> Any:
    """A value that the panel takes and does not have."""
    rna = panel.bl_rna.properties[name]
    match rna.type:
        case "BOOLEAN":
            return not getattr(panel, name)
        case "ENUM":
            return next(i.identifier for i in rna.enum_items if i.identifier != rna.default)
        case "STRING":
            return '/folder/take\'s "own" file.toml'
        case "INT":
            return rna.default + 3
        case _:
            return 0.5 * (rna.default + rna.hard_max)


def test_keeps_every_choice_but_those_of_one_clip() -> None:
    lift_video_to_3d.register()
    properties = LIFT_PG_panel.bl_rna.properties
    # What is chosen has a description; what was found of the clip has none.
    chosen = {
        name for name in vars(LIFT_PG_panel)["__annotations__"] if properties[name].description
    }
    lift_video_to_3d.unregister()
    assert set(PRESET_CHOICES) == chosen - OF_ONE_CLIP
    assert len(PRESET_CHOICES) == len(set(PRESET_CHOICES))


def test_what_is_stored_comes_back(panel: Any, tmp_path: Path) -> None:
    panel.source = "/take.json"
    defaults = values_of(panel)
    for name in PRESET_CHOICES:
        setattr(panel, name, another_value(panel, name))
    stored = values_of(panel)
    assert all(stored[name] != defaults[name] for name in PRESET_CHOICES)
    assert bpy.ops.lift.add_preset(name="Studio") == {"FINISHED"}
    path = tmp_path / "presets" / "lift_video_to_3d" / "Studio.py"
    assert "take.json" not in path.read_text(encoding="utf-8")
    for name in PRESET_CHOICES:
        panel.property_unset(name)
    panel.source = "/other.json"
    assert values_of(panel) == defaults
    bpy.ops.script.execute_preset(filepath=str(path), menu_idname=MENU)
    assert values_of(panel) == stored and panel.source == "/other.json"


def test_a_preset_can_be_removed(panel: Any, tmp_path: Path) -> None:
    bpy.ops.lift.add_preset(name="Studio")
    bpy.ops.lift.add_preset(name="Studio", remove_name=True)
    assert not list((tmp_path / "presets" / "lift_video_to_3d").iterdir())
