"""Cameras that move: where they are between their frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry.camera import camera_at_origin, pixels_to_rays, project_to_pixels
from core.geometry.camera_motion import camera_at, is_moving
from core.geometry.quaternion import from_axis_angle

STILL = camera_at_origin(1000.0, (1920, 1080))
ANGLES = np.array([0.0, 0.2, 0.6])
MOVING = replace(
    STILL,
    rotation_world_to_camera=from_axis_angle(np.array([0.0, 0.0, 1.0]), ANGLES),
    position_world=np.array([[0.0, 0, 1], [1, 0, 1], [1, 2, 1]]),
)


def test_a_still_camera_is_the_same_everywhere():
    assert not is_moving(STILL) and is_moving(MOVING)
    assert camera_at(STILL, np.array([0.0, 7.5])) is STILL


def test_at_its_own_frames_a_camera_is_where_it_was_given():
    found = camera_at(MOVING, np.array([2, 0]))
    assert np.allclose(found.position_world, MOVING.position_world[[2, 0]])
    assert np.allclose(found.rotation_world_to_camera, MOVING.rotation_world_to_camera[[2, 0]])


def test_between_its_frames_it_moves_straight_and_turns_evenly():
    found = camera_at(MOVING, np.array([0.5, 1.25]))
    assert np.allclose(found.position_world, [[0.5, 0, 1], [1, 0.5, 1]])
    expected = from_axis_angle(np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.3]))
    assert np.allclose(found.rotation_world_to_camera, expected)


def test_a_path_of_one_frame_has_that_frame():
    one = camera_at(MOVING, np.array([1]))
    assert np.allclose(camera_at(one, np.array([0])).position_world, [[1, 0, 1]])


def test_a_zoom_has_a_focal_length_for_each_frame():
    zooming = replace(MOVING, focal_length=np.array([[1000.0, 1000], [2000, 2000], [500, 500]]))
    points = np.tile([[0.1, 0.2, 1.0]], (3, 4, 1))
    pixels = project_to_pixels(points, zooming)
    assert np.allclose(pixels[:, 0, 0], [960 + 100, 960 + 200, 960 + 50])
    assert np.allclose(pixels_to_rays(pixels, zooming), points[..., :2])
    assert np.allclose(camera_at(zooming, np.array([0.5])).focal_length, 1500)


def test_a_focal_length_of_another_shape_is_an_error():
    with pytest.raises(LiftError, match=r"Camera\.focal_length: expected shape \(any, 2\)"):
        replace(STILL, focal_length=np.ones((4, 3)))
