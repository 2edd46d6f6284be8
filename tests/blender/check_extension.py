"""Runs inside Blender (-P) with the extension installed: what it registers works and goes away.

Arguments after ``--``: a keypoint folder.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import addon_utils
import bpy

ROOT = Path(__file__).resolve().parents[2]

[MODULE] = [
    name
    for name in (enabled.module for enabled in bpy.context.preferences.addons)
    if name.startswith("bl_ext.") and name.endswith(".lift_video_to_3d")
]


def has_operator() -> bool:
    """Whether Blender knows the import operator (its attribute is always there)."""
    try:
        bpy.ops.lift.import_keypoints.get_rna_type()
    except KeyError:
        return False
    return True


assert has_operator()
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
assert bpy.ops.lift.import_keypoints(filepath=sys.argv[-1]) == {"FINISHED"}
[rig] = [found for found in bpy.data.objects if found.type == "ARMATURE"]
assert rig.animation_data.action is not None
assert bpy.context.scene.frame_end == len(list(Path(sys.argv[-1]).iterdir()))

try:
    bpy.ops.lift.import_keypoints(filepath="/nowhere/absent.json")
except RuntimeError as error:
    assert "absent.json" in str(error) and "Traceback" not in str(error), error
else:
    raise AssertionError("a missing file was imported")
assert len(bpy.data.objects) == 2 and len(bpy.data.armatures) == len(bpy.data.actions) == 1

command_line = runpy.run_path(str(ROOT / "addon" / "cli.py"))
assert command_line["_load_package"]() == f"{MODULE}.addon"

for _ in range(2):
    addon_utils.disable(MODULE)
    assert not has_operator()
    addon_utils.enable(MODULE)
    assert has_operator()

assert "lift_video_to_3d" not in sys.modules
print("REGISTERED", MODULE, flush=True)
