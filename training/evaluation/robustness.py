"""How a lifter bears what it seldom meets: motion at other speeds, and parts of the body hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from core.joint_sets import BODY_12

from .judged_clip import JudgedClip, Lift
from .pose_error import ClipErrors, PoseErrors, evaluate_clip, judged_by, measure, pooled_mm

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
HIDDEN_SECONDS = (0.5, 1.0, 2.0)
HIDDEN_PARTS: dict[str, tuple[str, ...]] = {
    "left arm": ("left_elbow", "left_wrist"),
    "right leg": ("right_knee", "right_ankle"),
    "lower body": tuple(
        f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")
    ),
}
"""What is hidden, of ``BODY_12``; with an ankle the keypoints of its foot. With the hips the root is
hidden, too."""

_FOOT = ("heel", "big_toe", "small_toe")
# Something is hidden once in so many seconds, for at most half of them.
_SECONDS_BETWEEN = 4.0


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """Errors, mm, of clips played ``speed`` times as fast as they were."""

    speed: float
    num_frames: int
    p_mpjpe_mm: float
    mpjpe_mm: float


@dataclass(frozen=True, slots=True)
class HiddenRow:
    """Errors, mm, of ``BODY_12`` while a part of the body is hidden, and of the same unhidden.

    ``hidden_mm`` of the hidden joints, relative to the root at the person's true size; ``hidden_p_mm``
    after the whole body's alignment. ``visible_mm`` of the others likewise, ``visible_p_mm`` aligned by
    themselves. ``num_frames`` of all gaps.
    """

    part: str
    seconds: float
    num_frames: int
    hidden_mm: float
    hidden_p_mm: float
    hidden_unhidden_mm: float
    visible_mm: float
    visible_unhidden_mm: float
    visible_p_mm: float
    visible_p_unhidden_mm: float


def measure_speeds(views_at: Callable[[float], Sequence[ClipErrors]]) -> list[SpeedRow]:
    """The error at each of ``SPEEDS``.

    Parameters
    ----------
    views_at : callable
        A speed to what was lifted of the same motions played at it.
    """
    rows: list[SpeedRow] = []
    for speed in SPEEDS:
        views = [judged_by(view, BODY_12) for view in views_at(speed)]
        rows.append(
            SpeedRow(
                speed=speed,
                num_frames=sum(int(view.is_judged_frame.sum()) for view in views),
                p_mpjpe_mm=pooled_mm(views, lambda errors: errors.p_mm),
                mpjpe_mm=pooled_mm(views, lambda errors: errors.true_scale_mm),
            )
        )
    return rows


def play_at(clip: JudgedClip, speed: float) -> JudgedClip:
    """A recorded clip played faster or slower, its truth frame by frame.

    Twice as fast: every second frame, at the same rate, as a camera would have seen it. Half as fast:
    all frames, said to be of half the rate.
    """
    step = max(1, int(speed))
    fps = clip.source.fps * Fraction(speed).limit_denominator(1000) / step
    seen = clip.source.people[0]
    place = seen.frames - clip.source.frame_span[0]
    kept = place % step == 0
    keypoints = replace(
        seen,
        positions=seen.positions[kept],
        confidence=seen.confidence[kept],
        frames=place[kept] // step,
        fps=fps,
    )
    last = (clip.source.frame_span[1] - clip.source.frame_span[0]) // step
    source = replace(clip.source, people=(keypoints,), frame_span=(0, last), fps=fps)
    gravity, floor = clip.gravity_camera, clip.floor_mm
    return replace(
        clip,
        source=source,
        truth_camera=clip.truth_camera[::step],
        is_judged=clip.is_judged[::step],
        gravity_camera=None if gravity is None else gravity[::step],
        floor_mm=None if floor is None else floor[::step],
    )


def measure_hidden(views: Sequence[ClipErrors], lift: Lift) -> list[HiddenRow]:
    """The error for each of ``HIDDEN_PARTS`` and ``HIDDEN_SECONDS``, in the clips that have room for it.

    Parameters
    ----------
    views : sequence of ClipErrors
        What ``lift`` made of the clips with nothing hidden.
    lift : callable
    """
    whole = [judged_by(view, BODY_12) for view in views]
    rows: list[HiddenRow] = []
    for part, joints in HIDDEN_PARTS.items():
        for seconds in HIDDEN_SECONDS:
            pairs = [
                _compare(view, joints, gap, lift)
                for view in whole
                if (gap := gap_frames(view.clip, seconds)).any()
            ]
            if pairs:
                rows.append(_pool(part, seconds, pairs))
    return rows


def gap_frames(clip: JudgedClip, seconds: float) -> np.ndarray:
    """(T,) bool: in the middle of each of the clip's equal windows; nowhere where a gap fills over half."""
    num_windows = max(1, int(clip.seconds / _SECONDS_BETWEEN))
    window = clip.seconds / num_windows
    if seconds > window / 2:
        return np.zeros(clip.num_frames, dtype=bool)
    time = (np.arange(clip.num_frames) + 0.5) / float(clip.source.fps)
    return np.abs(time % window - window / 2) < seconds / 2


def hide(clip: JudgedClip, joints: Sequence[str], frames: np.ndarray) -> JudgedClip:
    """The clip with the keypoints of some joints missing in ``frames`` (T,) bool."""
    seen = clip.source.people[0]
    names = {*joints}
    for joint in joints:
        side, _, kind = joint.partition("_")
        if kind == "ankle":
            names |= {f"{side}_{part}" for part in _FOOT}
    is_of_part = np.isin(seen.skeleton.joint_names, list(names))
    place = seen.frames - clip.source.frame_span[0]
    is_in_gap = np.append(frames, False)[np.minimum(place, len(frames))]
    confidence = np.where(is_in_gap[:, None] & is_of_part, 0.0, seen.confidence)
    source = replace(clip.source, people=(replace(seen, confidence=confidence),))
    return replace(clip, source=source)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Errors (T,12) of one clip with a part hidden and without, and where to look."""

    hidden: PoseErrors
    unhidden: PoseErrors
    visible_p_mm: np.ndarray
    visible_p_unhidden_mm: np.ndarray
    is_hidden: np.ndarray
    is_visible: np.ndarray


def _compare(view: ClipErrors, joints: Sequence[str], gap: np.ndarray, lift: Lift) -> _Compared:
    clip = view.clip
    hidden = evaluate_clip(hide(clip, joints, gap), lift)
    num_frames = min(len(hidden.poses_camera), len(view.poses_camera))
    judged = clip.is_judged[:num_frames] & gap[:num_frames, None]
    is_of_part = np.isin(clip.joints, list(joints))
    aligned_by_visible = [
        measure(
            poses[:num_frames], clip.truth_camera[:num_frames], judged & ~is_of_part, clip.joints
        ).p_mm
        for poses in (hidden.poses_camera, view.poses_camera)
    ]
    return _Compared(
        hidden=hidden.errors,
        unhidden=view.errors,
        visible_p_mm=aligned_by_visible[0],
        visible_p_unhidden_mm=aligned_by_visible[1],
        is_hidden=judged & is_of_part,
        is_visible=judged & ~is_of_part,
    )


def _pool(part: str, seconds: float, pairs: Sequence[_Compared]) -> HiddenRow:
    """Every joint of every frame in a gap counts alike."""

    def mean(
        values_of: Callable[[_Compared], np.ndarray], mask_of: Callable[[_Compared], np.ndarray]
    ) -> float:
        chosen = np.concatenate(
            [values_of(pair)[: len(mask_of(pair))][mask_of(pair)] for pair in pairs]
        )
        # Of frames whose root is not judged P-MPJPE alone is known.
        known = chosen[~np.isnan(chosen)]
        return float(known.mean()) if len(known) else float("nan")

    def is_hidden(pair: _Compared) -> np.ndarray:
        return pair.is_hidden

    def is_visible(pair: _Compared) -> np.ndarray:
        return pair.is_visible

    return HiddenRow(
        part=part,
        seconds=seconds,
        num_frames=sum(int(pair.is_hidden.any(axis=1).sum()) for pair in pairs),
        hidden_mm=mean(lambda pair: pair.hidden.true_scale_mm, is_hidden),
        hidden_p_mm=mean(lambda pair: pair.hidden.p_mm, is_hidden),
        hidden_unhidden_mm=mean(lambda pair: pair.unhidden.true_scale_mm, is_hidden),
        visible_mm=mean(lambda pair: pair.hidden.true_scale_mm, is_visible),
        visible_unhidden_mm=mean(lambda pair: pair.unhidden.true_scale_mm, is_visible),
        visible_p_mm=mean(lambda pair: pair.visible_p_mm, is_visible),
        visible_p_unhidden_mm=mean(lambda pair: pair.visible_p_unhidden_mm, is_visible),
    )


def print_speeds(rows: Sequence[SpeedRow]) -> None:
    """Print errors by speed, and how much more than at the clip's own."""
    own = next(row for row in rows if row.speed == 1)
    print(f"{'speed':>8}{'frames':>8}{'P-MPJPE':>9}{'MPJPE':>8}{'P-MPJPE / own speed':>21}")
    for row in rows:
        print(
            f"{row.speed:7g}x{row.num_frames:8d}{row.p_mpjpe_mm:9.1f}{row.mpjpe_mm:8.1f}"
            f"{row.p_mpjpe_mm / own.p_mpjpe_mm:21.2f}",
            flush=True,
        )


def print_hidden(rows: Sequence[HiddenRow]) -> None:
    """Print errors with a part hidden; "seen": of the same joints and frames with nothing hidden."""
    print(
        f"{'hidden':12}{'seconds':>8}{'frames':>8}{'its joints':>12}{'aligned':>9}{'seen':>7}"
        f"{'others':>8}{'seen':>7}{'others aligned':>16}{'seen':>7}"
    )
    for row in rows:
        print(
            f"{row.part:12}{row.seconds:8g}{row.num_frames:8d}{row.hidden_mm:12.1f}"
            f"{row.hidden_p_mm:9.1f}{row.hidden_unhidden_mm:7.1f}{row.visible_mm:8.1f}"
            f"{row.visible_unhidden_mm:7.1f}{row.visible_p_mm:16.1f}"
            f"{row.visible_p_unhidden_mm:7.1f}",
            flush=True,
        )
