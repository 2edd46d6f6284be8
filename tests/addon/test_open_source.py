"""Choosing the panel's clip by an operator, as drag and drop does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon.file_handler import LIFT_FH_keypoints
from lift_video_to_3d.addon.job_progress import begin_progress, end_progress

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
FRAMES = sorted((BEAM / "cam01_json").iterdir())


@pytest.fixture
def panel() -> Iterator[Any]:
    lift_video_to_3d.register()
    yield bpy.context.scene.lift
    lift_video_to_3d.unregister()


def test_a_dropped_frame_stands_for_its_folder(panel: Any) -> None:
    assert bpy.ops.lift.open_source(filepath=str(FRAMES[7])) == {"FINISHED"}
    assert (panel.num_frames, panel.source, panel.source_error) == (100, str(FRAMES[7]), "")
    assert bpy.ops.lift.lift.poll()


def test_a_file_that_cannot_be_used_leaves_the_panel_as_it_was(panel: Any, tmp_path: Path) -> None:
    panel.source = str(FRAMES[0])
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no keypoints here")
    for path, said in ((wrong, "notes.txt"), (tmp_path / "absent.json", "no such file")):
        with pytest.raises(RuntimeError, match=said):
            bpy.ops.lift.open_source(filepath=str(path))
        assert (panel.source, panel.num_frames, panel.source_error) == (str(FRAMES[0]), 100, "")
    with pytest.raises(RuntimeError, match="choose a video or 2D keypoints"):
        bpy.ops.lift.open_source()


def test_the_clip_stays_while_it_is_being_lifted(panel: Any) -> None:
    begin_progress(bpy.context.scene, "reading")
    assert not bpy.ops.lift.open_source.poll()
    end_progress(bpy.context.scene.session_uid)
    assert bpy.ops.lift.open_source.poll()


def test_it_is_one_undo_step(panel: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.lift.open_source("EXEC_DEFAULT", True, filepath=str(FRAMES[0]))
    bpy.ops.ed.undo()
    assert bpy.context.scene.lift.source == "" and not bpy.context.scene.lift.people
    bpy.ops.ed.redo()
    assert bpy.context.scene.lift.source == str(FRAMES[0])


def test_files_are_taken_in_a_3d_view_alone(panel: Any) -> None:
    handler = bpy.types.FileHandler.bl_rna_get_subclass_py("LIFT_FH_keypoints")
    assert handler is LIFT_FH_keypoints
    assert handler.bl_file_extensions.startswith(".json;.npz;.npy;.csv;.txt;.mp4;")
    spaces = {area.type: area.spaces.active for area in bpy.data.screens["Layout"].areas}
    assert handler.poll_drop(SimpleNamespace(space_data=spaces["VIEW_3D"]))
    assert not handler.poll_drop(SimpleNamespace(space_data=spaces["OUTLINER"]))
    assert not handler.poll_drop(SimpleNamespace(space_data=None))
