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
from .person_scale import HEIGHT_SPREAD

# How far each kind of evidence is off, measured on mocap through synthetic cameras: about the line of
# sight (the image shows that) and towards the camera or away from it (it rests on depths).
_NETWORK_ROLL, _NETWORK_PITCH = np.radians([2.5, 8.0])
_BALANCE_ROLL, _BALANCE_PITCH = np.radians([3.5, 3.5])
_GROUND_HEIGHT = 0.05
_DOUBTFUL_STEP = 2.0
"""Standard deviations: who stands so much higher or lower than others is half doubted."""
_GROUND_HZ = 2.0
"""How many times a second a standing foot counts: neighbouring frames err alike."""
_BALANCE_SECONDS = 1.0
_DOUBTFUL_TURN = np.radians(20.0)
_BENT_LEG, _STRAIGHT_LEG = 0.8, 0.9
"""Hip above foot, in leg lengths: who sits or crouches need not be in balance on their feet."""
_NUM_ROUNDS = 6
_STILL_POSE, _VARIED_POSE = 0.005, 0.05
"""m: root mean square distance of joints from their mean place relative to the root."""

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
        taken to stand upright on average. Everyone counts by ``weigh_person``.

    Returns
    -------
    (3,) unit array
        The direction that agrees best with all evidence, weighted by its usual error.
    """
    evidence = np.array([weigh_person(poses) for poses, _ in people])
    shares = evidence / evidence.max()
    seen_up = -_median_direction(people)
    network = _precision(_NETWORK_ROLL, _NETWORK_PITCH)
    balance = _precision(_BALANCE_ROLL, _BALANCE_PITCH)
    leans = [_lean(poses) for poses, _ in people]
    up = seen_up
    for _ in range(_NUM_ROUNDS):
        matrix, right = network.copy(), network @ seen_up
        for (poses, _), share, (lean, seconds) in zip(people, shares, leans, strict=True):
            apart = np.arccos(np.clip(lean @ up, -1.0, 1.0)) / _DOUBTFUL_TURN
            upright = share * seconds / (seconds + _BALANCE_SECONDS) / (1 + apart**2) ** 2
            matrix += upright * balance
            right += upright * balance @ lean
            matrix += share * _ground_scatter(poses, up) / _GROUND_HEIGHT**2
        matrix += _shared_ground(people, shares, up)
        up = normalise_vectors(np.linalg.solve(matrix, right))
    return -up


def weigh_person(poses: Poses3D) -> float:
    """How much a clip of someone tells of the world they are in.

    By how much of their body was seen, how large and how long, and by how much they move: a network
    errs about a pose that stays the same in every frame alike.
    """
    return float(_legibility(poses).sum()) * _variety(poses)


def _variety(poses: Poses3D) -> float:
    """0..1, near 0 for a pose that stays the same, a half where joints are some 5 cm from their mean."""
    relative = poses.positions - poses.positions[:, :1]
    spread = float(((relative - relative.mean(axis=0)) ** 2).sum(axis=-1).mean())
    return (spread + _STILL_POSE**2) / (spread + _VARIED_POSE**2)


def _legibility(poses: Poses3D) -> np.ndarray:
    """(T,) how much a frame says about what is upright: a body half hidden or far away says little."""
    nearness = 1 / np.maximum(poses.positions[:, 0, 2], 0.1)
    return (poses.confidence.mean(axis=1) * nearness) ** 2 + 1e-9


def _precision(roll: float, pitch: float) -> np.ndarray:
    """(3,3) weight of a direction's error: across the image by ``roll``, else by ``pitch`` (rad)."""
    return np.diag([1 / roll**2, 1 / pitch**2, 1 / pitch**2])


def _median_direction(people: list[tuple[Poses3D, np.ndarray | None]]) -> np.ndarray:
    """(3,) the direction that most frames agree on (geometric median on the sphere)."""
    frames = np.concatenate(
        [_body_down(poses) if gravity is None else gravity for poses, gravity in people]
    )
    variety = np.array([_variety(poses) for poses, _ in people])
    shares = variety / variety.max()
    weights = np.concatenate(
        [share * _legibility(poses) for share, (poses, _) in zip(shares, people, strict=True)]
    )
    direction = normalise_vectors((weights[:, None] * frames).sum(axis=0))
    for _ in range(10):
        apart = np.linalg.norm(frames - direction, axis=-1)
        pull = weights / np.maximum(apart, 0.05)
        direction = normalise_vectors((pull[:, None] * frames).sum(axis=0))
    return direction


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


def _shared_ground(
    people: list[tuple[Poses3D, np.ndarray | None]], shares: np.ndarray, up: np.ndarray
) -> np.ndarray:
    """(3,3) 1: how the places where different people stand are spread, by how well each is known.

    Along the true up they are not, as far as everyone is as large as assumed. Who would stand on
    something else than who tells most counts less.
    """
    stances = [_mean_stance(poses, up) for poses, _ in people]
    known = [number for number, stance in enumerate(stances) if stance is not None]
    if len(known) < 2:
        return np.zeros((3, 3))
    points = np.array([stance[0] for stance in stances if stance is not None])
    trust = np.array([stance[1] for stance in stances if stance is not None])
    heights = points @ up
    variance = ((HEIGHT_SPREAD * heights) ** 2 + _GROUND_HEIGHT**2) / trust**2
    best = int(np.argmax(shares[known]))
    off = (heights - heights[best]) ** 2 / (variance + variance[best])
    weights = 1 / variance / (1 + off / _DOUBTFUL_STEP**2) ** 2
    apart = points - (weights[:, None] * points).sum(axis=0) / weights.sum()
    return np.einsum("p,pi,pj->ij", weights, apart, apart)


def _mean_stance(poses: Poses3D, up: np.ndarray) -> tuple[np.ndarray, float] | None:
    """(3,) m, where someone's feet stand on average, and 0..1 how well they are seen to."""
    if poses.contact_probability is None:
        return None
    trust = standing_trust(poses.confidence, poses.contact_probability).ravel()
    if trust.sum() / float(poses.fps) < FEWEST_STANDING_SECONDS:
        return None
    points = lowest_points(poses.positions, up).reshape(-1, 3)
    middle = (trust[:, None] * points).sum(axis=0) / trust.sum()
    return middle, float((trust**2).sum() / trust.sum())


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
