"""What the scripts share that run inside a Blender window (-P): looking, pressing, and steps in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import bpy

SOURCE, FOLDER = sys.argv[-2], Path(sys.argv[-1])
"""The script's arguments after ``--``: a keypoint file or a video, a folder for pictures and files."""

LIFT = "bpy.ops.lift.lift()"
"""What the panel's button runs."""

_BLOCKS = ("objects", "armatures", "actions", "meshes", "cameras", "collections", "movieclips")
_LONGEST_WAIT_S = 60.0
_STEP_PX = 8

figures: dict[str, object] = {"blender": bpy.app.version_string}
"""What is printed at the end, as one line of JSON after ``FIGURES``."""

ticks: list[float] = []
"""Seconds from each wait's beginning to the next step: how long the interface was held up."""


def show_panel() -> Generator[float]:
    """Empty the scene and open the sidebar's tab."""
    for found in list(bpy.data.objects):
        bpy.data.objects.remove(found)
    _, area, _ = view()
    area.spaces.active.show_region_ui = True
    yield 1.0
    view("UI")[2].active_panel_category = "Lift"
    area.tag_redraw()
    yield 0.5


def view(region_type: str = "WINDOW") -> tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region]:
    """The window, its 3D view, and that view's region of a type."""
    window = bpy.context.window_manager.windows[0]
    [area] = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    [region] = [region for region in area.regions if region.type == region_type]
    return window, area, region


def count_blocks() -> dict[str, int]:
    """How many data-blocks of each kind there are."""
    return {name: len(getattr(bpy.data, name)) for name in _BLOCKS}


def press(key: str) -> None:
    """Press a key with the mouse over the 3D view."""
    window, area, _ = view()
    place = {"x": area.x + area.width // 3, "y": area.y + area.height // 2}
    window.event_simulate(type=key, value="PRESS", **place)
    window.event_simulate(type=key, value="RELEASE", **place)


def until(is_done: Callable[[], bool], what: str) -> Generator[float]:
    """Wait, looking often; the gaps between looks tell how long the interface was held up."""
    began = time.perf_counter()
    while not is_done():
        assert time.perf_counter() - began < _LONGEST_WAIT_S, f"waited in vain for {what}"
        yield 0.02


def click_button(command: str) -> Generator[float]:
    """Find the sidebar's button that runs ``command`` by moving the mouse over it, and click it.

    Over a button Ctrl C copies its command, which tells one from another.
    """
    window, area, region = view("UI")
    # Past the tabs at the right edge.
    x = region.x + region.width // 2 - 20
    area.tag_redraw()
    yield 0.3
    for y in range(region.y + region.height - 10, region.y, -_STEP_PX):
        window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
        yield 0.02
        bpy.context.window_manager.clipboard = ""
        window.event_simulate(type="C", value="PRESS", x=x, y=y, ctrl=True)
        window.event_simulate(type="C", value="RELEASE", x=x, y=y)
        yield 0.02
        if command in bpy.context.window_manager.clipboard:
            window.event_simulate(type="LEFTMOUSE", value="PRESS", x=x, y=y)
            window.event_simulate(type="LEFTMOUSE", value="RELEASE", x=x, y=y)
            yield 0.05
            return
    raise AssertionError(f"no button in the sidebar runs {command}")


def progress_share() -> float:
    """How much of the job is done; negative where none runs."""
    progress = _module("addon.job_progress").progress_of(bpy.context.scene)
    return -1.0 if progress is None else progress.share


def forget_lifts() -> None:
    """Lift from the start again: what was cancelled is remembered."""
    _module("addon.lift_memory").LIFT_CACHE.clear()


def _module(ending: str) -> Any:
    [found] = [module for name, module in sys.modules.items() if name.endswith(ending)]
    return found


def picture(name: str) -> Path:
    """Keep what is on the screen: Blender's own screenshot is black in a virtual one."""
    path = FOLDER / f"{name}.png"
    subprocess.run(["import", "-window", "root", str(path)], check=True)
    return path


def run_steps(steps: Generator[float]) -> None:
    """Take steps that yield how long to wait before the next; end Blender with 1 where one fails."""
    bpy.app.timers.register(_taker(steps), first_interval=2.0, persistent=True)


def _taker(steps: Generator[float]) -> Callable[[], float]:
    last = time.perf_counter()

    def step() -> float:
        nonlocal last
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

    return step
