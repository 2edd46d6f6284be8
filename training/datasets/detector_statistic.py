"""What of a sample a detector model needs: robust fits, quantiles, memory, spread between clips.

Samples of one kind of joint are (N,T,S): clips, frames, sides (left, right).
"""

from __future__ import annotations

import numpy as np

from core.filters import neighbours

from .detector_model import CHANCE_NODES
from .detector_noise import fading, normal_score, place_between

_LEAST_NEIGHBOURS = 400
_LEAST_FRAMES = 20
_LONGEST_LAG = 60


def rank_scores(values: np.ndarray) -> np.ndarray:
    """Standard normal scores (any shape) by rank; equal values share the middle of their ranks."""
    flat = values.ravel()
    ordered = np.sort(flat)
    middle = np.searchsorted(ordered, flat, "left") + np.searchsorted(ordered, flat, "right")
    levels, where = np.unique(middle, return_inverse=True)
    return normal_score(levels / (2 * len(flat)))[where].reshape(values.shape)


def order_unreported(confidence: np.ndarray) -> np.ndarray:
    """``confidence`` (N,T,S), 0 replaced by less, by the number of frames to the nearest report.

    A joint is lost little by little: the middle of a gap is what the detector sees worst.
    """
    by_frame = confidence.swapaxes(0, 1)
    before, after = neighbours(by_frame > 0)
    num_frames = len(by_frame)
    frames = np.arange(num_frames)[:, None, None]
    since = np.where(before >= 0, frames - before, num_frames)
    until = np.where(after < num_frames, after - frames, num_frames)
    depth = np.minimum(since, until).swapaxes(0, 1)
    return np.where(confidence > 0, confidence, -depth.astype(float))


def fit_linear(
    design: np.ndarray,
    values: np.ndarray,
    *,
    prior_spread: float,
    memory: float,
    num_rounds: int = 8,
) -> np.ndarray:
    """(K,) weights of ``design`` (n,C,K) that give ``values`` (n,C), robust to outliers.

    Least squares in the first round, then with Cauchy weights by the length over C. The weights are
    normal around 0 with ``prior_spread`` a priori, and ``memory`` samples in a row count as one.
    """
    weight = np.ones(len(values))
    solution = np.zeros(design.shape[-1])
    for _ in range(num_rounds):
        weighted = design * weight[:, None, None]
        normal = np.einsum("nck,ncl->kl", weighted, design, optimize=True)
        moment = np.einsum("nck,nc->k", weighted, values)
        left = ((values - design @ solution) ** 2).sum(axis=-1)
        ridge = memory * float((weight * left).mean()) / (values.shape[1] * prior_spread**2)
        solution = np.linalg.solve(normal + ridge * np.eye(len(moment)), moment)
        length = ((values - design @ solution) ** 2).sum(axis=-1)
        scale = 4.0 * np.median(length)
        weight = 1 / (1 + length / max(scale, 1e-12))
    return solution


def spread_of_clips(
    halves: np.ndarray, num_frames: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What clips differ by, from two estimates of each that err independently.

    Parameters
    ----------
    halves : (N,2,S,K) array
        Estimates from each half of a clip's frames.
    num_frames : (N,2,S) array
        What each rests on: its weight; one that rests on less than 20 is left out.

    Returns
    -------
    spread, share, means
        (K,) standard deviation of what both halves have in common; (K,) 0..1, how much of the
        variance of a clip's mean that is: how far to trust it; (N,S,K) the clips' means.
    """
    is_there = (num_frames >= _LEAST_FRAMES)[..., None]
    means = (halves * is_there).sum(axis=1) / np.maximum(is_there.sum(axis=1), 1)
    weight = np.where(is_there, num_frames[..., None], 0.0).min(axis=1)
    weight = weight / np.maximum(weight.sum(axis=(0, 1)), 1e-12)
    common = np.maximum((halves[:, 0] * halves[:, 1] * weight).sum(axis=(0, 1)), 0.0)
    total = (means**2 * weight).sum(axis=(0, 1))
    return np.sqrt(common), np.minimum(common / np.maximum(total, 1e-12), 1.0), means


def halve(values: np.ndarray) -> np.ndarray:
    """(N,2,S,...) sums of ``values`` (N,T,S,...) over the halves of the frames."""
    middle = values.shape[1] // 2
    return np.stack([values[:, :middle].sum(axis=1), values[:, middle:].sum(axis=1)], axis=1)


def quantiles_near(
    places: np.ndarray, values: np.ndarray, nodes: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """(V,R) quantiles ``shares`` of ``values`` (n,) whose ``places`` (n,) are near each node."""
    return np.stack([np.quantile(near, shares) for near in _values_near(places, values, nodes)])


def means_near(places: np.ndarray, values: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """(V,) means of ``values`` (n,) whose ``places`` (n,) are near each node."""
    return np.array([near.mean() for near in _values_near(places, values, nodes)])


def read_rows(table: np.ndarray, places: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """(n,R) rows of ``table`` (V,R) at ``places`` (n,), linear between the nodes."""
    lower, share = place_between(places, nodes)
    return table[lower] + share[:, None] * (table[lower + 1] - table[lower])


def chance_shares() -> np.ndarray:
    """(R,) share of unit normal vectors in the plane that are shorter than ``CHANCE_NODES``."""
    return 1 - np.exp(-(CHANCE_NODES**2) / 2)


def chance_of(sizes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Where on ``CHANCE_NODES`` errors (n,) lie whose own sizes at those nodes are ``rows`` (n,R)."""
    above = np.clip((rows <= sizes[:, None]).sum(axis=-1), 1, rows.shape[1] - 1)
    samples = np.arange(len(sizes))
    low, high = rows[samples, above - 1], rows[samples, above]
    share = np.clip((sizes - low) / np.maximum(high - low, 1e-9), 0, 1)
    return CHANCE_NODES[above - 1] + share * (CHANCE_NODES[1] - CHANCE_NODES[0])


def autocorrelation(
    values: np.ndarray, is_known: np.ndarray, lags: np.ndarray | None = None
) -> np.ndarray:
    """(L,) correlation over time of ``values`` (N,T,S,C) of mean 0, at ``lags`` (1, 2, ... frames)."""
    known = np.where(is_known[..., None], values, 0.0)
    if lags is None:
        lags = np.arange(1, min(_LONGEST_LAG, values.shape[1] - 1) + 1)
    result = np.zeros(len(lags))
    for row, lag in enumerate(lags):
        both = (is_known[:, lag:] & is_known[:, :-lag])[..., None]
        first, second = known[:, lag:] * both, known[:, :-lag] * both
        power = np.sqrt((first**2).sum() * (second**2).sum())
        result[row] = (first * second).sum() / max(power, 1e-12)
    return result


def fit_memory(
    correlation: np.ndarray, quick_times: np.ndarray, *, fps: float
) -> tuple[float, float, float]:
    """Quick and slow correlation time (s) and the slow share that give ``correlation`` at lags 1, 2 ...

    By least squares over ``quick_times`` and longer ones; short lags count more.
    """
    seconds = np.arange(1, len(correlation) + 1) / fps
    weight = 1 / seconds
    best = (np.inf, 0.0, 0.0, 0.0)
    for quick in quick_times.tolist():
        fast = fading(seconds / quick)
        for slow in np.geomspace(max(0.03, 2.5 * quick), 6.0, 40).tolist():
            rest = fading(seconds / slow) - fast
            share = (weight * rest * (correlation - fast)).sum() / (weight * rest**2).sum()
            share = float(np.clip(share, 0.0, 1.0))
            miss = float((weight * (correlation - fast - share * rest) ** 2).sum())
            if miss < best[0]:
                best = (miss, quick, slow, share)
    return best[1:]


def correlation_of_joints(values: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """(J,J) correlation between joints of ``values`` (n,J,C) of mean 0, where both are known."""
    known = np.where(is_known[..., None], values, 0.0)
    product = np.einsum("njc,nkc->jk", known, known, optimize=True)
    power = np.einsum("njc,nk->jk", known**2, is_known.astype(float), optimize=True)
    return product / np.maximum(np.sqrt(power * power.T), 1e-12)


def mixing_from(correlation: np.ndarray) -> np.ndarray:
    """(J,J) lower triangle with rows of unit length whose products are nearly ``correlation``."""
    power, directions = np.linalg.eigh((correlation + correlation.T) / 2)
    positive = (directions * np.maximum(power, 1e-3)) @ directions.T
    size = np.sqrt(np.diag(positive))
    return np.linalg.cholesky(positive / np.outer(size, size))


def _values_near(places: np.ndarray, values: np.ndarray, nodes: np.ndarray) -> list[np.ndarray]:
    """Per node, the values up to half-way to the next one; further ones too if they are few."""
    half_width = (nodes[1] - nodes[0]) / 2
    places = np.clip(places, nodes[0], nodes[-1])
    last = min(_LEAST_NEIGHBOURS, len(places)) - 1
    near: list[np.ndarray] = []
    for node in nodes:
        distance = np.abs(places - node)
        near.append(values[distance <= max(half_width, np.partition(distance, last)[last])])
    return near
