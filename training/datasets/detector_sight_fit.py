"""How well a real detector sees each joint: visibility, confidence, joints taken for the other's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.joint_sets import BODY_23

from .detector_model import CONFIDENCE_NODES, VISIBILITY_NODES, Fields, perfect_detector
from .detector_noise import (
    fading,
    normal_score,
    normal_share,
    place_between,
    read_between,
    smooth_over_time,
)
from .detector_residual import Residuals
from .detector_statistic import (
    autocorrelation,
    correlation_of_joints,
    fit_linear,
    fit_memory,
    halve,
    means_near,
    mixing_from,
    order_unreported,
    rank_scores,
    spread_of_clips,
)
from .detector_view import (
    NUM_SIGHT_TERMS,
    NUM_VIEW_TERMS,
    VIEW_TERM_SIGNS,
    BodyView,
    sight_reach,
    sight_terms,
)

JOINT_KINDS = sorted({tuple(sorted({j, BODY_23.mirror[j]})) for j in range(BODY_23.num_joints)})
"""Joints that are alike: left and right, or one in the middle."""

SIGHT_TERM_SIGNS = np.append(VIEW_TERM_SIGNS, np.ones(NUM_SIGHT_TERMS - NUM_VIEW_TERMS))

# A joint is mistaken where its mark is much nearer to the other side's joint, and those are apart.
_LEAST_APART, _MISTAKEN_SHARE = 0.15, 0.5
_REACH_SHARE = 0.95
_MEMORY_FRAMES = 10.0
_NO_TIME = np.array([1e-4])


def fit_sight(residuals: Residuals, view: BodyView) -> tuple[Fields, np.ndarray]:
    """The fields of visibility and report, and the visibility, flicker apart, (N,T,23)."""
    reach = sight_reach(residuals.fps)
    terms = smooth_over_time(sight_terms(view), reach=reach).transpose(2, 3, 0, 1)
    visibility = np.zeros(residuals.confidence.shape)
    chance = np.zeros(residuals.confidence.shape)
    is_used = np.zeros(BODY_23.num_joints, dtype=bool)
    found: dict[tuple[int, ...], Fields] = {}
    for kind in fitted_kinds(residuals):
        joints = list(kind)
        confidence = residuals.confidence[..., joints]
        score = rank_scores(order_unreported(confidence))
        steady = smooth_over_time(score.swapaxes(1, 2), reach=reach).swapaxes(1, 2)
        visibility[..., joints] = steady
        weights, expected = _fit_expected(score, terms[..., joints, :], kind)
        around, chance[..., joints] = _fit_chance(score, expected, residuals.fps)
        is_used[joints] = True
        found[kind] = {**_fit_report(confidence), "visibility_weights": weights, **around}
    flat = chance.reshape(-1, BODY_23.num_joints, 1)
    used = np.broadcast_to(is_used, flat.shape[:2])
    mixing = mixing_from(correlation_of_joints(flat, used))
    return {**merge_kinds(found), "visibility_mixing": mixing}, visibility


def fit_mistaken(residuals: Residuals, visibility: np.ndarray) -> tuple[Fields, np.ndarray]:
    """The fields of how often joints are mistaken, and where they are: (N,T,23) bool."""
    is_mistaken, is_apart = find_mistaken(residuals)
    found: dict[tuple[int, ...], Fields] = {}
    for kind in fitted_kinds(residuals):
        joints = list(kind)
        apart = is_apart[..., joints]
        if not is_mistaken[..., joints].any():
            continue
        distance = residuals.side_distance[..., joints][is_mistaken[..., joints]]
        found[kind] = {
            "mistaken": means_near(
                visibility[..., joints][apart], is_mistaken[..., joints][apart], VISIBILITY_NODES
            ),
            "mistaken_reach": np.array(np.quantile(distance, _REACH_SHARE)),
        }
    fields = merge_kinds(found)
    if is_mistaken.any():
        stays = (is_mistaken[:, 1:] & is_mistaken[:, :-1]).sum() / is_mistaken[:, :-1].sum()
        place = place_between(np.moveaxis(visibility, -1, 0), VISIBILITY_NODES)
        shares = np.moveaxis(read_between(fields["mistaken"], *place), 0, -1)
        usual = float(shares[is_mistaken].mean())
        fields["mistaken_seconds"] = np.array(_memory_of_crossing(stays, usual, residuals.fps))
    return fields, is_mistaken


def find_mistaken(residuals: Residuals) -> tuple[np.ndarray, np.ndarray]:
    """Where joints are put on the other side's, and where that could be told: (N,T,23) bool each."""
    mirror = list(BODY_23.mirror)
    place = residuals.place
    found = place + residuals.error
    own = np.linalg.norm(residuals.error, axis=-1)
    other = np.linalg.norm(found - place[..., mirror, :], axis=-1)
    is_known = residuals.is_known
    is_apart = is_known & is_known[..., mirror] & (residuals.side_distance > _LEAST_APART)
    return is_apart & (other < _MISTAKEN_SHARE * own), is_apart


def fitted_kinds(residuals: Residuals) -> list[tuple[int, ...]]:
    """The kinds of joints that any truth is known of."""
    return [kind for kind in JOINT_KINDS if residuals.is_marked[..., list(kind)].any()]


def merge_kinds(found: Mapping[tuple[int, ...], Fields]) -> Fields:
    """Fields (23,...) of what was found for the joints of each kind; of others a perfect detector's."""
    perfect = perfect_detector()
    names = dict.fromkeys(name for fields in found.values() for name in fields)
    merged = {name: np.array(getattr(perfect, name), dtype=float) for name in names}
    for kind, fields in found.items():
        for name, values in fields.items():
            merged[name][list(kind)] = values
    return merged


def side_signs(kind: tuple[int, ...], signs: np.ndarray) -> np.ndarray:
    """(S,K): ``signs`` (K,) for the right side, 1 for the left or the middle."""
    return np.stack([np.ones_like(signs), signs])[: len(kind)]


def _fit_report(confidence: np.ndarray) -> Fields:
    """``confidence`` and, where any is missing, ``unreported_below``."""
    fields = {"confidence": np.quantile(confidence, normal_share(CONFIDENCE_NODES))}
    share_unreported = (confidence <= 0).mean()
    if share_unreported > 0:
        fields["unreported_below"] = normal_score(share_unreported)
    return fields


def _fit_expected(
    score: np.ndarray, terms: np.ndarray, kind: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """``visibility_weights`` (S,13), and the scores that the view makes expect, (N,T,S)."""
    signs = side_signs(kind, SIGHT_TERM_SIGNS)
    terms = terms * signs
    weights = fit_linear(
        terms.reshape(-1, 1, NUM_SIGHT_TERMS),
        score.reshape(-1, 1),
        prior_spread=1.0,
        memory=_MEMORY_FRAMES,
        num_rounds=1,
    )
    if len(kind) == 1:
        weights = np.where(SIGHT_TERM_SIGNS > 0, weights, 0.0)
    return weights * signs, terms @ weights


def _fit_chance(score: np.ndarray, expected: np.ndarray, fps: float) -> tuple[Fields, np.ndarray]:
    """The fields of what chance does to the visibility, and that (N,T,S), of variance 1."""
    left = score - expected
    num_frames = halve(np.ones_like(left))
    spread, trust, means = spread_of_clips((halve(left) / num_frames)[..., None], num_frames)
    left = left - trust * means[:, None, :, 0]
    variance = means_near(expected.ravel(), left.ravel() ** 2, VISIBILITY_NODES)
    left = left / np.maximum(np.sqrt(np.interp(expected, VISIBILITY_NODES, variance)), 1e-6)
    # Where a joint is seen well, chance changes faster, but nothing hangs on it.
    memory = autocorrelation(left[..., None], expected < 0)
    _, seconds, share = fit_memory(memory, _NO_TIME, fps=fps)
    fields = {
        "clip_visibility": spread,
        "visibility_spread": np.sqrt(variance),
        "visibility_seconds": np.array(seconds),
        "flicker": np.array(1 - share),
    }
    return fields, left


def _memory_of_crossing(stays: float, share: float, fps: float) -> float:
    """Correlation time (s) of noise that stays among its lowest ``share`` with chance ``stays``."""
    limit = float(normal_score(np.array(share)))
    values = np.linspace(-6, limit, 400)
    density = np.exp(-(values**2) / 2)
    seconds = np.geomspace(0.005, 5.0, 400)
    correlation = fading(1 / (fps * seconds))[:, None]
    below = normal_share((limit - correlation * values) / np.sqrt(1 - correlation**2))
    chance = (below * density).sum(axis=1) / density.sum()
    return float(seconds[int(np.argmin(np.abs(chance - stays)))])
