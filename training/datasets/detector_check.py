"""Does a detector model err as the real detector does, on the same bodies? A table that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.joint_sets import BODY_23

from .detector_calibration import mean_run, redraw
from .detector_model import DetectorModel
from .detector_residual import Residuals
from .detector_sight_fit import find_mistaken, fitted_kinds
from .detector_statistic import autocorrelation

_SEEDS = (11, 12, 13, 14)
_DOUBT = 0.2
_LAGS = np.array([1, 10])
_CONFIDENCE_SHARES = np.linspace(0.05, 0.95, 10)
_HEADINGS = ("rms", "median", "90 %", "99 %", "lag 1", "lag 10", "mistaken", "doubt", "run")


def print_check(residuals: Residuals, model: DetectorModel) -> None:
    """Print statistics of the real detections and, below each, of the model on the same truth."""
    drawn = [redraw(residuals, model, seed) for seed in _SEEDS]
    print(f"{'mm; share; frames':17}" + "".join(f"{word:>9}" for word in _HEADINGS))
    _print_pairs(residuals, drawn, describe, _format)
    print("median error, mm, per tenth of the confidence (lowest first)")
    _print_pairs(
        residuals,
        drawn,
        error_by_confidence,
        lambda row: "".join(f"{1000 * value:7.0f}" for value in row),
    )
    print("quantiles of the confidence: 5, 15 ... 95 %")
    _print_pairs(
        residuals,
        drawn[:1],
        lambda each, kind: np.quantile(each.confidence[..., list(kind)], _CONFIDENCE_SHARES),
        lambda row: "".join(f"{value:7.2f}" for value in row),
    )


def describe(residuals: Residuals, kind: tuple[int, ...]) -> np.ndarray:
    """(9,) statistics of one kind of joints, as ``_HEADINGS`` names them.

    Error (m): root mean square, median, 90 %, 99 %; its correlation at 1 and 10 frames; the shares
    mistaken and in doubt (confidence below 0.2); the mean length of a doubt (frames).
    """
    joints = list(kind)
    known = residuals.is_known[..., joints]
    error = residuals.error[..., joints, :]
    size = np.linalg.norm(error, axis=-1)[known]
    lags = autocorrelation(error, known, _LAGS)
    is_mistaken, is_apart = find_mistaken(residuals)
    mistaken = is_mistaken[..., joints].sum() / max(is_apart[..., joints].sum(), 1)
    doubt = residuals.confidence[..., joints] < _DOUBT
    return np.array(
        [
            np.sqrt((size**2).mean()),
            *np.quantile(size, [0.5, 0.9, 0.99]),
            *lags,
            mistaken,
            doubt.mean(),
            mean_run(doubt),
        ]
    )


def error_by_confidence(residuals: Residuals, kind: tuple[int, ...]) -> np.ndarray:
    """(10,) m: median error of each tenth of the confidence."""
    joints = list(kind)
    known = residuals.is_known[..., joints]
    size = np.linalg.norm(residuals.error[..., joints, :], axis=-1)[known]
    order = np.argsort(residuals.confidence[..., joints][known], kind="stable")
    return np.array([np.median(size[part]) for part in np.array_split(order, 10)])


def _print_pairs(
    residuals: Residuals,
    drawn: Sequence[Residuals],
    measure: Callable[[Residuals, tuple[int, ...]], np.ndarray],
    show: Callable[[np.ndarray], str],
) -> None:
    """Two lines for each kind of joints: what is measured of the real detections, and of the model."""
    for kind in fitted_kinds(residuals):
        name = BODY_23.joint_names[kind[0]].removeprefix("left_")
        model_row = np.mean([measure(draw, kind) for draw in drawn], axis=0)
        print(f"{name:17}" + show(measure(residuals, kind)))
        print(f"{'  model':17}" + show(model_row))


def _format(row: np.ndarray) -> str:
    lengths = "".join(f"{1000 * value:9.0f}" for value in row[:4])
    shares = "".join(f"{value:9.2f}" for value in row[4:6])
    return f"{lengths}{shares}{row[6]:9.4f}{row[7]:9.3f}{row[8]:9.1f}"
