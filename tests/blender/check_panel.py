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
from window import FOLDER, KEYPOINTS, figures, picture, press, run_steps, ticks, view

LONGEST_WAIT_S = 60.0
BLOCKS = ("objects", "armatures", "actions", "meshes", "cameras", "collections")


def count_blocks() -> dict[str, int]:
    return {name: len(getattr(bpy.data, name)) for name in BLOCKS}


def progress_share() -> float:
    """How much of the job is done; negative where none runs."""
    [module] = [
        module for name, module in sys.modules.items() if name.endswith("addon.job_progress")
    ]
    progress = module.progress_of(bpy.context.scene)
    return -1.0 if progress is None else progress.share


def forget_lifts() -> None:
    """Lift from the start again: what was cancelled is remembered."""
    [module] = [
        module for name, module in sys.modules.items() if name.endswith("addon.lift_memory")
    ]
    module.LIFT_CACHE.clear()


def push_button() -> None:
    """The Lift button, with a window as a click gives it."""
    window, area, region = view("UI")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.lift.lift("INVOKE_DEFAULT")


def until(is_done: object, what: str) -> Generator[float]:
    """Wait, looking often; the gaps between looks tell how long the interface was held up."""
    assert callable(is_done)
    began = time.perf_counter()
    while not is_done():
        assert time.perf_counter() - began < LONGEST_WAIT_S, f"waited in vain for {what}"
        yield 0.02


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
    for found in list(bpy.data.objects):
        bpy.data.objects.remove(found)
    area.spaces.active.show_region_ui = True
    yield 1.0
    view("UI")[2].active_panel_category = "Lift"
    area.tag_redraw()
    yield 0.5
    picture("1-empty")

    panel.source = KEYPOINTS
    yield 0.5
    assert panel.num_frames == 100, panel.source_error
    picture("2-source")

    before = count_blocks()
    push_button()
    yield from until(lambda: progress_share() > 0.0, "progress")
    press("ESC")
    yield from until(lambda: progress_share() < 0.0, "the end after ESC")
    yield 0.3
    assert count_blocks() == before, (before, count_blocks())

    forget_lifts()
    pushed = time.perf_counter()
    push_button()
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
