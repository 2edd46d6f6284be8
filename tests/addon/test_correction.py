"""Corrections in the panel: marked on the timeline, saved with the file, honoured by the next lift."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import numpy as np
import pytest
from lift_video_to_3d.addon.correction_mark import stored_corrections
from lift_video_to_3d.addon.operators import lift as lift_operator
from lift_video_to_3d.addon.panel_choice import chosen_lift_settings
from lift_video_to_3d.addon.panel_correction import LIFT_PT_corrections, mark_text
from lift_video_to_3d.core import clip_source
from lift_video_to_3d.core.correction import KINDS, Correction
from lift_video_to_3d.core.lifting.inference import TemporalNetwork

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"


@pytest.fixture
def panel() -> Iterator[Any]:
    """The panel with the beam clip chosen: frames 0 to 99 at 60 Hz."""
    lift_video_to_3d.register()
    panel = panel_now()
    panel.has_video_camera = False
    panel.source = str(BEAM / "cam01_json")
    yield panel
    lift_video_to_3d.unregister()


def panel_now() -> Any:
    return bpy.context.scene.lift


def marks() -> list[tuple[str, str, int, int]]:
    """What is marked for the chosen clip."""
    return [
        (each.kind, each.subject, each.first_frame, each.last_frame)
        for each in stored_corrections(panel_now().corrections)
    ]


def mark(operator: str, **choice: object) -> None:
    assert getattr(bpy.ops.lift, operator)(**choice) == {"FINISHED"}


def test_every_kind_is_stored_in_the_clips_frames(panel: Any) -> None:
    panel.start_frame = 11
    mark("mark_swapped", first_frame=21, num_frames=5)
    mark("mark_swapped", first_frame=31, num_frames=5, part="arms", is_swapped=False)
    mark("mark_joint", first_frame=21, num_frames=1, joint="left_big_toe")
    mark("mark_planted", first_frame=11, num_frames=10, foot="right")
    mark("mark_planted", first_frame=51, num_frames=10, is_planted=False)
    assert marks() == [
        ("planted", "right", 0, 9),
        ("swapped", "body", 10, 14),
        ("wrong joint", "left_big_toe", 10, 10),
        ("not swapped", "arms", 20, 24),
        ("not planted", "left", 40, 49),
    ]
    assert {kind for kind, *_ in marks()} == set(KINDS)
    texts = {mark_text(each) for each in panel.corrections.marks}
    assert len(texts) == 5 and "left big toe wrong" in texts


def test_the_stretch_is_the_current_frames_or_the_preview_ranges(panel: Any) -> None:
    scene = bpy.context.scene
    scene.frame_set(31)
    mark("mark_swapped", num_frames=4)
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 41, 60
    mark("mark_joint")
    # What lies outside the clip is left out.
    scene.frame_preview_end = 900
    mark("mark_planted")
    assert marks() == [
        ("swapped", "body", 30, 33),
        ("wrong joint", "left_wrist", 40, 59),
        ("planted", "left", 40, 99),
    ]


def test_where_nothing_of_the_clip_is_nothing_can_be_marked(panel: Any) -> None:
    with pytest.raises(RuntimeError, match="not in the clip"):
        bpy.ops.lift.mark_swapped(first_frame=101)
    panel.source = ""
    assert not bpy.ops.lift.mark_swapped.poll() and not bpy.ops.lift.import_corrections.poll()


def test_a_scene_of_another_rate_is_marked_where_its_frames_show_the_clip(panel: Any) -> None:
    scene = bpy.context.scene
    scene.render.fps, panel.uses_scene_fps, panel.start_frame = 24, True, 101
    # 60 Hz at 24: the eleventh frame of the scene shows frame 25 of the clip.
    mark("mark_joint", first_frame=111, num_frames=2)
    assert marks() == [("wrong joint", "left_wrist", 24, 28)]
    bpy.ops.lift.lift()
    # What was baked tells where the clip lies, not what is chosen for the next time.
    panel.start_frame, panel.uses_scene_fps = 1, False
    mark("mark_joint", first_frame=111, num_frames=2, joint="nose")
    assert marks()[1] == ("wrong joint", "nose", 24, 28)


def test_a_later_mark_wins_and_one_across_parts_is_refused(panel: Any) -> None:
    mark("mark_planted", first_frame=1, num_frames=20)
    mark("mark_planted", first_frame=6, num_frames=5, is_planted=False)
    assert marks() == [
        ("planted", "left", 0, 4),
        ("not planted", "left", 5, 9),
        ("planted", "left", 10, 19),
    ]
    mark("mark_swapped", first_frame=1, num_frames=20)
    with pytest.raises(RuntimeError, match="overlaps"):
        bpy.ops.lift.mark_swapped(first_frame=6, num_frames=5, part="arms")
    assert len(marks()) == 4


def test_a_mark_can_be_removed(panel: Any) -> None:
    mark("mark_planted", first_frame=1)
    mark("mark_joint", first_frame=50)
    mark("remove_correction", index=0)
    assert [kind for kind, *_ in marks()] == ["wrong joint"]
    assert bpy.ops.lift.remove_correction(index=7) == {"CANCELLED"}


def test_another_clip_has_its_own_and_coming_back_finds_them(panel: Any, tmp_path: Path) -> None:
    mark("mark_planted", first_frame=1)
    other = tmp_path / "other_json"
    shutil.copytree(BEAM / "cam01_json", other)
    panel.source = str(other)
    assert marks() == []
    mark("mark_joint", first_frame=5)
    panel.start_frame = 101
    bpy.ops.lift.lift()
    panel.start_frame = 1
    panel.source = str(BEAM / "cam01_json")
    assert [kind for kind, *_ in marks()] == ["planted"]
    # A clip that was moved keeps its own.
    panel.source = ""
    moved = tmp_path / "elsewhere" / "other_json"
    moved.parent.mkdir()
    other.rename(moved)
    panel.source = str(moved)
    assert [kind for kind, *_ in marks()] == ["wrong joint"]
    # So does where it was baked.
    mark("mark_swapped", first_frame=111, num_frames=1)
    assert marks()[-1] == ("swapped", "body", 10, 10)


def test_marks_are_saved_with_the_file_and_honoured_after_it_is_opened(
    panel: Any, tmp_path: Path
) -> None:
    bpy.ops.lift.lift()
    mark("mark_planted", first_frame=11, num_frames=70)
    mark("mark_joint", first_frame=11, num_frames=30, joint="left_elbow")
    stored = marks()
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not panel_now().corrections.marks
    bpy.ops.wm.open_mainfile(filepath=path)
    assert marks() == stored
    assert chosen_lift_settings(panel_now()).corrections == (
        Correction("planted", "left", 10, 79),
        Correction("wrong joint", "left_elbow", 10, 39),
    )
    assert bpy.ops.lift.lift() == {"FINISHED"}
    foot = places_of("foot.L", range(11, 81))
    assert np.ptp(foot, axis=0).max() < 1e-3


def places_of(bone: str, frames: range) -> np.ndarray:
    """(T,3) m: where a bone's head is in the scene."""
    scene, rig = bpy.context.scene, panel_now().result_rig
    found: list[Any] = []
    for frame in frames:
        scene.frame_set(frame)
        found.append(rig.matrix_world @ rig.pose.bones[bone].head)
    return np.array(found)


def test_a_second_lift_honours_a_new_mark_without_reading_the_clip_again(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy.ops.lift.lift()
    before = places_of("foot.R", range(6, 32))
    assert np.ptp(before, axis=0).max() > 0.1

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("done before")

    monkeypatch.setattr(clip_source, "read_keypoints", refuse)
    monkeypatch.setattr(TemporalNetwork, "forward_clip", refuse)
    panel.smooth, panel.scheme, panel.is_height_known = 0.5, "mixamo", True
    mark("mark_planted", first_frame=6, num_frames=26, foot="right")
    assert bpy.ops.lift.lift() == {"FINISHED"}
    panel.scheme = "default"
    assert bpy.ops.lift.lift() == {"FINISHED"}
    assert np.ptp(places_of("foot.R", range(6, 32)), axis=0).max() < 1e-3


def test_what_was_kept_is_forgotten_with_the_extension() -> None:
    lift_video_to_3d.register()
    memory = lift_operator.LIFT_CACHE.clip("clip")
    assert lift_operator.LIFT_CACHE.clip("clip") is memory
    lift_video_to_3d.unregister()
    assert lift_operator.LIFT_CACHE.clip("clip") is not memory
    lift_operator.LIFT_CACHE.clear()


def test_the_file_that_is_exported_is_what_import_reads(panel: Any, tmp_path: Path) -> None:
    mark("mark_planted", first_frame=1)
    mark("mark_swapped", first_frame=31, part="legs")
    exported = marks()
    path = tmp_path / "c.json"
    assert bpy.ops.lift.export_corrections(filepath=str(path)) == {"FINISHED"}
    assert json.loads(path.read_text())["corrections"][1] == {
        "kind": "swapped",
        "part": "legs",
        "frames": [30, 39],
        "person": 1,
    }
    panel.corrections.marks.clear()
    mark("mark_planted", first_frame=6, is_planted=False)
    assert bpy.ops.lift.import_corrections(filepath=str(path)) == {"FINISHED"}
    # What the file says wins where both are about the same.
    assert marks() == [exported[0], ("not planted", "left", 10, 14), exported[1]]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "planted", "foot": "left", "frames": [90, 100]}, "the clip has frames 0 to 99"),
        ({"kind": "planted", "foot": "left", "frames": [1, 2], "person": 2}, "no person 2"),
        ({"kind": "planted", "foot": "low", "frames": [1, 2]}, "unknown foot 'low'"),
    ],
)
def test_a_file_that_does_not_fit_the_clip_changes_nothing(
    entry: dict[str, object], said: str, panel: Any, tmp_path: Path
) -> None:
    mark("mark_planted", first_frame=1)
    before = marks()
    path = tmp_path / "c.json"
    path.write_text(
        json.dumps({"format": "lift-corrections", "version": 1, "corrections": [entry]})
    )
    with pytest.raises(RuntimeError, match=f"c.json, correction 1: .*{said}"):
        bpy.ops.lift.import_corrections(filepath=str(path))
    assert marks() == before


def test_corrections_are_not_written_among_the_frames(panel: Any, tmp_path: Path) -> None:
    folder = tmp_path / "clip_json"
    shutil.copytree(BEAM / "cam01_json", folder)
    panel.source = str(folder)
    with pytest.raises(RuntimeError, match="choose another place"):
        bpy.ops.lift.export_corrections(filepath=str(folder / "c.json"))
    assert not (folder / "c.json").exists()


def test_the_panel_is_closed_and_below_the_main_one() -> None:
    assert LIFT_PT_corrections.bl_options == {"DEFAULT_CLOSED"}
    assert LIFT_PT_corrections.bl_parent_id == "LIFT_PT_main"
