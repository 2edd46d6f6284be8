"""Error on real detections: what a user's own video would get."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.geometry.alignment import align_similarity
from core.geometry.camera import world_to_camera
from core.joint_sets import BODY_12, LIFTED_21
from core.lifting.weights import LifterWeights
from core.pipeline import LiftSettings, lift_people
from core.stopwatch import Stopwatch

from ..datasets.real import RealClip

_BODY = LIFTED_21.indices(*BODY_12)
_LEFT_HIP, _RIGHT_HIP = BODY_12.index("left_hip"), BODY_12.index("right_hip")


@dataclass(frozen=True, slots=True, eq=False)
class ClipErrors:
    """Errors of one clip's judged frames, mm: (F,) each; ``floor_mm`` None where there is none."""

    name: str
    camera_name: str
    p_mpjpe_mm: np.ndarray
    n_mpjpe_mm: np.ndarray
    floor_mm: np.ndarray | None


def evaluate_clip(clip: RealClip, weights: LifterWeights, settings: LiftSettings) -> ClipErrors:
    """Run the pipeline on one clip and compare its camera-space joints with the truth."""
    watch = Stopwatch(lambda _name, _share: None)
    (lifted,) = lift_people(clip.source, [1], weights, settings, watch=watch)
    num_frames = min(len(clip.truth), lifted.poses_camera.num_frames)
    predicted = lifted.poses_camera.positions[:num_frames, _BODY]
    judged = clip.is_judged[:num_frames]
    frames = judged.any(axis=1)
    predicted, truth, judged = predicted[frames], clip.truth[:num_frames][frames], judged[frames]
    aligned = align_similarity(predicted, truth, judged.astype(float)).apply(predicted)
    return ClipErrors(
        name=clip.name,
        camera_name=clip.camera_name,
        p_mpjpe_mm=_mean_error_mm(aligned, truth, judged),
        n_mpjpe_mm=_n_mpjpe_mm(predicted, _in_camera(clip, truth), judged),
        floor_mm=None if clip.floor_mm is None else clip.floor_mm[:num_frames][frames],
    )


def _in_camera(clip: RealClip, truth: np.ndarray) -> np.ndarray:
    """The truth in the camera's axes; TRC files are y up: (x, y, z) = (y, z, x) of the calibration."""
    world = truth[..., [2, 0, 1]] if clip.floor_mm is None else truth
    return world_to_camera(world, clip.source.camera)


def _n_mpjpe_mm(predicted: np.ndarray, truth: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Root-relative (mid-hip) error at the best scale per frame, no rotation."""
    weight = judged[..., None]
    centred = [
        (poses - poses[:, [_LEFT_HIP, _RIGHT_HIP]].mean(axis=1, keepdims=True))
        for poses in (predicted, truth)
    ]
    product = (weight * centred[0] * centred[1]).sum(axis=(1, 2))
    scale = product / np.maximum((weight * centred[0] ** 2).sum(axis=(1, 2)), 1e-12)
    return _mean_error_mm(scale[:, None, None] * centred[0], centred[1], judged)


def _mean_error_mm(predicted: np.ndarray, truth: np.ndarray, judged: np.ndarray) -> np.ndarray:
    error = np.linalg.norm(predicted - truth, axis=-1) * judged
    return 1000 * error.sum(axis=1) / judged.sum(axis=1)


def print_table(errors: Iterable[ClipErrors]) -> None:
    """One line per clip, then pooled figures per data set, as the data README judges."""
    rows = list(errors)
    print(f"{'clip':24}{'camera':12}{'frames':>7}{'P-MPJPE':>9}{'N-MPJPE':>9}{'floor':>7}")
    for row in rows:
        print(_line(row.name, row.camera_name, [row]))
    for name in sorted({row.name for row in rows}):
        print(_line(name, "all", [row for row in rows if row.name == name]))
    aist = [row for row in rows if row.floor_mm is not None]
    if aist:
        print(_line("aistpp (judged)", "all", aist))


def _line(name: str, camera: str, rows: list[ClipErrors]) -> str:
    p_mpjpe = np.concatenate([row.p_mpjpe_mm for row in rows])
    n_mpjpe = np.concatenate([row.n_mpjpe_mm for row in rows])
    floors = [row.floor_mm for row in rows if row.floor_mm is not None]
    floor = f"{np.concatenate(floors).mean():7.1f}" if floors else f"{'-':>7}"
    figures = f"{len(p_mpjpe):7d}{p_mpjpe.mean():9.1f}{n_mpjpe.mean():9.1f}"
    return f"{name:24}{camera:12}{figures}{floor}"
