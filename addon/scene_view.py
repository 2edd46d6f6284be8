"""What a window shows while something is made in a scene that it does not show."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import bpy

from .access import window_of


@contextmanager
def looking_at(context: bpy.types.Context, scene: bpy.types.Scene) -> Generator[None]:
    """Let the window show ``scene``, and then again what it showed.

    Overriding the scene does not do: operators take the active object from the window.
    """
    window = window_of(context)
    if window is None or window.scene == scene:
        yield
        return
    shown = window.scene
    window.scene = scene
    try:
        yield
    finally:
        window.scene = shown
