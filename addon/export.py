"""An animated armature becomes a BVH, FBX, GLB, USD or .blend file: whole, or not at all.

Blender's own exporters do the writing, with the settings that keep every joint within 0.1 mm.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from math import pi
from pathlib import Path
from typing import Any, cast

import bpy
from mathutils import Matrix

from ..core.errors import LiftError, NotAvailableError
from ..core.io.atomic import atomic_output
from . import compat
from .access import action_of, armature_of, scene_of, selected_in, view_layer_of
from .output_format import OUTPUT_FORMATS

_Z_UP_TO_Y_UP = Matrix.Rotation(-pi / 2, 4, "X")


def export_armature(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> None:
    """Write ``rig`` with its action to ``path``, in the format of its ending.

    Only ``rig`` is written, over its action's frames, at the scene's frame rate; a .blend holds the
    whole file as it stands. The user's selection, frame and scene settings come back afterwards.

    Raises
    ------
    NotAvailableError
        When the ending is unknown or this Blender lacks the exporter.
    LiftError
        When ``rig`` has no action, or the file cannot be written.
    """
    require_exporter(path.suffix)
    if action_of(rig) is None:
        raise LiftError(f"{path}: armature {rig.name!r} has no animation to export")
    if not path.parent.is_dir():
        # Some exporters would make it and leave it behind.
        raise LiftError(f"cannot write {path}: there is no folder {path.parent}")
    write = _WRITERS[path.suffix.lower()]
    with atomic_output(path) as temporary, _prepared_scene(context, rig):
        # Blender may know another current folder than Python does.
        _run(write, context, rig, temporary.absolute(), final=path)


def require_exporter(suffix: str) -> None:
    """Raise NotAvailableError unless this Blender can write files that end in ``suffix``."""
    output_format = OUTPUT_FORMATS.get(suffix.lower())
    if output_format is None:
        raise NotAvailableError(
            f"cannot write {suffix!r} files: expected one of {' '.join(OUTPUT_FORMATS)}"
        )
    module, operator = output_format.operator.split(".")
    try:
        # hasattr is always true on bpy.ops.
        getattr(getattr(bpy.ops, module), operator).get_rna_type()
    except KeyError:
        raise NotAvailableError(
            f"this Blender ({bpy.app.version_string}) has no {output_format.name} exporter: it was "
            "built without it, or its add-on is disabled"
        ) from None


# Returns what the operator does: {"FINISHED"} or not.
Writer = Callable[[bpy.types.Context, bpy.types.Object, Path], object]


def _run(
    write: Writer,
    context: bpy.types.Context,
    rig: bpy.types.Object,
    temporary: Path,
    *,
    final: Path,
) -> None:
    """Call an exporter and turn each way in which it can fail into one LiftError."""
    try:
        with _silent_stderr():
            result = write(context, rig, temporary)
    except RuntimeError as error:
        # An operator's exception arrives as text, an interruption too.
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from None
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if not line.startswith("Location:")), "")
        raise LiftError(f"cannot write {final}: {reason}") from error
    if result != {"FINISHED"} or not temporary.is_file():
        raise LiftError(
            f"cannot write {final}: Blender's exporter did not finish; is the disk full?"
        )


@contextmanager
def _silent_stderr() -> Generator[None]:
    """Keep what exporters print on stderr, line after line when they fail, off the user's screen.

    Its gist is in the error that they raise; libraries in C++ write past Python's ``sys.stderr``.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


@contextmanager
def _prepared_scene(context: bpy.types.Context, rig: bpy.types.Object) -> Generator[None]:
    """Select ``rig`` alone in object mode and set the frame range to its action's; then restore."""
    scene, view_layer = scene_of(context), view_layer_of(context)
    action = action_of(rig)
    assert action is not None
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    selected, active = selected_in(context), view_layer.objects.active
    frames = scene.frame_start, scene.frame_end, scene.frame_current
    rate = scene.render.fps, scene.render.fps_base
    try:
        _select_alone(context, rig)
        scene.frame_start, scene.frame_end = (round(frame) for frame in action.frame_range)
        yield
    finally:
        scene.render.fps, scene.render.fps_base = rate
        scene.frame_start, scene.frame_end = frames[:2]
        scene.frame_set(frames[2])
        for chosen in selected_in(context):
            chosen.select_set(False)
        for chosen in selected:
            chosen.select_set(True)
        view_layer.objects.active = active


def _select_alone(context: bpy.types.Context, rig: bpy.types.Object) -> None:
    for selected in selected_in(context):
        selected.select_set(False)
    rig.select_set(True)
    view_layer_of(context).objects.active = rig


def _write_bvh(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    scene = scene_of(context)
    with _y_up_copy(context, rig):
        return bpy.ops.export_anim.bvh(
            filepath=str(path),
            check_existing=False,
            frame_start=scene.frame_start,
            frame_end=scene.frame_end,
            root_transform_only=True,
        )


@contextmanager
def _y_up_copy(context: bpy.types.Context, rig: bpy.types.Object) -> Generator[None]:
    """Make a copy of ``rig`` whose data has Y up the active object.

    The exporter writes Blender's axes as they are, while whoever reads BVH expects Y up.
    """
    copy, armature = rig.copy(), armature_of(rig).copy()
    copy.data = armature
    try:
        scene_of(context).collection.objects.link(copy)
        _select_alone(context, copy)
        armature.transform(_Z_UP_TO_Y_UP)
        # Without these tags the poses are those of the untransformed armature, and nothing says so.
        copy.update_tag()
        armature.update_tag()
        view_layer_of(context).update()
        yield
    finally:
        bpy.data.objects.remove(copy)
        bpy.data.armatures.remove(armature)
        _select_alone(context, rig)


def _write_fbx(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    return bpy.ops.export_scene.fbx(
        filepath=str(path),
        check_existing=False,
        use_selection=True,
        object_types={"ARMATURE"},
        add_leaf_bones=False,
        bake_anim_simplify_factor=0.0,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
    )


def _write_gltf(context: bpy.types.Context, rig: bpy.types.Object, path: Path) -> object:
    render = scene_of(context).render
    fps = Fraction(render.fps) / Fraction(render.fps_base)
    render.fps, render.fps_base = compat.gltf_frame_rate(fps)
    return bpy.ops.export_scene.gltf(
        filepath=str(path),
        check_existing=False,
        export_format="GLB",
        use_selection=True,
        use_active_scene=True,
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


_WRITERS: dict[str, Writer] = {
    ".bvh": _write_bvh,
    ".fbx": _write_fbx,
    ".glb": _write_gltf,
    ".usdc": _write_usd,
    ".blend": _write_blend,
}
