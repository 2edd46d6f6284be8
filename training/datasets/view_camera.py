"""Virtual cameras around a person: standing still, hand-held, following, circling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.filters import smooth_low_pass
from core.geometry.quaternion import from_rotation_vector, to_matrix

from .chance import draw_log_uniform
from .vector import unit
from .view_config import ViewConfig

_AIM_SIGMA = (0.3, 0.3, 0.15)
_LEAST_DEPTH = 0.6
_FOLLOW_HZ = 0.6
_SHAKE_HZ = (0.2, 4.0)
_NUM_SHAKE_WAVES = 8
_SHAKE_DEG = (0.1, 1.2)
_SHAKE_METRES_PER_RADIAN = 1.5
_ORBIT_DEG_PER_S = (5.0, 40.0)
_MAX_DOLLY = 0.6
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class ViewCamera:
    """A pose per window and frame: world-to-camera ``rotation`` (N,T,3,3), ``position`` (N,T,3) m."""

    rotation: np.ndarray
    position: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Points (N,T,P,3) of the world in each frame's camera: x right, y down, z forward."""
        return (points - self.position[:, :, None]) @ self.rotation.swapaxes(-1, -2)

    @property
    def gravity(self) -> np.ndarray:
        """(N,T,3) the world's way down, in each frame's camera."""
        return -self.rotation[..., 2]


def draw_cameras(bodies: np.ndarray, config: ViewConfig, rng: np.random.Generator) -> ViewCamera:
    """Cameras that look about at the person, some of them moving.

    Parameters
    ----------
    bodies : (N,T,27,3) array
        m, world space, z up; whole in front of the camera, whatever way they walk.
    config : ViewConfig
    rng : numpy.random.Generator

    Returns
    -------
    ViewCamera
    """
    count, num_frames = bodies.shape[:2]
    yaw = rng.uniform(-np.pi, np.pi, count)
    pitch = np.radians(rng.normal(config.pitch_mean_deg, config.pitch_sigma_deg, count))
    roll = np.radians(rng.normal(0, config.roll_sigma_deg, count))
    is_anywhere = rng.uniform(size=count) < config.share_any_view
    pitch = np.where(is_anywhere, rng.uniform(-1.0, 1.2, count), np.clip(pitch, -0.9, 1.3))
    roll = np.where(is_anywhere, rng.uniform(-np.pi, np.pi, count), roll)
    distance = draw_log_uniform((config.min_distance, config.max_distance), count, rng)
    aim = bodies[:, :, 0].mean(axis=1, dtype=float) + rng.normal(size=(count, 3)) * _AIM_SIGMA
    position = aim - _direction(yaw, pitch) * distance[:, None]
    rotation = look_along(aim - position, roll=roll)
    camera = ViewCamera(
        np.repeat(rotation[:, None], num_frames, axis=1),
        np.repeat(position[:, None], num_frames, axis=1),
    )
    moving = np.flatnonzero(rng.random(count) < config.share_moving_camera)
    if len(moving):
        start = _Start(yaw[moving], pitch[moving], roll[moving], distance[moving], aim[moving])
        moved = _move(start, bodies[moving, :, 0].astype(float), config, rng)
        camera.rotation[moving], camera.position[moving] = moved.rotation, moved.position
    return _step_back(camera, bodies)


def look_along(direction: np.ndarray, *, roll: np.ndarray | float = 0.0) -> np.ndarray:
    """World to camera for a camera that looks some way, level but for its roll.

    Parameters
    ----------
    direction : (...,3) array
        World space, z up; of any length, not vertical.
    roll : (...) array or float
        rad, about the way it looks.

    Returns
    -------
    (...,3,3) array
        Rotation; its rows are the camera's right, down and forward in the world.
    """
    forward = unit(direction)
    right = unit(np.cross(forward, _UP))
    level = np.stack([right, np.cross(forward, right), forward], axis=-2)
    angle = np.broadcast_to(roll, direction.shape[:-1])
    zero = np.zeros_like(angle)
    return to_matrix(from_rotation_vector(np.stack([zero, zero, angle], axis=-1))) @ level


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """Where a camera is in the middle of its window: rad, m, and the point (M,3) it looks at."""

    yaw: np.ndarray
    pitch: np.ndarray
    roll: np.ndarray
    distance: np.ndarray
    aim: np.ndarray


def _move(
    start: _Start, pelvis: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> ViewCamera:
    """Shaking cameras which also turn after the person (M,T,3), move along with them or circle them."""
    count, num_frames = pelvis.shape[:2]
    seconds = (np.arange(num_frames) - num_frames / 2) / config.fps
    kind = rng.integers(4, size=count)[:, None]
    turns_after, moves_along, circles = kind >= 1, kind >= 2, kind == 3
    by_time = pelvis.swapaxes(0, 1)
    path = smooth_low_pass(by_time, fps=config.fps, cutoff_hz=_FOLLOW_HZ).swapaxes(0, 1)
    path = path - path.mean(axis=1, keepdims=True)
    speed = np.radians(draw_log_uniform(_ORBIT_DEG_PER_S, count, rng)) * rng.choice([-1, 1], count)
    yaw = start.yaw[:, None] + circles * speed[:, None] * seconds
    dolly = rng.uniform(-_MAX_DOLLY, _MAX_DOLLY, (count, 1)) * np.linspace(-0.5, 0.5, num_frames)
    distance = start.distance[:, None] * np.exp(moves_along * dolly)
    forward = _direction(yaw, np.broadcast_to(start.pitch[:, None], yaw.shape))
    turn, sway = _shake(count, seconds, rng)
    aim = start.aim[:, None] + turns_after[..., None] * path
    position = start.aim[:, None] + moves_along[..., None] * path - forward * distance[..., None]
    rolled = look_along(aim - position, roll=start.roll[:, None])
    return ViewCamera(to_matrix(from_rotation_vector(turn)) @ rolled, position + sway)


def _shake(
    count: int, seconds: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Small turns (M,T,3) rad and ways (M,T,3) m of a hand: waves, the slower the larger."""
    level = np.radians(draw_log_uniform(_SHAKE_DEG, (count, 1, 1), rng))
    frequency = draw_log_uniform(_SHAKE_HZ, (count, 1, 6, _NUM_SHAKE_WAVES), rng)
    phase = rng.uniform(-np.pi, np.pi, frequency.shape)
    height = 1 / frequency
    height = height / np.sqrt(0.5 * (height**2).sum(axis=-1, keepdims=True))
    angle = 2 * np.pi * frequency * seconds[:, None, None] + phase
    waves = level * (height * np.sin(angle)).sum(axis=-1)
    return waves[..., :3], waves[..., 3:] * _SHAKE_METRES_PER_RADIAN


def _step_back(camera: ViewCamera, bodies: np.ndarray) -> ViewCamera:
    """Each window's camera as far back as it takes to have all of the body in front of it."""
    rotation = camera.rotation.astype(bodies.dtype)
    forward = camera.rotation[:, :, 2]
    depth = (bodies @ forward[..., None].astype(bodies.dtype))[..., 0]
    nearest = depth.min(axis=2) - np.einsum("nti,nti->nt", camera.position, forward)
    back = np.maximum(_LEAST_DEPTH - nearest.min(axis=1), 0.0)
    position = camera.position - back[:, None, None] * forward
    return ViewCamera(rotation, position.astype(bodies.dtype))


def _direction(yaw: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """(...,3) the way a camera looks, turned about the vertical and down by so many rad."""
    return np.stack(
        [np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), -np.sin(pitch)], axis=-1
    )
