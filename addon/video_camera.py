"""A camera that stands where the video's stood: looking through it lays the rig over the person."""

from __future__ import annotations

import re
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..core.errors import LiftError
from ..core.geometry import quaternion
from ..core.types import Camera
from .access import collection_of, metres_per_unit, scene_of

_PICTURE_ALPHA = 0.6
_NUMBER = re.compile(r"\.\d{3,}$")


def place_video_camera(
    context: bpy.types.Context,
    camera: Camera,
    image_size: tuple[int, int],
    *,
    name: str,
    size: float,
    stage: Matrix,
) -> bpy.types.Object:
    """Make, or set anew, the scene's camera object ``name`` and give the scene the video's picture size.

    Parameters
    ----------
    context : bpy.types.Context
        Whose active collection takes a new camera.
    camera : Camera
        The lens and the place that were solved: one place for the whole clip; lens distortion is left
        out.
    image_size : (int, int)
        Of the video, px.
    name : str
    size : float
        The rig's size per the person's: the whole stage is scaled by it.
    stage : Matrix
        From the stage, where the rig stands, to the world.
    """
    scene = scene_of(context)
    found = _find_camera(scene, name)
    if found is None:
        found = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        collection_of(context).objects.link(found)
    data = found.data
    assert isinstance(data, bpy.types.Camera)
    width, height = image_size
    data.sensor_fit = "HORIZONTAL"
    data.lens = data.sensor_width * float(camera.focal_length[0]) / width
    data.shift_x = float(0.5 - camera.principal_point[0] / width)
    aspect = float(camera.focal_length[1] / camera.focal_length[0])
    data.shift_y = float((camera.principal_point[1] - 0.5 * height) / (width * aspect))
    axes = quaternion.to_matrix(quaternion.conjugate(camera.rotation_world_to_camera))
    # Blender's cameras look along -Z with Y up.
    placed = Matrix((axes @ np.diag([1.0, -1.0, -1.0])).tolist()).to_4x4()
    units = size / metres_per_unit(scene)
    placed.translation = Vector((units * camera.position_world).tolist())
    found.matrix_world = stage @ placed
    scene.render.resolution_x, scene.render.resolution_y = width, height
    # Two focal lengths are pixels that are not square; neither side may be below 1.
    scene.render.pixel_aspect_x = max(1.0, aspect)
    scene.render.pixel_aspect_y = max(1.0, 1.0 / aspect)
    return found


def _find_camera(scene: bpy.types.Scene, name: str) -> bpy.types.Object | None:
    """The camera ``name`` of this scene; in a second scene Blender puts a number behind the name."""
    found = [
        each
        for each in scene.objects
        if each.type == "CAMERA" and each.is_editable and _NUMBER.sub("", each.name) == name
    ]
    return min(found, key=lambda each: each.name, default=None)


def show_video_behind(camera: bpy.types.Object, video: Path, *, start_frame: int) -> None:
    """Show ``video`` behind what ``camera`` sees, its first picture at scene frame ``start_frame``.

    Raises
    ------
    LiftError
        When Blender cannot read the video.
    """
    data = camera.data
    assert isinstance(data, bpy.types.Camera)
    try:
        clip = bpy.data.movieclips.load(str(video), check_existing=True)
    except RuntimeError as error:
        raise LiftError(f"{video}: Blender cannot read it: {str(error).strip()}") from error
    clip.frame_start = start_frame
    data.background_images.clear()
    picture = data.background_images.new()
    picture.source, picture.clip, picture.alpha = "MOVIE_CLIP", clip, _PICTURE_ALPHA
    picture.frame_method = "STRETCH"
    data.show_background_images = True
