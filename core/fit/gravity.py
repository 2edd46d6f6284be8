"""Which way is down in a camera's view: three kinds of evidence, weighed against each other.

What the network says of each frame; balance (on average the centre of mass of someone who stands is
above the feet that carry it); and the ground (feet that stand, wherever they are, are equally high).
The first is there in every clip, the second needs feet that stand, the third someone who walks about.
"""

from __future__ import annotations

import numpy as np

from ..geometry.swing_twist import normalise_vectors
from ..types import Poses3D
from .foot import (
    FEWEST_STANDING_SECONDS,
    LEGS,
    SOLES,
    ground_trust,
    leg_trust,
    lowest_points,
    standing_trust,
)

# How far each kind of evidence is off, measured on mocap through synthetic cameras: about the line of
# sight (the image shows that) and towards the camera or away from it (it rests on depths).
_NETWORK_ROLL, _NETWORK_PITCH = np.radians([2.5, 8.0])
_BALANCE_ROLL, _BALANCE_PITCH = np.radians([3.5, 3.5])
_GROUND_HEIGHT = 0.05
_GROUND_HZ = 2.0
"""How many times a second a standing foot counts: neighbouring frames err alike."""
_BALANCE_SECONDS = 1.0
_DOUBTFUL_TURN = np.radians(20.0)
_BENT_LEG, _STRAIGHT_LEG = 0.8, 0.9
"""Hip above foot, in leg lengths: who sits or crouches need not be in balance on their feet."""
_NUM_ROUNDS = 6

# Shares of the body's mass, each limb segment's halved between its ends (Winter's anthropometry, the
# hands with the wrists, the feet with the ankles).
_MASS = {
    **{"pelvis": 0.14, "spine": 0.14, "thorax": 0.18, "head": 0.08},
    **{f"{side}_hip": 0.05 for side in ("left", "right")},
    **{f"{side}_knee": 0.075 for side in ("left", "right")},
    **{f"{side}_ankle": 0.04 for side in ("left", "right")},
    **{f"{side}_shoulder": 0.02 for side in ("left", "right")},
    **{f"{side}_elbow": 0.025 for side in ("left", "right")},
    **{f"{side}_wrist": 0.02 for side in ("left", "right")},
}


def estimate_gravity(people: list[tuple[Poses3D, np.ndarray | None]]) -> np.ndarray:
    """Direction of gravity in the space of a fixed camera.

    Parameters
    ----------
    people : list of (Poses3D, (T,3) array or None)
        ``LIFTED_21`` in camera space; the network's unit vectors per frame. Without them people are
        taken to stand upright on average. Everyone counts by how much of their body was seen, and how
        large.

    Returns
    -------
    (3,) unit array
        The direction that agrees best with all evidence, weighted by its usual error.
    """
    seen_up = -_median_direction(people)
    legibility = np.array([_legibility(poses).mean() for poses, _ in people])
    shares = legibility / legibility.max()
    network = _precision(_NETWORK_ROLL, _NETWORK_PITCH)
    balance = _precision(_BALANCE_ROLL, _BALANCE_PITCH)
    leans = [_lean(poses) for poses, _ in people]
    up = seen_up
    for _ in range(_NUM_ROUNDS):
        matrix, right = network.copy(), network @ seen_up
        for (poses, _), share, (lean, seconds) in zip(people, shares, leans, strict=True):
            apart = np.arccos(np.clip(lean @ up, -1.0, 1.0)) / _DOUBTFUL_TURN
            trust = share * seconds / (seconds + _BALANCE_SECONDS) / (1 + apart**2) ** 2
            matrix += trust * balance
            right += trust * balance @ lean
            matrix += share * _ground_scatter(poses, up) / _GROUND_HEIGHT**2
        up = normalise_vectors(np.linalg.solve(matrix, right))
    return -up


def _precision(roll: float, pitch: float) -> np.ndarray:
    """(3,3) weight of a direction's error: across the image by ``roll``, else by ``pitch`` (rad)."""
    return np.diag([1 / roll**2, 1 / pitch**2, 1 / pitch**2])


def _median_direction(people: list[tuple[Poses3D, np.ndarray | None]]) -> np.ndarray:
    """(3,) the direction that most frames agree on (geometric median on the sphere)."""
    frames = np.concatenate(
        [_body_down(poses) if gravity is None else gravity for poses, gravity in people]
    )
    weights = np.concatenate([_legibility(poses) for poses, _ in people])
    direction = normalise_vectors((weights[:, None] * frames).sum(axis=0))
    for _ in range(10):
        apart = np.linalg.norm(frames - direction, axis=-1)
        pull = weights / np.maximum(apart, 0.05)
        direction = normalise_vectors((pull[:, None] * frames).sum(axis=0))
    return direction


def _legibility(poses: Poses3D) -> np.ndarray:
    """(T,) how much a frame says about what is upright: a body half hidden or far away says little."""
    nearness = 1 / np.maximum(poses.positions[:, 0, 2], 0.1)
    return (poses.confidence.mean(axis=1) * nearness) ** 2 + 1e-9


def _body_down(poses: Poses3D) -> np.ndarray:
    """(T,3) from the shoulders to the feet, trunk and legs alike."""
    names = poses.skeleton.joint_names
    ankles = [names.index("left_ankle"), names.index("right_ankle")]
    legs_down = poses.positions[:, ankles].mean(axis=1) - poses.positions[:, 0]
    trunk_down = poses.positions[:, 0] - poses.positions[:, names.index("thorax")]
    return normalise_vectors(normalise_vectors(legs_down) + normalise_vectors(trunk_down))


def _lean(poses: Poses3D) -> tuple[np.ndarray, float]:
    """(3,) mean direction from the feet that carry someone to their centre of mass, and its seconds."""
    if poses.contact_probability is None:
        return np.array([0.0, -1.0, 0.0]), 0.0
    positions, names = poses.positions, poses.skeleton.joint_names
    mass = np.array([_MASS.get(name, 0.0) for name in names])
    center = np.einsum("j,tjc->tc", mass / mass.sum(), positions)
    feet = positions[:, SOLES].mean(axis=2)
    carries = leg_trust(poses.confidence) * np.clip(
        (poses.contact_probability - 0.3) / 0.7, 0.0, 1.0
    )
    total = carries.sum(axis=1)
    support = (carries[..., None] * feet).sum(axis=1) / np.maximum(total, 1e-6)[:, None]
    hip, knee, ankle = LEGS[0]
    leg = np.linalg.norm(positions[:, knee] - positions[:, hip], axis=-1)
    leg = leg + np.linalg.norm(positions[:, ankle] - positions[:, knee], axis=-1)
    height = np.linalg.norm(positions[:, 0] - support, axis=-1) / np.maximum(leg, 1e-6)
    stands = np.clip((height - _BENT_LEG) / (_STRAIGHT_LEG - _BENT_LEG), 0.0, 1.0)
    weights = np.minimum(total, 1.0) * stands
    if not weights.any():
        return np.array([0.0, -1.0, 0.0]), 0.0
    lean = normalise_vectors((weights[:, None] * normalise_vectors(center - support)).sum(axis=0))
    return lean, float(weights.sum()) / float(poses.fps)


def _ground_scatter(poses: Poses3D, up: np.ndarray) -> np.ndarray:
    """(3,3) m^2: how standing feet are spread; along the true up they are not.

    Feet that are off the ground by the present ``up`` count less.
    """
    if poses.contact_probability is None:
        return np.zeros((3, 3))
    points = lowest_points(poses.positions, up).reshape(-1, 3)
    weights = standing_trust(poses.confidence, poses.contact_probability).ravel()
    fps = float(poses.fps)
    if weights.sum() / fps < FEWEST_STANDING_SECONDS:
        return np.zeros((3, 3))
    heights = points @ up
    off = heights - np.median(heights[weights > 0])
    weights = weights * ground_trust(off) * _GROUND_HZ / fps
    middle = (weights[:, None] * points).sum(axis=0) / weights.sum()
    apart = points - middle
    return np.einsum("p,pi,pj->ij", weights, apart, apart)
