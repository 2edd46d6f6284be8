"""One function per file format: Blender's own exporters, with the settings that keep every joint.

Each writes the selected armature over the scene's frame range, and returns what the exporter says.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from math import pi
from pathlib import Path
from typing import Any, cast

import bpy
from mathutils import Matrix

from . import compat
from .access import action_of, armature_of, pose_of, scene_of
from .engine import ENGINE_ARMATURE_NAME, ENGINE_PRESETS, EngineName
from .plain_copy import meshes_of, plain_copy

_Z_UP_TO_Y_UP = Matrix.Rotation(-pi / 2, 4, "X")

Writer = Callable[[bpy.types.Context, bpy.types.Object, Path], object]
"""Returns what the operator does: {"FINISHED"} or not."""


def _write_bvh(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    scene = scene_of(context)
    # The exporter writes Blender's axes as they are, while whoever reads BVH expects Y up.
    with plain_copy(context, rig, name=rig.name, to=_Z_UP_TO_Y_UP, with_meshes=False) as copy:
        return bpy.ops.export_anim.bvh(
            filepath=str(path),
            check_existing=False,
            frame_start=scene.frame_start,
            frame_end=scene.frame_end,
            root_transform_only=not _travels_below_root(copy),
        )


def _travels_below_root(rig: bpy.types.Object) -> bool:
    """Whether a bone with a parent has a way of its own, such as hips below a root bone."""
    moved = {curve.data_path for curve in compat.assigned_fcurves(rig)}
    return any(
        bone.parent is not None and bone.path_from_id("location") in moved
        for bone in pose_of(rig).bones
    )


def _write_fbx(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    _select_meshes(rig)
    return _export_fbx(path, use_armature_deform_only=_has_deforming_bones(rig))


def write_engine_fbx(
    context: bpy.types.Context, rig: bpy.types.Object, path: Path, *, engine: EngineName
) -> object:
    """Write ``rig`` with its meshes as FBX in the way that ``engine`` reads it best."""
    preset = ENGINE_PRESETS[engine]
    scene, action = scene_of(context), action_of(rig)
    assert action is not None
    units, scene_name = scene.unit_settings, scene.name
    before = units.system, units.scale_length
    to = Matrix.Scale(preset.units_per_metre, 4)
    with plain_copy(context, rig, name=ENGINE_ARMATURE_NAME, to=to, with_meshes=True):
        try:
            units.system, units.scale_length = "METRIC", preset.metres_per_unit
            # The exporter calls the animation what the scene is called.
            scene.name = action.name
            return _export_fbx(path, apply_scale_options=preset.scale_options)
        finally:
            scene.name = scene_name
            units.system, units.scale_length = before


def _export_fbx(path: Path, **options: Any) -> object:
    return bpy.ops.export_scene.fbx(
        filepath=str(path),
        check_existing=False,
        use_selection=True,
        object_types={"ARMATURE", "MESH"},
        add_leaf_bones=False,
        bake_anim_simplify_factor=0.0,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        **options,
    )


def _select_meshes(rig: bpy.types.Object) -> None:
    for mesh in meshes_of(rig):
        mesh.select_set(True)


def _has_deforming_bones(rig: bpy.types.Object) -> bool:
    return any(bone.use_deform for bone in armature_of(rig).bones)


def _write_gltf(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    _select_meshes(rig)
    render = scene_of(context).render
    fps = Fraction(render.fps) / Fraction(render.fps_base)
    render.fps, render.fps_base = compat.gltf_frame_rate(fps)
    return bpy.ops.export_scene.gltf(
        filepath=str(path),
        check_existing=False,
        export_format="GLB",
        use_selection=True,
        use_active_scene=True,
        export_def_bones=_has_deforming_bones(rig),
        export_animation_mode="ACTIVE_ACTIONS",
        export_nla_strips_merged_animation_name=rig.name,
        # The clip starts at 0 s whatever its first frame in the scene.
        export_anim_slide_to_zero=True,
    )


def _write_usd(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    result = bpy.ops.wm.usd_export(
        filepath=str(path),
        check_existing=False,
        selected_objects_only=True,
        export_animation=True,
    )
    # On a full disk the exporter says that it succeeded.
    is_whole = path.is_file() and _is_whole_usdc(path.read_bytes())
    return result if is_whole else set()


def _is_whole_usdc(content: bytes) -> bool:
    """Whether every section that a USD crate file's table of contents names is there.

    Layout: USD's crateFile.h. At byte 16 stands the table's offset; the table is a count and, for
    each section, a 16-byte name, its start and its size, all of them 64-bit.
    """
    if len(content) < 24 or not content.startswith(b"PXR-USDC"):
        return False
    (table,) = struct.unpack_from("<q", content, 16)
    if not 0 < table <= len(content) - 8:
        return False
    (num_sections,) = struct.unpack_from("<q", content, table)
    if len(content) < table + 8 + 32 * num_sections:
        return False
    sections = struct.iter_unpack("<16sqq", content[table + 8 : table + 8 + 32 * num_sections])
    return all(start + size <= len(content) for _, start, size in sections)


def _write_blend(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    result = bpy.ops.wm.save_as_mainfile(
        filepath=str(path), check_existing=False, compress=True, copy=True
    )
    # On a full disk Blender saves half a file and calls it finished: look inside.
    try:
        loading = cast(AbstractContextManager[Any], bpy.data.libraries.load(str(path)))
        with loading as (stored, _):
            is_whole = rig.name in stored.objects
    except OSError:
        is_whole = False
    return result if is_whole else {"CANCELLED"}


WRITERS: dict[str, Writer] = {
    ".bvh": _write_bvh,
    ".fbx": _write_fbx,
    ".glb": _write_gltf,
    ".usdc": _write_usd,
    ".blend": _write_blend,
}
"""By file ending, lower case."""
