"""The clip in the panel: what its file does not tell is asked for, or told by the video."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import numpy as np
import pytest
from lift_video_to_3d.addon.correction_mark import add_corrections
from lift_video_to_3d.addon.panel_choice import chosen_lift
from lift_video_to_3d.core.correction import Correction

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
VIDEO = BEAM / "cam01.mp4"
reads_videos = pytest.mark.skipif(
    bpy.app.version < (4, 3, 0), reason="bpy 4.2's wheel crashes when it opens a video"
)


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Any]:
    """With keypoints chosen that tell neither rate nor size, and no video beside them."""
    lift_video_to_3d.register()
    panel = bpy.context.scene.lift
    panel.source = str(shutil.copytree(BEAM / "cam01_json", tmp_path / "walk_json"))
    yield panel
    lift_video_to_3d.unregister()


def test_rate_and_size_are_asked_for_where_nothing_tells_them(panel: Any) -> None:
    assert panel.is_rate_unknown and panel.is_size_unknown
    assert panel.fps == 30.0 and panel.source_size != "1080x1920"
    panel.given_fps, panel.given_size = 60.0, (1080, 1920)
    assert (panel.fps, panel.source_size) == (60.0, "1080x1920")
    assert panel.is_rate_unknown and panel.is_size_unknown, "still to be seen, and changed"
    bpy.ops.lift.lift()
    assert bpy.context.scene.render.fps == 60
    assert panel.result_camera.data.shift_x == pytest.approx(0)


def test_a_chosen_video_tells_them(panel: Any) -> None:
    panel.video = str(VIDEO)
    assert not panel.is_rate_unknown and not panel.is_size_unknown
    assert (panel.fps, panel.source_size) == (60.0, "1080x1920")
    assert chosen_lift(panel, bpy.context.scene).settings.video == VIDEO


def test_the_video_beside_tells_them(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json")
    assert not panel.is_rate_unknown and panel.video_beside == "cam01.mp4"
    assert (panel.fps, panel.source_size) == (60.0, "1080x1920")


def test_a_chosen_video_that_is_none_says_so_until_another_is_chosen(panel: Any) -> None:
    panel.video = str(BEAM / "calibration.toml")
    assert "calibration.toml" in panel.source_error and not bpy.ops.lift.lift.poll()
    panel.video = ""
    assert not panel.source_error and len(panel.people) == 1


def test_what_was_given_is_for_keypoints_that_do_not_tell(panel: Any) -> None:
    panel.given_fps = 25.0
    panel.source = str(BEAM / "cam01_json")
    assert panel.fps == 60.0
    assert chosen_lift(panel, bpy.context.scene).settings.fps is None


@reads_videos
def test_a_part_of_a_video_alone_is_lifted(panel: Any) -> None:
    pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")
    panel.source, panel.has_frame_range = str(VIDEO), True
    panel.first_video_frame, panel.last_video_frame = 40, 49
    assert bpy.ops.lift.lift() == {"FINISHED"}
    [person] = panel.people
    assert person.num_frames == 10 and person.cutting
    assert chosen_lift(panel, bpy.context.scene).settings.frame_range == (40, 49)
    assert bpy.context.scene.frame_end == 10
    panel.has_frame_range = False
    assert not panel.people, "who is in all of it is not known yet"


def test_a_part_that_ends_before_it_begins_is_refused(panel: Any) -> None:
    pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")
    panel.source, panel.has_frame_range = str(VIDEO), True
    panel.first_video_frame, panel.last_video_frame = 50, 49
    assert panel.source_error == "expected a last frame of at least 50, found 49"
    assert panel.is_video and not bpy.ops.lift.lift.poll()
    panel.last_video_frame = 50
    assert not panel.source_error and bpy.ops.lift.lift.poll()


def test_another_clip_has_no_video_of_the_one_before(panel: Any, tmp_path: Path) -> None:
    panel.video = str(VIDEO)
    panel.source = str(shutil.copytree(BEAM / "cam01_json", tmp_path / "run_json"))
    assert panel.video == "" and panel.is_rate_unknown


def test_a_source_that_is_refused_leaves_the_panel_as_it_was(panel: Any) -> None:
    panel.video = str(VIDEO)
    before = panel.source
    with pytest.raises(RuntimeError, match="absent.json: no such file"):
        bpy.ops.lift.open_source(filepath="/nowhere/absent.json")
    assert (panel.source, panel.video, panel.fps) == (before, str(VIDEO), 60.0)


def test_what_was_said_of_a_clip_does_not_hold_for_the_next(panel: Any, tmp_path: Path) -> None:
    panel.given_fps, panel.given_size = 50.0, (1080, 1920)
    panel.source = str(shutil.copytree(BEAM / "cam01_json", tmp_path / "run_json"))
    assert panel.fps == 30.0 and tuple(panel.given_size) == (0, 0)


def test_the_chosen_person_stays_while_their_clip_does(panel: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    people = [{"pose_keypoints_2d": (rng.random(51) * 300 + shift).tolist()} for shift in (0, 900)]
    clip = tmp_path / "two_json"
    clip.mkdir()
    for frame in range(12):
        text = json.dumps({"people": people})
        (clip / f"a_{frame:012d}_keypoints.json").write_text(text)
    panel.source = str(clip)
    assert len(panel.people) == 2
    panel.person = 2
    panel.given_fps = 50.0
    assert panel.person == 2
    panel.source = str(BEAM / "cam01_json")
    assert panel.person == 1


def test_a_video_whose_header_is_not_known_is_shown_all_the_same(
    panel: Any, tmp_path: Path
) -> None:
    video = tmp_path / "walk.mpg"
    video.write_bytes(b"\x00\x00\x01\xba" + bytes(64))
    panel.video = str(video)
    assert not panel.source_error and panel.is_rate_unknown and len(panel.people) == 1
    request = chosen_lift(panel, bpy.context.scene)
    assert request.video == video and request.settings.video is None


@reads_videos
def test_a_videos_marks_hold_while_its_people_are_not_known(panel: Any) -> None:
    pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")
    panel.source, panel.has_frame_range = str(VIDEO), True
    panel.first_video_frame, panel.last_video_frame = 40, 59
    bpy.ops.lift.lift()
    mark = Correction("planted", "left", 45, 55)
    add_corrections(panel.corrections, [mark])
    panel.last_video_frame = 49
    assert not panel.people
    chosen = chosen_lift(panel, bpy.context.scene).settings.corrections
    assert chosen == (Correction("planted", "left", 45, 49),)
    with pytest.raises(RuntimeError, match="no such file"):
        bpy.ops.lift.open_source(filepath="/nowhere/absent.json")
    assert chosen_lift(panel, bpy.context.scene).settings.corrections == chosen


def test_a_rate_is_kept_exactly(panel: Any) -> None:
    panel.given_fps = 30000 / 1001
    assert chosen_lift(panel, bpy.context.scene).settings.fps == Fraction(30000, 1001)
