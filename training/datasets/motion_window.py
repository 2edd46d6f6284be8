"""Windows of motion capture at any playback speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bvh import BODY_POINTS, MocapClip
from .view_config import ViewConfig

_SHARE_NEAR_TRUE_SPEED = 0.5
_NEAR_TRUE_SPEED = 0.4
_LEAST_MOVING_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class MotionBatch:
    """N windows of T frames.

    ``bodies`` (N,T,27,3) m, world space; ``contacts`` (N,T,2) 0 or 1; ``frames`` (N,T) which frame of
    the window is shown at each: itself, or beyond the clip's ends its first or last one.
    """

    bodies: np.ndarray
    contacts: np.ndarray
    frames: np.ndarray


class MocapWindows:
    """All frames of many clips in one array, sampled as windows at any playback speed."""

    def __init__(self, clips: list[MocapClip], weights: np.ndarray | None = None) -> None:
        self.positions = np.concatenate([clip.positions for clip in clips]).astype(np.float32)
        self.contacts = np.concatenate([foot_contacts(clip) for clip in clips]).astype(np.float32)
        lengths = np.array([len(clip.positions) for clip in clips])
        self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._lengths = lengths
        self._fps = np.array([clip.fps for clip in clips])
        self._seconds = lengths / self._fps
        # From the longest clip on, so that those of a least length are the first few.
        self._by_length = np.argsort(-self._seconds, kind="stable")
        weighted = self._seconds * (1.0 if weights is None else weights)
        self._total_weights = np.cumsum(weighted[self._by_length])

    @property
    def seconds(self) -> float:
        """Length of all clips together."""
        return float(self._seconds.sum())

    def draw(
        self, num_windows: int, num_frames: int, config: ViewConfig, rng: np.random.Generator
    ) -> MotionBatch:
        """Random windows; a clip that is shorter than its window rests at its ends."""
        speeds = _draw_speeds(num_windows, config, rng)
        # A clip counts by its length, if it fills half of the window or is as long as half the longest.
        clips = self._draw_clips(
            _LEAST_MOVING_SHARE * speeds * (num_frames - 1) / config.fps, rng.random(num_windows)
        )
        steps = speeds * self._fps[clips] / config.fps
        ends = self._lengths[clips] - 1.0
        begins = _draw_begins(ends, steps, num_frames, config, rng)
        is_reversed = rng.random(num_windows) < config.share_reversed
        order = np.arange(num_frames)
        order = np.where(is_reversed[:, None], order[::-1], order)
        times = begins[:, None] + steps[:, None] * order
        frames = _held_frames((times >= 0) & (times <= ends[:, None]))
        times = np.take_along_axis(times, frames, axis=1)
        times = np.clip(times, 0.0, ends[:, None] - 1e-3)
        lower = times.astype(int)
        blend = (times - lower).astype(np.float32)[..., None, None]
        rows = self._starts[clips, None] + lower
        first, second = self.positions[rows], self.positions[rows + 1]
        return MotionBatch(first + blend * (second - first), self.contacts[rows], frames)

    def _draw_clips(self, least_seconds: np.ndarray, places: np.ndarray) -> np.ndarray:
        """A clip per window of at least so many seconds, for ``places`` uniform in 0..1."""
        ordered = self._seconds[self._by_length]
        least = np.minimum(least_seconds, 0.5 * ordered[0])
        num_long_enough = np.searchsorted(-ordered, -least, side="right")
        reach = self._total_weights[num_long_enough - 1]
        return self._by_length[np.searchsorted(self._total_weights, places * reach, side="right")]


def foot_contacts(clip: MocapClip) -> np.ndarray:
    """(T,2) bool: left and right foot near the floor and still, from the true motion."""
    sides = [BODY_POINTS.indices(f"{side}_heel", f"{side}_toe") for side in ("left", "right")]
    feet = clip.positions[:, sides]
    floor = np.quantile(feet[..., 2], 0.02)
    speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * clip.fps
    touches = (feet[..., 2] < floor + 0.06) & (speed < 0.35)
    return touches.any(axis=-1)


def _draw_speeds(count: int, config: ViewConfig, rng: np.random.Generator) -> np.ndarray:
    low, high = np.log(config.min_speed), np.log(config.max_speed)
    places = rng.uniform(low, high, count)
    is_near = rng.random(count) < _SHARE_NEAR_TRUE_SPEED
    return np.exp(np.clip(np.where(is_near, _NEAR_TRUE_SPEED * places, places), low, high))


def _draw_begins(
    ends: np.ndarray,
    steps: np.ndarray,
    num_frames: int,
    config: ViewConfig,
    rng: np.random.Generator,
) -> np.ndarray:
    """(N,) source frame at each window's first frame; before 0 where the clip begins inside."""
    room = ends - steps * (num_frames - 1)
    begins = rng.random(len(ends)) * room
    is_cut = rng.random(len(ends)) < config.share_cut
    is_cut_at_start = rng.random(len(ends)) < 0.5
    overhang = rng.random(len(ends)) * steps * (num_frames - 1) * config.cut_reach
    cut = np.where(is_cut_at_start, -overhang, room + overhang)
    return np.where(room <= 0, room / 2, np.where(is_cut, cut, begins))


def _held_frames(is_inside: np.ndarray) -> np.ndarray:
    """(N,T) the nearest frame inside the clip, which ``is_inside`` (N,T) tells."""
    num_frames = is_inside.shape[1]
    first = np.argmax(is_inside, axis=1)
    last = num_frames - 1 - np.argmax(is_inside[:, ::-1], axis=1)
    return np.clip(np.arange(num_frames), first[:, None], last[:, None])
