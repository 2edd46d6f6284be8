"""From the clip's frame rate to the model's, and back to exactly the clip's frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ..errors import LiftError
from ..filters import BoolArray, FloatArray, IntArray
from ..types import Keypoints2D, Poses3D

# Averaging starts where the clip has clearly more frames than the model.
_CLEARLY_FASTER = 1.05
# A resampled joint is seen where more than this share of its frames' weight is.
_LEAST_SHARE_SEEN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Where each frame of a clip lies on the model's time axis.

    The model's frames are 0 .. ``num_frames`` - 1 at ``fps``; frame 0 is at the time of the clip's
    first frame, and the last one at or after that of the clip's last. ``source_frames`` (T,) the
    clip's own frame numbers; ``source_fps`` its rate, Hz; ``model_position`` (T,) the place of each
    in model frames, from 0, exact to rounding (no drift).
    """

    source_frames: IntArray
    source_fps: Fraction
    fps: Fraction
    model_position: FloatArray

    @property
    def num_frames(self) -> int:
        """Number of frames at the model's rate."""
        return int(np.ceil(self.model_position[-1])) + 1

    @property
    def is_identity(self) -> bool:
        """Whether every frame of the clip is a frame of the model's."""
        return bool((self.model_position == np.arange(len(self.model_position))).all())


def make_timeline(
    keypoints: Keypoints2D, *, fps: Fraction, frame_times: FloatArray | None = None
) -> Timeline:
    """The time axis shared by a clip and its resampled twin.

    Parameters
    ----------
    keypoints : Keypoints2D
        Dense in time, with its rate, as ``clean`` gives it.
    fps : Fraction
        The model's rate, Hz.
    frame_times : (F,) float, optional
        s: time of each frame of a video of variable rate, by source frame number.

    Raises
    ------
    LiftError
        When a rate is unknown or not positive, frames are missing, or ``frame_times`` is too short
        or does not increase.
    """
    frames = keypoints.frames
    if keypoints.fps is None or keypoints.fps <= 0 or fps <= 0:
        raise LiftError(f"resample: expected positive frame rates, found {keypoints.fps} to {fps}")
    if len(frames) == 0 or int(frames[-1]) - int(frames[0]) + 1 != len(frames):
        raise LiftError(
            f"resample: expected every frame number from first to last, found {len(frames)} frames "
            "with gaps; clean the keypoints first"
        )
    if frame_times is None:
        ratio = Fraction(fps) / Fraction(keypoints.fps)
        scaled = np.arange(len(frames), dtype=np.int64) * ratio.numerator
        position = scaled // ratio.denominator + (scaled % ratio.denominator) / ratio.denominator
    else:
        position = _times_of(frames, frame_times) * float(fps)
    return Timeline(
        source_frames=frames,
        source_fps=Fraction(keypoints.fps),
        fps=Fraction(fps),
        model_position=position,
    )


def _times_of(frames: IntArray, frame_times: FloatArray) -> FloatArray:
    """(T,) s since the clip's first frame."""
    if int(frames[0]) < 0 or int(frames[-1]) >= len(frame_times):
        raise LiftError(
            f"resample: expected a time for frames {frames[0]} to {frames[-1]}, found "
            f"{len(frame_times)} frame times; are keypoints and video the same clip?"
        )
    times = np.asarray(frame_times, dtype=np.float64)[frames]
    is_wrong = ~(np.diff(times) > 0)
    if is_wrong.any() or not np.isfinite(times).all():
        at = int(frames[int(np.argmax(is_wrong))]) + 1
        raise LiftError(f"resample: expected increasing frame times, found otherwise at frame {at}")
    return times - times[0]


def resample(keypoints: Keypoints2D, timeline: Timeline) -> Keypoints2D:
    """The clip at the model's rate; frames are then numbered from 0 (see ``Timeline``).

    To a lower rate the clip is low-passed: each frame is a local straight line fitted to the clip's
    frames within one model frame (triangular weights, times confidence). To a higher rate it is a
    Catmull-Rom curve. A joint has confidence 0 wherever the clip does not show it: nothing is
    interpolated across a missing stretch. Equal rates give the same values.

    Parameters
    ----------
    keypoints : Keypoints2D
        The clip that ``timeline`` was made for.
    timeline : Timeline

    Raises
    ------
    LiftError
        When the timeline belongs to other frames.
    """
    _check_same_frames("the clip", keypoints.frames, timeline.source_frames)
    positions = keypoints.positions.astype(np.float64)
    confidence = keypoints.confidence.astype(np.float64)
    frames = np.arange(timeline.num_frames)
    if not timeline.is_identity:
        place = timeline.model_position
        step = float(np.median(np.diff(place))) if len(place) > 1 else 1.0
        if step * _CLEARLY_FASTER < 1.0:
            positions, confidence = _average(positions, confidence, place, frames)
        else:
            positions, confidence = _interpolate_seen(positions, confidence, place, frames)
    return replace(
        keypoints, positions=positions, confidence=confidence, frames=frames, fps=timeline.fps
    )


def resample_poses(poses: Poses3D, timeline: Timeline) -> Poses3D:
    """Poses at the model's rate brought back to exactly the clip's own frames and rate.

    Positions follow a Catmull-Rom curve; deviations, contacts and confidence straight lines, which
    keep them in their ranges.

    Parameters
    ----------
    poses : Poses3D
        Frames 0 .. ``timeline.num_frames`` - 1, at ``timeline.fps``.
    timeline : Timeline

    Raises
    ------
    LiftError
        When the poses are not those of the timeline.
    """
    _check_same_frames("the poses", poses.frames, np.arange(timeline.num_frames))
    place = timeline.model_position
    at = np.minimum(np.floor(place).astype(np.int64), max(timeline.num_frames - 2, 0))
    following = np.minimum(at + 1, timeline.num_frames - 1)
    share = place - at

    def line(values: FloatArray | None) -> FloatArray | None:
        if values is None:
            return None
        x = share.reshape(-1, *[1] * (values.ndim - 1))
        return (1 - x) * values[at] + x * values[following]

    confidence = line(poses.confidence)
    assert confidence is not None
    knots = np.arange(timeline.num_frames, dtype=np.float64)
    is_seen = np.ones((timeline.num_frames, poses.skeleton.num_joints), bool)
    return replace(
        poses,
        positions=_curve(poses.positions, is_seen, knots, at, place),
        depth_sigma=line(poses.depth_sigma),
        contact_probability=line(poses.contact_probability),
        confidence=confidence,
        frames=timeline.source_frames,
        fps=timeline.source_fps,
    )


def space_evenly(
    poses: Poses3D, contacts: BoolArray, frame_times: FloatArray
) -> tuple[Poses3D, BoolArray]:
    """Poses on frames of a variable-rate video, as a scene of constant rate ``poses.fps`` needs them.

    From the same first to the same last moment, a frame every 1 / fps seconds: played at that rate
    the motion has the video's own timing. ``frames`` then name the video's nearest frames.

    Parameters
    ----------
    poses : Poses3D
        On the video's frames; ``frames`` index ``frame_times``.
    contacts : (T,2) bool
        Of the same frames.
    frame_times : (F,) float
        s, increasing.
    """
    if poses.num_frames < 2:
        return poses, contacts
    rows = even_rows(poses, frame_times)
    after = np.clip(np.ceil(rows).astype(np.int64), 1, poses.num_frames - 1)
    share = rows - (after - 1)
    nearest = np.where(share < 0.5, after - 1, after)

    def at_even_times(values: FloatArray) -> FloatArray:
        blend = share.reshape(-1, *[1] * (values.ndim - 1))
        return values[after - 1] + blend * (values[after] - values[after - 1])

    sigma, contact = poses.depth_sigma, poses.contact_probability
    even_poses = replace(
        poses,
        positions=at_even_times(poses.positions),
        confidence=at_even_times(poses.confidence),
        depth_sigma=None if sigma is None else at_even_times(sigma),
        contact_probability=None if contact is None else at_even_times(contact),
        frames=poses.frames[nearest],
    )
    return even_poses, contacts[nearest]


def even_rows(poses: Poses3D, frame_times: FloatArray) -> FloatArray:
    """(M,) places among the poses' frames, whole or not, of those that ``space_evenly`` makes of them."""
    times = _times_of(poses.frames, frame_times)
    even = np.arange(round(times[-1] * float(poses.fps)) + 1) / float(poses.fps)
    return np.interp(even, times, np.arange(len(times)))


def _check_same_frames(owner: str, found: IntArray, expected: IntArray) -> None:
    if not np.array_equal(found, expected):
        raise LiftError(
            f"resample: expected {owner} to have the timeline's {len(expected)} frames from "
            f"{expected[0]}, found {len(found)} frames"
        )


def _interpolate_seen(
    positions: FloatArray, confidence: FloatArray, place: FloatArray, frames: IntArray
) -> tuple[FloatArray, FloatArray]:
    """The clip at the model's frames by curves through it; after its last frame the last one."""
    wanted = np.minimum(frames.astype(np.float64), place[-1])
    at = np.clip(np.searchsorted(place, wanted, side="right") - 1, 0, max(len(place) - 2, 0))
    following = np.minimum(at + 1, len(place) - 1)
    gap = np.maximum(place[following] - place[at], 1e-12)
    x = ((wanted - place[at]) / gap)[:, None]
    first, last = confidence[at], confidence[following]
    is_seen = ((first > 0) & (last > 0)) | ((first > 0) & (x == 0)) | ((last > 0) & (x == 1))
    between = np.where(is_seen, (1 - x) * first + x * last, 0.0)
    return _curve(positions, confidence > 0, place, at, wanted), between


def _curve(
    values: FloatArray,
    is_seen: BoolArray,
    knots: FloatArray,
    at: IntArray,
    wanted: FloatArray,
) -> FloatArray:
    """Cubic Hermite curve with Catmull-Rom's speeds; straight where a neighbour is not seen.

    ``values`` (T, J, C) at ``knots`` (T,), wanted (M,) at times from knot ``at`` on.
    """
    num_knots = len(knots)
    if num_knots < 2:
        return np.repeat(values, len(wanted), axis=0)
    following = at + 1
    gap = (knots[following] - knots[at])[:, None, None]
    chord = (values[following] - values[at]) / gap

    def speed(knot: IntArray) -> FloatArray:
        """At a knot, relative to the chord: 0 where it has no two seen neighbours."""
        before, after = np.maximum(knot - 1, 0), np.minimum(knot + 1, num_knots - 1)
        is_inside = (knot > 0) & (knot < num_knots - 1)
        is_inside = is_inside[:, None] & is_seen[before] & is_seen[knot] & is_seen[after]
        left = np.maximum(knots[knot] - knots[before], 1e-12)[:, None, None]
        right = np.maximum(knots[after] - knots[knot], 1e-12)[:, None, None]
        # Speeds of both sides, each weighed by the other's length: the parabola's through all three.
        arriving = (values[knot] - values[before]) / left
        leaving = (values[after] - values[knot]) / right
        own = (arriving * right + leaving * left) / (left + right)
        return np.where(is_inside[..., None], own - chord, 0.0)

    x = (wanted - knots[at])[:, None, None] / gap
    curve = x * (1 - x) * ((1 - x) * speed(at) - x * speed(following)) * gap
    return (1 - x) * values[at] + x * values[following] + curve


def _average(
    positions: FloatArray, confidence: FloatArray, place: FloatArray, frames: IntArray
) -> tuple[FloatArray, FloatArray]:
    """A weighted straight line through the clip's frames around each model frame, read there.

    A line, not a mean: where one side is missing or weak, a mean would lag behind the motion.
    """
    wanted = np.minimum(frames.astype(np.float64), place[-1])
    first = np.searchsorted(place, wanted - 1.0, side="right")
    last = np.searchsorted(place, wanted + 1.0, side="left")
    shape = (len(frames), confidence.shape[1])
    kernel_sum, seen_sum = np.zeros((len(frames), 1)), np.zeros(shape)
    weight_sums = [np.zeros(shape) for _ in range(3)]
    moments = [np.zeros((*shape, positions.shape[2])) for _ in range(2)]
    # As many rounds as the clip has frames per two model frames, each for all frames at once.
    for turn in range(int((last - first).max())):
        index = np.minimum(first + turn, len(place) - 1)
        offset = (place[index] - wanted)[:, None]
        kernel = np.where((first + turn < last)[:, None], np.maximum(1.0 - np.abs(offset), 0), 0.0)
        weight = kernel * confidence[index]
        kernel_sum += kernel
        seen_sum += kernel * (confidence[index] > 0)
        for power in range(3):
            weight_sums[power] += weight * offset**power
        for power in range(2):
            moments[power] += (weight * offset**power)[..., None] * positions[index]
    zeroth, first_order, second = weight_sums
    determinant = zeroth * second - first_order**2
    # One frame alone, or all on one spot, has no slope: then the mean.
    has_slope = determinant > 1e-6 * zeroth**2
    is_seen = seen_sum > _LEAST_SHARE_SEEN * kernel_sum
    line = (second[..., None] * moments[0] - first_order[..., None] * moments[1]) / np.where(
        has_slope, determinant, 1.0
    )[..., None]
    mean = moments[0] / np.where(zeroth > 0, zeroth, 1.0)[..., None]
    average = np.where(has_slope[..., None], line, mean)
    # A clip of variable rate may have no frame at all around one of the model's.
    is_bare = kernel_sum == 0
    curve, curve_confidence = _interpolate_seen(positions, confidence, place, frames)
    share = np.where(is_seen, zeroth / np.maximum(seen_sum, 1e-12), 0.0)
    return (
        np.where((is_seen & ~is_bare)[..., None], average, curve),
        np.where(is_bare, curve_confidence, share),
    )
