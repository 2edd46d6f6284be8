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

import bpy

KEYPOINTS, FOLDER = sys.argv[-2], Path(sys.argv[-1])
"""The script's arguments after ``--``: a keypoint file, a folder for pictures and files."""

figures: dict[str, object] = {"blender": bpy.app.version_string}
"""What is printed at the end, as one line of JSON after ``FIGURES``."""

ticks: list[float] = []
"""Seconds from each wait's beginning to the next step: how long the interface was held up."""


def view(region_type: str = "WINDOW") -> tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region]:
    """The window, its 3D view, and that view's region of a type."""
    window = bpy.context.window_manager.windows[0]
    [area] = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    [region] = [region for region in area.regions if region.type == region_type]
    return window, area, region


def press(key: str) -> None:
    """Press a key with the mouse over the 3D view."""
    window, area, _ = view()
    place = {"x": area.x + area.width // 3, "y": area.y + area.height // 2}
    window.event_simulate(type=key, value="PRESS", **place)
    window.event_simulate(type=key, value="RELEASE", **place)


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
