"""What a network learns from: clips of keypoints, with or without 3D truth and a known lens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputFormatError
from ..geometry.camera import normalize_screen
from ..skeleton import Skeleton
from ..types import Camera


@dataclass(frozen=True, slots=True, eq=False)
class TrainingClip:
    """One person in one camera's view.

    ``subject``, ``action`` and ``camera_name`` say whose, what and from where (the protocols select and
    report by them); ``keypoints`` (T,J,2) px, origin top-left, y down; ``confidence`` (T,J) 0..1, 0 =
    missing, or None where the data has none; ``positions`` (T,K,3) m, absolute in camera space (x
    right, y down, z forward), or None for an unlabelled clip; ``camera`` its lens (the pose is not
    used) or None while unknown; ``image_size`` (width, height) px; ``fps`` Hz.
    """

    subject: str
    action: str
    camera_name: str
    keypoints: np.ndarray
    confidence: np.ndarray | None
    positions: np.ndarray | None
    camera: Camera | None
    image_size: tuple[int, int]
    fps: float

    def __post_init__(self) -> None:
        if self.keypoints.ndim != 3 or self.keypoints.shape[2] != 2 or not len(self.keypoints):
            raise InputFormatError(
                f"{self.name}: expected keypoints (frames, joints, 2), found {self.keypoints.shape}"
            )
        if self.positions is not None:
            if self.positions.ndim != 3 or self.positions.shape[2] != 3:
                raise InputFormatError(
                    f"{self.name}: expected 3D positions (frames, joints, 3), "
                    f"found {self.positions.shape}"
                )
            if len(self.positions) != len(self.keypoints):
                raise InputFormatError(
                    f"{self.name}: expected as many 2D frames as 3D ones, "
                    f"found {len(self.keypoints)} and {len(self.positions)}"
                )
            self._check_finite(self.positions, "3D position")
        if self.confidence is not None and self.confidence.shape != self.keypoints.shape[:2]:
            raise InputFormatError(
                f"{self.name}: expected confidence {self.keypoints.shape[:2]}, "
                f"found {self.confidence.shape}"
            )
        self._check_finite(self.keypoints, "keypoint")

    def _check_finite(self, values: np.ndarray, what: str) -> None:
        is_broken = ~np.isfinite(values).all(axis=-1)
        if is_broken.any():
            frame, joint = np.argwhere(is_broken)[0].tolist()
            raise InputFormatError(
                f"{self.name}: {what} at frame {frame}, joint {joint} is not a finite number "
                f"({int(is_broken.sum())} such)"
            )

    @property
    def name(self) -> str:
        """Subject, action and camera in one line."""
        return "/".join(part for part in (self.subject, self.action, self.camera_name) if part)

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(self.keypoints)

    def cut(self, frames: slice) -> TrainingClip:
        """The clip's ``frames`` alone; a step divides the frame rate."""
        return replace(
            self,
            keypoints=self.keypoints[frames],
            confidence=None if self.confidence is None else self.confidence[frames],
            positions=None if self.positions is None else self.positions[frames],
            fps=self.fps / (frames.step or 1),
        )

    def without_truth(self) -> TrainingClip:
        """The same clip, unlabelled."""
        return replace(self, positions=None)


@dataclass(frozen=True, slots=True, eq=False)
class ClipSet:
    """Clips that share their joints.

    ``skeleton_in`` (J joints) names the keypoints, ``skeleton_out`` (K joints) the 3D positions, None
    where no clip is labelled.
    """

    clips: tuple[TrainingClip, ...]
    skeleton_in: Skeleton
    skeleton_out: Skeleton | None

    def __post_init__(self) -> None:
        for clip in self.clips:
            _check_joints(clip.name, "2D", clip.keypoints.shape[1], self.skeleton_in)
            if clip.positions is not None:
                if self.skeleton_out is None:
                    raise InputFormatError(f"{clip.name}: 3D positions of unknown joints")
                _check_joints(clip.name, "3D", clip.positions.shape[1], self.skeleton_out)

    @property
    def num_frames(self) -> int:
        """Frames of all clips together."""
        return sum(clip.num_frames for clip in self.clips)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject, once, in order of appearance."""
        return tuple(dict.fromkeys(clip.subject for clip in self.clips))

    def with_clips(self, clips: Iterable[TrainingClip]) -> ClipSet:
        """The same joints, other clips."""
        return replace(self, clips=tuple(clips))


def normalized_keypoints(clip: TrainingClip, *, in_features: int) -> np.ndarray:
    """(T,J,F) float32: what the paper's network reads of a clip.

    The paper's image units (``normalize_screen``); with three features, confidence is the third (1
    where the data has none).

    Raises
    ------
    InputFormatError
        When ``in_features`` is neither 2 nor 3.
    """
    screen = normalize_screen(clip.keypoints, clip.image_size)
    if in_features == 2:
        return screen.astype(np.float32)
    if in_features != 3:
        raise InputFormatError(f"in_features: expected 2 or 3, found {in_features}")
    confidence = np.ones(screen.shape[:2]) if clip.confidence is None else clip.confidence
    return np.concatenate([screen, confidence[..., None]], axis=-1).astype(np.float32)


def _check_joints(name: str, what: str, num_joints: int, skeleton: Skeleton) -> None:
    if num_joints != skeleton.num_joints:
        raise InputFormatError(
            f"{name}: expected {skeleton.num_joints} {what} joints ({skeleton.name}), "
            f"found {num_joints}"
        )
