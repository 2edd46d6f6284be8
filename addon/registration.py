"""What Blender gets when the extension is enabled, and loses when it is disabled."""

from __future__ import annotations

from functools import partial

import bpy
from bpy.props import PointerProperty

from . import cli, translation
from .file_handler import LIFT_FH_keypoints
from .operators.export_result import LIFT_OT_export
from .operators.import_keypoints import LIFT_OT_import_keypoints, draw_import_entry
from .operators.lift import LIFT_OT_cancel, LIFT_OT_lift
from .operators.open_source import LIFT_OT_open_source
from .operators.view_video import LIFT_OT_view_video
from .panels import PANELS
from .preferences import LIFT_AP_preferences
from .preset import LIFT_OT_add_preset, LIFT_PT_presets
from .properties import LIFT_PG_panel, LIFT_PG_person, LIFT_PG_warning

CLASSES: tuple[
    type[bpy.types.AddonPreferences]
    | type[bpy.types.FileHandler]
    | type[bpy.types.Operator]
    | type[bpy.types.Panel]
    | type[bpy.types.PropertyGroup],
    ...,
] = (
    LIFT_AP_preferences,
    LIFT_PG_person,
    LIFT_PG_warning,
    LIFT_PG_panel,
    LIFT_OT_import_keypoints,
    LIFT_OT_open_source,
    LIFT_OT_lift,
    LIFT_OT_cancel,
    LIFT_OT_export,
    LIFT_OT_view_video,
    LIFT_OT_add_preset,
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


def unregister() -> None:
    """Take away what ``register`` added, last first."""
    while _cli_commands:
        bpy.utils.unregister_cli_command(_cli_commands.pop())
    bpy.types.TOPBAR_MT_file_import.remove(draw_import_entry)
    del bpy.types.Scene.lift  # pyright: ignore[reportAttributeAccessIssue]
    for registered in reversed(CLASSES):
        bpy.utils.unregister_class(registered)
    assert __package__ is not None
    bpy.app.translations.unregister(__package__)
