"""How large a person truly is: an image alone does not tell, so something else must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..joint_sets import LIFTED_21
from .bone_lengths import standing_height

_DEFAULT_HEIGHT_M = 1.70
# A height outside these, found from the ground, means that the feet do not touch it.
_USUAL_HEIGHTS = (1.2, 2.2)
HEIGHT_SPREAD = 0.08
"""Relative standard deviation of people's heights about the one assumed, the fit's own error included."""
_DOUBTFUL_OFF = 2.0
_NUM_ROUNDS = 20


class Measured(NamedTuple):
    """A length (m) that a person of assumed size tells, and its relative standard deviation."""

    value: float
    sigma: float


def choose_scale(
    bone_lengths: np.ndarray,
    *,
    height_m: float | None,
    floor_scale: float | None,
    floor_trust: float = 1.0,
    floor_of: str = "calibration",
) -> tuple[float, str]:
    """The factor that brings a person to their true size, and where it comes from, in words.

    Parameters
    ----------
    bone_lengths : (21,) array
        m, of the bone that ends at each joint, before scaling.
    height_m : float or None
        The person's, where it is given.
    floor_scale : float or None
        The factor with which feet stand on a calibrated floor, where there is one.
    floor_trust : float
        0..1, how surely they do: between the height that is assumed otherwise and that factor.
    floor_of : str
        Whose floor that is, in words.
    """
    height = standing_height(bone_lengths, LIFTED_21.joint_names)
    if height_m is not None:
        return height_m / height, f"given height {height_m:.2f} m"
    assumed = _DEFAULT_HEIGHT_M / height
    if floor_scale is not None and _USUAL_HEIGHTS[0] < floor_scale * height < _USUAL_HEIGHTS[1]:
        scale = assumed + floor_trust * (floor_scale - assumed)
        return scale, f"feet on the ground of the {floor_of}"
    return assumed, f"assumed height {_DEFAULT_HEIGHT_M:.2f} m"


def stature(bone_lengths: np.ndarray) -> float:
    """Height (m) of a person with these bones (21,)."""
    return standing_height(bone_lengths, LIFTED_21.joint_names)


def agree_on_scale(
    told: Sequence[Measured | None], spreads: np.ndarray, statures: np.ndarray, *, best: int
) -> tuple[float, np.ndarray]:
    """One length that all people share, from what it would be if each had the size assumed.

    Someone who is taller than assumed tells too short a length, by the same factor. Of P people's
    factors s and the one length c, with told lengths m: least
    ``sum ((log c - log m - log s) / sigma)^2 + (log s / spread)^2``, robust: who disagrees with the
    others is doubted, and whose height would then be no adult's counts for nothing.

    Parameters
    ----------
    told : sequence of Measured or None
        (P,) by each; None tells nothing, at least one is not.
    spreads : (P,) array
        Relative standard deviation of each person's size; 0 = known.
    statures : (P,) array
        m, as assumed.
    best : int
        Who is believed where people disagree; the first who tells something, if they do not.

    Returns
    -------
    length, scales
        m, and (P,) factors for the people's sizes, 1 for who tells nothing.
    """
    who = [number for number, each in enumerate(told) if each is not None]
    known = [each for each in told if each is not None]
    logs = np.log([each.value for each in known])
    noise = np.array([each.sigma for each in known]) ** 2
    spread = spreads[who] ** 2
    length = logs[who.index(best) if best in who else 0]
    trust = np.ones(len(who))
    for _ in range(_NUM_ROUNDS):
        off = length - logs
        trust = 1 / (1 + off**2 / (noise + spread) / _DOUBTFUL_OFF**2) ** 2
        heights = np.exp(off) * statures[who]
        is_usual = (heights > _USUAL_HEIGHTS[0]) & (heights < _USUAL_HEIGHTS[1])
        trust = np.where(is_usual | (spread == 0), trust, 0.0)
        weights = trust / (noise + spread)
        length = float((weights * logs).sum() / weights.sum())
    scales = np.ones(len(told))
    scales[who] = np.exp((length - logs) * trust * spread / (trust * spread + noise))
    return float(np.exp(length)), scales
