"""A model file measured on everything that is given: real clips, mocap views, speeds, hidden parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import LiftError
from core.lifting.weights import LifterWeights, load_weights
from core.pipeline import LiftSettings

from ..datasets.mocap_folder import Split
from ..datasets.motion_window import MocapWindows
from ..datasets.real import load_real_clips
from .judged_clip import JudgedClip, Lift, judge_real, through_network, through_pipeline
from .mocap_view import (
    DEFAULT_NUM_VIEWS,
    MocapRow,
    draw_clips,
    load_performers,
    print_mocap,
    tabulate_mocap,
)
from .pose_error import ClipErrors, evaluate_clip
from .real import RealRow, pooled_rows, print_heading, print_row, view_row
from .robustness import (
    HiddenRow,
    SpeedRow,
    measure_hidden,
    measure_speeds,
    play_at,
    print_hidden,
    print_speeds,
)

NETWORK, FITTED = "network", "fitted"
# Long enough that at the highest speed, too, much of a view has what the network looks at around it.
_SPEED_SECONDS = 12.0
_SPEED_SHARE = 1 / 8
_HIDDEN_SHARE = 1 / 4
_Curves = tuple[list[SpeedRow], list[HiddenRow]]


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What to measure; a folder of None is left out.

    ``only`` clips and performers whose name holds this text; ``num_views`` of the mocap, a part of them
    for the curves; ``has_curves`` speeds and hidden parts as well.
    """

    model: Path
    real: Path | None
    mocap: Path | None
    split: Split = "test"
    only: str = ""
    smooth: float = LiftSettings().smooth
    num_views: int = DEFAULT_NUM_VIEWS
    has_curves: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ModelEvaluation:
    """All that was measured of a model.

    ``real`` every view of the real clips; ``mocap`` every view of the mocap by stage, ``NETWORK`` and
    ``FITTED``; ``speeds`` and ``hidden`` by what they were measured on; ``notes`` what of
    the mocap was left out or cut.
    """

    options: ModelOptions
    weights: LifterWeights
    real: Sequence[ClipErrors]
    mocap: Mapping[str, Sequence[ClipErrors]]
    speeds: Mapping[str, Sequence[SpeedRow]]
    hidden: Mapping[str, Sequence[HiddenRow]]
    notes: Sequence[str]

    def real_rows(self) -> list[RealRow]:
        """A row per view, then those that are pooled."""
        return [*map(view_row, self.real), *pooled_rows(self.real)]

    def mocap_rows(self) -> list[MocapRow]:
        """Stage by stage, a row per performer and those that are pooled."""
        return [row for stage, views in self.mocap.items() for row in tabulate_mocap(stage, views)]


def evaluate_model(options: ModelOptions) -> ModelEvaluation:
    """Measure and print.

    Raises
    ------
    LiftError
        When the model or the data is bad, nothing is chosen, or the mocap is to be seen by a network
        that does not read rays.
    """
    weights = load_weights(options.model)
    lift = through_pipeline(weights, LiftSettings(smooth=options.smooth))
    real_clips = _load_real(options)
    performers, notes = _load_performers(options, weights)
    if not real_clips and not performers:
        raise LiftError(f"--only {options.only}: expected a part of a clip's name, found none")
    real = _evaluate_real(real_clips, lift)
    stages = {NETWORK: through_network(weights), FITTED: lift}
    mocap = _evaluate_mocap(performers, options, stages, notes)
    curves: dict[str, _Curves] = {}
    if options.has_curves and real:
        curves["real clips"] = _curves_of_real("real clips", real, lift)
    if options.has_curves and performers:
        name = f"mocap {options.split} split"
        curves[name] = _curves_of_mocap(name, performers, options, lift)
    return ModelEvaluation(
        options=options,
        weights=weights,
        real=real,
        mocap=mocap,
        speeds={name: speeds for name, (speeds, _) in curves.items()},
        hidden={name: hidden for name, (_, hidden) in curves.items()},
        notes=notes,
    )


def _load_real(options: ModelOptions) -> list[JudgedClip]:
    if options.real is None:
        return []
    return [judge_real(clip) for clip in load_real_clips(options.real) if options.only in clip.name]


def _load_performers(
    options: ModelOptions, weights: LifterWeights
) -> tuple[dict[str, MocapWindows], list[str]]:
    if options.mocap is None:
        return {}, []
    if weights.config.normalization != "ray":
        raise LiftError(
            f"{options.model}: mocap is seen through random cameras, as rays: expected a network of "
            "rays, found one of images: measure its training run (--run, --checkpoint)"
        )
    everyone, notes = load_performers(options.mocap, options.split)
    return {name: everyone[name] for name in everyone if options.only in name}, notes


def _evaluate_real(clips: Sequence[JudgedClip], lift: Lift) -> list[ClipErrors]:
    if not clips:
        return []
    print_heading()
    views: list[ClipErrors] = []
    for clip in clips:
        views.append(evaluate_clip(clip, lift))
        print_row(view_row(views[-1]))
    for row in pooled_rows(views):
        print_row(row)
    return views


def _evaluate_mocap(
    performers: Mapping[str, MocapWindows],
    options: ModelOptions,
    stages: Mapping[str, Lift],
    notes: Sequence[str],
) -> dict[str, list[ClipErrors]]:
    if not performers:
        return {}
    clips = draw_clips(performers, num_views=options.num_views)
    print(f"\nmocap {options.split} split, {len(clips)} views", *notes, sep="\n  ", flush=True)
    mocap: dict[str, list[ClipErrors]] = {}
    for stage, lift in stages.items():
        mocap[stage] = [evaluate_clip(clip, lift) for clip in clips]
        print_mocap(tabulate_mocap(stage, mocap[stage]))
    return mocap


def _curves_of_real(name: str, real: Sequence[ClipErrors], lift: Lift) -> _Curves:
    def views_at(speed: float) -> Sequence[ClipErrors]:
        if speed == 1:
            return real
        return [evaluate_clip(play_at(view.clip, speed), lift) for view in real]

    return _measure_curves(name, views_at, real, lift)


def _curves_of_mocap(
    name: str, performers: Mapping[str, MocapWindows], options: ModelOptions, lift: Lift
) -> _Curves:
    num_fast, num_hidden = (
        max(1, round(options.num_views * share)) for share in (_SPEED_SHARE, _HIDDEN_SHARE)
    )

    def views_at(speed: float) -> Sequence[ClipErrors]:
        clips = draw_clips(performers, num_views=num_fast, seconds=_SPEED_SECONDS, speed=speed)
        return [evaluate_clip(clip, lift) for clip in clips]

    clips = draw_clips(performers, num_views=num_hidden)
    return _measure_curves(name, views_at, [evaluate_clip(clip, lift) for clip in clips], lift)


def _measure_curves(
    name: str,
    views_at: Callable[[float], Sequence[ClipErrors]],
    views: Sequence[ClipErrors],
    lift: Lift,
) -> _Curves:
    speeds = measure_speeds(views_at)
    print(f"\nspeed of play, {name}, mm")
    print_speeds(speeds)
    hidden = measure_hidden(views, lift)
    print(f"\nparts hidden, {name}, mm")
    print_hidden(hidden)
    return speeds, hidden
