"""Runs inside a Blender window (-P) with the extension installed: the panel, used as an animator would.

Arguments after ``--``: a keypoint file, a folder for pictures and exports. Prints one line of JSON after
``FIGURES``; exit code 1 and a traceback where something is not as it should be.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
from window import (
    FOLDER,
    LIFT,
    SOURCE,
    click_button,
    count_blocks,
    figures,
    forget_lifts,
    picture,
    press,
    progress_share,
    run_steps,
    show_panel,
    ticks,
    until,
    view,
)


def export() -> None:
    for suffix in (".bvh", ".fbx"):
        path = FOLDER / f"take{suffix}"
        asked = time.perf_counter()
        assert bpy.ops.lift.export(filepath=str(path)) == {"FINISHED"} and path.is_file()
        figures[f"seconds_to_{suffix}"] = round(time.perf_counter() - asked, 1)


def use_panel() -> Generator[float]:
    """Every step of an animator; yields how long to wait before the next."""
    window, area, _ = view()
    panel = bpy.context.scene.lift
    yield from show_panel()
    picture("1-empty")

    panel.source = SOURCE
    yield 0.5
    assert panel.num_frames == 100, panel.source_error
    picture("2-source")

    before = count_blocks()
    yield from click_button(LIFT)
    yield from until(lambda: progress_share() > 0.0, "progress")
    press("ESC")
    yield from until(lambda: progress_share() < 0.0, "the end after ESC")
    yield 0.3
    assert count_blocks() == before, (before, count_blocks())

    forget_lifts()
    pushed = time.perf_counter()
    yield from click_button(LIFT)
    shares: set[float] = set()

    def is_done() -> bool:
        shares.add(progress_share())
        return progress_share() < 0.0

    ticks.clear()
    yield from until(is_done, "the result")
    figures["seconds_to_armature"] = round(time.perf_counter() - pushed, 1)
    figures["longest_gap_ms"] = round(1000 * max(ticks, default=0.0), 1)
    figures["progress_seen"] = sorted(shares - {-1.0})
    assert panel.result_rig.animation_data.action is not None
    assert count_blocks()["armatures"] == before["armatures"] + 1
    yield 0.5
    bpy.context.scene.frame_set(60)
    with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
        bpy.ops.view3d.view_selected()
    yield 0.5
    picture("4-result")

    export()
    with bpy.context.temp_override(window=window, area=area):
        bpy.ops.ed.undo()
    yield 0.3
    assert count_blocks()["armatures"] == before["armatures"], count_blocks()
    with bpy.context.temp_override(window=window, area=area):
        bpy.ops.ed.redo()
    yield 0.3
    assert count_blocks()["armatures"] == before["armatures"] + 1, count_blocks()


run_steps(use_panel())
