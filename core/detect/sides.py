"""Which of a person's sides is the left one: settled over a clip, where single pictures are in doubt.

Seen from behind, or with the face hidden, BlazePose exchanges left and right of the whole body in some
frames: in 23 of 100 of a man balancing with his face blurred. From one frame to the next a body moves
little, and left and right of it are far apart: the sides that one frame says hold for its neighbours,
and the vote of all decides. In profile, where they are close, each stretch votes for itself.
"""

from __future__ import annotations

import numpy as np

from ..skeleton import Skeleton

# A frame is compared with so many before it: one that is half exchanged must not break the chain.
_NUM_LAGS = 4
# Body sizes that joints move from frame to frame, typically; a step costs no more than the cap.
_STEP, _LARGEST_STEP_COST = 0.02, 12.0
# What it costs to overrule one frame.
_VOTE_COST = 0.25
_SMALLEST_SIZE_PX = 1.0
_ARM = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
_LEG = ("hip", "knee", "ankle", "heel", "toe")
_FACE = ("eye", "eye_inner", "eye_outer", "ear", "mouth")
_PARTS = (_ARM + _LEG + _FACE, _ARM, _LEG, _FACE)


def settle_sides(
    positions: np.ndarray, confidence: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray]:
    """One person's joints with left and right exchanged where they were taken for each other.

    First of the whole body, then of the arms, the legs and the face by themselves: the network now and
    then exchanges one without the other.

    Parameters
    ----------
    positions : (T,J,2) array
        px, of consecutive sightings.
    confidence : (T,J) array
        0..1.
    skeleton : Skeleton

    Returns
    -------
    positions, confidence
        As they were, but for the exchanged.
    """
    if len(positions) < 2:
        return positions, confidence
    mirror = skeleton.mirror
    pairs = np.array([skeleton.joints_left, skeleton.joints_right]).T
    for words in _PARTS:
        joints = np.array(
            [pair for pair in pairs if skeleton.joint_names[pair[0]].endswith(words)], dtype=int
        ).ravel()
        if len(joints):
            kept, exchanged = _step_costs(positions, confidence, joints, mirror[joints])
            rows = np.flatnonzero(_likeliest_states(kept, exchanged))[:, None]
            positions, confidence = positions.copy(), confidence.copy()
            positions[rows, joints] = positions[rows, mirror[joints]]
            confidence[rows, joints] = confidence[rows, mirror[joints]]
    return positions, confidence


def _likeliest_states(kept: np.ndarray, exchanged: np.ndarray) -> np.ndarray:
    """(T,) bool: the cheapest sequence of "as it is" and "exchanged" (Viterbi 1967).

    ``kept`` and ``exchanged`` (T,L): what it costs that a frame is, and is not, in the state of the one
    1, 2 ... L before. A history is the states of the last L frames as bits, the latest the lowest.
    """
    num_frames, num_lags = kept.shape
    histories = np.arange(2**num_lags)
    is_exchanged = (histories[:, None] >> np.arange(num_lags)) & 1
    to_same, to_other = kept @ (1 - is_exchanged.T), exchanged @ is_exchanged.T
    to_as_is = to_same + to_other
    to_exchanged = kept @ is_exchanged.T + exchanged @ (1 - is_exchanged.T) + _VOTE_COST
    steps = np.stack((to_as_is, to_exchanged), axis=-1)
    # Before the first frame nothing is known, and costs nothing.
    costs = np.zeros(len(histories))
    is_from_upper = np.zeros((num_frames, len(histories)), dtype=bool)
    half = len(histories) // 2
    for frame in range(num_frames):
        # Histories that differ in the oldest state alone become the same.
        lower, upper = (costs[:, None] + steps[frame]).reshape(2, half * 2)
        is_from_upper[frame] = upper < lower
        costs = np.minimum(lower, upper)
    states = np.zeros(num_frames, dtype=bool)
    history = int(costs.argmin())
    for frame in range(num_frames - 1, -1, -1):
        states[frame] = history & 1
        history = (history >> 1) + (half if is_from_upper[frame, history] else 0)
    return states


def _step_costs(
    positions: np.ndarray, confidence: np.ndarray, joints: np.ndarray, mirrored: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(T,L) how unlikely it is that a frame and an earlier one have the same sides, and others."""
    spans = np.ptp(positions, axis=1)
    sizes = np.maximum(np.hypot(spans[:, 0], spans[:, 1]), _SMALLEST_SIZE_PX)
    costs = np.zeros((2, len(positions), _NUM_LAGS))
    for lag in range(1, min(_NUM_LAGS, len(positions) - 1) + 1):
        typical = sizes[lag:] * _STEP * np.sqrt(lag)
        for kind, before in enumerate((joints, mirrored)):
            weight = np.sqrt(confidence[:-lag, before] * confidence[lag:, joints])
            apart = np.linalg.norm(positions[lag:, joints] - positions[:-lag, before], axis=-1)
            mean = (weight * apart).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
            costs[kind, lag:, lag - 1] = np.minimum(mean / typical, _LARGEST_STEP_COST)
    return costs[0], costs[1]
