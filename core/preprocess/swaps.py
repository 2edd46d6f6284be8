"""Left-right swaps of a detector, found by temporal continuity."""

from __future__ import annotations

import numpy as np

from ..filters import BoolArray, FloatArray, IntArray
from ..skeleton import Skeleton

_ARM = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hand")
_LEG = ("hip", "knee", "ankle", "heel", "toe", "big_toe", "small_toe")
_FACE = ("eye", "ear", "mouth", "eye_inner", "eye_outer")
# What a detector swaps together, from the whole body down to the ends of the limbs.
_PARTS: tuple[tuple[str, ...], ...] = (
    _ARM + _LEG + _FACE,
    _ARM,
    _LEG,
    _FACE,
    _ARM[1:],
    _LEG[1:],
    _ARM[2:],
    _LEG[2:],
)
# Unit of all costs: body sizes of acceleration per frame squared, summed over left and right.
_LARGEST_COST = 0.5
_SMALLEST_GAIN = 0.12
_LARGEST_RATIO = 0.5
# A swapped stretch must explain its length: this is what a second of it costs.
_COST_PER_SECOND = 0.9
_LONGEST_SPAN_SECONDS = 0.2


def find_swaps(
    positions: FloatArray,
    confidence: FloatArray,
    frames: IntArray,
    size: FloatArray,
    *,
    skeleton: Skeleton,
    fps: float,
    is_settled: BoolArray | None = None,
) -> BoolArray:
    """Find swaps of left and right, of the whole body or of limbs, in single frames and bursts.

    A swap is where motion at both ends of a stretch becomes much smoother (constant velocity over
    three frames) with left and right exchanged. A real turn or a passing limb is smooth as it is,
    and is left alone; so is a stretch too long for its evidence.

    Parameters
    ----------
    positions : (T, J, 2) float
        px.
    confidence : (T, J) float
        0 = missing.
    frames : (T,) int
        Source frame numbers.
    size : (T,) float
        px: the person's apparent height.
    skeleton : Skeleton
    fps : float
        Hz.
    is_settled : (T, J) bool or None
        Keypoints whose side is known: they stay as they are.

    Returns
    -------
    (T, J) bool
        Both joints of a pair alike; ``exchange_sides`` puts them right.
    """
    is_swapped = np.zeros(confidence.shape, bool)
    if len(frames) < 3:
        return is_swapped
    for part in _PARTS:
        left, right = _named_joints(skeleton, part)
        if not left:
            continue
        costs: _Continuity | None = None
        for find in (_single_frames, _bursts):
            if costs is None:
                costs = _Continuity(positions, confidence, frames, size, left, right, fps)
            flip = np.nonzero(find(costs, frames, fps))[0]
            if len(flip) == 0:
                continue
            is_flipped = np.zeros_like(is_swapped)
            is_flipped[flip[:, None], left + right] = True
            if is_settled is not None:
                is_flipped &= ~is_settled
            positions, confidence = exchange_sides(positions, confidence, is_flipped, skeleton)
            is_swapped ^= is_flipped
            costs = None
    return is_swapped


def exchange_sides(
    positions: FloatArray, confidence: FloatArray, is_swapped: BoolArray, skeleton: Skeleton
) -> tuple[FloatArray, FloatArray]:
    """Keypoints (T, J, 2) and confidence (T, J) with left and right exchanged where ``is_swapped``."""
    mirror = skeleton.mirror
    return (
        np.where(is_swapped[..., None], positions[:, mirror], positions),
        np.where(is_swapped, confidence[:, mirror], confidence),
    )


def part_joints(skeleton: Skeleton, part: str) -> tuple[list[int], list[int]]:
    """Joints of the left and of the right side of the "body", the "arms" or the "legs"."""
    if part == "body":
        return list(skeleton.joints_left), list(skeleton.joints_right)
    return _named_joints(skeleton, {"arms": _ARM, "legs": _LEG}[part])


def _named_joints(skeleton: Skeleton, part: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Joints of the left and of the right side whose names belong to the part."""
    left: list[int] = []
    right: list[int] = []
    for joint, mirrored in zip(skeleton.joints_left, skeleton.joints_right, strict=True):
        stem = skeleton.joint_names[joint].removeprefix("left_").rstrip("_0123456789")
        if stem in part:
            left.append(joint)
            right.append(mirrored)
    return left, right


class _Continuity:
    """Costs (T,) of the step that ends in each frame: as it is, and with left and right exchanged.

    ``flipped[name]``: in the last of its three frames, in the middle one, in the last two.
    """

    def __init__(
        self,
        positions: FloatArray,
        confidence: FloatArray,
        frames: IntArray,
        size: FloatArray,
        left: list[int],
        right: list[int],
        fps: float,
    ) -> None:
        both = (confidence[:, left] > 0) & (confidence[:, right] > 0)
        scale = (1.0 / size)[2:, None, None]
        middle = 0.5 * (positions[:, left] + positions[:, right])
        half = 0.5 * (positions[:, left] - positions[:, right])
        step = np.diff(frames)
        ratio = np.clip(step[1:] / step[:-1], 0.5, 2.0)[:, None, None]
        is_near = frames[2:] - frames[:-2] <= max(2, _LONGEST_SPAN_SECONDS * fps)
        weight = (both[2:] & both[1:-1] & both[:-2] & is_near[:, None]).astype(float)
        total = np.maximum(weight.sum(axis=1), 1.0)
        last, mid, first = half[2:] * scale, -(1 + ratio) * half[1:-1] * scale, ratio * half[:-2]
        first = first * scale
        shared = (middle[2:] - (1 + ratio) * middle[1:-1] + ratio * middle[:-2]) * scale

        def cost(difference: FloatArray) -> FloatArray:
            each = np.minimum(_norm(shared + difference), _LARGEST_COST)
            each = each + np.minimum(_norm(shared - difference), _LARGEST_COST)
            padded = np.zeros(len(frames) + 2)
            padded[2 : len(frames)] = (each * weight).sum(axis=1) / total
            return padded

        self.same = cost(last + mid + first)
        self.last_flipped = cost(-last + mid + first)
        self.mid_flipped = cost(last - mid + first)
        self.two_flipped = cost(-last - mid + first)


def _norm(vectors: FloatArray) -> FloatArray:
    return np.sqrt(vectors[..., 0] ** 2 + vectors[..., 1] ** 2)


def _gain(same: FloatArray, flipped: FloatArray) -> FloatArray:
    """What exchanging saves, 0 where it saves too little to be believed."""
    is_clear = (same - flipped > _SMALLEST_GAIN) & (flipped < _LARGEST_RATIO * same)
    return np.where(is_clear, same - flipped, 0.0)


def _single_frames(costs: _Continuity, frames: IntArray, fps: float) -> BoolArray:
    """(T,) frames that alone are swapped: the best of any neighbours within two frames."""
    del fps
    num_frames = len(frames)
    at, next_, second = slice(0, num_frames), slice(1, num_frames + 1), slice(2, num_frames + 2)
    same = costs.same[at] + costs.same[next_] + costs.same[second]
    flipped = costs.last_flipped[at] + costs.mid_flipped[next_] + costs.two_flipped[second]
    # Three steps: an event here must be clear by more than at the one edge of a burst.
    gain = _gain(same, flipped)
    padded = np.pad(gain, 2)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5).max(axis=1)
    return (gain > 0) & (gain >= around)


def _bursts(costs: _Continuity, frames: IntArray, fps: float) -> BoolArray:
    """(T,) frames inside swapped stretches: the cheapest sequence of two states over the events."""
    num_frames = len(frames)
    at, next_ = slice(0, num_frames), slice(1, num_frames + 1)
    gain = _gain(
        costs.same[at] + costs.same[next_], costs.last_flipped[at] + costs.two_flipped[next_]
    )
    events = np.nonzero(gain)[0]
    is_swapped = np.zeros(num_frames, bool)
    if len(events) == 0:
        return is_swapped
    edges = np.concatenate([[0], events, [num_frames - 1]])
    lengths = (np.diff(frames[edges]) * (_COST_PER_SECOND / fps)).tolist()
    plain, swapped = 0.0, -lengths[0]
    came_from: list[tuple[bool, bool]] = []
    for reward, length in zip(gain[events].tolist(), lengths[1:], strict=True):
        stay_plain, stay_swapped = plain >= swapped + reward, swapped >= plain + reward
        came_from.append((not stay_plain, stay_swapped))
        plain, swapped = (
            plain if stay_plain else swapped + reward,
            (swapped if stay_swapped else plain + reward) - length,
        )
    state: bool = swapped > plain
    ends = [*events.tolist(), num_frames]
    for index in range(len(events) - 1, -1, -1):
        is_swapped[ends[index] : ends[index + 1]] = state
        state = came_from[index][state]
    is_swapped[: ends[0]] = state
    return is_swapped
