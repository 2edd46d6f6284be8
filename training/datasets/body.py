"""Bodies of many proportions, made from motion of mean proportions; left and right are alike."""

from __future__ import annotations

import numpy as np

from core.proportion import HUMAN_BONE_LENGTHS

from .bvh import BODY_POINTS
from .view_config import ViewConfig

# What bones are called, whatever their side, and the spread (of the logarithm) of each on its own.
_BONE_SPREAD: dict[str, float] = {
    "hip": 0.12,
    "knee": 0.07,
    "ankle": 0.07,
    "spine": 0.07,
    "thorax": 0.07,
    "shoulder": 0.08,
    "elbow": 0.07,
    "wrist": 0.08,
    "nose": 0.08,
    "head": 0.08,
    "eye": 0.08,
    "ear": 0.08,
    "heel": 0.15,
    "toe": 0.12,
}
_KINDS = list(_BONE_SPREAD)
# What varies together: change of the logarithm of each length at one standard deviation. Beside it bones
# vary less on their own, so that each varies about as much in all.
_SHARE_ALONE = 0.7
_BUILDS: tuple[dict[str, float], ...] = (
    {"knee": 0.05, "ankle": 0.06, "elbow": 0.05, "wrist": 0.05, "spine": -0.04, "thorax": -0.04},
    {"elbow": 0.04, "wrist": 0.05},
    {"shoulder": 0.06, "hip": 0.06},
    {"shoulder": 0.05, "hip": -0.05},
)
_HEAD_SPREAD = 0.05
# A child of about four years against an adult, at the size of an adult.
_CHILD = {
    "knee": -0.15,
    "ankle": -0.15,
    "elbow": -0.08,
    "wrist": -0.08,
    "spine": 0.08,
    "thorax": 0.08,
    "nose": 0.05,
    "head": 0.05,
    "eye": 0.05,
    "ear": 0.05,
}
_CHILD_HEAD = 0.2
_LEAST_CHILD = 0.3

_POINT_KINDS = [name.split("_")[-1] for name in BODY_POINTS.joint_names]
_KIND_OF_BONE = [_KINDS.index(kind) for kind in _POINT_KINDS[1:]]
_EARS = BODY_POINTS.indices("left_ear", "right_ear")
_HEAD = [j for j, kind in enumerate(_POINT_KINDS) if kind in ("nose", "head", "eye", "ear")]


def vary_bodies(bodies: np.ndarray, config: ViewConfig, rng: np.random.Generator) -> np.ndarray:
    """Give each window a body of its own, as long in its limbs and trunk together as before.

    Bones vary alone and together (long limbs, broad shoulders, a child's proportions); the way that the
    pelvis goes is as much longer as the legs are, so that planted feet stay.

    Parameters
    ----------
    bodies : (N,T,27,3) array
        m, world space, of mean proportions.
    config : ViewConfig
    rng : numpy.random.Generator

    Returns
    -------
    (N,T,27,3) array
    """
    count = len(bodies)
    is_child = rng.random(count) < config.share_children
    child = np.where(is_child, rng.uniform(_LEAST_CHILD, 1.0, count), 0.0)
    logs = rng.normal(size=(count, len(_KINDS))) * list(_BONE_SPREAD.values()) * _SHARE_ALONE
    logs += rng.normal(size=(count, len(_BUILDS))) @ [_by_kind(build) for build in _BUILDS]
    logs *= config.body_spread
    logs += np.outer(child, _by_kind(_CHILD))
    factors = np.exp(logs)
    factors /= (factors @ _RULER)[:, None]
    legs = factors[:, [_KINDS.index("knee"), _KINDS.index("ankle")]].mean(axis=1)
    head_spread = config.body_spread * _HEAD_SPREAD
    heads = np.exp(rng.normal(size=count) * head_spread + child * _CHILD_HEAD)
    return _apply(bodies, factors, paths=legs, heads=heads)


def scale_bones(bodies: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale every bone of each body (N,T,27,3) by its own random factor; the pelvis stays put."""
    count = len(bodies)
    factors = np.exp(rng.normal(size=(count, len(_KINDS))) * list(_BONE_SPREAD.values()))
    return _apply(bodies, factors, paths=np.ones(count), heads=np.ones(count))


def _by_kind(changes: dict[str, float]) -> list[float]:
    return [changes.get(kind, 0.0) for kind in _KINDS]


def _ruler() -> np.ndarray:
    """(K,) share of each kind of bone in the length of limbs and trunk (core.lifting's ruler)."""
    trunk = {kind: HUMAN_BONE_LENGTHS[kind] for kind in ("spine", "thorax")}
    sides = ("hip", "shoulder", "knee", "ankle", "elbow", "wrist")
    both = {kind: 2 * HUMAN_BONE_LENGTHS[kind] for kind in sides}
    lengths = np.array(_by_kind(trunk | both))
    return lengths / lengths.sum()


_RULER = _ruler()


def _apply(
    bodies: np.ndarray, factors: np.ndarray, *, paths: np.ndarray, heads: np.ndarray
) -> np.ndarray:
    """Bodies with bones (``factors`` (N,K)), pelvis paths (N,) and heads (N,) so many times as large.

    The new points are sums of the old ones with weights that a whole window shares: one matrix product.
    """
    count, num_frames, num_points, _ = bodies.shape
    sizes = np.concatenate([paths[:, None], factors[:, _KIND_OF_BONE]], axis=1)
    weights = _PATH_OF @ (sizes[:, :, None] * _BONE_OF)
    ears = weights[:, _EARS].mean(axis=1, keepdims=True)
    weights[:, _HEAD] = ears + heads[:, None, None] * (weights[:, _HEAD] - ears)
    by_point = bodies.transpose(0, 2, 1, 3).reshape(count, num_points, -1)
    varied = weights.astype(bodies.dtype) @ by_point
    return varied.reshape(count, num_points, num_frames, 3).transpose(0, 2, 1, 3)


def _bone_matrices() -> tuple[np.ndarray, np.ndarray]:
    """(27,27) points to bones (the pelvis to itself), and bones to points."""
    to_bones = np.eye(BODY_POINTS.num_joints)
    to_points = np.eye(BODY_POINTS.num_joints)
    for joint, parent in enumerate(BODY_POINTS.parents):
        if parent >= 0:
            to_bones[joint, parent] = -1.0
            to_points[joint] += to_points[parent]
    return to_bones, to_points


_BONE_OF, _PATH_OF = _bone_matrices()
