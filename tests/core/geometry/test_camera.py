"""Cameras: the paper's projection to the digit, and rays that come back from distorted pixels."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry.camera import (
    camera_at_origin,
    camera_to_world,
    focal_length_from_fov,
    normalize_screen,
    pixels_to_rays,
    project,
    project_to_pixels,
    world_to_camera,
)
from core.geometry.quaternion import rotate
from core.types import Camera
from tests.shared_data import SHARED_DATA, needs_shared_data


@needs_shared_data
def test_projection_equals_the_reference():
    with np.load(SHARED_DATA / "parity" / "camera.npz") as archive:
        points, intrinsics = archive["points_camera"], archive["intrinsics"][:, None]
        lens = {
            "focal_length": intrinsics[..., :2],
            "principal_point": intrinsics[..., 2:4],
            "radial": intrinsics[..., 4:7],
            "tangential": intrinsics[..., 7:9],
        }
        for clamp in (False, True):
            projected = project(points, **lens, clamp=clamp)
            assert np.abs(projected - archive["project"]).max() < 1e-5
        lens["radial"], lens["tangential"] = np.zeros(3), np.zeros(2)
        assert np.abs(project(points, **lens) - archive["project_linear"]).max() < 1e-5


@needs_shared_data
def test_world_and_camera_space_equal_the_reference():
    with np.load(SHARED_DATA / "parity" / "camera.npz") as archive:
        # The reference stores the camera's own orientation: the opposite of ours.
        conjugate = archive["rotation_wxyz"] * [1, -1, -1, -1]
        to_camera = rotate(conjugate, archive["points_world"] - archive["translation"])
        assert np.abs(to_camera - archive["world_to_camera"]).max() < 1e-5
        screen = normalize_screen(archive["pixels"], tuple(archive["image_size"].tolist()))
        assert np.abs(screen - archive["normalized"]).max() < 1e-5


def distorted_camera():
    return Camera(
        focal_length=np.array([1400.0, 1390.0]),
        principal_point=np.array([960.0, 550.0]),
        radial=np.array([-0.12, 0.05, 0.01]),
        tangential=np.array([0.002, -0.003]),
        rotation_world_to_camera=np.array([0.5, 0.5, -0.5, 0.5]),
        position_world=np.array([1.0, 2.0, 3.0]),
    )


def test_pixels_of_a_distorting_lens_come_back_as_rays():
    camera = distorted_camera()
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(-0.6, 0.6, (500, 2)), np.ones((500, 1))], axis=-1)
    rays = pixels_to_rays(project_to_pixels(points, camera), camera)
    assert np.abs(rays - points[:, :2]).max() < 1e-7


def test_opencv_distortion_closed_form():
    # One point worked out by hand from OpenCV's formula.
    x, y, k1, p1, p2 = 0.2, -0.1, 0.1, 0.01, 0.02
    r2 = x * x + y * y
    expected = [
        x * (1 + k1 * r2) + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * (1 + k1 * r2) + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    ]
    actual = project(
        np.array([x, y, 1.0]),
        focal_length=np.ones(2),
        principal_point=np.zeros(2),
        radial=np.array([k1, 0, 0]),
        tangential=np.array([p1, p2]),
        distortion="opencv",
    )
    assert actual == pytest.approx(expected)


def test_clamped_points_stay_finite_beside_the_camera():
    lens = {"focal_length": np.ones(2), "principal_point": np.zeros(2)}
    far_aside = np.array([50.0, 0.0, 0.1])
    projected = project(
        far_aside, **lens, radial=np.array([-0.2, 0.2, 0.0]), tangential=np.zeros(2), clamp=True
    )
    assert np.abs(projected).max() < 2


def test_world_to_camera_and_back():
    camera = distorted_camera()
    points = np.random.default_rng(0).normal(size=(7, 21, 3))
    assert np.allclose(camera_to_world(world_to_camera(points, camera), camera), points)


def test_a_field_of_view_of_90_degrees_is_half_the_side():
    assert focal_length_from_fov(90.0, 1920.0) == pytest.approx(960.0)
    assert camera_at_origin(800.0, (640, 480)).principal_point.tolist() == [320, 240]
