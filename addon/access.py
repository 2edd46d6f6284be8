"""What is always there in the places where the add-on looks, typed: Blender's stubs doubt all of it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import bpy


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene that ``context`` is in."""
    return cast(bpy.types.Scene, context.scene)


def metres_per_unit(scene: bpy.types.Scene) -> float:
    """How long a unit of ``scene`` is; a scene without a system of units counts as metres."""
    units = scene.unit_settings
    return 1.0 if units.system == "NONE" else units.scale_length


def collection_of(context: bpy.types.Context) -> bpy.types.Collection:
    """The active collection, which takes what is new."""
    return cast(bpy.types.Collection, context.collection)


def view_layer_of(context: bpy.types.Context) -> bpy.types.ViewLayer:
    """The view layer that ``context`` is in."""
    return cast(bpy.types.ViewLayer, context.view_layer)


def window_of(context: bpy.types.Context) -> bpy.types.Window | None:
    """The window that ``context`` is in; None in the background."""
    return cast("bpy.types.Window | None", context.window)


def workspace_of(context: bpy.types.Context) -> bpy.types.WorkSpace | None:
    """The workspace that ``context`` is in; None in the background."""
    return cast("bpy.types.WorkSpace | None", context.workspace)


def window_manager_of(context: bpy.types.Context) -> bpy.types.WindowManager:
    """The window manager, which is there without windows too."""
    return cast(bpy.types.WindowManager, context.window_manager)


def region_of(context: bpy.types.Context) -> bpy.types.Region:
    """The part of a window that ``context`` draws."""
    return cast(bpy.types.Region, context.region)


def view_of(context: bpy.types.Context) -> bpy.types.RegionView3D:
    """From where the 3D view that ``context`` draws looks."""
    return cast(bpy.types.RegionView3D, context.region_data)


def selected_in(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects, as they are now."""
    return list(context.selected_objects)


def path_of(text: str) -> Path:
    """The path in a property of a file; ``//`` stands for the folder of the opened .blend."""
    return Path(bpy.path.abspath(text))


def armature_of(rig: bpy.types.Object) -> bpy.types.Armature:
    """The bones of ``rig`` at rest."""
    assert isinstance(rig.data, bpy.types.Armature)
    return rig.data


def pose_of(rig: bpy.types.Object) -> bpy.types.Pose:
    """The bones of ``rig`` as posed."""
    assert rig.pose is not None
    return rig.pose


def action_of(rig: bpy.types.Object) -> bpy.types.Action | None:
    """The action that moves ``rig``, if there is one."""
    return None if rig.animation_data is None else rig.animation_data.action
