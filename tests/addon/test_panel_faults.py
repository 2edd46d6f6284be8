"""What can go wrong between choosing a clip and its armature: a clear message, the scene as it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon.job_progress import begin_progress, end_progress, progress_of
from lift_video_to_3d.addon.operators import lift as lift_operator
from lift_video_to_3d.addon.panel_choice import timing_in
from lift_video_to_3d.addon.scene_view import looking_at

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
BLOCKS = ("objects", "armatures", "actions", "meshes", "cameras", "collections", "images")


@pytest.fixture
def panel() -> Iterator[Any]:
    lift_video_to_3d.register()
    panel = bpy.context.scene.lift
    panel.has_video_camera = False
    yield panel
    lift_video_to_3d.unregister()


def names_of_blocks() -> dict[str, list[str]]:
    return {kind: sorted(each.name for each in getattr(bpy.data, kind)) for kind in BLOCKS}


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen when the work is done and the armature not yet made."""
    finish = lift_operator._finish

    def finish_later(*arguments: Any) -> None:
        happens()
        finish(*arguments)

    monkeypatch.setattr(lift_operator, "_finish", finish_later)


def add_armature(name: str) -> bpy.types.Object:
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(rig)
    return rig


def test_a_file_that_went_away_after_it_was_chosen(panel: Any, tmp_path: Path) -> None:
    folder = tmp_path / "walk"
    shutil.copytree(BEAM / "cam01_json", folder)
    panel.source = str(folder)
    shutil.rmtree(folder)
    before = names_of_blocks()
    with pytest.raises(RuntimeError, match=r"walk: no such file"):
        bpy.ops.lift.lift()
    assert names_of_blocks() == before and panel.result_rig is None


def test_a_character_deleted_during_the_job(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    panel.source = str(BEAM / "cam01_json")
    assert bpy.ops.lift.lift() == {"FINISHED"}
    panel.target, panel.rig = "OWN", panel.result_rig
    meanwhile(monkeypatch, lambda: bpy.data.objects.remove(panel.rig))
    with pytest.raises(RuntimeError, match="no object 'cam01_json' in the scene"):
        bpy.ops.lift.lift()
    assert not bpy.data.objects and len(bpy.data.actions) <= 1


def test_what_is_chosen_during_the_job_is_for_the_next_one(
    panel: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other_json"
    shutil.copytree(BEAM / "cam01_json", other)
    panel.source, panel.start_frame = str(BEAM / "cam01_json"), 11
    scene = bpy.context.scene

    def choose_otherwise() -> None:
        panel.source, panel.start_frame, panel.uses_scene_fps = str(other), 201, True
        panel.has_video_camera, panel.scheme, panel.target = True, "mixamo", "OWN"

    meanwhile(monkeypatch, choose_otherwise)
    assert bpy.ops.lift.lift() == {"FINISHED"}
    assert panel.result_rig.name == "cam01_json" and "hips" in panel.result_rig.data.bones
    assert (scene.frame_start, scene.frame_end, scene.render.fps) == (11, 110, 60)
    assert panel.result_camera is None
    # Where the lifted clip lies is not where the one that is chosen by now is going to lie.
    assert timing_in(panel, scene).start_frame == 201
    panel.source = str(BEAM / "cam01_json")
    assert timing_in(panel, scene).start_frame == 11


def test_the_extension_can_be_disabled_during_a_job(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json")
    begin_progress(bpy.context.scene, "lifting")
    lift_video_to_3d.unregister()
    lift_video_to_3d.register()
    bpy.context.scene.lift.source = str(BEAM / "cam01_json")
    assert progress_of(bpy.context.scene) is None and bpy.ops.lift.lift.poll()


def test_a_character_in_edit_mode(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json")
    rig = add_armature("hero")
    panel.target, panel.rig = "OWN", rig
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    before = names_of_blocks()
    with pytest.raises(RuntimeError, match="hero"):
        bpy.ops.lift.lift()
    assert names_of_blocks() == before and rig.animation_data is None


def test_a_file_saved_during_a_job_opens_without_one(panel: Any, tmp_path: Path) -> None:
    panel.source = str(BEAM / "cam01_json")
    scene = bpy.context.scene
    begin_progress(scene, "lifting").share = 0.5
    assert not bpy.ops.lift.lift.poll()
    path = str(tmp_path / "half.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    end_progress(scene.session_uid)
    bpy.ops.wm.open_mainfile(filepath=path)
    reopened = bpy.context.scene
    assert progress_of(reopened) is None and reopened.lift.num_frames == 100
    assert bpy.ops.lift.lift.poll() and bpy.ops.lift.lift() == {"FINISHED"}


def test_the_armature_goes_to_the_scene_of_the_button(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json")
    scene, other = bpy.context.scene, bpy.data.scenes.new("other")
    bpy.context.window.scene = other
    with looking_at(bpy.context, scene):
        assert bpy.ops.lift.lift() == {"FINISHED"}
    rig = scene.lift.result_rig
    assert rig.name in scene.objects and not other.objects
    assert (scene.frame_end, other.frame_end) == (100, 250)
    assert other.lift.result_rig is None and bpy.context.window.scene == other


def test_each_scene_has_its_own_camera_of_a_clip(panel: Any, tmp_path: Path) -> None:
    # No video beside: the wheel of bpy 4.2 crashes when it opens one.
    clip = shutil.copytree(BEAM / "cam01_json", tmp_path / "cam01_json")
    scene, other = bpy.context.scene, bpy.data.scenes.new("other")
    for each in (scene, other, scene, other):
        bpy.context.window.scene = each
        each.lift.source = str(clip)
        each.lift.has_video_camera = True
        assert bpy.ops.lift.lift() == {"FINISHED"}
    cameras = [each.lift.result_camera for each in (scene, other)]
    assert cameras[0] != cameras[1] and len(bpy.data.cameras) == 2
    assert cameras[0].name in scene.objects and cameras[1].name in other.objects


def test_a_linked_scene_cannot_be_lifted_into(panel: Any, tmp_path: Path) -> None:
    panel.source = str(BEAM / "cam01_json")
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    with bpy.data.libraries.load(path, link=True) as (stored, wanted):
        wanted.scenes = stored.scenes[:1]
    [linked] = [scene for scene in bpy.data.scenes if scene.library is not None]
    before = names_of_blocks()
    with bpy.context.temp_override(scene=linked):
        assert not bpy.ops.lift.lift.poll()
        with pytest.raises(RuntimeError, match="linked from another file"):
            bpy.ops.lift.lift()
    assert names_of_blocks() == before


@pytest.mark.parametrize("ending", [".bvh", ".fbx", ".glb"])
def test_a_folder_that_takes_no_files(panel: Any, tmp_path: Path, ending: str) -> None:
    panel.source = str(BEAM / "cam01_json")
    bpy.ops.lift.lift()
    closed = tmp_path / "closed"
    closed.write_text("a file where the folder should be")
    before = names_of_blocks()
    with pytest.raises(RuntimeError, match="closed"):
        bpy.ops.lift.export(filepath=str(closed / f"take{ending}"))
    assert names_of_blocks() == before and closed.read_text().startswith("a file")
