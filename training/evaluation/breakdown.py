"""Where the error is: by joint, by the camera's elevation, by the detector's confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pose_error import ClipErrors

_ELEVATION_STEP_DEG = 15
_NUM_CONFIDENCES = 10
_LEAST_COUNT = 30


@dataclass(frozen=True, slots=True)
class Slice:
    """Mean errors, mm, of some of all judged joints in all frames; ``count`` how many.

    ``lateral_mm`` and ``depth_mm``: of those in frames whose root is judged.
    """

    label: str
    count: int
    p_mm: float
    lateral_mm: float
    depth_mm: float


def by_joint(views: Sequence[ClipErrors]) -> list[Slice]:
    """A slice for every joint of the views, which are judged by the same joints."""
    joints = views[0].clip.joints
    samples = _samples(views)
    return [_slice(name, samples, samples.joint == joint) for joint, name in enumerate(joints)]


def by_elevation(views: Sequence[ClipErrors]) -> list[Slice]:
    """A slice for every 15 degrees that the camera looks down on the person; seldom ones are left out.

    Empty where no view knows which way is down.
    """
    views = [view for view in views if view.clip.gravity_camera is not None]
    if not views:
        return []
    samples = _samples(views)
    elevation_deg = np.concatenate(
        [
            np.broadcast_to(_elevation_deg(view)[:, None], view.errors.is_judged.shape)[
                view.errors.is_judged
            ]
            for view in views
        ]
    )
    number = np.floor(elevation_deg / _ELEVATION_STEP_DEG).astype(int)
    return [
        _slice(
            f"{_ELEVATION_STEP_DEG * n} to {_ELEVATION_STEP_DEG * (n + 1)}", samples, number == n
        )
        for n in np.unique(number).tolist()
        if (number == n).sum() >= _LEAST_COUNT
    ]


def by_confidence(views: Sequence[ClipErrors]) -> list[Slice]:
    """A slice of the joints that were not seen, and one for every tenth of the others, least sure first.

    Fewer than ten where many confidences are the same.
    """
    samples = _samples(views)
    confidence = np.concatenate(
        [
            view.clip.confidence()[: len(view.errors.is_judged)][view.errors.is_judged]
            for view in views
        ]
    )
    seen = confidence > 0
    slices = [] if seen.all() else [_slice("not seen", samples, ~seen)]
    if not seen.any():
        return slices
    edges = np.unique(np.quantile(confidence[seen], np.linspace(0, 1, _NUM_CONFIDENCES + 1)))
    number = np.clip(
        np.searchsorted(edges, confidence, side="right") - 1, 0, max(len(edges) - 2, 0)
    )
    last = np.append(edges, edges[-1])
    for n in np.unique(number[seen]).tolist():
        slices.append(_slice(f"{last[n]:.2f} to {last[n + 1]:.2f}", samples, seen & (number == n)))
    return slices


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Every judged joint of every frame (S,): errors in mm, and which joint it is."""

    p_mm: np.ndarray
    lateral_mm: np.ndarray
    depth_mm: np.ndarray
    joint: np.ndarray


def _samples(views: Sequence[ClipErrors]) -> _Samples:
    errors = [view.errors for view in views]
    return _Samples(
        p_mm=np.concatenate([one.p_mm[one.is_judged] for one in errors]),
        lateral_mm=np.concatenate([one.lateral_mm[one.is_judged] for one in errors]),
        depth_mm=np.concatenate([one.depth_mm[one.is_judged] for one in errors]),
        joint=np.concatenate([np.nonzero(one.is_judged)[1] for one in errors]),
    )


def _slice(label: str, samples: _Samples, chosen: np.ndarray) -> Slice:
    def mean(values: np.ndarray) -> float:
        known = values[chosen & ~np.isnan(values)]
        return float(known.mean()) if len(known) else 0.0

    return Slice(
        label=label,
        count=int(chosen.sum()),
        p_mm=mean(samples.p_mm),
        lateral_mm=mean(samples.lateral_mm),
        depth_mm=mean(samples.depth_mm),
    )


def _elevation_deg(view: ClipErrors) -> np.ndarray:
    """(T,) how far the line from the camera to the middle of the person points down."""
    assert view.clip.gravity_camera is not None
    num_frames = len(view.errors.is_judged)
    sight = view.clip.truth_camera[:num_frames].mean(axis=1)
    sight = sight / np.maximum(np.linalg.norm(sight, axis=-1, keepdims=True), 1e-9)
    down = np.einsum("tc,tc->t", sight, view.clip.gravity_camera[:num_frames])
    return np.degrees(np.arcsin(np.clip(down, -1.0, 1.0)))
