"""The preferred model: the panel and File > Import lift with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon.panel_choice import chosen_lift_settings
from lift_video_to_3d.addon.preferences import LIFT_AP_preferences, preferred_model
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.pipeline import DEFAULT_MODEL

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"


@pytest.fixture
def preferences() -> Iterator[Any]:
    """Those of the extension, enabled as Blender enables it."""
    lift_video_to_3d.register()
    addons = bpy.context.preferences.addons
    enabled = addons.new()
    enabled.module = "lift_video_to_3d"
    yield enabled.preferences
    addons.remove(enabled)
    lift_video_to_3d.unregister()


def test_belong_to_the_package_that_blender_enables() -> None:
    assert LIFT_AP_preferences.bl_idname == lift_video_to_3d.__name__


def test_without_a_model_it_is_the_bundled_one(preferences: Any) -> None:
    assert preferences.model == "" and preferred_model(bpy.context) is None
    assert chosen_lift_settings(bpy.context.scene.lift).model is None


def test_an_extension_that_is_not_enabled_has_no_preferred_model() -> None:
    assert preferred_model(bpy.context) is None


def test_what_is_found_in_videos_is_kept_in_the_named_folder(
    preferences: Any, tmp_path: Path
) -> None:
    assert chosen_lift_settings(bpy.context.scene.lift).keypoint_cache is None
    preferences.cache_folder = str(tmp_path)
    assert chosen_lift_settings(bpy.context.scene.lift).keypoint_cache == tmp_path


def test_the_named_model_lifts(preferences: Any, tmp_path: Path) -> None:
    model = tmp_path / "own.npz"
    shutil.copy(DEFAULT_MODEL, model)
    preferences.model = str(model)
    assert chosen_lift_settings(bpy.context.scene.lift).model == model
    model.write_bytes(b"broken")
    with pytest.raises(RuntimeError, match=r"own\.npz: expected a model file"):
        bpy.ops.lift.import_keypoints(filepath=str(BEAM / "cam01_json"))


def test_a_model_that_is_gone_is_said_before_any_work(preferences: Any, tmp_path: Path) -> None:
    preferences.model = str(tmp_path / "gone.npz")
    with pytest.raises(LiftError, match=r"gone\.npz: no such file: .* in the preferences"):
        chosen_lift_settings(bpy.context.scene.lift)
