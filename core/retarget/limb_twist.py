"""How far a limb is turned about its own axis, steady where the pose does not show it.

A bent elbow or knee shows its hinge; a straight one does not. The hinge is measured as an angle
about the limb from a reference that is always defined: the least-twist continuation of the trunk.
Where the measured angle is weak it is filled from the frames around it, where there are none from
further cues, last from the reference itself.
"""

from __future__ import annotations

import numpy as np

from ..filters import fade_in

_MEMORY_S = 0.15
"""Time over which neighbouring frames speak for a frame whose own angle is unknown."""
_REFERENCE_WEIGHT = 0.05
_CONTESTED_RISE = 0.5
_UNLIKELY_DOUBT = 1.5
_LIKELY_TURN, _UNLIKELY_TURN = np.deg2rad([90.0, 140.0])
_NUM_MEMORIES = 12


def fade_between(
    values: np.ndarray, start: float | np.ndarray, end: float | np.ndarray
) -> np.ndarray:
    """(...) 0 up to ``start``, 1 from ``end`` on, smooth between."""
    return fade_in((values - start) / (np.asarray(end) - start))


def presence(confidence: np.ndarray, *, fps: float) -> np.ndarray:
    """(T,) 0 where a joint is missing, 1 away from gaps, rising over a memory's time between.

    Parameters
    ----------
    confidence : np.ndarray
        (T,) of one joint, 0 = missing.
    fps : float
        Hz.
    """
    is_missing = np.asarray(confidence) <= 0.0
    frame = np.arange(len(is_missing), dtype=float)
    last = np.maximum.accumulate(np.where(is_missing, frame, -np.inf))
    following = np.minimum.accumulate(np.where(is_missing, frame, np.inf)[::-1])[::-1]
    to_gap = np.minimum(frame - last, following - frame)
    return fade_between(to_gap / fps, 0.0, _MEMORY_S + 1.0 / fps)


def steady_angle(
    measured: np.ndarray,
    clarity: np.ndarray,
    *,
    unclear: float,
    clear: float,
    fps: float,
    turns_round: bool,
    cue: np.ndarray | float = 0.0,
) -> np.ndarray:
    """A turn about an axis that follows what is measured where that is clear, and never flips.

    Parameters
    ----------
    measured : np.ndarray
        (T,) rad from the reference, in (-pi, pi]; meaningless where ``clarity`` is low.
    clarity : np.ndarray
        (T,) how well each frame shows its angle, such as the sine of an elbow's bend.
    unclear, clear : float
        Clarity below which a frame says nothing, and above which it is followed exactly.
    fps : float
        Hz.
    turns_round : bool
        Whether the part may turn to the far side of the reference, as an upper arm does but no
        thigh or head: a knee that bends the wrong way is noise in a straight leg.
    cue : np.ndarray or float
        (T,) complex, weaker evidence: its angle, with its weight (below 1) as magnitude.

    Returns
    -------
    np.ndarray
        (T,) rad, continuous in time (whole turns are not taken out).
    """
    if not turns_round:
        doubt = _UNLIKELY_DOUBT * fade_between(np.abs(measured), _LIKELY_TURN, _UNLIKELY_TURN)
        clarity = clarity / (1.0 + doubt)
    weights = fade_between(clarity, unclear, clear)
    towards = weights * np.exp(1j * measured)
    around, evidence = _remember(towards, fps=fps), _remember(weights, fps=fps)
    resultant = _remember(towards + cue, fps=fps) + _REFERENCE_WEIGHT
    continuous = np.unwrap(np.angle(resultant))
    # Averaged as an angle, a change to the opposite side becomes a turn that takes its time.
    strength = np.abs(resultant)
    settled = _remember(strength * continuous, fps=fps) / _remember(strength, fps=fps)
    # Where the frames around contradict each other, a limb just passes through straight: it has to
    # bend further before it is believed.
    agreement = np.abs(around) / np.maximum(evidence, 1e-9)
    contested = clear + _CONTESTED_RISE * (1.0 - np.minimum(agreement, 1.0)) * (evidence > 1e-9)
    trust = fade_between(clarity, unclear, contested)
    deviation = np.angle(np.exp(1j * (measured - continuous)))
    return settled + trust * (continuous + deviation - settled)


def _remember(values: np.ndarray, *, fps: float) -> np.ndarray:
    """(T,) mean over the frames around, weighted by exp(-|time| / memory)."""
    num_frames = len(values)
    memory = _MEMORY_S * fps
    reach = min(num_frames - 1, int(np.ceil(_NUM_MEMORIES * memory)))
    kernel = np.exp(-np.abs(np.arange(-reach, reach + 1)) / memory)
    stacked = np.stack([values, np.ones_like(values)])
    size = 1 << (num_frames + 2 * reach).bit_length()
    spectrum = np.fft.fft(stacked, size) * np.fft.fft(kernel, size)
    summed = np.fft.ifft(spectrum)[:, reach : reach + num_frames]
    mean = summed[0] / summed[1]
    return mean if np.iscomplexobj(values) else mean.real
