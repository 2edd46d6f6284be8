"""The files that the add-on writes, as data: needed before Blender is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """What a file ending stands for: its ``name`` and the Blender ``operator`` that writes it."""

    name: str
    operator: str


OUTPUT_FORMATS: dict[str, OutputFormat] = {
    ".bvh": OutputFormat("BVH", "export_anim.bvh"),
    ".fbx": OutputFormat("FBX", "export_scene.fbx"),
    ".glb": OutputFormat("glTF", "export_scene.gltf"),
    ".usdc": OutputFormat("USD", "wm.usd_export"),
    ".blend": OutputFormat("Blender file", "wm.save_as_mainfile"),
}
"""By file ending, lower case."""
