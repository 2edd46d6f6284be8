"""What settings are chosen on: mocap's validation split, and the real clips that nothing is fitted to.

Never the test split, nor a real clip whose figure is judged beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from core.errors import InputFormatError
from core.lifting.weights import LifterWeights
from core.pipeline import LiftSettings

from ..datasets.real import load_real_clips
from ..evaluation.judged_clip import JudgedClip, Lift, judge_real, through_pipeline
from ..evaluation.mocap_view import draw_clips, load_performers
from ..evaluation.pose_error import ClipErrors, evaluate_clip, pooled_mm
from ..ray_reading import RayReading
from .reading_lift import through_reading

MOCAP = "mocap val"
REAL_NAMES = {"breakdance_ch04": "aistpp 04", "pose2sim_single": "pose2sim_single"}
"""The real sequences that are for validation alone, and what tables call them."""

ValidationClips = Mapping[str, Sequence[JudgedClip]]
"""Clips by what tables call them."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Errors on some clips, mm, pooled over all judged frames.

    P-MPJPE: ``raw_mm`` of the network's own x and y, ``ray_mm`` with what was seen on its rays,
    ``fitted_mm`` after the whole pipeline (NaN for a network that no model file can hold).
    ``mpjpe_mm``: MPJPE at the person's true size, on the rays.
    """

    raw_mm: float
    ray_mm: float
    fitted_mm: float
    mpjpe_mm: float


def load_validation(mocap: Path, real: Path, *, num_views: int) -> ValidationClips:
    """About ``num_views`` views of mocap's validation split, and the real validation clips.

    Raises
    ------
    InputFormatError
        When either folder has none.
    """
    performers, notes = load_performers(mocap, "val")
    clips: dict[str, list[JudgedClip]] = {MOCAP: draw_clips(performers, num_views=num_views)}
    for clip in load_real_clips(real):
        if clip.name in REAL_NAMES:
            clips.setdefault(REAL_NAMES[clip.name], []).append(judge_real(clip))
    if len(clips) == 1:
        raise InputFormatError(f"{real}: expected {' or '.join(REAL_NAMES)}, found neither")
    found = ", ".join(f"{name} {len(views)} views" for name, views in clips.items())
    print(f"validation: {found}", *notes, sep="\n  ", flush=True)
    return clips


def score(weights: LifterWeights, reading: RayReading, clips: ValidationClips) -> dict[str, Scores]:
    """Errors of a network by the clips' names; its own reading shows it their rays."""
    raw, on_rays = (
        through_reading(weights, reading, is_consistent=is_consistent)
        for is_consistent in (False, True)
    )
    fitted = None
    if reading.place == "metres" and reading.is_on_rays:
        fitted = through_pipeline(weights, LiftSettings())
    return {name: _score(views, raw, on_rays, fitted) for name, views in clips.items()}


def _score(clips: Sequence[JudgedClip], raw: Lift, on_rays: Lift, fitted: Lift | None) -> Scores:
    def lifted(lift: Lift) -> list[ClipErrors]:
        return [evaluate_clip(clip, lift) for clip in clips]

    consistent = lifted(on_rays)
    return Scores(
        raw_mm=_p_mpjpe_mm(lifted(raw)),
        ray_mm=_p_mpjpe_mm(consistent),
        fitted_mm=nan if fitted is None else _p_mpjpe_mm(lifted(fitted)),
        mpjpe_mm=pooled_mm(consistent, lambda errors: errors.true_scale_mm),
    )


def _p_mpjpe_mm(views: Sequence[ClipErrors]) -> float:
    return pooled_mm(views, lambda errors: errors.p_mm)


def score_cells(runs: Sequence[Mapping[str, Scores]]) -> dict[str, str]:
    """A table row's cells of some runs that differ by seed: mean, and spread where there are several."""
    cells: dict[str, str] = {}
    for name in runs[0]:
        columns = {
            "raw": [run[name].raw_mm for run in runs],
            "on rays": [run[name].ray_mm for run in runs],
            "fitted": [run[name].fitted_mm for run in runs],
        }
        if name == MOCAP:
            columns["MPJPE"] = [run[name].mpjpe_mm for run in runs]
        cells |= {f"{name}, {column}": spread(values) for column, values in columns.items()}
    return cells


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation, in plain words; a dash where a figure is not known."""
    if not np.isfinite(values).all():
        return "-"
    mean = f"{np.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.1f}"
