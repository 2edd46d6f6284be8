"""Runs inside Blender (-P) with the extension installed: the interface speaks Chinese where Blender does.

The bpy wheels know no language but English; this needs a real Blender.
"""

from __future__ import annotations

import importlib

import addon_utils
import bpy

[MODULE] = [
    name
    for name in (enabled.module for enabled in bpy.context.preferences.addons)
    if name.startswith("bl_ext.") and name.endswith(".lift_video_to_3d")
]
TEXTS = importlib.import_module(f"{MODULE}.addon.translation").TRANSLATIONS["zh_HANS"]
OWN = ("Lock Feet", "{guessed} of {frames} frames are a guess")


def is_translated(context: str, text: str) -> bool:
    return bpy.app.translations.pgettext(text, context) != text


def untranslated() -> list[tuple[str, str]]:
    """Texts whose Chinese is not ours: where Blender has its own in this context, it is Blender's."""
    return [key for key in TEXTS if bpy.app.translations.pgettext(key[1], key[0]) != TEXTS[key]]


assert "zh_HANS" in bpy.app.translations.locales
assert not any(is_translated("*", text) for text in OWN), "before Chinese was chosen"
view = bpy.context.preferences.view
view.language = "zh_HANS"
view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = True
for _ in range(2):
    assert untranslated() == [], untranslated()
    addon_utils.disable(MODULE)
    assert not any(is_translated("*", text) for text in OWN), "after the extension was disabled"
    addon_utils.enable(MODULE)
    assert bpy.context.preferences.addons[MODULE].preferences.model == ""
assert untranslated() == [], untranslated()

print("TRANSLATED", len(TEXTS), flush=True)
