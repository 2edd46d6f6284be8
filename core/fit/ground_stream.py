"""Gravity, the floor and standing feet, frame by frame, in the space of a camera that stands still."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from ..geometry.camera import camera_to_world
from ..geometry.quaternion import from_matrix
from ..geometry.swing_twist import normalise_vectors
from ..types import Camera
from .contacts import enter_and_stay
from .foot import FEET, ground_trust, lowest_points, standing_trust
from .ground import level_axes
from .running_mean import RunningMean

_MEMORY_SECONDS = 30.0
_GRAVITY_LIMIT = 0.3
# The lower foot is taken to be on the floor, as long as none is known to stand.
_GUESS_SHARE = 0.02
_SPEED_SECONDS = 0.1


class GroundStream:
    """Learns where down and the floor are, and tells which feet stand.

    Gravity is the running mean of what the network says; the floor goes through the running mean of
    where feet stood, so it follows a gravity that becomes surer. Memory does not grow.
    """

    def __init__(self) -> None:
        self._gravity: RunningMean | None = None
        self._floor: RunningMean | None = None
        self._standing_seconds = 0.0
        self._start = np.zeros(3)
        self._stands = np.zeros(2, dtype=bool)
        self._places: deque[tuple[float, np.ndarray]] = deque()
        self._time = 0.0

    def push(
        self,
        joints: np.ndarray,
        confidence: np.ndarray,
        contact_probability: np.ndarray,
        gravity: np.ndarray,
        *,
        seconds: float,
    ) -> np.ndarray:
        """Take in a frame in which somebody was seen.

        Parameters
        ----------
        joints : (21,3) array
            m, camera space.
        confidence : (21,) array
        contact_probability : (2,) array
            Left and right foot, by the network.
        gravity : (3,) array
            Unit, camera space, by the network.
        seconds : float
            Since the frame before.

        Returns
        -------
        (2,) bool array
            Which foot stands.
        """
        self._learn_gravity(gravity, float(confidence.mean()) ** 2 * seconds)
        self._learn_floor(joints, confidence, contact_probability, seconds)
        speed = self._foot_speed(joints, seconds)
        enter, stay = enter_and_stay(contact_probability, speed)
        self._stands = np.where(self._stands, stay, enter)
        return self._stands

    def lose(self) -> np.ndarray:
        """Take in a frame that shows nobody: (2,) bool, no foot is known to stand."""
        self._stands = np.zeros(2, dtype=bool)
        self._places.clear()
        return self._stands

    def level(self, camera: Camera, *, scale: float) -> Camera:
        """The camera in a world with z up: the floor at z = 0, the first pelvis above its origin.

        ``scale``: how many metres one of the joints' is.
        """
        assert self._gravity is not None and self._floor is not None
        axes = level_axes(self._gravity.value)
        origin = np.append(self._start @ axes[:, :2], self._floor.value @ axes[:, 2]) * scale
        return replace(camera, rotation_world_to_camera=from_matrix(axes), position_world=-origin)

    def scale_to_floor(self, camera: Camera) -> tuple[float, float]:
        """How much larger and farther everything is if the floor is z = 0 of a calibrated camera.

        Returns
        -------
        scale, seconds
            And how many seconds of standing tell so: (1, 0) where it cannot be told.
        """
        if self._floor is None:
            return 1.0, 0.0
        at_origin = replace(camera, position_world=np.zeros(3))
        below = -float(camera_to_world(self._floor.value[None], at_origin)[0, 2])
        height = float(camera.position_world[2])
        if height <= 0 or below < 0.1:
            return 1.0, 0.0
        return height / below, self._standing_seconds

    def _learn_gravity(self, gravity: np.ndarray, weight: float) -> None:
        if self._gravity is None:
            self._gravity = RunningMean(
                gravity, start_weight=weight, limit=_GRAVITY_LIMIT, horizon=_MEMORY_SECONDS
            )
        else:
            self._gravity.push(gravity, weight)

    def _learn_floor(
        self,
        joints: np.ndarray,
        confidence: np.ndarray,
        contact_probability: np.ndarray,
        seconds: float,
    ) -> None:
        assert self._gravity is not None
        up = -normalise_vectors(self._gravity.value)
        lowest = lowest_points(joints, up)
        lower = lowest[(lowest @ up).argmin()]
        if self._floor is None:
            self._start = joints[0]
            self._floor = RunningMean(
                lower,
                start_weight=_GUESS_SHARE * seconds,
                limit=np.inf,
                horizon=_MEMORY_SECONDS,
            )
        off = (lowest - self._floor.value) @ up
        weights = standing_trust(confidence, contact_probability) * ground_trust(off) * seconds
        guess = _GUESS_SHARE * seconds
        total = guess + float(weights.sum())
        self._floor.push((guess * lower + weights @ lowest) / total, total)
        self._standing_seconds += float(weights.max())

    def _foot_speed(self, joints: np.ndarray, seconds: float) -> np.ndarray:
        """(2,) m/s: of each foot, over the last tenth of a second; infinite while none is known."""
        self._time += seconds
        feet = joints[FEET].mean(axis=1)
        self._places.append((self._time, feet))
        while len(self._places) > 2 and self._time - self._places[1][0] >= _SPEED_SECONDS:
            self._places.popleft()
        if len(self._places) < 2:
            return np.full(2, np.inf)
        then, before = self._places[0]
        return np.linalg.norm(feet - before, axis=-1) / max(self._time - then, 1e-9)
