"""What Blender gets when the extension is enabled, and loses when it is disabled."""

from __future__ import annotations

from functools import partial

import bpy
from bpy.props import PointerProperty

from . import cli, overlay, translation
from .correction_mark import LIFT_PG_correction, LIFT_PG_corrections
from .file_handler import LIFT_FH_keypoints
from .job_progress import forget_jobs
from .lift_memory import LIFT_CACHE
from .operators.correct import CORRECTION_OPERATORS
from .operators.export_result import LIFT_OT_export
from .operators.go_to_frame import LIFT_OT_go_to_frame
from .operators.import_keypoints import LIFT_OT_import_keypoints, draw_import_entry
from .operators.inspect_target import LIFT_OT_inspect_target
from .operators.lift import LIFT_OT_cancel, LIFT_OT_lift
from .operators.open_source import LIFT_OT_open_source
from .operators.view_video import LIFT_OT_view_video
from .panel_correction import LIFT_UL_corrections
from .panel_result import LIFT_UL_doubts
from .panel_row import (
    LIFT_PG_doubt,
    LIFT_PG_joint,
    LIFT_PG_part,
    LIFT_PG_person,
    LIFT_PG_warning,
)
from .panels import PANELS, LIFT_UL_people
from .preferences import LIFT_AP_preferences
from .preset import LIFT_OT_add_preset, LIFT_PT_presets
from .properties import LIFT_PG_panel
from .thumbnail import release_icons

CLASSES: tuple[
    type[bpy.types.AddonPreferences]
    | type[bpy.types.FileHandler]
    | type[bpy.types.Operator]
    | type[bpy.types.Panel]
    | type[bpy.types.PropertyGroup]
    | type[bpy.types.UIList],
    ...,
] = (
    LIFT_AP_preferences,
    LIFT_PG_person,
    LIFT_PG_part,
    LIFT_PG_joint,
    LIFT_PG_doubt,
    LIFT_PG_warning,
    LIFT_PG_correction,
    LIFT_PG_corrections,
    LIFT_PG_panel,
    LIFT_OT_import_keypoints,
    LIFT_OT_open_source,
    LIFT_OT_lift,
    LIFT_OT_cancel,
    LIFT_OT_export,
    LIFT_OT_view_video,
    LIFT_OT_go_to_frame,
    LIFT_OT_inspect_target,
    *CORRECTION_OPERATORS,
    LIFT_OT_add_preset,
    LIFT_UL_corrections,
    LIFT_UL_people,
    LIFT_UL_doubts,
    LIFT_PT_presets,
    *PANELS,
    LIFT_FH_keypoints,
)

# Blender hands out an opaque handle that only taking the command away again needs.
_cli_commands: list[object] = []


def register() -> None:
    """Add the panel, the operators, the File > Import entry and ``blender --command lift``."""
    assert __package__ is not None
    # The stubs know of no contexts.
    bpy.app.translations.register(__package__, translation.TRANSLATIONS)  # pyright: ignore[reportArgumentType]
    for registered in CLASSES:
        bpy.utils.register_class(registered)
    bpy.types.Scene.lift = PointerProperty(type=LIFT_PG_panel)  # pyright: ignore[reportAttributeAccessIssue]
    bpy.types.TOPBAR_MT_file_import.append(draw_import_entry)
    run = partial(cli.run, package=__package__)
    _cli_commands.append(bpy.utils.register_cli_command("lift", run))
    overlay.register()


def unregister() -> None:
    """Take away what ``register`` added, last first."""
    overlay.unregister()
    release_icons()
    LIFT_CACHE.clear()
    forget_jobs()
    while _cli_commands:
        bpy.utils.unregister_cli_command(_cli_commands.pop())
    bpy.types.TOPBAR_MT_file_import.remove(draw_import_entry)
    del bpy.types.Scene.lift  # pyright: ignore[reportAttributeAccessIssue]
    for registered in reversed(CLASSES):
        bpy.utils.unregister_class(registered)
    assert __package__ is not None
    bpy.app.translations.unregister(__package__)
