"""An evaluation as one HTML page that needs nothing else: tables, plots, pictures of clips."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from core.errors import LiftError
from core.io.atomic import atomic_output

from .breakdown import by_confidence, by_elevation, by_joint
from .mocap_view import ALL_PERFORMERS, MocapRow
from .model import FITTED, ModelEvaluation
from .plot import draw_hidden, draw_slices, draw_speeds
from .pose_error import ClipErrors, mean_per_frame
from .real import ALL_CAMERAS, RealRow
from .robustness import HiddenRow, SpeedRow
from .view_sheet import draw_view

DEFAULT_REPORT = Path("build/report.html")

_DPI = 90
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222 }
body { max-width: 62em; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.6em } h2 { font-size: 1.25em; border-bottom: 1px solid #ccc; margin-top: 2em }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums }
th, td { padding: .15em .8em; text-align: right; border-bottom: 1px solid #e4e4e4 }
th:first-child, td:first-child { text-align: left } th { background: #f4f4f4 }
tr.pooled { font-weight: 600; background: #fafafa }
figure { margin: 1em 0 } img { max-width: 100% } figcaption, p.note { color: #555; font-size: .9em }
"""


def check_writable(path: Path) -> None:
    """Refuse a place where no report can be, before hours of work.

    Raises
    ------
    LiftError
        When there is no such folder, or a folder has the file's name.
    """
    if not path.parent.is_dir():
        raise LiftError(f"cannot write {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise LiftError(f"cannot write {path}: expected the name of a file, found a folder")


def write_report(path: Path, evaluation: ModelEvaluation) -> None:
    """Write the page, whole or not at all.

    Raises
    ------
    LiftError
        When writing fails.
    """
    page = render_report(evaluation)
    with atomic_output(path) as partial:
        partial.write_text(page, encoding="utf-8")


def render_report(evaluation: ModelEvaluation) -> str:
    """The page's HTML: no script, no link, pictures inside."""
    title = f"Evaluation of {evaluation.options.model.name}"
    body = [f"<h1>{escape(title)}</h1>", _summary(evaluation)]
    if evaluation.real:
        body += [
            _real_section(evaluation),
            *_source_sections("real", "real clips", evaluation.real),
        ]
    if evaluation.mocap:
        fitted = evaluation.mocap[FITTED]
        body += [_mocap_section(evaluation), *_source_sections("mocap", "mocap views", fitted)]
    body += [_speed_section(evaluation.speeds), _hidden_section(evaluation.hidden)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _summary(evaluation: ModelEvaluation) -> str:
    config = evaluation.weights.config
    facts: dict[str, object] = {
        "parameters": f"{evaluation.weights.num_parameters:,}",
        "receptive field": f"{config.receptive_field} frames at {config.fps} Hz",
        "filter widths": ", ".join(map(str, config.filter_widths)),
        "channels": config.channels,
        "reads": f"{config.joint_set_in}, {config.in_features} numbers a joint",
        "writes": config.joint_set_out,
        "smooth": evaluation.options.smooth,
        **{f"training: {name}": value for name, value in config.training.items()},
    }
    table = _table(("model", ""), list(facts.items()))
    return _section("summary", "Summary", table + _judged_figures(evaluation))


def _judged_figures(evaluation: ModelEvaluation) -> str:
    rows: list[tuple[object, ...]] = [
        (f"{row.name}, P-MPJPE", _mm(row.p_mpjpe_mm), _mm(row.floor_mm))
        for row in evaluation.real_rows()
        if row.camera_name == ALL_CAMERAS
    ]
    rows += [
        (
            f"mocap {evaluation.options.split} split, MPJPE, {row.num_joints} joints",
            _mm(row.mpjpe_mm),
            "-",
        )
        for row in evaluation.mocap_rows()
        if row.name == ALL_PERFORMERS and row.stage == FITTED
    ]
    return _table(("figure", "mm", "floor"), rows)


def _real_section(evaluation: ModelEvaluation) -> str:
    def cells(row: RealRow) -> tuple[object, ...]:
        errors = (row.p_mpjpe_mm, row.n_mpjpe_mm, row.mpjpe_mm, row.floor_mm)
        return (row.name, row.camera_name, row.num_frames, *map(_mm, errors))

    names = ("clip", "camera", "frames", "P-MPJPE", "N-MPJPE", "MPJPE", "floor")
    is_pooled = [row.camera_name == ALL_CAMERAS for row in evaluation.real_rows()]
    table = _table(names, [cells(row) for row in evaluation.real_rows()], is_pooled)
    note = (
        "mm, twelve joints of the limbs, the whole pipeline; MPJPE at the person's true size; floor: "
        "P-MPJPE that true depths on the same detections would leave."
    )
    return _section("real", "Real clips", table + _note(note))


def _mocap_section(evaluation: ModelEvaluation) -> str:
    def cells(row: MocapRow) -> tuple[object, ...]:
        errors = (row.mpjpe_mm, row.own_scale_mm, row.n_mpjpe_mm, row.p_mpjpe_mm)
        return (row.stage, row.name, row.num_joints, row.num_frames, *map(_mm, errors))

    names = ("stage", "performer", "joints", "frames", "MPJPE", "own size", "N-MPJPE", "P-MPJPE")
    is_pooled = [row.name == ALL_PERFORMERS for row in evaluation.mocap_rows()]
    table = _table(names, [cells(row) for row in evaluation.mocap_rows()], is_pooled)
    note = (
        f"mm, {evaluation.options.split} split, random cameras, a detector's noise. MPJPE: relative to the "
        "pelvis, at the person's true size; own size: at the network's, which takes everyone for a "
        "person of mean bone lengths. Network: as it is, flip averaged; fitted: the whole pipeline."
    )
    left_out = "".join(_note(text) for text in evaluation.notes)
    return _section("mocap", "Motion capture", table + _note(note) + left_out)


def _source_sections(key: str, name: str, views: Sequence[ClipErrors]) -> list[str]:
    """Where the error of one kind of clips is, and pictures of the best, the median and the worst."""
    parts = [
        _section(
            f"{key}-joint",
            f"Error by joint: {name}",
            _picture(draw_slices(by_joint(views), axis_name="", is_named=True), "error by joint"),
        )
    ]
    elevations = by_elevation(views)
    if elevations:
        plot = draw_slices(elevations, axis_name="camera looks down by, degrees")
        known = sum(view.clip.gravity_camera is not None for view in views)
        note = _note(f"Of the {known} of {len(views)} views whose vertical is known.")
    else:
        plot, note = None, _note("Which way is up is not known of these clips.")
    picture = "" if plot is None else _picture(plot, "error by camera elevation")
    title = f"Error by camera elevation: {name}"
    parts.append(_section(f"{key}-elevation", title, picture + note))
    plot = draw_slices(by_confidence(views), axis_name="confidence, in tenths of all joints seen")
    parts.append(
        _section(
            f"{key}-confidence",
            f"Error by confidence: {name}",
            _picture(plot, "error by confidence"),
        )
    )
    return [*parts, _clips_section(key, name, views)]


def _clips_section(key: str, name: str, views: Sequence[ClipErrors]) -> str:
    errors = [
        float(mean_per_frame(view.errors.p_mm, view.errors.is_judged).mean()) for view in views
    ]
    order = np.argsort(errors, kind="stable")
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    pictures = ""
    for which, row in chosen.items():
        view = views[int(row)]
        text = f"{which}: {view.clip.name}, {view.clip.camera_name}, P-MPJPE {errors[row]:.1f} mm"
        pictures += _picture(draw_view(view), text)
    return _section(f"{key}-clips", f"Best, median and worst: {name}", pictures)


def _speed_section(speeds: Mapping[str, Sequence[SpeedRow]]) -> str:
    if not speeds:
        return _section("speed", "Speed of play", _note("Not measured (--robustness)."))
    rows = [
        (source, f"{row.speed:g}x", row.num_frames, _mm(row.p_mpjpe_mm), _mm(row.mpjpe_mm))
        for source, curve in speeds.items()
        for row in curve
    ]
    table = _table(("clips", "speed", "frames", "P-MPJPE", "MPJPE"), rows)
    return _section("speed", "Speed of play", _picture(draw_speeds(speeds), "speed") + table)


def _hidden_section(hidden: Mapping[str, Sequence[HiddenRow]]) -> str:
    if not hidden:
        return _section("hidden", "Hidden parts", _note("Not measured (--robustness)."))
    names = (
        *("clips", "hidden", "s", "frames", "its joints", "aligned", "seen"),
        *("others", "seen", "others aligned", "seen"),
    )
    rows = [
        (
            *(source, row.part, f"{row.seconds:g}", row.num_frames, _mm(row.hidden_mm)),
            *(_mm(row.hidden_p_mm), _mm(row.hidden_unhidden_mm), _mm(row.visible_mm)),
            *(_mm(row.visible_unhidden_mm), _mm(row.visible_p_mm), _mm(row.visible_p_unhidden_mm)),
        )
        for source, curve in hidden.items()
        for row in curve
    ]
    note = (
        "mm, while the part is hidden. Its joints and the others: relative to the root, at the person's "
        "true size; with the lower body the root is hidden as well. Seen: the same joints in the same "
        "frames, nothing hidden. Others aligned: after a similarity of the visible joints alone."
    )
    picture = _picture(draw_hidden(hidden), "error with a part of the body hidden")
    return _section("hidden", "Hidden parts", picture + _table(names, rows) + _note(note))


def _section(key: str, title: str, content: str) -> str:
    return f'<section id="{key}">\n<h2>{escape(title)}</h2>\n{content}\n</section>'


def _table(
    names: Sequence[str], rows: Sequence[Sequence[object]], is_pooled: Sequence[bool] | None = None
) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines: list[str] = []
    for number, row in enumerate(rows):
        kind = ' class="pooled"' if is_pooled is not None and is_pooled[number] else ""
        cells = "".join(f"<td>{escape(str(cell))}</td>" for cell in row)
        lines.append(f"<tr{kind}>{cells}</tr>")
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(lines) + "\n</table>"


def _picture(figure: Figure, text: str) -> str:
    content = BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    data = base64.b64encode(content.getvalue()).decode("ascii")
    return (
        f'<figure><img alt="{escape(text)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _mm(error_mm: float | None) -> str:
    return "-" if error_mm is None else f"{error_mm:.1f}"
