"""Runs inside a Blender window (-P) with the extension installed: the keypoints over the video.

Arguments after ``--``: a keypoint file with its video beside it, a folder for pictures. Prints one line
of JSON after ``FIGURES``; exit code 1 and a traceback where something is not as it should be.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import addon_utils
import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from window import FOLDER, SOURCE, figures, picture, run_steps, view

CALIBRATION = Path(SOURCE).parents[1] / "calibration.toml"
FRAME = 51
LEAST_DRAWN, MOST_NOISE = 500, 50

[MODULE] = [
    name
    for name in (enabled.module for enabled in bpy.context.preferences.addons)
    if name.startswith("bl_ext.") and name.endswith(".lift_video_to_3d")
]


def pixels_shown(name: str) -> np.ndarray:
    """(H,W,3) 0..1 what the 3D view shows beside the sidebar; the whole screen is kept as a file."""
    image = bpy.data.images.load(str(picture(name)))
    pixels = np.empty(len(image.pixels), dtype=np.float32)
    image.pixels.foreach_get(pixels)
    width, height = image.size
    bpy.data.images.remove(image)
    _, area, _ = view()
    [sidebar] = [region for region in area.regions if region.type == "UI"]
    # Its rows go up, as Blender's regions do; headers lie at the top.
    shown = pixels.reshape(height, width, 4)[..., :3]
    return shown[area.y : area.y + area.height - 60, area.x + 60 : sidebar.x]


def count_changed(before: np.ndarray, after: np.ndarray) -> int:
    """How many pixels differ plainly."""
    return int((np.abs(after - before).max(axis=-1) > 0.1).sum())


def redraw() -> Generator[float]:
    for area in bpy.context.window_manager.windows[0].screen.areas:
        area.tag_redraw()
    yield 1.0


def look_through_camera() -> None:
    window, area, region = view()
    with bpy.context.temp_override(window=window, area=area, region=region):
        assert bpy.ops.lift.view_video() == {"FINISHED"}


def show_overlay() -> Generator[float, None, tuple[np.ndarray, np.ndarray]]:
    """Lift, and look through the video's camera: what is shown with the overlay and without."""
    window, area, region = view()
    panel = bpy.context.scene.lift
    for found in list(bpy.data.objects):
        bpy.data.objects.remove(found)
    area.spaces.active.show_region_ui = True
    yield 1.0
    [sidebar] = [found for found in area.regions if found.type == "UI"]
    sidebar.active_panel_category = "Lift"
    panel.source = SOURCE
    panel.lens, panel.calibration = "CALIBRATION", str(CALIBRATION)
    panel.camera_name = "cam_01"
    assert bpy.ops.lift.lift() == {"FINISHED"}
    bpy.context.scene.frame_set(FRAME)
    look_through_camera()
    yield 1.0
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.view3d.view_center_camera()
    yield 1.0
    shown = pixels_shown("5-overlay")
    panel.shows_keypoints = panel.shows_distances = False
    yield from redraw()
    hidden = pixels_shown("6-overlay-off")
    panel.shows_keypoints = panel.shows_distances = True
    yield from redraw()
    return shown, hidden


def look_elsewhere() -> Generator[float]:
    """In other views nothing is drawn."""
    panel = bpy.context.scene.lift
    look_through_camera()
    yield from redraw()
    beside = pixels_shown("7-other-view")
    panel.shows_keypoints = panel.shows_distances = False
    yield from redraw()
    assert count_changed(beside, pixels_shown("7-other-view")) < MOST_NOISE
    panel.shows_keypoints = panel.shows_distances = True
    look_through_camera()
    yield from redraw()


def use_overlay() -> Generator[float]:
    """Every step; yields how long to wait before the next."""
    shown, hidden = yield from show_overlay()
    figures["pixels_drawn"] = count_changed(hidden, shown)
    assert count_changed(hidden, shown) > LEAST_DRAWN, count_changed(hidden, shown)
    yield from look_elsewhere()

    # Saved and opened again: the keypoints are in the file.
    path = FOLDER / "overlay.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    yield 1.5
    yield from redraw()
    reopened = count_changed(shown, pixels_shown("8-reopened"))
    assert reopened < MOST_NOISE, reopened

    # Off and on twice: nothing goes on drawing, and nothing draws twice.
    for _ in range(2):
        addon_utils.disable(MODULE)
        yield from redraw()
        assert count_changed(hidden, pixels_shown("9-disabled")) < MOST_NOISE
        addon_utils.enable(MODULE)
        yield from redraw()
        assert count_changed(shown, pixels_shown("10-enabled")) < MOST_NOISE


run_steps(use_overlay())
