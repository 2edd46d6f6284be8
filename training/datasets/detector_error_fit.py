"""How far off a real detector's joints are: biases that turn with the body, chance and its memory."""

from __future__ import annotations

import numpy as np

from core.joint_sets import BODY_23

from .detector_model import VISIBILITY_NODES, Fields
from .detector_residual import Residuals
from .detector_sight_fit import fitted_kinds, merge_kinds, side_signs
from .detector_statistic import (
    autocorrelation,
    chance_of,
    chance_shares,
    correlation_of_joints,
    fit_linear,
    fit_memory,
    halve,
    mixing_from,
    quantiles_near,
    read_rows,
    spread_of_clips,
)
from .detector_view import NUM_VIEW_TERMS, PART_OF_JOINT, VIEW_TERM_SIGNS, BodyView

_AXIS_SIGNS = np.array([-1.0, 1.0, 1.0])
_BIAS_SIGNS = np.outer(_AXIS_SIGNS, VIEW_TERM_SIGNS).ravel()
_MEMORY_FRAMES = 10.0
_QUICK_TIMES = np.geomspace(0.01, 0.5, 20)
_BIAS_PRIOR = 0.03
_LEAST_ERROR = 0.001
_LEAST_VIEW = 0.05


def fit_error(
    residuals: Residuals, view: BodyView, visibility: np.ndarray, is_mistaken: np.ndarray
) -> Fields:
    """The fields of bias and error, given the visibility and what is mistaken (N,T,23)."""
    is_known = residuals.is_known & ~is_mistaken
    chance = np.zeros_like(residuals.error)
    found: dict[tuple[int, ...], Fields] = {}
    for kind in fitted_kinds(residuals):
        joints = list(kind)
        known, seen = is_known[..., joints], visibility[..., joints]
        left = residuals.error[..., joints, :]
        view_bias, explained = _fit_view_bias(residuals, view, kind, _precision(left, seen, known))
        left = left - explained
        clip_bias, lasting = _fit_clip_bias(
            residuals, view, kind, left, _precision(left, seen, known)
        )
        speed = view.speed[joints].transpose(1, 2, 0)
        sizes, chance[..., joints, :] = _fit_sizes(left - lasting, seen, speed, known)
        memory = autocorrelation(chance[..., joints, :], known & (seen < 0))
        *seconds, slow_share = fit_memory(memory, _QUICK_TIMES, fps=residuals.fps)
        found[kind] = {
            "view_bias": view_bias,
            "clip_bias": clip_bias,
            **sizes,
            "error_seconds": np.array(seconds),
            "error_slow_share": np.array(slow_share),
        }
    flat = chance.reshape(-1, BODY_23.num_joints, 2)
    correlation = correlation_of_joints(flat, is_known.reshape(flat.shape[:2]))
    return {**merge_kinds(found), "error_mixing": mixing_from(correlation)}


def _precision(left: np.ndarray, visibility: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(N,T,S) weight of each error in a mean: large where the visibility makes errors small.

    1 for a joint whose errors are the smallest, 0 where nothing is known.
    """
    size = np.linalg.norm(left, axis=-1)
    medians = quantiles_near(visibility[known], size[known], VISIBILITY_NODES, np.array([0.5]))
    usual = np.maximum(np.interp(visibility, VISIBILITY_NODES, medians[:, 0]), 1e-6)
    return known * (usual.min() / usual) ** 2


def _fit_view_bias(
    residuals: Residuals,
    view: BodyView,
    kind: tuple[int, ...],
    weight: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """``view_bias`` (S,3,9), and what it explains of the error, (N,T,S,2) m."""
    signs = side_signs(kind, _BIAS_SIGNS)
    terms = view.view_terms[PART_OF_JOINT[kind[0]]].transpose(1, 2, 0)
    design = np.stack(
        [
            (across[..., None] * terms[:, :, None, None, :]).reshape(*across.shape[:3], -1) * sign
            for across, sign in zip(_axes_across(residuals, view, kind), signs, strict=True)
        ],
        axis=2,
    )
    known = weight > 0
    root = np.sqrt(weight[known])[:, None]
    weights = fit_linear(
        design[known] * root[..., None],
        residuals.error[..., list(kind), :][known] * root,
        prior_spread=_BIAS_PRIOR,
        memory=_MEMORY_FRAMES,
    )
    if len(kind) == 1:
        weights = np.where(_BIAS_SIGNS > 0, weights, 0.0)
    return (weights * signs).reshape(-1, 3, NUM_VIEW_TERMS), design @ weights


def _fit_clip_bias(
    residuals: Residuals,
    view: BodyView,
    kind: tuple[int, ...],
    left: np.ndarray,
    weight: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """``clip_bias`` (3,), and what of ``left`` stays for a whole clip, (N,T,S,2) m."""
    across = np.stack(list(_axes_across(residuals, view, kind)), axis=2)
    across = across * side_signs(kind, _AXIS_SIGNS)[:, None, :]
    size = np.linalg.norm(left, axis=-1) * np.sqrt(weight)
    scale = np.median(size[weight > 0])
    weight = weight / (1 + (size / max(2 * scale, 1e-6)) ** 2)
    power = halve(np.einsum("ntscj,ntsck,nts->ntsjk", across, across, weight))
    moment = halve(np.einsum("ntscj,ntsc,nts->ntsj", across, left, weight))
    num_frames = halve(weight)
    # Some view of each axis is needed before an offset along it counts.
    ridge = np.maximum(_LEAST_VIEW * num_frames, 1e-9)[..., None, None] * np.eye(3)
    bias = np.linalg.solve(power + ridge, moment[..., None])[..., 0]
    spread, trust, means = spread_of_clips(bias, num_frames)
    return spread, np.einsum("ntscj,nsj->ntsc", across, means * trust)


def _fit_sizes(
    left: np.ndarray, visibility: np.ndarray, speed: np.ndarray, known: np.ndarray
) -> tuple[Fields, np.ndarray]:
    """``error``, ``speed_power`` and ``clip_level``, and the chance (N,T,S,2), unit normal."""
    size = np.linalg.norm(left, axis=-1)
    logarithm = np.log(np.maximum(size, _LEAST_ERROR))
    median = quantiles_near(visibility[known], logarithm[known], VISIBILITY_NODES, np.array([0.5]))
    level = logarithm - np.interp(visibility, VISIBILITY_NODES, median[:, 0])
    centred = speed - speed[known].mean()
    power = (centred * level)[known].sum() / (centred**2)[known].sum()
    level = level - power * centred
    num_frames = halve(known.astype(float))
    sums = halve((level - level[known].mean()) * known)
    halves = (sums / np.maximum(num_frames, 1))[..., None]
    spread, trust, means = spread_of_clips(halves, num_frames)
    usual = size / np.exp(power * speed + trust * means[:, None, :, 0])
    table = quantiles_near(visibility[known], usual[known], VISIBILITY_NODES, chance_shares())
    table[:, 0] = 0.0
    chance = np.zeros_like(size)
    chance[known] = chance_of(usual[known], read_rows(table, visibility[known], VISIBILITY_NODES))
    fields = {"error": table, "speed_power": power, "clip_level": spread}
    return fields, left * (chance / np.maximum(size, 1e-9))[..., None]


def _axes_across(residuals: Residuals, view: BodyView, kind: tuple[int, ...]) -> list[np.ndarray]:
    """For each joint (N,T,2,3): how the mark moves per metre along its part's three axes."""
    axes = view.axes[PART_OF_JOINT[kind[0]]].transpose(2, 3, 1, 0)
    moved: list[np.ndarray] = []
    for joint in kind:
        point = residuals.marked[..., joint, :]
        rays = point[..., :2] / point[..., 2:]
        across = axes[..., :2, :] - rays[..., :, None] * axes[..., 2:, :]
        moved.append(across * (residuals.depth / point[..., 2])[..., None, None])
    return moved
