"""Synthetic views of motion capture: random bodies, cameras and detector-like noise.

One batch is a set of windows drawn from many clips, made with array operations over (N windows,
T frames, P points) and deterministic from the ``rng`` given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.joint_sets import LIFTED_21

from .body import vary_bodies
from .bvh import BODY_POINTS
from .detector import detect
from .detector_model import named_detector
from .joint_offset import DETECTED_POINTS, offset_joints
from .motion_window import MocapWindows, MotionBatch
from .occlusion import hide_keypoints
from .view_camera import draw_cameras
from .view_config import ViewConfig

_WRONG_FOCAL_LENGTH_SPREAD = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class ViewBatch:
    """N synthetic clips of T frames.

    ``rays`` (N,T,23,2) detected x/z, y/z; ``confidence`` (N,T,23); ``targets`` (N,T,21,3) m, in the
    camera space of each frame; ``gravity`` (N,T,3) unit, likewise; ``contacts`` (N,T,2) 0 or 1.
    """

    rays: np.ndarray
    confidence: np.ndarray
    targets: np.ndarray
    gravity: np.ndarray
    contacts: np.ndarray


def draw_views(
    windows: MocapWindows,
    num_windows: int,
    num_frames: int,
    config: ViewConfig,
    rng: np.random.Generator,
) -> ViewBatch:
    """Draw one batch of synthetic clips.

    Parameters
    ----------
    windows : MocapWindows
    num_windows, num_frames : int
        N and T.
    config : ViewConfig
    rng : numpy.random.Generator

    Returns
    -------
    ViewBatch
    """
    motion = _mirror_half(windows.draw(num_windows, num_frames, config, rng), rng)
    bodies = vary_bodies(motion.bodies, config, rng)
    camera = draw_cameras(bodies, config, rng)
    points = camera.to_camera(bodies)
    rays, confidence = detect_bodies(points, config, rng)
    rays, confidence = hide_keypoints(rays, confidence, config, rng)
    rays, confidence = _mislead(rays, confidence, config, rng)
    targets = points[..., : LIFTED_21.num_joints, :]
    views = ViewBatch(rays, confidence, targets, camera.gravity, motion.contacts)
    return _hold_edges(views, motion.frames)


def detect_bodies(
    points_camera: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What the config's detector reports of bodies in full view.

    Parameters
    ----------
    points_camera : (N,T,P,3) array
        m: ``BODY_POINTS`` in the camera.
    config : ViewConfig
    rng : numpy.random.Generator

    Returns
    -------
    rays : (N,T,23,2) array
        x/z and y/z of ``BODY_23``.
    confidence : (N,T,23) array
    """
    marked = points_camera[:, :, DETECTED_POINTS]
    return detect(
        marked + offset_joints(points_camera, config.joint_offset, rng),
        named_detector(config.detector),
        rng,
        fps=config.fps,
        variety=config.variety,
    )


def _mirror_half(motion: MotionBatch, rng: np.random.Generator) -> MotionBatch:
    flips = rng.uniform(size=len(motion.bodies)) < 0.5
    mirrored = motion.bodies[flips][:, :, BODY_POINTS.mirror]
    mirrored[..., 0] *= -1
    bodies, contacts = motion.bodies.copy(), motion.contacts.copy()
    bodies[flips] = mirrored
    contacts[flips] = contacts[flips][..., ::-1]
    return replace(motion, bodies=bodies, contacts=contacts)


def _mislead(
    rays: np.ndarray, confidence: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of detectors that tell no confidence, and of lenses that are taken for others."""
    count = len(rays)
    is_plain = rng.random(count) < config.share_without_confidence
    confidence = np.where(is_plain[:, None, None] & (confidence > 0), 1.0, confidence)
    is_wrong = rng.random(count) < config.share_wrong_focal_length
    stretch = np.exp(rng.normal(0, _WRONG_FOCAL_LENGTH_SPREAD, count) * is_wrong)
    return rays * stretch.astype(rays.dtype)[:, None, None, None], confidence


def _hold_edges(views: ViewBatch, frames: np.ndarray) -> ViewBatch:
    """Frames beyond a clip's ends as the lifter pads it: the first or last one again, noise and all."""
    held = np.flatnonzero((frames != np.arange(frames.shape[1])).any(axis=1))
    if len(held) == 0:
        return views
    shown = (held[:, None], frames[held])
    # In place: the batch was made here, and most windows stay as they are.
    for array in (views.rays, views.confidence, views.targets, views.gravity, views.contacts):
        array[held] = array[shown]
    return views
