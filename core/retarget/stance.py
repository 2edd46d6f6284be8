"""Feet of other proportions on the floor, and still while they stand: by how much to shift them.

Bones that point where the person's do, but are of other lengths, put the feet somewhere else: lower
or higher, nearer or farther apart. The whole body is shifted so that its standing foot is where the
floor is and as still as the person's. Where two feet stand and ask for different shifts, one goes
over into the other as the weight does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..filters import fade_in, neighbours
from ..filters.block_tridiagonal import solve_pentadiagonal

_RAMP_S = 0.12
"""Time in which a foot takes over, and in which it is released."""
_LEAST_SHARE = 1e-3
_SWING_WEIGHT, _MUCH_LOWER, _NEAR_FLOOR = 0.01, 0.03, 0.4
"""Of a foot in the air beside one that stands; m: lower than the other foot; above the floor."""
_PLANTED = 0.03
ON_FLOOR, _OFF_FLOOR = 0.06, 0.12
"""m: a foot that stands no higher or lower is put on the floor; beyond, it stands on something else."""
_PULL_WEIGHT = 1e-4
_RISE_CUTOFF_HZ, _SLIDE_CUTOFF_HZ = 6.0, 20.0
_DEEPEST = 0.1
_RETURN_S = 0.4
"""Time in which a shift along the floor is given up in the air; while a foot stands, it is hardly."""


@dataclass(frozen=True, slots=True, eq=False)
class Soles:
    """The points (T,F,P,3) m that F feet stand on; where they do, they are at z = ``floor`` (F,P) m."""

    points: np.ndarray
    floor: np.ndarray

    @property
    def heights(self) -> np.ndarray:
        """(T,F,P) m above the floor."""
        return self.points[..., 2] - self.floor


def shift_to_floor(source: Soles, posed: Soles, contacts: np.ndarray, *, fps: float) -> np.ndarray:
    """(T,) m: how far to raise all of ``posed`` to put its feet as high as the ``source``'s.

    A foot that stands about on the floor is put on it exactly. In the air the lower foot counts, the
    less the higher it is; beside one that stands, a swinging foot hardly does.

    Parameters
    ----------
    source, posed : Soles
        The same feet.
    contacts : np.ndarray
        (T,F) bool.
    fps : float
        Hz.
    """
    height = source.heights.min(axis=-1)
    on_floor = 1.0 - fade_in((np.abs(height) - ON_FLOOR) / (_OFF_FLOOR - ON_FLOOR))
    wanted = np.where(contacts, (1.0 - on_floor) * height, height)
    rise = wanted - posed.heights.min(axis=-1)
    lowest = height.min(axis=-1, keepdims=True)
    swing_weight = np.where(contacts.any(axis=-1, keepdims=True), _SWING_WEIGHT, 1.0) * np.exp(
        -(height - lowest) / _MUCH_LOWER - (lowest / _NEAR_FLOOR) ** 2
    )
    weight = _share_of_weight(contacts, fps) + np.where(contacts, 0.0, swing_weight)
    usual = float(np.average(rise, weights=weight))
    total = weight.sum(axis=-1)
    towards = (weight * rise).sum(axis=-1)
    bending = (2.0 * np.pi * _RISE_CUTOFF_HZ / fps) ** -4
    return _solve(
        total + _PULL_WEIGHT,
        (towards + _PULL_WEIGHT * usual)[:, None],
        still=np.zeros(len(total) - 1),
        steps=np.zeros((len(total) - 1, 1)),
        bending=bending,
    )[:, 0]


def shift_along_floor(
    source: Soles, posed: Soles, contacts: np.ndarray, *, fps: float
) -> np.ndarray:
    """(T,2) m: how far to move all of ``posed`` so that standing feet slide no more than the ``source``'s.

    Of a standing foot those points count that are down. The shift tends to zero: within ``_RETURN_S``
    in the air, but by no more than 1/20 of it in a second on a foot that stands.

    Parameters
    ----------
    source, posed : Soles
        The same feet.
    contacts : np.ndarray
        (T,F) bool.
    fps : float
        Hz.
    """
    above = source.heights - source.heights.min(axis=-1, keepdims=True)
    weight = _share_of_weight(contacts, fps)[..., None] * np.exp(-((above / _PLANTED) ** 2))
    weight = np.minimum(weight[1:], weight[:-1])
    steps = np.diff((source.points - posed.points)[..., :2], axis=0)
    total = weight.sum(axis=(1, 2))
    mean_steps = (weight[..., None] * steps).sum(axis=(1, 2)) / np.maximum(total, 1e-12)[:, None]
    num_frames = len(contacts)
    bending = (fps / (2.0 * np.pi * _SLIDE_CUTOFF_HZ)) ** 2
    pull = bending / (_RETURN_S * fps) ** 4
    return _solve(
        np.full(num_frames, pull),
        np.zeros((num_frames, 2)),
        still=np.minimum(total, 1.0),
        steps=mean_steps,
        bending=bending,
    )


def lower_to_reach(
    starts: np.ndarray, targets: np.ndarray, reach: np.ndarray, contacts: np.ndarray, *, fps: float
) -> np.ndarray:
    """(T,) m, at least 0: how far to lower the hips for standing feet to be within the legs' reach.

    Parameters
    ----------
    starts, targets : np.ndarray
        (T,F,3) m: hip joints, and where the ankles are to be.
    reach : np.ndarray
        (T,F) m that each leg goes; a foot that would need more than ``_DEEPEST`` of it is left.
    contacts : np.ndarray
        (T,F) bool.
    fps : float
        Hz.
    """
    away = targets - starts
    hanging = reach**2 - (away[..., :2] ** 2).sum(axis=-1)
    needed = -away[..., 2] - np.sqrt(np.maximum(hanging, 0.0))
    is_wanted = contacts & (hanging > 0.0) & (needed > 0.0)
    needed = np.where(is_wanted, np.minimum(needed, _DEEPEST * reach), 0.0).max(axis=-1)
    # The most of the frames around, averaged over as many: smooth, and nowhere less than needed.
    half = max(1, round(_RAMP_S * fps))
    padded = np.pad(needed, 2 * half, mode="edge")
    most = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).max(axis=-1)
    kernel = np.hanning(2 * half + 3)[1:-1]
    return np.convolve(most, kernel / kernel.sum(), mode="valid")


def _share_of_weight(contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T,F) how the weight is shared among the feet that stand: 1 where one stands alone.

    Where another stands too, a foot takes over within ``_RAMP_S`` after it comes down, and is released
    within the same time before it lifts.
    """
    num_frames = len(contacts)
    frames = np.arange(num_frames)[:, None]
    before, after = neighbours(~contacts)
    since = np.where(before >= 0, frames - before, np.inf)
    until = np.where(after < num_frames, after - frames, np.inf)
    shares = fade_in(np.minimum(since, until) / (_RAMP_S * fps))
    shares = np.where(contacts, np.maximum(shares, _LEAST_SHARE), 0.0)
    return shares / np.maximum(shares.sum(axis=-1, keepdims=True), _LEAST_SHARE)


def _solve(
    weight: np.ndarray, pulled: np.ndarray, *, still: np.ndarray, steps: np.ndarray, bending: float
) -> np.ndarray:
    """(T,K) of least ``weight x^2 - 2 pulled x + still (x' - steps)^2 + bending x''^2``.

    ``weight`` (T,), ``pulled`` (T,K); of each step to the next frame ``still`` (T-1,) and ``steps``
    (T-1,K).
    """
    num_frames = len(weight)
    if num_frames < 3:
        return np.broadcast_to(pulled.sum(axis=0) / weight.sum(), pulled.shape)
    main, first = weight.copy(), -still.copy()
    main[1:] += still
    main[:-1] += still
    for offset, factor in enumerate((1.0, 4.0, 1.0)):
        main[offset : offset + num_frames - 2] += factor * bending
    for offset in range(2):
        first[offset : offset + num_frames - 2] -= 2.0 * bending
    second = np.full((num_frames - 2, 1), bending)
    right = pulled.copy()
    right[1:] += still[:, None] * steps
    right[:-1] -= still[:, None] * steps
    return solve_pentadiagonal(main[:, None], first[:, None], second, right[:, None])[:, 0]
