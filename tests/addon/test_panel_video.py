"""A video chosen in the panel: what it is at once, who is in it when it has been lifted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon.file_handler import LIFT_FH_keypoints
from lift_video_to_3d.core import opencv

VIDEO = Path(__file__).resolve().parents[1] / "data" / "beam" / "cam01.mp4"
reads_videos = pytest.mark.skipif(
    bpy.app.version < (4, 3, 0), reason="bpy 4.2's wheel crashes when it opens a video"
)


@pytest.fixture
def panel() -> Iterator[Any]:
    lift_video_to_3d.register()
    yield bpy.context.scene.lift
    lift_video_to_3d.unregister()


@reads_videos
def test_a_video_is_shown_at_once_and_its_people_when_it_is_lifted(panel: Any) -> None:
    pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")
    assert bpy.ops.lift.open_source(filepath=str(VIDEO)) == {"FINISHED"}
    assert (panel.num_frames, panel.fps, panel.source_size) == (100, 60.0, "1080x1920")
    assert panel.is_video and not panel.people and not panel.source_error
    assert bpy.ops.lift.lift.poll() and bpy.ops.lift.lift() == {"FINISHED"}
    assert [(person.number, person.num_frames) for person in panel.people] == [(1, 100)]
    assert panel.source_format == "video, BlazePose-33"
    assert panel.result_rig.animation_data.action is not None
    [background] = panel.result_camera.data.background_images
    assert Path(bpy.path.abspath(background.clip.filepath)) == VIDEO


def test_without_opencv_the_panel_says_what_to_do(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_module(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(opencv.importlib, "import_module", no_module)
    panel.source = str(VIDEO)
    assert "install the full package" in panel.source_error and not panel.is_video
    assert not bpy.ops.lift.lift.poll()


def test_choosing_keypoints_after_a_video_forgets_the_video(panel: Any) -> None:
    pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")
    panel.source = str(VIDEO)
    assert panel.is_video
    panel.source = str(VIDEO.with_name("cam01_json"))
    assert not panel.is_video and len(panel.people) == 1


def test_videos_can_be_dropped() -> None:
    assert {".mp4", ".mov", ".json"} <= set(LIFT_FH_keypoints.bl_file_extensions.split(";"))
