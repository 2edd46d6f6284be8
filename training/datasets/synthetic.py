"""Synthetic views of motion capture: random bodies, cameras and detector-like noise.

One batch is a set of windows drawn from many clips, made with array operations over (N windows,
T frames, P points) and deterministic from the ``rng`` given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.joint_sets import BODY_23

from .bvh import BODY_POINTS, MocapClip

_DETECTED = BODY_POINTS.indices(*(name.replace("_big_toe", "_toe") for name in BODY_23.joint_names))
_NUM_LIFTED = 21
_FEET = BODY_23.indices(*(n for n in BODY_23.joint_names if "toe" in n or "heel" in n))
_FACE = BODY_23.indices("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_OCCLUDED_GROUPS = [
    BODY_23.indices("left_shoulder", "left_elbow", "left_wrist"),
    BODY_23.indices("right_shoulder", "right_elbow", "right_wrist"),
    BODY_23.indices("left_elbow", "left_wrist"),
    BODY_23.indices("right_elbow", "right_wrist"),
    [j for j, n in enumerate(BODY_23.joint_names) if "left" in n and j >= 13],
    [j for j, n in enumerate(BODY_23.joint_names) if "right" in n and j >= 13],
    list(range(13, BODY_23.num_joints)),
    list(range(15, BODY_23.num_joints)),
    BODY_23.indices("left_hip", "right_hip"),
]
_SWAPPED_GROUPS = [
    BODY_23.indices("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    list(range(13, BODY_23.num_joints)),
    list(range(5, BODY_23.num_joints)),
]
# Bones that vary together: one random length factor each, both sides alike.
_SCALE_GROUPS: dict[str, float] = {
    "hip": 0.12,
    "knee": 0.07,
    "ankle": 0.07,
    "spine": 0.07,
    "thorax": 0.07,
    "shoulder": 0.08,
    "elbow": 0.07,
    "wrist": 0.08,
    "nose": 0.08,
    "head": 0.08,
    "eye": 0.08,
    "ear": 0.08,
    "heel": 0.15,
    "toe": 0.12,
}


@dataclass(frozen=True, slots=True)
class ViewConfig:
    """How synthetic views vary; lengths in metres, angles in degrees, shares 0..1."""

    fps: float = 30.0
    min_speed: float = 0.5
    max_speed: float = 2.0
    min_distance: float = 1.8
    max_distance: float = 10.0
    pitch_mean_deg: float = 8.0
    pitch_sigma_deg: float = 14.0
    roll_sigma_deg: float = 4.0
    share_any_view: float = 0.12
    joint_offset: float = 0.02
    noise_median: float = 0.016
    noise_spread: float = 0.5
    share_without_feet: float = 0.45
    share_without_face: float = 0.1
    share_without_confidence: float = 0.15
    share_wrong_focal_length: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class ViewBatch:
    """N synthetic clips of T frames.

    ``rays`` (N,T,23,2) detected x/z, y/z; ``confidence`` (N,T,23); ``targets`` (N,T,21,3) m, camera
    space; ``gravity`` (N,3) unit, camera space; ``contacts`` (N,T,2) 0 or 1.
    """

    rays: np.ndarray
    confidence: np.ndarray
    targets: np.ndarray
    gravity: np.ndarray
    contacts: np.ndarray


class MocapWindows:
    """All frames of many clips in one array, sampled as windows at any playback speed."""

    def __init__(self, clips: list[MocapClip], weights: np.ndarray | None = None) -> None:
        self.positions = np.concatenate([clip.positions for clip in clips]).astype(np.float32)
        self.contacts = np.concatenate([foot_contacts(clip) for clip in clips]).astype(np.float32)
        lengths = np.array([len(clip.positions) for clip in clips])
        self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._lengths = lengths
        self._fps = np.array([clip.fps for clip in clips])
        seconds = lengths / self._fps * (1.0 if weights is None else weights)
        self._share = seconds / seconds.sum()

    def draw(
        self, num_windows: int, num_frames: int, config: ViewConfig, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(N,T,27,3) m and contacts (N,T,2) of random windows; a short clip rests at its ends."""
        clips = rng.choice(len(self._share), num_windows, p=self._share)
        low, high = np.log(config.min_speed), np.log(config.max_speed)
        speeds = np.exp(rng.uniform(low, high, num_windows))
        steps = speeds * self._fps[clips] / config.fps
        room = self._lengths[clips] - 1 - steps * (num_frames - 1)
        begins = np.where(room > 0, rng.uniform(size=num_windows) * room, room / 2)
        times = begins[:, None] + steps[:, None] * np.arange(num_frames)
        times = np.clip(times, 0, self._lengths[clips, None] - 1.001)
        lower = times.astype(int)
        blend = (times - lower).astype(np.float32)[..., None, None]
        rows = np.maximum(self._starts[clips, None] + lower, 0)
        first, second = (
            self.positions[rows],
            self.positions[np.minimum(rows + 1, len(self.positions) - 1)],
        )
        return first + blend * (second - first), self.contacts[rows]


def foot_contacts(clip: MocapClip) -> np.ndarray:
    """(T,2) bool: left and right foot near the floor and still, from the true motion."""
    sides = [BODY_POINTS.indices(f"{side}_heel", f"{side}_toe") for side in ("left", "right")]
    feet = clip.positions[:, sides]
    floor = np.quantile(feet[..., 2], 0.02)
    speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * clip.fps
    touches = (feet[..., 2] < floor + 0.06) & (speed < 0.35)
    return touches.any(axis=-1)


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
    bodies, contacts = windows.draw(num_windows, num_frames, config, rng)
    bodies, contacts = _mirror_half(bodies, contacts, rng)
    bodies = scale_bones(bodies, rng)
    rotation, position = _random_cameras(bodies, config, rng)
    points = np.einsum("nij,ntpj->ntpi", rotation, bodies - position[:, None, None])
    # Keep everyone in front of the camera, whatever way they walk.
    points[..., 2] += np.maximum(0.6 - points[..., 2].min(axis=(1, 2)), 0)[:, None, None]
    targets = points[..., :_NUM_LIFTED, :]
    rays, confidence = _detect(points, config, rng)
    gravity = -rotation[..., 2]
    return ViewBatch(rays, confidence, targets, gravity, contacts)


def _mirror_half(
    bodies: np.ndarray, contacts: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    flips = rng.uniform(size=len(bodies)) < 0.5
    mirrored = bodies[flips][:, :, BODY_POINTS.mirror]
    mirrored[..., 0] *= -1
    bodies, contacts = bodies.copy(), contacts.copy()
    bodies[flips] = mirrored
    contacts[flips] = contacts[flips][..., ::-1]
    return bodies, contacts


def scale_bones(bodies: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale every bone of each body (N,T,27,3) by its own random factor; the pelvis stays put."""
    kinds = list(_SCALE_GROUPS)
    spread = np.array(list(_SCALE_GROUPS.values()))
    factors = np.exp(rng.normal(size=(len(bodies), len(kinds))) * spread)
    varied = bodies.copy()
    for joint, (name, parent) in enumerate(
        zip(BODY_POINTS.joint_names, BODY_POINTS.parents, strict=True)
    ):
        if parent >= 0:
            factor = factors[:, kinds.index(name.split("_")[-1]), None, None]
            bone = bodies[:, :, joint] - bodies[:, :, parent]
            varied[:, :, joint] = varied[:, :, parent] + bone * factor
    return varied


def _random_cameras(
    bodies: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """World-to-camera rotations (N,3,3) and positions (N,3) m, looking about at the person."""
    count = len(bodies)
    yaw = rng.uniform(-np.pi, np.pi, count)
    pitch = np.radians(rng.normal(config.pitch_mean_deg, config.pitch_sigma_deg, count))
    roll = np.radians(rng.normal(0, config.roll_sigma_deg, count))
    anywhere = rng.uniform(size=count) < config.share_any_view
    pitch = np.where(anywhere, rng.uniform(-1.0, 1.2, count), np.clip(pitch, -0.9, 1.3))
    roll = np.where(anywhere, rng.uniform(-np.pi, np.pi, count), roll)
    distance = np.exp(rng.uniform(np.log(config.min_distance), np.log(config.max_distance), count))
    zero = np.zeros(count)
    forward = np.stack(
        [np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), -np.sin(pitch)], axis=-1
    )
    right = np.stack([np.sin(yaw), -np.cos(yaw), zero], axis=-1)
    down = np.cross(forward, right)
    level = np.stack([right, down, forward], axis=1)
    cosine, sine = np.cos(roll), np.sin(roll)
    one = np.ones(count)
    turn = np.stack(
        [
            np.stack([cosine, -sine, zero], -1),
            np.stack([sine, cosine, zero], -1),
            np.stack([zero, zero, one], -1),
        ],
        axis=1,
    )
    aim = bodies[:, :, 0].mean(axis=1) + rng.normal(size=(count, 3)) * [0.3, 0.3, 0.15]
    return turn @ level, aim - forward * distance[:, None]


def _detect(
    points: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What a detector would report: rays (N,T,23,2) with noise, confidence (N,T,23)."""
    marked = points[..., _DETECTED, :]
    count, num_frames, num_joints = marked.shape[:3]
    marked = marked + _joint_offsets(points, config, rng)
    rays = marked[..., :2] / np.maximum(marked[..., 2:], 0.3)
    depth = np.maximum(points[..., 0, 2], 0.5)
    noise, quality = keypoint_noise((count, num_frames, num_joints), config, rng)
    rays = rays + noise / depth[..., None, None]
    confidence = np.clip(quality, 0.05, 1.0)
    rays = _swap_sides(rays, rng)
    confidence = confidence * ~_missing(count, num_frames, num_joints, config, rng)
    plain = rng.uniform(size=count) < config.share_without_confidence
    confidence[plain] = (confidence[plain] > 0).astype(float)
    wrong = rng.uniform(size=count) < config.share_wrong_focal_length
    stretch = np.where(wrong, np.exp(rng.normal(0, 0.25, count)), 1.0)
    return rays * stretch[:, None, None, None], confidence


def _joint_offsets(points: np.ndarray, config: ViewConfig, rng: np.random.Generator) -> np.ndarray:
    """(N,T,23,3) m: a detector's joints are not mocap's: offsets that turn with the trunk."""
    left = (
        points[..., BODY_POINTS.index("left_hip"), :]
        - points[..., BODY_POINTS.index("right_hip"), :]
    )
    up = points[..., BODY_POINTS.index("spine"), :] - points[..., 0, :]
    left = left / np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-6)
    forward = np.cross(left, up)
    forward = forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-6)
    axes = np.stack([left, forward, np.cross(forward, left)], axis=-1)
    offsets = rng.normal(size=(len(points), len(_DETECTED), 3)) * config.joint_offset
    return np.einsum("ntij,npj->ntpi", axes, offsets)


def keypoint_noise(
    shape: tuple[int, int, int], config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Noise (N,T,J,2) m across the view, quick and slow, and a confidence (N,T,J) that follows it."""
    count = shape[0]
    level = config.noise_median * np.exp(rng.normal(0, config.noise_spread, (count, 1, 1)))
    level = level * np.exp(_slow_noise(shape, 10, rng) * 0.6)
    quick = rng.normal(size=(*shape, 2)).astype(np.float32) * 0.6
    slow = _slow_noise((*shape, 2), 8, rng)
    noise = (quick + slow) * level[..., None]
    outliers = rng.uniform(size=shape) < 0.004
    noise = np.where(outliers[..., None], rng.normal(size=(*shape, 2)) * 0.25, noise)
    error = np.linalg.norm(noise, axis=-1)
    sharpness = rng.uniform(2.0, 10.0, (count, 1, 1))
    top = rng.uniform(0.65, 1.0, (count, 1, 1))
    quality = top - sharpness * (0.5 * error + 0.5 * level) + rng.normal(size=shape) * 0.05
    return noise, quality


def _slow_noise(shape: tuple[int, ...], period: int, rng: np.random.Generator) -> np.ndarray:
    """Unit normal noise along axis 1 that changes over about ``period`` frames."""
    num_frames = shape[1]
    num_knots = num_frames // period + 3
    knots = rng.normal(size=(shape[0], num_knots, *shape[2:])).astype(np.float32)
    place = np.arange(num_frames) / period
    lower = place.astype(int)
    blend = (place - lower).reshape(-1, *[1] * (len(shape) - 2)).astype(np.float32)
    return (knots[:, lower] * (1 - blend) + knots[:, lower + 1] * blend) / np.sqrt(
        blend**2 + (1 - blend) ** 2
    )


def _missing(
    count: int, num_frames: int, num_joints: int, config: ViewConfig, rng: np.random.Generator
) -> np.ndarray:
    """(N,T,J) bool: keypoints that the detector does not report."""
    missing = rng.uniform(size=(count, num_frames, num_joints)) < 0.01
    frames = np.arange(num_frames)

    def burst(longest: int) -> np.ndarray:
        length = np.exp(rng.uniform(np.log(3), np.log(longest)))
        begin = rng.uniform(-length, num_frames)
        return (frames >= begin) & (frames < begin + length)

    for window in range(count):
        for joint in rng.choice(num_joints, rng.integers(0, 4), replace=False):
            missing[window, burst(30), joint] = True
        if rng.uniform() < 0.3:
            group = _OCCLUDED_GROUPS[rng.integers(len(_OCCLUDED_GROUPS))]
            missing[window][:, group] |= burst(90)[:, None]
        if rng.uniform() < config.share_without_feet:
            missing[window][:, _FEET] = True
        if rng.uniform() < config.share_without_face:
            missing[window][:, _FACE] = True
    return missing


def _swap_sides(rays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Left and right exchanged for a few frames in some windows, as detectors do."""
    num_frames = rays.shape[1]
    for window in np.flatnonzero(rng.uniform(size=len(rays)) < 0.15):
        begin = int(rng.integers(num_frames))
        frames = slice(begin, begin + int(rng.integers(1, 7)))
        group = _SWAPPED_GROUPS[rng.integers(len(_SWAPPED_GROUPS))]
        rays[window][frames, group] = rays[window][frames, BODY_23.mirror[group]]
    return rays
