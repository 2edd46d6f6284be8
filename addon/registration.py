"""What Blender gets when the extension is enabled, and loses when it is disabled."""

from __future__ import annotations

from functools import partial

import bpy

from . import cli
from .operators.import_keypoints import LIFT_OT_import_keypoints, draw_import_entry

CLASSES: tuple[type[bpy.types.Operator], ...] = (LIFT_OT_import_keypoints,)

# Blender hands out an opaque handle that only taking the command away again needs.
_cli_commands: list[object] = []


def register() -> None:
    """Add the operators, the File > Import entry and ``blender --command lift``."""
    for registered in CLASSES:
        bpy.utils.register_class(registered)
    bpy.types.TOPBAR_MT_file_import.append(draw_import_entry)
    assert __package__ is not None
    run = partial(cli.run, package=__package__)
    _cli_commands.append(bpy.utils.register_cli_command("lift", run))


def unregister() -> None:
    """Take away what ``register`` added, last first."""
    while _cli_commands:
        bpy.utils.unregister_cli_command(_cli_commands.pop())
    bpy.types.TOPBAR_MT_file_import.remove(draw_import_entry)
    for registered in reversed(CLASSES):
        bpy.utils.unregister_class(registered)
