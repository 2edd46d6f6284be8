"""An animated armature becomes a BVH, FBX, GLB, USD or .blend file: whole, or not at all.

Blender's own exporters do the writing, with the settings that keep every joint within 0.1 mm.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import bpy

from ..core.errors import LiftError, NotAvailableError
from ..core.io.atomic import atomic_output
from .access import scene_of, selected_in, view_layer_of
from .engine import EngineName
from .mesh_copy import meshes_of
from .output_format import OUTPUT_FORMATS
from .playing import playing_frames
from .visibility import made_visible
from .writer import WRITERS, Writer, write_engine_fbx


def export_armature(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    path: Path,
    *,
    engine: EngineName | None = None,
) -> None:
    """Write ``rig`` as it plays to ``path``, in the format of its ending.

    Only ``rig`` is written, in FBX and GLB with those of its meshes that are shown (with all where none
    is), over the frames that play, at the scene's frame rate; a .blend holds the whole file as it
    stands. ``engine`` says whose way FBX goes. The user's selection, mode, frame and scene settings
    come back afterwards.

    Raises
    ------
    NotAvailableError
        When the ending is unknown or this Blender lacks the exporter.
    LiftError
        When nothing plays on ``rig``, or the file cannot be written.
    """
    require_exporter(path.suffix)
    frames = playing_frames(rig)
    if frames is None:
        raise LiftError(f"{path}: armature {rig.name!r} has no animation to export")
    if not path.parent.is_dir():
        # Some exporters would make it and leave it behind.
        raise LiftError(f"cannot write {path}: there is no folder {path.parent}")
    write = WRITERS[path.suffix.lower()]
    if engine is not None and path.suffix.lower() == ".fbx":
        write = partial(write_engine_fbx, engine=engine)
    is_whole_file = path.suffix.lower() == ".blend"
    prepared = nullcontext() if is_whole_file else _prepared_scene(context, rig, frames)
    with atomic_output(path) as temporary, prepared:
        # Blender may know another current folder than Python does.
        _run(write, context, rig, temporary.absolute(), final=path)


def require_exporter(suffix: str) -> None:
    """Raise NotAvailableError unless this Blender can write files that end in ``suffix``."""
    output_format = OUTPUT_FORMATS.get(suffix.lower())
    if output_format is None:
        raise NotAvailableError(
            f"cannot write {suffix!r} files: expected one of {' '.join(OUTPUT_FORMATS)}"
        )
    if not has_exporter(suffix):
        raise NotAvailableError(
            f"this Blender ({bpy.app.version_string}) has no {output_format.name} exporter: it was "
            "built without it, or its add-on is disabled"
        )


def has_exporter(suffix: str) -> bool:
    """Whether this Blender has the operator that writes files of a known ending."""
    module, operator = OUTPUT_FORMATS[suffix.lower()].operator.split(".")
    try:
        # hasattr is always true on bpy.ops.
        getattr(getattr(bpy.ops, module), operator).get_rna_type()
    except KeyError:
        return False
    return True


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
def _prepared_scene(
    context: bpy.types.Context, rig: bpy.types.Object, frames: tuple[int, int]
) -> Generator[None]:
    """Select ``rig`` alone in object mode, set the first and last of ``frames``; then all as before."""
    scene, view_layer = scene_of(context), view_layer_of(context)
    selected, active = selected_in(context), view_layer.objects.active
    mode = "OBJECT" if active is None else active.mode
    first, last, current = scene.frame_start, scene.frame_end, scene.frame_current
    rate = scene.render.fps, scene.render.fps_base
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        with made_visible(context, [rig, *meshes_of(context, rig)]):
            _select_alone(context, rig)
            scene.frame_start, scene.frame_end = frames
            # FBX files hold a pose besides the animation: the first, whatever frame the user is in.
            scene.frame_set(frames[0])
            yield
    finally:
        scene.render.fps, scene.render.fps_base = rate
        scene.frame_start, scene.frame_end = first, last
        scene.frame_set(current)
        for chosen in selected_in(context):
            chosen.select_set(False)
        for chosen in selected:
            chosen.select_set(True)
        view_layer.objects.active = active
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


def _select_alone(context: bpy.types.Context, rig: bpy.types.Object) -> None:
    for selected in selected_in(context):
        selected.select_set(False)
    rig.select_set(True)
    view_layer_of(context).objects.active = rig
