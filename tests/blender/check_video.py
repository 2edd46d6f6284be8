"""Runs inside a Blender window (-P) with the full package installed: a video, and nothing but the button.

Arguments after ``--``: a video, a folder for pictures. Prints one line of JSON after ``FIGURES``; exit
code 1 and a traceback where something is not as it should be.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
from window import (
    LIFT,
    SOURCE,
    click_button,
    count_blocks,
    figures,
    picture,
    press,
    progress_share,
    run_steps,
    show_panel,
    ticks,
    until,
    view,
)

RESOURCES = Path(bpy.utils.resource_path("USER"))


def files_kept() -> set[Path]:
    """Every file of the user's folder but Python's own."""
    return {path for path in RESOURCES.rglob("*") if path.suffix != ".pyc"}


def use_panel() -> Generator[float]:
    """Every step of an animator; yields how long to wait before the next."""
    window, area, region = view()
    panel = bpy.context.scene.lift
    yield from show_panel()
    panel.source = SOURCE
    yield 0.5
    assert panel.is_video and panel.num_frames == 100, panel.source_error
    picture("21-video")

    before, kept = count_blocks(), files_kept()
    yield from click_button(LIFT)
    yield from until(lambda: progress_share() > 0.1, "progress")
    picture("22-detecting")
    press("ESC")
    yield from until(lambda: progress_share() < 0.0, "the end after ESC")
    yield 0.5
    assert count_blocks() == before, (before, count_blocks())
    assert files_kept() == kept, files_kept() - kept

    clicked = time.perf_counter()
    yield from click_button(LIFT)
    ticks.clear()
    yield from until(lambda: progress_share() >= 0.0, "the job")
    yield from until(lambda: progress_share() < 0.0, "the result")
    figures["seconds_to_armature"] = round(time.perf_counter() - clicked, 1)
    figures["longest_gap_ms"] = round(1000 * max(ticks, default=0.0), 1)
    [person] = panel.people
    assert person.num_frames == 100 and person.cutting, person.num_frames
    assert panel.result_rig.animation_data.action is not None
    assert len(files_kept() - kept) >= 1, "what was found is kept"
    bpy.context.scene.frame_set(60)
    with bpy.context.temp_override(window=window, area=area, region=region):
        assert bpy.ops.lift.view_video() == {"FINISHED"}
    area.tag_redraw()
    yield 3.0
    picture("23-lifted-video")

    clicked = time.perf_counter()
    yield from click_button(LIFT)
    yield from until(lambda: progress_share() >= 0.0, "the job")
    yield from until(lambda: progress_share() < 0.0, "the result from what was kept")
    figures["seconds_again"] = round(time.perf_counter() - clicked, 1)
    assert count_blocks()["armatures"] == before["armatures"] + 1


run_steps(use_panel())
