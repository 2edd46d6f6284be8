"""Runs inside a Blender window (-P) with the extension installed: the panel, used as an animator would.

Arguments after ``--``: a keypoint file, a folder for pictures and exports. Prints one line of JSON after
``FIGURES``; exit code 1 and a traceback where something is not as it should be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Generator
from pathlib import Path

import bpy

KEYPOINTS, FOLDER = sys.argv[-2], Path(sys.argv[-1])
LONGEST_WAIT_S = 60.0
BLOCKS = ("objects", "armatures", "actions", "meshes", "cameras", "collections")

figures: dict[str, object] = {"blender": bpy.app.version_string}
ticks: list[float] = []


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


def picture(name: str) -> None:
    """What is on the screen: Blender's own screenshot is black in a virtual one."""
    subprocess.run(["import", "-window", "root", str(FOLDER / f"{name}.png")], check=True)


def view() -> tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region]:
    window = bpy.context.window_manager.windows[0]
    [area] = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    [region] = [region for region in area.regions if region.type == "UI"]
    return window, area, region


def press(key: str) -> None:
    window, area, _ = view()
    place = {"x": area.x + area.width // 3, "y": area.y + area.height // 2}
    window.event_simulate(type=key, value="PRESS", **place)
    window.event_simulate(type=key, value="RELEASE", **place)


def push_button() -> None:
    """The Lift button, with a window as a click gives it."""
    window, area, region = view()
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
    view()[2].active_panel_category = "Lift"
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


steps = use_panel()
last = time.perf_counter()


def step() -> float | None:
    """Blender's timer: the next step, or the end of the process."""
    global last  # noqa: PLW0603
    now = time.perf_counter()
    try:
        wait = next(steps)
    except StopIteration:
        print("FIGURES " + json.dumps(figures), flush=True)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        picture("failed")
        sys.stdout.flush()
        os._exit(1)
    ticks.append(now - last)
    last = time.perf_counter()
    return wait


bpy.app.timers.register(step, first_interval=2.0)
