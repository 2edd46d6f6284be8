"""How long the panel holds the interface up: the gaps between a timer's ticks while a long clip is lifted.

``python tests/blender/tick_benchmark.py WINDOW_COMMAND [FRAMES]`` starts Blender with that command (a
window, with event simulation) and this file inside; needs the development tools on this side alone.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SECONDS_PER_TICK = 0.01
NUM_IDLE_TICKS = 50
INSIDE = "--inside"


def main() -> None:
    """Write a long clip, and let Blender lift it."""
    sys.path.insert(0, str(ROOT))
    from core.io.native import write_keypoints_npz  # noqa: PLC0415
    from training.benchmark import long_clip  # noqa: PLC0415

    window = shlex.split(sys.argv[1])
    num_frames = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.npz"
        write_keypoints_npz(clip, long_clip(num_frames))
        subprocess.run(
            [*window, "-P", str(Path(__file__).resolve()), "--", INSIDE, str(clip)], check=True
        )


def lift_and_count(clip: str) -> Iterator[float]:
    """Lift through the panel's button; yields how long to wait before the next look."""
    import bpy  # noqa: PLC0415

    spec = importlib.util.spec_from_file_location(
        "lift_video_to_3d", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None and spec.loader is not None
    extension = importlib.util.module_from_spec(spec)
    sys.modules["lift_video_to_3d"] = extension
    spec.loader.exec_module(extension)
    extension.register()
    progress_of = sys.modules["lift_video_to_3d.addon.job_progress"].progress_of
    making = timed(sys.modules["lift_video_to_3d.addon.operators.lift"], "_finish")
    window = bpy.context.window_manager.windows[0]
    [area] = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    [region] = [region for region in area.regions if region.type == "UI"]
    area.spaces.active.show_region_ui = True
    yield 1.0
    region.active_panel_category = "Lift"
    panel = bpy.context.scene.lift
    panel.source = clip
    yield 1.0
    gaps: list[float] = []
    last = time.perf_counter()
    for _ in range(NUM_IDLE_TICKS):
        area.tag_redraw()
        yield SECONDS_PER_TICK
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    print(f"idle, the view redrawn at each tick: {in_words(gaps)}", flush=True)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.lift.lift("INVOKE_DEFAULT")
    began = last = time.perf_counter()
    gaps.clear()
    while progress_of(bpy.context.scene) is not None:
        yield SECONDS_PER_TICK
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    # In the last gap the main thread made the armature and its keys, Blender its undo step and picture.
    *lifting, baking = gaps
    print(
        f"Blender {bpy.app.version_string}, {panel.num_frames} frames lifted in",
        f"{last - began:.1f} s: {in_words(lifting)}; making the armature: {1e3 * making[0]:.0f} ms,",
        f"until that was to be seen and could be undone: {1e3 * baking:.0f} ms",
        flush=True,
    )
    assert panel.result_rig is not None, panel.source_error


def timed(module: ModuleType, name: str) -> list[float]:
    """How long each call of a module's function takes (s), as they are made from here on."""
    seconds: list[float] = []
    inner = getattr(module, name)

    def outer(*arguments: object) -> None:
        began = time.perf_counter()
        inner(*arguments)
        seconds.append(time.perf_counter() - began)

    setattr(module, name, outer)
    return seconds


def in_words(gaps: list[float]) -> str:
    """The longest gap and others."""
    ordered = sorted(gaps)
    median, late = ordered[len(gaps) // 2], ordered[int(0.99 * len(gaps))]
    return (
        f"{len(gaps)} ticks, median {1e3 * median:.0f} ms, 99th percentile {1e3 * late:.0f} ms, "
        f"longest {1e3 * ordered[-1]:.0f} ms"
    )


def inside(clip: str) -> None:
    """Within Blender: a timer takes the steps."""
    import bpy  # noqa: PLC0415

    steps = lift_and_count(clip)

    def step() -> float:
        try:
            return next(steps)
        except StopIteration:
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stdout.flush()
            os._exit(1)

    bpy.app.timers.register(step, first_interval=2.0)


if INSIDE in sys.argv:
    inside(sys.argv[-1])
elif __name__ == "__main__":
    main()
