"""Runs inside a Blender window (-P) with the extension installed: stretches marked as an animator would.

Arguments after ``--``: a keypoint file, a folder for pictures. Prints one line of JSON after
``FIGURES``; exit code 1 and a traceback where something is not as it should be.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
from window import FOLDER, SOURCE, figures, picture, press, run_steps, view

FIRST, LENGTH = 11, 70


def push(operator: str, **choice: object) -> None:
    """A button of the panel: what it marks is asked for in a dialog."""
    window, area, region = view()
    with bpy.context.temp_override(window=window, area=area, region=region):
        getattr(bpy.ops.lift, operator)("INVOKE_DEFAULT", **choice)


def count() -> int:
    return len(bpy.context.scene.lift.corrections.marks)


def open_sub_panel() -> None:
    """The sub-panel is closed until it is clicked: here it is so from the start."""
    panel = bpy.types.LIFT_PT_corrections
    assert panel.bl_options == {"DEFAULT_CLOSED"}
    following = bpy.types.LIFT_PT_result
    bpy.utils.unregister_class(following)
    bpy.utils.unregister_class(panel)
    panel.bl_options = set()
    bpy.utils.register_class(panel)
    bpy.utils.register_class(following)


def lift() -> float:
    began = time.perf_counter()
    assert bpy.ops.lift.lift() == {"FINISHED"}
    return round(time.perf_counter() - began, 2)


def foot_spread() -> float:
    """m: how far the left foot moves in the marked stretch."""
    scene, rig = bpy.context.scene, bpy.context.scene.lift.result_rig
    places = []
    for frame in range(FIRST, FIRST + LENGTH):
        scene.frame_set(frame)
        places.append((rig.matrix_world @ rig.pose.bones["foot.L"].head).copy())
    return max((one - places[0]).length for one in places)


def open_clip() -> Generator[float]:
    """Choose the clip and lift it for the first time."""
    _, area, _ = view()
    panel = bpy.context.scene.lift
    for found in list(bpy.data.objects):
        bpy.data.objects.remove(found)
    open_sub_panel()
    area.spaces.active.show_region_ui = True
    yield 1.0
    [sidebar] = [found for found in area.regions if found.type == "UI"]
    sidebar.active_panel_category = "Lift"
    panel.source = SOURCE
    yield 0.5
    figures["first_lift_s"] = lift()
    figures["foot_moves_m"] = round(foot_spread(), 4)


def mark_stretches() -> Generator[float]:
    """Mark in dialogs, by the current frame and by the preview range."""
    scene = bpy.context.scene
    scene.frame_set(FIRST)
    push("mark_joint")
    yield 0.7
    picture("11-mark-joint")
    press("RET")
    yield 0.5
    assert count() == 1, "the dialog marks nothing"
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = FIRST, FIRST + LENGTH - 1
    push("mark_planted")
    yield 0.5
    press("RET")
    yield 0.5
    push("mark_swapped")
    yield 0.5
    press("ESC")
    yield 0.5
    assert count() == 2, "ESC leaves the dialog without a mark"
    bpy.ops.lift.mark_swapped(first_frame=95, num_frames=3, part="legs")
    bpy.ops.ed.undo_push(message="marked")
    scene.use_preview_range = False
    view()[1].tag_redraw()
    yield 1.0
    picture("12-marked")


def lift_again() -> Generator[float]:
    """The marks are honoured, undone and saved."""
    figures["second_lift_s"] = lift()
    figures["planted_foot_moves_m"] = round(foot_spread(), 6)
    assert foot_spread() < 1e-3, foot_spread()
    yield 0.5
    assert bpy.ops.lift.remove_correction(index=0) == {"FINISHED"}
    bpy.ops.ed.undo_push(message="removed")
    assert count() == 2
    window, area, region = view()
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.ed.undo()
    yield 0.5
    assert count() == 3, "undo brings back what was removed"
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.ed.redo()
    yield 0.5
    assert count() == 2
    path = FOLDER / "corrections.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    yield 1.5
    assert count() == 2, "marks are saved with the file"
    figures["lift_after_opening_s"] = lift()


def use_corrections() -> Generator[float]:
    """Every step; yields how long to wait before the next."""
    yield from open_clip()
    yield from mark_stretches()
    yield from lift_again()


run_steps(use_corrections())
