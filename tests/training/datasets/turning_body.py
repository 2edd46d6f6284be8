"""Bodies that stand before a camera, turn and move their limbs: truth for detector tests."""

import numpy as np

from core.joint_sets import BODY_23

_DEPTH = 4.0
# Left, forward, up of the middle of the hips, m; the right side mirrors the left.
_PLACES = {
    "nose": (0.0, 0.12, 0.68),
    "eye": (0.03, 0.10, 0.72),
    "ear": (0.08, 0.0, 0.70),
    "shoulder": (0.19, 0.0, 0.50),
    "elbow": (0.26, 0.02, 0.22),
    "wrist": (0.28, 0.12, -0.02),
    "hip": (0.12, 0.0, 0.0),
    "knee": (0.13, 0.03, -0.41),
    "ankle": (0.13, 0.0, -0.82),
    "big_toe": (0.15, 0.18, -0.88),
    "small_toe": (0.20, 0.14, -0.88),
    "heel": (0.13, -0.06, -0.88),
}


def turning_bodies(count: int, num_frames: int, *, seed: int = 0) -> np.ndarray:
    """(N,T,23,3) m, camera space: seen from every side, at 30 frames per second."""
    rng = np.random.default_rng(seed)
    body = np.array([_place(name) for name in BODY_23.joint_names])
    frames = np.arange(num_frames)[None, :, None, None]
    phase, speed = rng.uniform(0, 6.3, (2, count, 1, 1, 3))
    sway = 0.08 * np.sin(phase + (0.05 + 0.02 * speed) * frames + 2 * np.arange(23)[:, None])
    # The trunk stays stiff, so that its axes are known.
    sway[:, :, [0, 1, 2, 3, 4, 5, 6, 11, 12]] = 0
    yaw = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None] + 0.04 * np.arange(num_frames)
    return in_camera(body + sway, yaw)


def in_camera(body: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """``body`` (...,23,3) in its own axes at 4 m; it looks at the camera at ``yaw`` (...) 0."""
    left, forward, up = np.moveaxis(body, -1, 0)
    cosine, sine = np.cos(yaw)[..., None], np.sin(yaw)[..., None]
    # To the camera's right is the left of a body that looks at it.
    right = cosine * left + sine * forward
    away = sine * left - cosine * forward
    return np.stack([right, -up, _DEPTH + away], axis=-1)


def standing_body(yaw: float, num_frames: int) -> np.ndarray:
    """(T,23,3) m, camera space: one that stands still."""
    body = np.array([_place(name) for name in BODY_23.joint_names])
    return in_camera(np.tile(body, (num_frames, 1, 1)), np.full(num_frames, yaw))


def _place(name: str) -> tuple[float, float, float]:
    side, _, part = name.partition("_")
    left, forward, up = _PLACES[part or name]
    return (-left if side == "right" else left), forward, up
