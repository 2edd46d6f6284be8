"""The camera that matches the video: joints seen through it are where the video's camera saw them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from lift_video_to_3d.addon.video_camera import place_video_camera, show_video_behind
from lift_video_to_3d.core.errors import LiftError
from lift_video_to_3d.core.geometry import quaternion
from lift_video_to_3d.core.geometry.camera import project, world_to_camera
from lift_video_to_3d.core.types import Camera
from mathutils import Matrix, Vector

SIZE = (1920, 1080)
BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"


def odd_camera() -> Camera:
    """Off-centre, turned, with pixels that are not quite square."""
    turn = quaternion.from_rotation_vector(np.array([1.3, 0.2, -0.1]))
    return Camera(
        focal_length=np.array([1500.0, 1520.0]),
        principal_point=np.array([1000.0, 500.0]),
        radial=np.zeros(3),
        tangential=np.zeros(2),
        rotation_world_to_camera=turn,
        position_world=np.array([0.5, -5.0, 1.4]),
    )


@pytest.mark.parametrize("size", [1.0, 1.3])
@pytest.mark.parametrize("metres_per_unit", [1.0, 0.01])
def test_points_are_seen_where_the_videos_camera_sees_them(
    size: float, metres_per_unit: float
) -> None:
    scene, camera = bpy.context.scene, odd_camera()
    scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", metres_per_unit
    stage = Matrix.Translation((3.0, 1.0, 0.2)) @ Matrix.Rotation(0.8, 4, "Z")
    placed = place_video_camera(bpy.context, camera, SIZE, name="video", size=size, stage=stage)
    bpy.context.view_layer.update()
    points = np.random.default_rng(0).uniform([-1, -1, 0], [1, 1, 2], size=(40, 3))
    seen = project(
        world_to_camera(points, camera),
        focal_length=camera.focal_length,
        principal_point=camera.principal_point,
        radial=camera.radial,
        tangential=camera.tangential,
    )
    for point, pixel in zip(points, seen, strict=True):
        there = stage @ Vector((point * size / metres_per_unit).tolist())
        x, y, _ = world_to_camera_view(scene, placed, there)
        assert abs(x * SIZE[0] - pixel[0]) < 0.05 and abs((1 - y) * SIZE[1] - pixel[1]) < 0.05


def test_a_second_time_sets_the_same_camera_anew() -> None:
    for size in (1.0, 2.0):
        place_video_camera(
            bpy.context, odd_camera(), SIZE, name="video", size=size, stage=Matrix.Identity(4)
        )
    assert len(bpy.data.cameras) == 1
    assert bpy.data.objects["video"].location.y == pytest.approx(-10.0)


@pytest.mark.skipif(
    bpy.app.version < (4, 3, 0), reason="bpy 4.2's wheel crashes when it opens a video"
)
def test_the_video_is_behind_and_begins_with_the_motion() -> None:
    camera = place_video_camera(
        bpy.context, odd_camera(), SIZE, name="video", size=1.0, stage=Matrix.Identity(4)
    )
    for start_frame in (1, 11):
        show_video_behind(camera, BEAM / "cam01.mp4", start_frame=start_frame)
    [picture] = camera.data.background_images
    assert picture.clip.frame_start == 11 and picture.clip.frame_duration >= 100
    assert camera.data.show_background_images and len(bpy.data.movieclips) == 1


def test_a_file_that_is_no_video_is_one_clear_error(tmp_path: Path) -> None:
    camera = place_video_camera(
        bpy.context, odd_camera(), SIZE, name="video", size=1.0, stage=Matrix.Identity(4)
    )
    with pytest.raises(LiftError, match=r"absent\.mp4: Blender cannot read it"):
        show_video_behind(camera, tmp_path / "absent.mp4", start_frame=1)
