"""Virtual cameras: rigid, upright in the world, always with the person before them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.datasets.made_up_clip import gliding_body
from training.datasets.view_camera import ViewCamera, draw_cameras, look_along
from training.datasets.view_config import plain_views

MOVING = replace(plain_views(), share_moving_camera=1.0)


def gliding(count: int = 64, *, num_frames: int = 120, metres_per_s: float = 1.0) -> np.ndarray:
    """(N,T,27,3) m at 30 fps."""
    clip = gliding_body(num_frames, fps=30.0, metres_per_s=metres_per_s)
    return np.repeat(clip.positions[None].astype(float), count, axis=0)


def turn_deg(rotation: np.ndarray) -> np.ndarray:
    """(N,T-1) between a frame and the next."""
    step = rotation[:, 1:] @ rotation[:, :-1].swapaxes(-1, -2)
    cosine = (np.trace(step, axis1=-2, axis2=-1) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def moves(camera: ViewCamera) -> np.ndarray:
    return np.abs(np.diff(camera.rotation, axis=1)).max(axis=(1, 2, 3)) > 0


def test_a_camera_looks_along_its_direction_level_but_for_its_roll() -> None:
    rng = np.random.default_rng(1)
    direction, roll = rng.normal(size=(4, 6, 3)), rng.uniform(-3, 3, (4, 6))
    level, rolled = look_along(direction), look_along(direction, roll=roll)
    for rotation in (level, rolled):
        assert np.allclose(rotation @ rotation.swapaxes(-1, -2), np.eye(3))
        assert np.allclose(np.linalg.det(rotation), 1.0)
        away = (rotation @ direction[..., None])[..., 0]
        assert np.allclose(away[..., :2], 0, atol=1e-12) and (away[..., 2] > 0).all()
    # Its right is level, its down goes down; a roll turns both by so much.
    assert np.allclose(level[..., 0, 2], 0) and (level[..., 1, 2] < 0).all()
    assert np.allclose((rolled[..., 0, :] * level[..., 0, :]).sum(axis=-1), np.cos(roll))
    assert np.allclose((rolled[..., 1, :] * level[..., 0, :]).sum(axis=-1), np.sin(roll))


@pytest.mark.parametrize("config", [plain_views(), MOVING])
def test_a_body_seen_by_the_camera_is_where_the_camera_pose_says(config) -> None:
    bodies = gliding()
    camera = draw_cameras(bodies, config, np.random.default_rng(0))
    seen = camera.to_camera(bodies)
    back = np.einsum("ntji,ntpj->ntpi", camera.rotation, seen) + camera.position[:, :, None]
    assert np.allclose(back, bodies, atol=1e-9)
    identity = camera.rotation @ camera.rotation.swapaxes(-1, -2)
    assert np.allclose(identity, np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(camera.rotation), 1)
    assert seen[..., 2].min() > 0.599


@pytest.mark.parametrize("config", [plain_views(), MOVING])
def test_gravity_in_the_camera_is_straight_down_in_the_world(config) -> None:
    camera = draw_cameras(gliding(), config, np.random.default_rng(1))
    world = np.einsum("ntji,ntj->nti", camera.rotation, camera.gravity)
    assert np.allclose(world, [0, 0, -1], atol=1e-9)


def test_a_share_of_the_cameras_moves_and_the_others_stand_still() -> None:
    bodies = gliding(600, num_frames=10)
    config = replace(plain_views(), share_moving_camera=0.3)
    camera = draw_cameras(bodies, config, np.random.default_rng(2))
    assert 0.25 < moves(camera).mean() < 0.35
    still = draw_cameras(bodies, plain_views(), np.random.default_rng(2))
    assert not moves(still).any() and not np.ptp(still.position, axis=1).any()
    assert np.allclose(camera.rotation[~moves(camera)], still.rotation[~moves(camera)])


def test_moving_cameras_turn_smoothly_at_a_speed_that_a_hand_can_hold() -> None:
    far = replace(MOVING, min_distance=6.0)
    camera = draw_cameras(gliding(300), far, np.random.default_rng(3))
    turns = turn_deg(camera.rotation) * 30
    assert 0.5 < np.median(turns) < 20
    assert np.quantile(turns, 0.99) < 90
    jerk = np.abs(np.diff(camera.rotation, n=2, axis=1)).max(axis=(-1, -2))
    assert np.quantile(jerk, 0.99) < 0.02


def test_most_moving_cameras_keep_a_walker_in_the_middle_who_leaves_one_that_stands() -> None:
    bodies = gliding(300, num_frames=176)
    far = {"min_distance": 4.0, "share_any_view": 0.0}

    def drift(config) -> np.ndarray:
        """(N,) how far across the view the pelvis goes: ray units times the distance."""
        camera = draw_cameras(bodies, config, np.random.default_rng(4))
        pelvis = camera.to_camera(bodies)[:, :, 0]
        rays = pelvis[..., :2] / pelvis[..., 2:]
        return np.ptp(rays, axis=1).max(axis=-1) * pelvis[..., 2].mean(axis=1)

    # 5.9 m of way in all, most of it across the view.
    assert np.median(drift(replace(plain_views(), **far))) > 2.5
    moving = drift(replace(MOVING, **far))
    assert 0.6 < (moving < 1.2).mean() < 0.9


def test_some_cameras_circle_the_person() -> None:
    bodies = gliding(300, num_frames=176, metres_per_s=0.0)
    config = replace(MOVING, share_any_view=0.0)
    camera = draw_cameras(bodies, config, np.random.default_rng(5))
    direction = (bodies[:, :, 0] - camera.position)[..., :2]
    yaw = np.unwrap(np.arctan2(direction[..., 1], direction[..., 0]), axis=1)
    assert 0.15 < (np.degrees(np.ptp(yaw, axis=1)) > 25).mean() < 0.3
