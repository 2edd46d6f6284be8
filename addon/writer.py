"""One function per file format: Blender's own exporters, with the settings that keep every joint.

Each writes the selected armature over the scene's frame range, and returns what the exporter says. FBX
without a preset and .blend get the rig as it is, the others a plain copy of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from math import pi
from pathlib import Path
from typing import Any, cast

import bpy
from mathutils import Matrix

from . import compat
from .access import armature_of, metres_per_unit, pose_of, scene_of
from .engine import ENGINE_ARMATURE_NAME, ENGINE_PRESETS, EngineName
from .mesh_copy import meshes_of
from .plain_copy import plain_copy
from .playing import playing_name
from .rig_space import stage_of

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
    _select_meshes(context, rig)
    return _export_fbx(context, rig, path, use_armature_deform_only=_has_deforming_bones(rig))


def write_engine_fbx(
    context: bpy.types.Context, rig: bpy.types.Object, path: Path, *, engine: EngineName
) -> object:
    """Write ``rig`` with its meshes as FBX in the way that ``engine`` reads it best."""
    preset = ENGINE_PRESETS[engine]
    units = scene_of(context).unit_settings
    before = units.system, units.scale_length
    to = Matrix.Scale(preset.units_per_metre, 4)
    with plain_copy(context, rig, name=ENGINE_ARMATURE_NAME, to=to, with_meshes=True):
        try:
            units.system, units.scale_length = "METRIC", preset.metres_per_unit
            return _export_fbx(context, rig, path, apply_scale_options=preset.scale_options)
        finally:
            units.system, units.scale_length = before


def _export_fbx(
    context: bpy.types.Context, rig: bpy.types.Object, path: Path, **options: Any
) -> object:
    """Write what is selected; the animation is called as what plays on ``rig``."""
    scene = scene_of(context)
    scene_name = scene.name
    try:
        # The exporter calls the animation what the scene is called.
        scene.name = playing_name(rig)
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
    finally:
        scene.name = scene_name


def _select_meshes(context: bpy.types.Context, rig: bpy.types.Object) -> None:
    for mesh in meshes_of(context, rig):
        mesh.select_set(True)


def _has_deforming_bones(rig: bpy.types.Object) -> bool:
    return any(bone.use_deform for bone in armature_of(rig).bones)


def _write_gltf(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    render = scene_of(context).render
    rate = compat.gltf_frame_rate(Fraction(render.fps) / Fraction(render.fps_base))
    # The exporter leaves modifiers out, and puts what hangs from a bone of a scaled armature elsewhere.
    with _copy_in_metres(context, rig, with_meshes=True) as copy:
        render.fps, render.fps_base = rate
        return bpy.ops.export_scene.gltf(
            filepath=str(path),
            check_existing=False,
            export_format="GLB",
            use_selection=True,
            use_active_scene=True,
            export_animation_mode="ACTIVE_ACTIONS",
            export_nla_strips_merged_animation_name=copy.name,
            # The clip starts at 0 s whatever its first frame in the scene.
            export_anim_slide_to_zero=True,
        )


def _write_usd(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    with _copy_in_metres(context, rig, with_meshes=False):
        result = bpy.ops.wm.usd_export(
            filepath=str(path),
            check_existing=False,
            selected_objects_only=True,
            export_animation=True,
        )
    # On a full disk the exporter says that it succeeded.
    is_whole = path.is_file() and _is_whole_usdc(path.read_bytes())
    return result if is_whole else set()


@contextmanager
def _copy_in_metres(
    context: bpy.types.Context, rig: bpy.types.Object, *, with_meshes: bool
) -> Generator[bpy.types.Object]:
    """A plain copy where ``rig`` stands in the first frame: the exporters take units for metres."""
    scene = scene_of(context)
    with plain_copy(context, rig, name=rig.name, to=Matrix(), with_meshes=with_meshes) as copy:
        place, turn, _ = stage_of(rig).decompose()
        copy.matrix_world = Matrix.LocRotScale(metres_per_unit(scene) * place, turn, None)
        yield copy


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
