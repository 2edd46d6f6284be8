"""A live stream of JSON lines: what is settled by the first of them, and an answer to each."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from .clip_source import choose_camera
from .errors import LiftError
from .io.calibration import read_calibration
from .io.stream_line import (
    StreamFrame,
    StreamHeader,
    format_opening,
    format_pose,
    parse_stream_line,
    skeleton_of_count,
)
from .joint_sets import BODY_23, LIFTED_21
from .lifting.lift_stream import check_streamable
from .lifting.weights import load_weights
from .pipeline import LiftSettings
from .streaming import CAUSAL_MODEL, StreamedPose, StreamLifter
from .version import VERSION

_FALLBACK_FPS = Fraction(30)


class StreamSession:
    """Answers the lines of one stream.

    What the settings say wins; then what the header says; then the first frame.

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
            # Halpe-136 is Halpe-26 and more.
            keypoints = parsed.keypoints[: skeleton.num_joints]
        lifter = self._lifter or self._make_lifter(parsed)
        if parsed.image_size not in (None, self._image_size):
            raise LiftError(f"image_size: expected {self._image_size}, found {parsed.image_size}")
        pose = lifter.push(
            keypoints[:, :2],
            keypoints[:, 2],
            skeleton=skeleton,
            frame=parsed.frame,
            time=parsed.time,
        )
        self._lifter = lifter
        return format_pose(lifter.frame, lifter.time, {} if pose is None else _arrays(pose))

    def _make_lifter(self, parsed: StreamFrame) -> StreamLifter:
        """The lifter for the lens and the rate that are known by the first frame."""
        settings, header = self._settings, self._header
        image_size = settings.image_size or header.image_size or parsed.image_size
        if image_size is None and self._calibrated is not None:
            image_size = self._calibrated[1]
        if image_size is None:
            raise LiftError(
                "image size unknown: expected --image-size, or 'image_size' in the first line"
            )
        self._image_size = parsed.image_size or image_size
        camera, _ = choose_camera(
            image_size, self._calibrated, settings.fov_deg, settings.focal_length_px
        )
        fps = settings.fps or header.fps
        if fps is None and parsed.time is None:
            self._warn("frame rate unknown: took 30 frames per second (give --fps)")
        return StreamLifter(
            self._weights,
            camera,
            fps=float(fps or _FALLBACK_FPS),
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
