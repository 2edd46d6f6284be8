"""World figures of many clips: pooled, printed with a column for each group, and written as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.io.atomic import atomic_output

from .world_measure import GroundFigures, WorldFigures
from .world_view import JudgedView

ALL_GROUPS = "all"
_LABEL_WIDTH = 38
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class WorldColumn:
    """The figures of a group's clips pooled, by name; NaN where no clip has one."""

    case: str
    group: str
    num_clips: int
    figures: Mapping[str, float]


_ROWS: dict[str, str] = {
    "num_clips": "clips",
    "num_frames": "frames",
    "w_mpjpe_mm": "W-MPJPE mm",
    "wa_mpjpe_mm": "WA-MPJPE mm",
    "w_mpjpe_scaled_mm": "W-MPJPE mm, size fitted",
    "wa_mpjpe_scaled_mm": "WA-MPJPE mm, size fitted",
    "root_mm": "root error mm",
    "rte_percent": "RTE %",
    "up_median_deg": "up error deg, median",
    "up_90_deg": "up error deg, 90 % of clips under",
    "focal_ratio": "focal length / true, median",
    "size_ratio": "size / true, median",
    "foot_height_mm": "toe and heel height off mm, median",
    "foot_height_bias_mm": "toe and heel height above mm, median",
    "penetration_mm": "penetration mm",
    "true_penetration_mm": "  of the truth",
    "floating_mm": "floating at contact mm",
    "true_floating_mm": "  of the truth",
    "contact_recall": "contacts found, share",
    "contact_precision": "found contacts that are true, share",
    "foot_slide_mm_per_s": "foot slide mm/s",
    "true_foot_slide_mm_per_s": "  of the truth",
    "jitter_ratio": "jitter / true",
    "path_ratio": "pelvis path length / true",
    "bone_spread_mm": "bone-length spread mm",
    "network_mpjpe_mm": "MPJPE mm before the solve",
    "mpjpe_mm": "MPJPE mm after",
}


def tabulate(judged: Sequence[JudgedView]) -> list[WorldColumn]:
    """A column for each case and group, in the order met, and, of several groups, one for all."""
    columns: list[WorldColumn] = []
    for case in dict.fromkeys(each.view.case for each in judged):
        of_case = [each for each in judged if each.view.case == case]
        groups = list(dict.fromkeys(each.view.group for each in of_case))
        for group in groups:
            chosen = [each.figures for each in of_case if each.view.group == group]
            columns.append(WorldColumn(case, group, len(chosen), pool(chosen)))
        if len(groups) > 1:
            everyone = [each.figures for each in of_case]
            columns.append(WorldColumn(case, ALL_GROUPS, len(everyone), pool(everyone)))
    return columns


def pool(figures: Sequence[WorldFigures]) -> dict[str, float]:
    """Figures of all clips together.

    Up error, focal length, size and foot height: the median (and 90th percentile) over clips. Ratios of
    jitter and path: of the sums. Slide by still foot points, floating by contacts, contacts by their
    number, everything else by frames.
    """
    frames = [each.num_frames for each in figures]
    still = [each.num_still for each in figures]

    def mean(name: str, weights: Sequence[float] = frames) -> float:
        return _weighted_mean([getattr(each, name) for each in figures], weights)

    def median(name: str) -> float:
        return float(np.median([getattr(each, name) for each in figures]))

    pooled = {
        name: mean(name)
        for name in (
            *("w_mpjpe_mm", "wa_mpjpe_mm", "w_mpjpe_scaled_mm", "wa_mpjpe_scaled_mm", "root_mm"),
            *("bone_spread_mm", "network_mpjpe_mm", "mpjpe_mm"),
        )
    }
    return {
        "num_frames": float(sum(frames)),
        **pooled,
        "rte_percent": 100 * mean("rte"),
        "up_median_deg": median("up_deg"),
        "up_90_deg": float(np.quantile([each.up_deg for each in figures], 0.9)),
        "focal_ratio": median("focal_ratio"),
        "size_ratio": median("size_ratio"),
        "foot_height_mm": median("foot_height_mm"),
        "foot_height_bias_mm": median("foot_height_bias_mm"),
        "foot_slide_mm_per_s": mean("foot_slide_mm_per_s", still),
        "true_foot_slide_mm_per_s": mean("true_foot_slide_mm_per_s", still),
        "jitter_ratio": _ratio(mean("jitter"), mean("true_jitter")),
        "path_ratio": _ratio(
            sum(each.path_m for each in figures), sum(each.true_path_m for each in figures)
        ),
        **_pool_ground([(each.num_frames, each.ground) for each in figures if each.ground]),
    }


def print_columns(columns: Sequence[WorldColumn]) -> None:
    """Print a table for each case, figures below each other; what no column has is left out."""
    for case in dict.fromkeys(column.case for column in columns):
        shown = [column for column in columns if column.case == case]
        print(f"\n{case:{_LABEL_WIDTH}}" + "".join(f"{column.group:>11}" for column in shown))
        for name, label in _ROWS.items():
            values = [_value(column, name) for column in shown]
            if not all(map(math.isnan, values)):
                cells = "".join(f"{_shown(name, value):>11}" for value in values)
                print(f"{label:{_LABEL_WIDTH}}{cells}", flush=True)


def print_clip(judged: JudgedView) -> None:
    """Print one clip's line: what tells best that something went wrong."""
    view, figures = judged.view, judged.figures
    print(
        f"{view.group:12}{view.clip:18}{view.case:20}up {figures.up_deg:5.1f} deg  "
        f"focal {figures.focal_ratio:4.2f}  root {figures.root_mm:5.0f} mm  "
        f"WA-MPJPE {figures.wa_mpjpe_mm:5.0f} mm  slide {figures.foot_slide_mm_per_s:4.0f} mm/s",
        flush=True,
    )


def write_figures(
    path: Path, judged: Sequence[JudgedView], columns: Sequence[WorldColumn], about: dict[str, Any]
) -> None:
    """Write every figure, pooled and clip by clip, as JSON; unknown ones are null.

    Raises
    ------
    LiftError
        When writing fails.
    """
    document = {
        **about,
        "pooled": [
            {
                "case": column.case,
                "group": column.group,
                "num_clips": column.num_clips,
                **column.figures,
            }
            for column in columns
        ],
        "clips": [
            {
                "clip": each.view.clip,
                "group": each.view.group,
                "case": each.view.case,
                "shift_frames": each.view.shift_frames,
                **asdict(each.figures),
            }
            for each in judged
        ],
    }
    with atomic_output(path) as partial:
        partial.write_text(json.dumps(_plain(document), indent=1) + "\n", encoding="utf-8")


def _pool_ground(grounds: Sequence[tuple[int, GroundFigures]]) -> dict[str, float]:
    if not grounds:
        return {}

    def total(count_of: Callable[[GroundFigures], int]) -> int:
        return sum(count_of(ground) for _, ground in grounds)

    frames = [num_frames for num_frames, _ in grounds]
    contacts = [ground.num_contacts for _, ground in grounds]
    num_right = total(lambda ground: ground.num_contacts_right)
    weights = {"penetration_mm": frames, "floating_mm": contacts}
    return {
        prefix + name: _weighted_mean([getattr(ground, prefix + name) for _, ground in grounds], by)
        for name, by in weights.items()
        for prefix in ("", "true_")
    } | {
        "contact_recall": _ratio(num_right, sum(contacts)),
        "contact_precision": _ratio(num_right, total(lambda ground: ground.num_contacts_found)),
    }


def _weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Of the values that are numbers; NaN where none counts."""
    value, weight = np.array(values, dtype=float), np.array(weights, dtype=float)
    weight = np.where(np.isnan(value), 0.0, weight)
    return _ratio(float((np.nan_to_num(value) * weight).sum()), float(weight.sum()))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _value(column: WorldColumn, name: str) -> float:
    return column.num_clips if name == "num_clips" else column.figures.get(name, float("nan"))


def _shown(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    if name.startswith("num_"):
        return f"{value:.0f}"
    return f"{value:.2f}" if name.endswith(("ratio", "recall", "precision")) else f"{value:.1f}"


def _plain(value: Any) -> Any:
    """Rounded numbers, None for NaN, through all of a document."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, _DIGITS)
    return value
