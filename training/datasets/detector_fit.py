"""Fit a detector model to real detections: ``python -m training.datasets.detector_fit --help``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.joint_sets import BODY_23

from .detector_calibration import calibrate
from .detector_check import print_check
from .detector_error_fit import fit_error
from .detector_model import DetectorModel, perfect_detector, write_detector
from .detector_residual import Residuals, read_residuals
from .detector_sight_fit import fit_mistaken, fit_sight, fitted_kinds
from .detector_view import see_body

# Assumed: a foot's keypoints err as their ankle does, and partly together with it. No detection of
# feet with a truth may be learned from.
_FOOT_TIE = 0.7


def fit_detector(residuals: Residuals) -> DetectorModel:
    """The detector model that explains ``residuals`` best; joints without a truth err as their ankle."""
    view = see_body(residuals.points, fps=residuals.fps)
    sight, visibility = fit_sight(residuals, view)
    mistaken, is_mistaken = fit_mistaken(residuals, visibility)
    error = fit_error(residuals, view, visibility, is_mistaken)
    fitted = calibrate(residuals, replace(perfect_detector(), **sight, **mistaken, **error))
    return _with_feet(residuals, fitted)


def _with_feet(residuals: Residuals, model: DetectorModel) -> DetectorModel:
    """``model`` whose feet, of which nothing is known, are like the ankles."""
    fields = {field.name: np.array(getattr(model, field.name)) for field in fields_of(model)}
    known = {joint for kind in fitted_kinds(residuals) for joint in kind}
    for joint, name in enumerate(BODY_23.joint_names):
        if joint in known or not name.endswith(("toe", "heel")):
            continue
        ankle = BODY_23.index(name.split("_")[0] + "_ankle")
        for key, values in fields.items():
            if key.endswith("_mixing"):
                values[joint] = _FOOT_TIE * values[ankle]
                values[joint, joint] = np.sqrt(1 - _FOOT_TIE**2)
            elif values.ndim > 0:
                values[joint] = values[ankle]
    return DetectorModel(**fields)


def print_model(model: DetectorModel) -> None:
    """The fitted numbers of every joint, in words and millimetres."""
    print(
        f"{'joint':17}{'clip bias':>10}{'view bias':>10}{'error at visibility -2 / 0 / 1':>32}"
        f"{'1 in 100':>9}{'speed':>7}{'memory':>8}{'level':>7}{'mistaken':>9}"
    )
    for joint, name in enumerate(BODY_23.joint_names):
        if name.startswith("right") or name.endswith(("toe", "heel")):
            continue
        bias, turn = model.clip_bias[joint], model.view_bias[joint][:, 1:]
        middle = 1000 * (
            model.error[joint, [1, 5, 7], 2] * 0.65 + model.error[joint, [1, 5, 7], 3] * 0.35
        )
        print(
            f"{name:17}{1000 * np.linalg.norm(bias):7.0f} mm{1000 * np.linalg.norm(turn):7.0f} mm"
            f"{middle[0]:19.0f} / {middle[1]:.0f} / {middle[2]:3.0f} mm"
            f"{1000 * model.error[joint, 5, 6]:6.0f} mm{model.speed_power[joint]:7.2f}"
            f"{model.error_seconds[joint, 0]:6.2f} s{model.clip_level[joint]:7.2f}"
            f"{100 * model.mistaken[joint, 1]:7.1f} %"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description="Fit the detector model of the synthetic views.")
    parser.add_argument("--data", type=Path, required=True, help="the data folder's real/")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    parser.add_argument("--check", action="store_true", help="compare the model with the data")
    options = parser.parse_args(arguments)
    residuals = read_residuals(options.data)
    model = fit_detector(residuals)
    print_model(model)
    if options.check:
        print_check(residuals, model)
    if options.output is not None:
        write_detector(options.output, model)


if __name__ == "__main__":
    main()
