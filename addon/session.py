"""One lifted person: from bone motion to an armature in the scene, and on to files."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..core.errors import LiftError
from ..core.types import BoneMotion
from .access import action_of, armature_of, scene_of
from .armature import create_armature
from .bake import bake, set_scene_timing
from .export import export_armature


def add_animated_armature(
    context: bpy.types.Context, motion: BoneMotion, *, name: str, start_frame: int = 1
) -> bpy.types.Object:
    """Create an armature named ``name`` that moves as ``motion``, and set the scene's timing to it.

    When it cannot be finished, nothing of it stays in the file.
    """
    rig = create_armature(context, motion.rest_pose, name=name)
    armature = armature_of(rig)
    try:
        bake(rig, motion, action_name=name, start_frame=start_frame)
        set_scene_timing(
            scene_of(context), fps=motion.fps, start_frame=start_frame, num_frames=motion.num_frames
        )
    except LiftError:
        action = action_of(rig)
        if action is not None:
            bpy.data.actions.remove(action)
        bpy.data.objects.remove(rig)
        bpy.data.armatures.remove(armature)
        raise
    return rig


def export_motion(
    motion: BoneMotion, paths: Sequence[Path], *, name: str, start_frame: int
) -> None:
    """Write ``motion`` to each of ``paths``, from an otherwise empty Blender file.

    Raises
    ------
    LiftError
        When a file cannot be written; those before it are.
    """
    if not paths:
        return
    # The user's preferences, add-ons and this extension stay as they are.
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    rig = add_animated_armature(bpy.context, motion, name=name, start_frame=start_frame)
    for path in paths:
        with folder_for(path):
            export_armature(bpy.context, rig, path)


@contextmanager
def folder_for(path: Path) -> Generator[None]:
    """Make the folders above ``path``; take away again those that stay empty after a failure.

    Raises
    ------
    LiftError
        When a folder cannot be made.
    """
    missing = [folder for folder in path.absolute().parents if not folder.exists()]
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LiftError(f"{path}: cannot make its folder: {error.strerror}") from error
    try:
        yield
    except BaseException:
        for folder in missing:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
