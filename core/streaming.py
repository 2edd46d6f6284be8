"""Live use: push a frame's keypoints, get the pose, with no frame's delay.

    keypoints -> rays -> the model's rate -> causal network -> fit -> world

The same steps as in ``pipeline``, with the past alone: memory and work per frame do not grow. Not done
here, for want of later frames: repairing swapped sides and outliers, locking feet.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import LiftError
from .fit.body_stream import BodyStream
from .fit.evidence import RayEvidence
from .fit.ground_stream import GroundStream
from .fit.person_scale import choose_scale
from .geometry.camera import camera_to_world, pixels_to_rays
from .joint_sets import BODY_23, lifted_from_detected
from .lifting.lift_stream import LiftStream
from .lifting.ray_pose import RayPoses
from .lifting.weights import LifterWeights
from .preprocess.resample_stream import LONGEST_BRIDGE_SECONDS, ResampleStream
from .skeleton import Skeleton
from .types import Camera

CAUSAL_MODEL = Path(__file__).parent / "weights" / "causal.npz"
# Who has not been seen for so long is met anew: what was seen before says nothing of where they are.
_FORGET_SECONDS = 1.0
# Frames are missing where the next one comes so many times later than the one before did.
_GAP_INTERVALS = 3
# No camera is faster; what seems to be tells nothing of speed.
_SHORTEST_SECONDS = 1e-4
# After so long on a calibrated floor, where feet stand counts half for a person's size.
_STANDING_SECONDS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class StreamedPose:
    """One person in one frame.

    ``frame`` as pushed; ``time`` s; ``positions_camera`` and ``positions_world`` (21,3) m of the
    ``LIFTED_21`` joints, the root first, the world with z up; ``confidence`` (21,) 0..1, all 0 where
    nobody was seen and the pose is held; ``contacts`` (2,) bool, left and right foot; ``camera`` as
    it stands in the world, as far as gravity and the floor are known by now.
    """

    frame: int
    time: float
    positions_camera: np.ndarray
    positions_world: np.ndarray
    confidence: np.ndarray
    contacts: np.ndarray
    camera: Camera


class StreamLifter:
    """Lifts one person live: each frame's pose is there when its keypoints are (0 frames of latency).

    Frames may come at any rate and may be missing. The network runs at its own rate on keypoints
    interpolated from those that came; every frame is fitted to its own keypoints. Where nobody is seen
    the pose is held, and led over to where they are seen again within a quarter of a second. The world
    is levelled by the gravity and the floor known so far, which settle within the first seconds; with a
    calibrated camera it is the calibration's own.

    Parameters
    ----------
    weights : LifterWeights
        Of a causal network that reads rays.
    camera : Camera
        Standing still; without ``is_calibrated`` its lens alone is used.
    fps : float
        Rate of the frames, Hz, where they come without times.
    height_m : float or None
        Of the person. None: by where they stand on a calibrated floor, else 1.70.
    smooth : float
        0 raw to 1 very smooth.
    is_calibrated : bool
        The camera's pose in the world is known.

    Attributes
    ----------
    frame : int
        Number of the last frame that was pushed; -1 before the first.
    time : float
        s, of that frame; -inf before the first.

    Raises
    ------
    LiftError
        When the network is another, or the rate is not positive.
    """

    def __init__(
        self,
        weights: LifterWeights,
        camera: Camera,
        *,
        fps: float,
        height_m: float | None = None,
        smooth: float = 0.3,
        is_calibrated: bool = False,
    ) -> None:
        if not 0 < fps < np.inf:
            raise LiftError(f"streaming: expected a positive frame rate, found {fps}")
        self._camera = camera
        self._fps = fps
        self._height_m = height_m
        self._smooth = smooth
        self._is_calibrated = is_calibrated
        self._lifter = LiftStream(weights)
        self._resampler = ResampleStream(fps=weights.config.fps)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next frame is the first."""
        self._lifter.reset()
        self._resampler.reset()
        self._body = BodyStream(smooth=self._smooth)
        self._ground = GroundStream()
        self._lifted: RayPoses | None = None
        self._interval = 1 / self._fps
        self.frame, self.time, self._time_seen = -1, -np.inf, -np.inf

    def push(
        self,
        positions: np.ndarray,
        confidence: np.ndarray,
        *,
        skeleton: Skeleton,
        frame: int | None = None,
        time: float | None = None,
    ) -> StreamedPose | None:
        """The pose in the next frame.

        Parameters
        ----------
        positions : (J,2) array
            px, origin top-left, y down.
        confidence : (J,) array
            0..1, 0 = missing; all 0 where nobody is in the frame.
        skeleton : Skeleton
            What the joints are.
        frame : int or None
            Its number, larger than the last one; None: the next.
        time : float or None
            s, larger than the last one; None: the frame's number over the rate.

        Returns
        -------
        StreamedPose or None
            None until somebody has been seen.

        Raises
        ------
        LiftError
            When the keypoints have another shape or are not finite, or frames or times do not go on;
            the stream is as it was before.
        """
        frame, time, seconds = self._check_progress(frame, time)
        rays, known = self._read(positions, confidence, skeleton, frame)
        self.frame, self.time = frame, time
        evidence = RayEvidence(*lifted_from_detected(rays, known))
        # Eyes and ears alone mark no joint of the body.
        is_seen = bool((evidence.confidence > 0).any())
        self._lift(rays, known, is_seen=is_seen)
        if self._lifted is None:
            return None
        usual, self._interval = self._interval, seconds
        if seconds > max(LONGEST_BRIDGE_SECONDS, _GAP_INTERVALS * usual):
            self._body.hold(seconds=seconds)
            self._ground.lose()
            seconds = usual
        if not is_seen:
            joints = self._body.hold(seconds=seconds)
            assert joints is not None
            return self._pose(joints, evidence.confidence, self._ground.lose())
        self._time_seen = time
        lifted = self._lifted
        joints = self._body.push(lifted.positions[0], lifted.sigma[0], evidence, seconds=seconds)
        stands = self._ground.push(
            joints, evidence.confidence, lifted.contact[0], lifted.gravity[0], seconds=seconds
        )
        return self._pose(joints, evidence.confidence, stands)

    def _check_progress(self, frame: int | None, time: float | None) -> tuple[int, float, float]:
        """The frame's number, its time, and the seconds since the frame before."""
        frame = self.frame + 1 if frame is None else frame
        time = frame / self._fps if time is None else time
        if frame <= self.frame:
            raise LiftError(f"frame {frame}: expected a number after {self.frame}")
        if not (time > self.time and np.isfinite(time)):
            raise LiftError(
                f"frame {frame}: expected a time after {self.time:g} s, found {time:g} s"
            )
        seconds = 1 / self._fps if self.frame < 0 else max(time - self.time, _SHORTEST_SECONDS)
        return frame, time, seconds

    def _read(
        self, positions: np.ndarray, confidence: np.ndarray, skeleton: Skeleton, frame: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rays (23,2) and confidence (23,) of a frame's keypoints."""
        num_joints = skeleton.num_joints
        if positions.shape != (num_joints, 2) or confidence.shape != (num_joints,):
            raise LiftError(
                f"frame {frame}: expected {num_joints} joints of {skeleton.name}, found "
                f"positions {positions.shape} and confidence {confidence.shape}"
            )
        if not (np.isfinite(positions).all() and np.isfinite(confidence).all()):
            raise LiftError(f"frame {frame}: expected finite positions and confidence")
        pixels, known = np.zeros((BODY_23.num_joints, 2)), np.zeros(BODY_23.num_joints)
        taken, placed = _shared_joints(skeleton)
        pixels[placed] = positions[taken]
        known[placed] = np.clip(confidence[taken], 0.0, 1.0)
        return pixels_to_rays(pixels, self._camera), known

    def _lift(self, rays: np.ndarray, known: np.ndarray, *, is_seen: bool) -> None:
        """Run the network on all its frames that are due."""
        if self.time - self._time_seen > _FORGET_SECONDS:
            if not is_seen:
                return
            self._lifter.reset()
            self._resampler.reset()
        for one_rays, one_known in zip(*self._resampler.push(self.time, rays, known), strict=True):
            self._lifted = self._lifter.push(one_rays, one_known)

    def _pose(
        self, joints: np.ndarray, confidence: np.ndarray, contacts: np.ndarray
    ) -> StreamedPose:
        """The joints (21,3), of mean human size, at the person's size and in the world."""
        scale = self._scale()
        camera = self._camera
        if not self._is_calibrated:
            camera = self._ground.level(camera, scale=scale)
        positions = joints * scale
        return StreamedPose(
            frame=self.frame,
            time=self.time,
            positions_camera=positions,
            positions_world=camera_to_world(positions, camera),
            confidence=confidence,
            contacts=contacts,
            camera=camera,
        )

    def _scale(self) -> float:
        """What brings a person of mean size to their true size."""
        floor_scale, seconds = None, 0.0
        if self._is_calibrated:
            floor_scale, seconds = self._ground.scale_to_floor(self._camera)
        return choose_scale(
            self._body.bone_lengths,
            height_m=self._height_m,
            floor_scale=floor_scale,
            floor_trust=seconds / (seconds + _STANDING_SECONDS),
        )[0]


@functools.cache
def _shared_joints(skeleton: Skeleton) -> tuple[list[int], list[int]]:
    """The joints of a joint set that the network reads: where they are, and where they belong."""
    shared = [name for name in BODY_23.joint_names if name in skeleton.joint_names]
    return skeleton.indices(*shared), BODY_23.indices(*shared)
