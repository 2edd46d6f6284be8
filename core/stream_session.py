"""A live stream of JSON lines: what is settled by the first of them, and an answer to each."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from .clip_source import FALLBACK_FPS, FPS_UNKNOWN, choose_camera, without_padding
from .errors import LiftError
from .io.calibration import read_calibration
from .io.stream_line import (
    StreamFrame,
    StreamHeader,
    drop_extra_joints,
    format_opening,
    format_pose,
    parse_stream_line,
    skeleton_of_count,
)
from .joint_sets import BODY_23, LIFTED_21
from .lift_settings import LiftSettings
from .lifting.lift_stream import check_streamable
from .lifting.weights import load_weights
from .streaming import CAUSAL_MODEL, StreamedPose, StreamLifter
from .version import VERSION


class StreamSession:
    """Answers the lines of one stream.

    Of rate, image size and lens, what the settings say wins; then what the header says; then the first
    frame. Frames of another size than the stream's are refused, unless the settings say it.

    Parameters
    ----------
    settings : LiftSettings
    warn : callable
        Called with what had to be assumed, in words.

    Raises
    ------
    LiftError
        When there is no model for streaming, or the model or calibration cannot be used.
    """

    def __init__(self, settings: LiftSettings, *, warn: Callable[[str], None]) -> None:
        if settings.model is None and not CAUSAL_MODEL.is_file():
            raise LiftError(
                f"streaming needs a causal model: {CAUSAL_MODEL} is missing and --model not given"
            )
        self._weights = load_weights(settings.model or CAUSAL_MODEL)
        check_streamable(self._weights.config)
        self._settings = settings
        self._warn = warn
        self._calibrated = None
        if settings.calibration is not None:
            self._calibrated = read_calibration(settings.calibration, settings.camera_name)
        self._header = StreamHeader(None, None, None)
        self._image_size: tuple[int, int] | None = None
        self._lifter: StreamLifter | None = None
        self.has_begun = False
        """Whether a line has been used."""

    @property
    def opening(self) -> str:
        """The line that goes before all answers."""
        return format_opening(LIFTED_21, VERSION)

    def answer(self, line: bytes) -> str | None:
        """The answer to the next line; None to a header and to an empty line.

        Raises
        ------
        LiftError
            When the line cannot be used; the stream can go on without it, unless it was the first: that
            may have been the header.
        """
        if not line.strip():
            return None
        parsed = parse_stream_line(line)
        if isinstance(parsed, StreamFrame):
            answer = self._lift(parsed)
        elif self.has_begun:
            raise LiftError("expected 'keypoints': a header can only be the first line")
        else:
            self._header, answer = parsed, None
        self.has_begun = True
        return answer

    def _lift(self, parsed: StreamFrame) -> str:
        """The answer to a frame."""
        skeleton, keypoints = BODY_23, np.zeros((BODY_23.num_joints, 3))
        if len(parsed.keypoints):
            skeleton = parsed.skeleton or self._header.skeleton
            skeleton = skeleton or skeleton_of_count(len(parsed.keypoints))
            keypoints = drop_extra_joints(parsed.keypoints, skeleton)
        image_size = self._settle_size(parsed.image_size)
        lifter = self._lifter or self._make_lifter(image_size)
        pose = lifter.push(
            keypoints[:, :2],
            keypoints[:, 2],
            skeleton=skeleton,
            frame=parsed.frame,
            time=parsed.time,
        )
        if self._lifter is None:
            self._lifter, self._image_size = lifter, image_size
            if self._fps is None and parsed.time is None:
                self._warn(FPS_UNKNOWN)
        return format_pose(lifter.frame, lifter.time, {} if pose is None else _arrays(pose))

    def _settle_size(self, said: tuple[int, int] | None) -> tuple[int, int]:
        """The stream's image size; what a frame has ``said`` of it counts where no setting does."""
        given = self._settings.image_size
        found = None if given or said is None else without_padding(said, self._calibrated)
        expected = self._image_size or without_padding(
            given or self._header.image_size or found, self._calibrated
        )
        if expected is None:
            raise LiftError(
                "image size unknown: expected --image-size, or 'image_size' in the first line"
            )
        if found not in (None, expected):
            raise LiftError(f"image_size: expected {expected}, found {said}")
        return expected

    @property
    def _fps(self) -> Fraction | None:
        """Hz, where it is known."""
        return self._settings.fps or self._header.fps

    def _make_lifter(self, image_size: tuple[int, int]) -> StreamLifter:
        settings = self._settings
        camera, _ = choose_camera(
            image_size, self._calibrated, settings.fov_deg, settings.focal_length_px
        )
        return StreamLifter(
            self._weights,
            camera,
            fps=float(self._fps or FALLBACK_FPS),
            height_m=settings.height_m,
            smooth=settings.smooth,
            is_calibrated=self._calibrated is not None,
        )


def _arrays(pose: StreamedPose) -> dict[str, np.ndarray]:
    """What a frame's line says of a pose, by name."""
    return {
        "positions_camera": pose.positions_camera,
        "positions_world": pose.positions_world,
        "confidence": pose.confidence,
        "contacts": pose.contacts,
        "rotation_world_to_camera": pose.camera.rotation_world_to_camera,
        "position_world_camera": pose.camera.position_world,
    }
