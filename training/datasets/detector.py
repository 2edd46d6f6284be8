"""What a 2D detector makes of a body: errors, confidence, dropouts, as fitted to real detections.

Each joint has a visibility, a standard normal score that follows from the view (turned away, hidden,
moving) and from chance. It settles the confidence and how large the error is; the error has its own
chance, slow and quick parts, and a bias that turns with the body. Joints taken for the other side's
are drawn apart. The numbers are in ``detector.json``, which ``detector_fit`` writes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.joint_sets import BODY_23

from .detector_model import CHANCE_NODES, CONFIDENCE_NODES, VISIBILITY_NODES, DetectorModel
from .detector_noise import (
    draw_unit_noise,
    normal_score,
    place_between,
    read_between,
    smooth_over_time,
)
from .detector_view import JOINTS_OF_PART, BodyView, expect_visibility, see_body, sight_reach, weigh

_NUM_JOINTS = BODY_23.num_joints
_MIRROR = list(BODY_23.mirror)
_LEAST_DEPTH, _LEAST_CONFIDENCE = 0.3, 1e-3


def _limb_of(joint: str) -> str:
    """What is mistaken as one: an arm, a leg below the hip, otherwise a joint by itself.

    In the fitted footage the wrist is mistaken too in 72 % of the frames in which the elbow is, the
    ankle in 75 % of those in which the knee is.
    """
    side, _, part = joint.partition("_")
    if part in ("shoulder", "elbow", "wrist"):
        return f"{side} arm"
    return f"{side} leg" if part in ("knee", "ankle", "big_toe", "small_toe", "heel") else joint


_LIMBS = sorted({_limb_of(joint) for joint in BODY_23.joint_names})
_LIMB_OF_JOINT = [_LIMBS.index(_limb_of(joint)) for joint in BODY_23.joint_names]


@dataclass(frozen=True, slots=True)
class DetectorVariety:
    """How other people's detectors and footage differ from the fitted one: assumed, not measured.

    The fit knows one detector at one resolution in one studio, whose clips differ little (log-size
    0.15). ``level_spread``: standard deviation of the logarithm of the error's size, per clip;
    ``visibility_spread``: of the visibility of all joints, per clip; ``power_spread``: confidence is
    raised to a power, this is the standard deviation of its logarithm; ``least_top``: confidence is
    scaled by least_top..1; ``share_strict``: share of clips whose detector reports nothing below a
    confidence of up to ``most_strict``.
    """

    level_spread: float = 0.35
    visibility_spread: float = 0.3
    power_spread: float = 0.4
    least_top: float = 0.7
    share_strict: float = 0.4
    most_strict: float = 0.3


AS_FITTED = DetectorVariety(0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
"""The very detector of the fit."""


def detect(
    marked: np.ndarray,
    model: DetectorModel,
    rng: np.random.Generator,
    *,
    fps: float,
    variety: DetectorVariety | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What the detector reports of bodies in motion.

    Parameters
    ----------
    marked : (N,T,23,3) array
        m, camera space, z forward: the true points of the ``BODY_23`` joints.
    model : DetectorModel
    rng : numpy.random.Generator
    fps : float
        Hz.
    variety : DetectorVariety, optional
        How clips differ; the default is that of training.

    Returns
    -------
    rays, confidence
        (N,T,23,2) x/z and y/z; (N,T,23) 0..1, 0 where nothing is reported (its ray is there all the
        same); float32.
    """
    variety = variety or DetectorVariety()
    points = np.ascontiguousarray(marked.transpose(3, 2, 0, 1), dtype=np.float32)
    view = see_body(points, fps=fps)
    visibility, flickering = _draw_visibility(view, model, variety, rng, fps)
    x, y, z = points + _bias(view, model, rng)
    depth = np.maximum(z, _LEAST_DEPTH)
    rays = np.stack([x / depth, y / depth])
    place = place_between(visibility, VISIBILITY_NODES)
    to_other = rays[:, _MIRROR] - rays
    reach = _planes(model.mistaken_reach) / view.depth
    is_near = to_other[0] ** 2 + to_other[1] ** 2 < reach**2
    rays += to_other * (_draw_mistaken(place, model, rng, fps) * is_near)
    rays += _draw_error(view, place, model, variety, rng, fps) / view.depth
    confidence = _report(flickering, model, variety, rng)
    return np.ascontiguousarray(rays.transpose(2, 3, 1, 0)), confidence.transpose(1, 2, 0).copy()


def _draw_visibility(
    view: BodyView,
    model: DetectorModel,
    variety: DetectorVariety,
    rng: np.random.Generator,
    fps: float,
) -> tuple[np.ndarray, np.ndarray]:
    """(23,N,T) standard normal scores of how well each joint is seen, without and with flicker."""
    expected = expect_visibility(view, model.visibility_weights)
    expected = smooth_over_time(expected, reach=sight_reach(fps))
    seconds = np.stack([model.visibility_seconds] * 2, axis=-1)
    no_share = np.zeros(_NUM_JOINTS)
    mixing = model.visibility_mixing
    noise = draw_unit_noise(expected.shape, seconds, no_share, mixing, rng, fps=fps)
    spread = read_between(model.visibility_spread, *place_between(expected, VISIBILITY_NODES))
    of_clip = mixing @ rng.standard_normal(expected.shape[:2]) * model.clip_visibility[:, None]
    of_clip += rng.standard_normal(expected.shape[1]) * variety.visibility_spread
    expected += of_clip[..., None].astype(np.float32)
    noise *= np.sqrt(1 - _planes(model.flicker))
    # Even chances of the same variance are cheaper than normal ones.
    flicker = rng.random(noise.shape, dtype=np.float32) - np.float32(0.5)
    flicker *= np.sqrt(12 * _planes(model.flicker))
    return expected + spread * noise, expected + spread * (noise + flicker)


def _bias(view: BodyView, model: DetectorModel, rng: np.random.Generator) -> np.ndarray:
    """(3,23,N,T) m, camera space: where the detector's joint is not the body's."""
    count, num_frames = view.depth.shape
    of_clip = rng.standard_normal((3, _NUM_JOINTS, count, 1), dtype=np.float32)
    of_clip *= model.clip_bias.T[..., None, None]
    bias = np.zeros((3, _NUM_JOINTS, count, num_frames), dtype=np.float32)
    for part, joints in enumerate(JOINTS_OF_PART):
        for axis in range(3):
            along = weigh(view.view_terms[part], model.view_bias[joints, axis])
            along += of_clip[axis, joints]
            for component in range(3):
                bias[component, joints] += view.axes[part, axis, component] * along
    return bias


def _draw_mistaken(
    place: tuple[np.ndarray, np.ndarray], model: DetectorModel, rng: np.random.Generator, fps: float
) -> np.ndarray:
    """(23,N,T) 0..1: how far joints are put from their own place to the other side's.

    ``place`` of the visibility between ``VISIBILITY_NODES``.
    """
    num_limbs = len(_LIMBS)
    noise = draw_unit_noise(
        (num_limbs, *place[0].shape[1:]),
        np.full((num_limbs, 2), model.mistaken_seconds),
        np.zeros(num_limbs),
        np.eye(num_limbs),
        rng,
        fps=fps,
    )
    limit = read_between(normal_score(model.mistaken), *place)
    is_mistaken = noise[_LIMB_OF_JOINT] < limit
    return smooth_over_time(is_mistaken.astype(np.float32), reach=1)


def _draw_error(
    view: BodyView,
    place: tuple[np.ndarray, np.ndarray],
    model: DetectorModel,
    variety: DetectorVariety,
    rng: np.random.Generator,
    fps: float,
) -> np.ndarray:
    """(2,23,N,T) m across the view; ``place`` as above."""
    row, row_share = place
    noise = draw_unit_noise(
        (2, *row.shape),
        model.error_seconds,
        model.error_slow_share,
        model.error_mixing,
        rng,
        fps=fps,
    )
    chance = np.sqrt(noise[0] ** 2 + noise[1] ** 2)
    column, column_share = place_between(chance, CHANCE_NODES)
    table = model.error.reshape(_NUM_JOINTS, -1)
    at = row * len(CHANCE_NODES) + column
    size = read_between(table, at, column_share)
    size += row_share * (read_between(table, at + len(CHANCE_NODES), column_share) - size)
    count = row.shape[1]
    level = rng.standard_normal(count) * variety.level_spread
    level = level + rng.standard_normal((_NUM_JOINTS, count)) * model.clip_level[:, None]
    size *= np.exp(view.speed * _planes(model.speed_power) + level[..., None].astype(np.float32))
    size /= np.maximum(chance, 1e-6)
    return noise * size


def _report(
    visibility: np.ndarray,
    model: DetectorModel,
    variety: DetectorVariety,
    rng: np.random.Generator,
) -> np.ndarray:
    """(23,N,T) confidence, 0 where the detector reports nothing."""
    clips = (visibility.shape[1], 1)
    score = read_between(model.confidence, *place_between(visibility, CONFIDENCE_NODES))
    is_strict = rng.uniform(size=clips) < variety.share_strict
    least = rng.uniform(0, variety.most_strict, clips) * is_strict
    is_reported = visibility >= _planes(model.unreported_below)
    is_reported &= score >= least.astype(np.float32)
    power = np.exp(rng.normal(size=clips) * variety.power_spread)
    top = rng.uniform(variety.least_top, 1.0, clips)
    score **= power.astype(np.float32)
    score *= top.astype(np.float32)
    return np.where(is_reported, np.maximum(score, _LEAST_CONFIDENCE), np.float32(0))


def _planes(of_joints: np.ndarray) -> np.ndarray:
    return of_joints[:, None, None]
