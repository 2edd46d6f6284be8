"""A view of one person with the truth beside it: what every figure of a lifter is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from core.clip_source import ClipSource
from core.geometry.camera import world_to_camera
from core.geometry.quaternion import rotate
from core.joint_sets import BODY_12, BODY_23, LIFTED_21, convert_joints, lifted_from_detected
from core.lifting.lift import lift
from core.lifting.weights import LifterWeights
from core.pipeline import LiftSettings, lift_people
from core.preprocess.resample import make_timeline, resample, resample_poses
from core.stopwatch import Stopwatch

from ..datasets.real import RealClip

_DOWN_WORLD = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True, slots=True, eq=False)
class JudgedClip:
    """What one camera saw of one person, and where that person was.

    ``name`` of the sequence, or of the performer; ``source`` one person's keypoints, T frames from its
    ``frame_span`` on; ``joints`` (J,) of ``LIFTED_21``, the hips among them; ``truth_camera`` (T,J,3) m,
    the camera's axes, any place; ``is_judged`` (T,J) which of it counts; ``gravity_camera`` (T,3) unit,
    None where nobody knows; ``floor_mm`` (T,) P-MPJPE that true depths on these detections would
    leave, or None.
    """

    name: str
    camera_name: str
    source: ClipSource
    joints: tuple[str, ...]
    truth_camera: np.ndarray
    is_judged: np.ndarray
    gravity_camera: np.ndarray | None
    floor_mm: np.ndarray | None

    @property
    def num_frames(self) -> int:
        """Number of frames T, judged or not."""
        return len(self.truth_camera)

    @property
    def seconds(self) -> float:
        """How long the clip takes to play."""
        return self.num_frames / float(self.source.fps)

    def confidence(self) -> np.ndarray:
        """(T,J) the detector's confidence in what marks each joint; 0 where nothing does."""
        seen = self.source.people[0]
        body = convert_joints(seen, BODY_23)
        _, marked = lifted_from_detected(body.positions, body.confidence)
        confidence = np.zeros((self.num_frames, LIFTED_21.num_joints))
        rows = seen.frames - self.source.frame_span[0]
        is_inside = rows < self.num_frames
        confidence[rows[is_inside]] = marked[is_inside]
        return confidence[:, LIFTED_21.indices(*self.joints)]

    def with_joints(self, joints: tuple[str, ...]) -> JudgedClip:
        """The same clip, judged by some of its joints alone."""
        kept = [self.joints.index(name) for name in joints]
        return replace(
            self,
            joints=joints,
            truth_camera=self.truth_camera[:, kept],
            is_judged=self.is_judged[:, kept],
        )


Lift = Callable[[JudgedClip], np.ndarray]
"""A clip to its poses (T,21,3) m of ``LIFTED_21``, camera space; a few frames fewer are left unjudged."""


def through_pipeline(weights: LifterWeights, settings: LiftSettings) -> Lift:
    """A model as a user meets it: cleaned keypoints in, the poses that would be baked out."""

    def lift_clip(clip: JudgedClip) -> np.ndarray:
        watch = Stopwatch(lambda _name, _share: None)
        (lifted,) = lift_people(clip.source, [1], weights, settings, watch=watch)
        return lifted.poses_camera.positions

    return lift_clip


def through_network(weights: LifterWeights) -> Lift:
    """A model alone: what it makes of the keypoints as they are, flip averaged, before any fit."""

    def lift_clip(clip: JudgedClip) -> np.ndarray:
        seen = clip.source.people[0]
        timeline = make_timeline(seen, fps=Fraction(weights.config.fps))
        lifted = lift(resample(seen, timeline), clip.source.camera, weights)
        return resample_poses(lifted.poses, timeline).positions

    return lift_clip


def judge_real(clip: RealClip) -> JudgedClip:
    """A real clip, its truth turned into the camera's axes."""
    source = clip.source
    # AIST-style worlds have no up, but axes that the cameras know.
    is_aist = clip.floor_mm is not None
    down = rotate(source.camera.rotation_world_to_camera, _DOWN_WORLD)
    num_frames = len(clip.truth)
    return JudgedClip(
        name=clip.name,
        camera_name=clip.camera_name,
        source=source,
        joints=BODY_12,
        truth_camera=world_to_camera(clip.truth, source.camera),
        is_judged=clip.is_judged,
        gravity_camera=None if is_aist else np.broadcast_to(down, (num_frames, 3)),
        floor_mm=clip.floor_mm,
    )
