"""Curves and bars of an evaluation, in one style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .breakdown import Slice
from .robustness import HIDDEN_SECONDS, HiddenRow, SpeedRow

_WIDTH = 9.0
_LATERAL, _DEPTH, _ALIGNED = "tab:blue", "tab:orange", "black"
_COLORS = ("tab:blue", "tab:red", "tab:green")
_LINES = ("-", "--", ":")
_BAR = 0.38
# What is asked for: drawn beside what is.
_SPEED_BAND = (0.9, 1.1)
_HIDDEN_LIMIT_MM, _WORSE_LIMIT_MM = 120.0, 5.0


def draw_slices(slices: Sequence[Slice], *, axis_name: str, is_named: bool = False) -> Figure:
    """Error across the line of sight, along it, and after alignment, of every slice.

    ``is_named``: the slices have long names and no order; they are drawn one below the other.
    """
    places = list(range(len(slices)))
    lateral = [one.lateral_mm for one in slices]
    depth = [one.depth_mm for one in slices]
    aligned = [one.p_mm for one in slices]
    names = [one.label.replace("_", " ") for one in slices]
    before, after = [place - _BAR / 2 for place in places], [place + _BAR / 2 for place in places]
    if is_named:
        figure, axes = _figure(height=0.8 + 0.3 * len(slices))
        axes.barh(before, lateral, _BAR, color=_LATERAL, label="across the line of sight")
        axes.barh(after, depth, _BAR, color=_DEPTH, label="along it (depth)")
        axes.plot(aligned, places, "D", color=_ALIGNED, markersize=4, label="P-MPJPE")
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.set_xlabel("mean error (mm)")
        axes.grid(visible=True, axis="x", alpha=0.3)
    else:
        figure, axes = _figure(height=3.6)
        axes.bar(before, lateral, _BAR, color=_LATERAL, label="across the line of sight")
        axes.bar(after, depth, _BAR, color=_DEPTH, label="along it (depth)")
        axes.plot(places, aligned, "D", color=_ALIGNED, markersize=4, label="P-MPJPE")
        labels = [f"{name} ({_short(one.count)})" for name, one in zip(names, slices, strict=True)]
        axes.set_xticks(places, labels, rotation=30, ha="right")
        axes.set_xlabel(f"{axis_name} (how many joints)")
        axes.set_ylabel("mean error (mm)")
        axes.grid(visible=True, axis="y", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3, fontsize=8)
    return figure


def draw_speeds(curves: Mapping[str, Sequence[SpeedRow]]) -> Figure:
    """P-MPJPE against speed of play, as a multiple of that at the clips' own speed."""
    figure, axes = _figure(height=3.6)
    for color, (name, rows) in zip(cycle(_COLORS), curves.items()):
        own = next(row.p_mpjpe_mm for row in rows if row.speed == 1)
        axes.plot(
            [row.speed for row in rows],
            [row.p_mpjpe_mm / own for row in rows],
            marker="o",
            color=color,
            label=f"{name}: {own:.1f} mm at its own speed",
        )
    axes.axhspan(*_SPEED_BAND, color="gray", alpha=0.15, label="within 10 %")
    axes.set_xscale("log", base=2)
    speeds = sorted({row.speed for rows in curves.values() for row in rows})
    axes.set_xticks(speeds, [f"{speed:g}x" for speed in speeds])
    axes.set_xlabel("speed of play")
    axes.set_ylabel("P-MPJPE / at own speed")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def draw_hidden(curves: Mapping[str, Sequence[HiddenRow]]) -> Figure:
    """Error of hidden joints, and how much worse the others become, against the length of the gap."""
    figure = Figure(figsize=(_WIDTH, 4.0), layout="constrained")
    hidden_axes, visible_axes = figure.subplots(1, 2)
    for line, (name, rows) in zip(cycle(_LINES), curves.items()):
        parts = list(dict.fromkeys(row.part for row in rows))
        for color, part in zip(cycle(_COLORS), parts):
            own = [row for row in rows if row.part == part]
            seconds = [row.seconds for row in own]
            style = {"linestyle": line, "marker": "o", "color": color}
            hidden_axes.plot(
                seconds, [row.hidden_mm for row in own], label=f"{part}, {name}", **style
            )
            worse = [row.visible_p_mm - row.visible_p_unhidden_mm for row in own]
            visible_axes.plot(seconds, worse, **style)
    _draw_limit(hidden_axes, _HIDDEN_LIMIT_MM)
    hidden_axes.set_ylabel("hidden joints, relative to the root (mm)")
    hidden_axes.set_ylim(bottom=0)
    figure.legend(loc="outside upper center", ncols=3, fontsize=8, handlelength=4)
    _draw_limit(visible_axes, _WORSE_LIMIT_MM)
    visible_axes.set_ylabel("the others, aligned: worse by (mm)")
    for axes in (hidden_axes, visible_axes):
        axes.set_xlabel("hidden for (s)")
        axes.set_xticks(HIDDEN_SECONDS, [f"{seconds:g}" for seconds in HIDDEN_SECONDS])
        axes.grid(visible=True, alpha=0.3)
    return figure


def _draw_limit(axes: Axes, limit_mm: float) -> None:
    axes.axhline(limit_mm, color="gray", linewidth=1)
    axes.text(
        0.99,
        limit_mm,
        f"at most {limit_mm:g} mm is asked for",
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontsize=7,
        color="gray",
    )


def _figure(*, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _short(count: int) -> str:
    """``12k`` for thousands."""
    return f"{count / 1000:.0f}k" if count >= 10_000 else str(count)
