"""Error on real detections: what a user's own video would get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pose_error import ClipErrors, pooled_mm

ALL_CAMERAS = "all"
JUDGED_NAME = "aistpp (judged)"
_HEADING = (
    f"{'clip':24}{'camera':12}{'frames':>7}{'P-MPJPE':>9}{'N-MPJPE':>9}{'MPJPE':>8}{'floor':>7}"
)


@dataclass(frozen=True, slots=True)
class RealRow:
    """Errors of the judged frames of one view, or of several pooled, mm; no floor where none is known.

    ``mpjpe_mm`` is at the person's true size (``PoseErrors.true_scale_mm``).
    """

    name: str
    camera_name: str
    num_frames: int
    p_mpjpe_mm: float
    n_mpjpe_mm: float
    mpjpe_mm: float
    floor_mm: float | None


def view_row(view: ClipErrors) -> RealRow:
    """One camera's view of one sequence."""
    return _pool(view.clip.name, view.clip.camera_name, [view])


def pooled_rows(views: Sequence[ClipErrors]) -> list[RealRow]:
    """A row per sequence, then all that have a floor, as the data README judges."""
    names = sorted({view.clip.name for view in views})
    rows = [
        _pool(name, ALL_CAMERAS, [view for view in views if view.clip.name == name])
        for name in names
    ]
    aist = [view for view in views if view.clip.floor_mm is not None]
    return [*rows, _pool(JUDGED_NAME, ALL_CAMERAS, aist)] if aist else rows


def print_heading() -> None:
    """Print the names of the table's columns."""
    print(_HEADING)


def print_row(row: RealRow) -> None:
    """Print one line of the table."""
    floor = "-" if row.floor_mm is None else f"{row.floor_mm:.1f}"
    print(
        f"{row.name:24}{row.camera_name:12}{row.num_frames:7d}{row.p_mpjpe_mm:9.1f}"
        f"{row.n_mpjpe_mm:9.1f}{row.mpjpe_mm:8.1f}{floor:>7}",
        flush=True,
    )


def _pool(name: str, camera_name: str, views: list[ClipErrors]) -> RealRow:
    """Every judged frame of the views counts alike."""
    floors = [_floor_mm(view) for view in views if view.clip.floor_mm is not None]
    return RealRow(
        name=name,
        camera_name=camera_name,
        num_frames=sum(int(view.is_judged_frame.sum()) for view in views),
        p_mpjpe_mm=pooled_mm(views, lambda errors: errors.p_mm),
        n_mpjpe_mm=pooled_mm(views, lambda errors: errors.n_mm),
        mpjpe_mm=pooled_mm(views, lambda errors: errors.true_scale_mm),
        floor_mm=float(np.concatenate(floors).mean()) if floors else None,
    )


def _floor_mm(view: ClipErrors) -> np.ndarray:
    """(F,) of the judged frames."""
    assert view.clip.floor_mm is not None
    return view.clip.floor_mm[: len(view.is_judged_frame)][view.is_judged_frame]
