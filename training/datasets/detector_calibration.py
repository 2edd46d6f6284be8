"""The last step of a fit: what a model's parts do together, tuned until its clips last as real ones do.

Each part is fitted by itself; together they change a little faster than real detections. Times and
shares are chosen by drawing from the model on the same bodies (indirect inference).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .detector import AS_FITTED, detect
from .detector_model import DetectorModel
from .detector_residual import Residuals, error_from_rays
from .detector_sight_fit import find_mistaken, fitted_kinds
from .detector_statistic import autocorrelation

_SEEDS = (0, 1)
# Mistakes are rare: more draws tell how many there are.
_MORE_SEEDS = tuple(range(10))
_LOW = 0.3
_FLICKERS = (1.0, 0.4, 0.0)
_SLOWER = (1.0, 1.5, 2.2)
_MISTAKEN_SECONDS = (0.05, 0.1, 0.17, 0.3, 0.5, 0.8)
_QUICK_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
_MOST_MISTAKEN = 0.9


def calibrate(residuals: Residuals, model: DetectorModel) -> DetectorModel:
    """``model`` with times and shares that give the runs and correlations of ``residuals``."""
    model = _calibrate_visibility(residuals, model)
    is_mistaken, _ = find_mistaken(residuals)
    if not is_mistaken.any():
        return _calibrate_memory(residuals, model)
    model = _calibrate_mistaken_runs(residuals, model, is_mistaken)
    model = _calibrate_mistaken_share(residuals, model, is_mistaken)
    model = _calibrate_memory(residuals, model)
    # How long errors last bears on which of them are told to be mistakes.
    return _calibrate_mistaken_share(residuals, model, is_mistaken)


def redraw(residuals: Residuals, model: DetectorModel, seed: int) -> Residuals:
    """What the model reports of the same bodies, where the real detector knows the joint."""
    rays, confidence = detect(
        residuals.marked,
        model,
        np.random.default_rng(seed),
        fps=residuals.fps,
        variety=AS_FITTED,
    )
    return replace(
        residuals,
        error=error_from_rays(rays, residuals.marked),
        confidence=np.where(residuals.confidence.any(axis=(0, 1)), confidence, 0.0),
    )


def mean_run(is_so: np.ndarray) -> float:
    """Mean number of frames that (N,T,S) bool stays true; 0 where it never is."""
    num_runs = is_so[:, :1].sum() + (is_so[:, 1:] & ~is_so[:, :-1]).sum()
    return float(is_so.sum() / max(num_runs, 1))


def quick_correlation(residuals: Residuals, kind: tuple[int, ...]) -> float:
    """Correlation of a kind's errors from one frame to the next."""
    joints = list(kind)
    known = residuals.is_known[..., joints]
    return float(autocorrelation(residuals.error[..., joints, :], known, np.array([1]))[0])


def _calibrate_visibility(residuals: Residuals, model: DetectorModel) -> DetectorModel:
    def low_run(drawn: Residuals, kind: tuple[int, ...]) -> float:
        confidence = drawn.confidence[..., list(kind)]
        return np.log(mean_run(confidence < np.quantile(confidence, _LOW)) + 0.1)

    variants = [
        replace(
            model,
            flicker=model.flicker * flicker,
            visibility_seconds=model.visibility_seconds * slower,
        )
        for slower in _SLOWER
        for flicker in _FLICKERS
    ]
    return _take_best(residuals, variants, low_run, ("flicker", "visibility_seconds"))


def _calibrate_mistaken_runs(
    residuals: Residuals, model: DetectorModel, is_mistaken: np.ndarray
) -> DetectorModel:
    variants = [replace(model, mistaken_seconds=np.array(seconds)) for seconds in _MISTAKEN_SECONDS]
    runs = [
        np.mean([mean_run(find_mistaken(redraw(residuals, each, seed))[0]) for seed in _SEEDS])
        for each in variants
    ]
    return variants[int(np.argmin(np.abs(np.array(runs) - mean_run(is_mistaken))))]


def _calibrate_mistaken_share(
    residuals: Residuals, model: DetectorModel, is_mistaken: np.ndarray
) -> DetectorModel:
    drawn = np.mean(
        [find_mistaken(redraw(residuals, model, seed))[0] for seed in _MORE_SEEDS], axis=0
    )
    mistaken = np.array(model.mistaken)
    for kind in fitted_kinds(residuals):
        joints = list(kind)
        more = is_mistaken[..., joints].mean() / max(drawn[..., joints].mean(), 1e-6)
        mistaken[joints] = np.minimum(mistaken[joints] * np.clip(more, 0.3, 3.0), _MOST_MISTAKEN)
    return replace(model, mistaken=mistaken)


def _calibrate_memory(residuals: Residuals, model: DetectorModel) -> DetectorModel:
    variants = [
        replace(model, error_slow_share=1 - (1 - model.error_slow_share) * kept)
        for kept in _QUICK_SHARES
    ]
    return _take_best(residuals, variants, quick_correlation, ("error_slow_share",))


def _take_best(
    residuals: Residuals,
    variants: Sequence[DetectorModel],
    measure: Callable[[Residuals, tuple[int, ...]], float],
    names: Sequence[str],
) -> DetectorModel:
    """The first of ``variants`` with the fields ``names`` of that, per kind, whose measure fits best."""
    kinds = fitted_kinds(residuals)
    measured = np.zeros((len(variants), len(kinds)))
    for row, variant in enumerate(variants):
        for seed in _SEEDS:
            drawn = redraw(residuals, variant, seed)
            measured[row] += [measure(drawn, kind) / len(_SEEDS) for kind in kinds]
    wanted = np.array([measure(residuals, kind) for kind in kinds])
    best = np.argmin(np.abs(measured - wanted), axis=0)
    fields = {name: np.array(getattr(variants[0], name)) for name in names}
    for kind, row in zip(kinds, best.tolist(), strict=True):
        for name, values in fields.items():
            values[list(kind)] = getattr(variants[row], name)[list(kind)]
    return replace(variants[0], **fields)
