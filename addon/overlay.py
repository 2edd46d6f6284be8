"""Over the 3D view, while it looks through the video's camera: what was seen of the person in the video.

Drawn anew with every redraw, from what the camera keeps (``video_record``) and the scene's frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import bpy
import gpu
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from gpu_extras.batch import batch_for_shader

from .access import region_of, scene_of, view_of
from .overlay_shape import Lines, Triangles, distance_shapes, keypoint_shapes
from .properties import panel_of
from .video_record import forget_opened, records_of

# Blender hands out an opaque handle that only taking the drawing away again needs.
_handles: list[object] = []


def register() -> None:
    """Draw in every 3D view from now on; in the background there is none, and nothing to draw with."""
    if bpy.app.background:
        return
    handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")
    _handles.append(handle)


def unregister() -> None:
    """Draw no more."""
    while _handles:
        bpy.types.SpaceView3D.draw_handler_remove(_handles.pop(), "WINDOW")
    forget_opened()


def _draw() -> None:
    context = bpy.context
    space, scene = cast(bpy.types.SpaceView3D, context.space_data), scene_of(context)
    panel = panel_of(scene)
    if not (panel.shows_keypoints or panel.shows_distances) or not space.overlay.show_overlays:
        return
    camera = _camera_of(space, view_of(context), scene)
    if camera is None:
        return
    unit = cast(bpy.types.Preferences, context.preferences).system.ui_scale
    for record in records_of(camera):
        row = record.row_at(scene.frame_current_final)
        to_region = picture_to_region(context, camera, record.trace.image_size)
        if row is None or to_region is None:
            continue
        if panel.shows_keypoints:
            _draw_shapes(context, keypoint_shapes(record.trace, row, to_region, unit=unit))
        if panel.shows_distances:
            _draw_shapes(context, distance_shapes(record.trace, row, to_region, unit=unit))


def _camera_of(
    space: bpy.types.SpaceView3D, view: bpy.types.RegionView3D, scene: bpy.types.Scene
) -> bpy.types.Object | None:
    """The camera that a view looks through; None while it looks through none."""
    camera = space.camera if space.use_local_camera else scene.camera
    is_looking = view.view_perspective == "CAMERA"
    return camera if is_looking and camera is not None and camera.type == "CAMERA" else None


def picture_to_region(
    context: bpy.types.Context, camera: bpy.types.Object, image_size: tuple[int, int]
) -> np.ndarray | None:
    """(2,3): from pixels of the picture (x, y, 1) to those of the region; None where it is not seen."""
    data = cast(bpy.types.Camera, camera.data)
    # From the top right clockwise, in the camera's own space.
    corners = [camera.matrix_world @ corner for corner in data.view_frame(scene=scene_of(context))]
    region, view = region_of(context), view_of(context)
    placed = [location_3d_to_region_2d(region, view, corner) for corner in corners]
    if any(place is None for place in placed):
        return None
    top_right, _, bottom_left, top_left = np.array(placed)
    across = (top_right - top_left) / image_size[0]
    down = (bottom_left - top_left) / image_size[1]
    return np.stack([across, down, top_left], axis=1)


def _draw_shapes(context: bpy.types.Context, shapes: Iterable[Lines | Triangles]) -> None:
    """Draw with Blender's own shaders."""
    region = region_of(context)
    gpu.state.blend_set("ALPHA")
    for shape in shapes:
        if not len(shape.positions):
            continue
        is_line = isinstance(shape, Lines)
        shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR" if is_line else "SMOOTH_COLOR")
        # The shaders take points in space.
        points = np.pad(shape.positions, ((0, 0), (0, 1)))
        attributes: Any = {
            "pos": points.astype(np.float32),
            "color": shape.colors.astype(np.float32),
        }
        batch = batch_for_shader(shader, "LINES" if is_line else "TRIS", attributes)
        shader.bind()
        if is_line:
            shader.uniform_float("viewportSize", (region.width, region.height))
            shader.uniform_float("lineWidth", shape.width)
        batch.draw(shader)
    gpu.state.blend_set("NONE")
