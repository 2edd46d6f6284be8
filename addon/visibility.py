"""What the user hid can be exported all the same: Blender selects and evaluates only what is shown."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

import bpy

from .access import scene_of, view_layer_of


@contextmanager
def made_visible(
    context: bpy.types.Context, objects: Iterable[bpy.types.Object]
) -> Generator[None]:
    """Show ``objects`` of the scene, whether eye, screen or collection hides them; then hide them again."""
    scene, view_layer = scene_of(context), view_layer_of(context)
    hidden = [
        each for each in objects if each.hide_select or not each.visible_get(view_layer=view_layer)
    ]
    if not hidden:
        yield
        return
    present = set(view_layer.objects)
    eyes = [each for each in hidden if each in present and each.hide_get(view_layer=view_layer)]
    flags = [(each, each.hide_viewport, each.hide_select) for each in hidden]
    shown = bpy.data.collections.new("shown")
    scene.collection.children.link(shown)
    try:
        for each in hidden:
            shown.objects.link(each)
            each.hide_viewport = each.hide_select = False
        view_layer.update()
        for each in hidden:
            each.hide_set(False, view_layer=view_layer)
        view_layer.update()
        yield
    finally:
        bpy.data.collections.remove(shown)
        for each, is_off_screen, is_fixed in flags:
            each.hide_viewport, each.hide_select = is_off_screen, is_fixed
        view_layer.update()
        for each in eyes:
            each.hide_set(True, view_layer=view_layer)
