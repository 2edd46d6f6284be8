"""Someone who walks or runs along a bend, exactly known: joints and which foot stands when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.geometry import quaternion
from core.geometry.swing_twist import normalise_vectors, perpendicular
from core.joint_sets import LIFTED_21
from core.types import Poses3D
from tests.core.retarget.example_motion import REST_JOINTS, UP, as_poses

_STRIDE_SECONDS, _LIFT = 1.0, 0.1
_SIDES = ("left", "right")
LEGS = [LIFTED_21.indices(f"{side}_hip", f"{side}_knee", f"{side}_ankle") for side in _SIDES]
SOLES = [LIFTED_21.indices(f"{side}_heel", f"{side}_toe") for side in _SIDES]


@dataclass(frozen=True)
class Gait:
    """``speed`` m/s; ``stance`` share of a stride that a foot stands: below one half is a run.

    ``turn_rate`` rad/s of the way; ``crouch`` m that the hips are lower than with straight legs.
    """

    speed: float = 0.9
    stance: float = 0.6
    turn_rate: float = 0.4
    crouch: float = 0.09


def walk(
    gait: Gait | None = None, *, num_frames: int = 240, fps: int = 60
) -> tuple[Poses3D, np.ndarray]:
    """World poses of the mean body, feet flat on z = 0 while they stand, and contacts (T,2)."""
    gait = gait or Gait()
    time = np.arange(num_frames) / fps
    at_rest = REST_JOINTS - REST_JOINTS[0] * np.array([1.0, 1.0, 0.0])
    places, headings = _way(time, gait)
    sway = np.sin(4.0 * np.pi * time / _STRIDE_SECONDS)
    body = places - (gait.crouch - 0.01 * sway[:, None]) * UP
    joints = quaternion.rotate(_about_up(headings)[:, None], at_rest) + body[:, None]
    contacts = np.zeros((num_frames, 2), dtype=bool)
    for foot, (hip, knee, ankle) in enumerate(LEGS):
        phase = time / _STRIDE_SECONDS + 0.5 * foot
        number = np.floor(phase)
        swing = np.clip((phase - number - gait.stance) / (1.0 - gait.stance), 0.0, 1.0)
        contacts[:, foot] = swing == 0.0
        # The middle of each stance is where its foot is below the body.
        standing = (number + 0.5 * gait.stance - 0.5 * foot) * _STRIDE_SECONDS
        share = (swing**2 * (3.0 - 2.0 * swing))[:, None]
        prints = [_way(standing + step * _STRIDE_SECONDS, gait) for step in (0, 1)]
        place = (1.0 - share) * prints[0][0] + share * prints[1][0]
        heading = (1.0 - share[:, 0]) * prints[0][1] + share[:, 0] * prints[1][1]
        turn = _about_up(heading)
        lift = (_LIFT * np.sin(np.pi * swing) ** 2)[:, None] * UP
        joints[:, ankle] = place + lift + quaternion.rotate(turn, at_rest[ankle])
        for sole in SOLES[foot]:
            joints[:, sole] = place + lift + quaternion.rotate(turn, at_rest[sole])
        forward = quaternion.rotate(_about_up(headings), np.array([0.0, -1.0, 0.0]))
        thigh, shin = (
            np.linalg.norm(at_rest[lower] - at_rest[upper])
            for upper, lower in ((hip, knee), (knee, ankle))
        )
        joints[:, knee] = _knee(joints[:, hip], joints[:, ankle], forward, thigh, shin)
    return as_poses(joints, fps=fps), contacts


def _way(time: np.ndarray, gait: Gait) -> tuple[np.ndarray, np.ndarray]:
    """Places (T,3) m on the floor and headings (T,) rad at ``time`` (T,) s; it begins along -y."""
    headings = gait.turn_rate * time
    if gait.turn_rate == 0.0:
        along = np.stack([0.0 * time, -gait.speed * time], axis=-1)
    else:
        radius = gait.speed / gait.turn_rate
        along = radius * np.stack([np.cos(headings) - 1.0, -np.sin(headings)], axis=-1)
        along[:, 0] *= -1.0
    return np.concatenate([along, np.zeros((len(time), 1))], axis=-1), headings


def _about_up(angles: np.ndarray) -> np.ndarray:
    return quaternion.from_axis_angle(UP, angles)


def _knee(
    hip: np.ndarray, ankle: np.ndarray, forward: np.ndarray, thigh: float, shin: float
) -> np.ndarray:
    reach = np.linalg.norm(ankle - hip, axis=-1, keepdims=True)
    assert (reach < thigh + shin).all(), "the gait's steps are too long for its legs"
    along = (ankle - hip) / reach
    ahead = normalise_vectors(perpendicular(forward, along), fallback=forward)
    share = (thigh**2 - shin**2 + reach**2) / (2.0 * reach)
    return hip + share * along + np.sqrt(thigh**2 - share**2) * ahead
