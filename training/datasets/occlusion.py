"""What of a person is not seen: outside the image, behind something, or missed by the detector."""

from __future__ import annotations

from functools import partial

import numpy as np

from core.joint_sets import BODY_23

from .chance import draw_log_uniform
from .image_border import crop, frame_upper_body
from .view_config import ViewConfig

_NUM_JOINTS = BODY_23.num_joints
_FEET = BODY_23.indices(*(n for n in BODY_23.joint_names if "toe" in n or "heel" in n))
_FACE = BODY_23.indices("nose", "left_eye", "right_eye", "left_ear", "right_ear")


def _names_ending(*endings: str) -> tuple[str, ...]:
    return tuple(name for name in BODY_23.joint_names if name.endswith(endings))


def _groups(*groups: tuple[str, ...]) -> np.ndarray:
    """(G,23) bool: the joints of each group."""
    table = np.zeros((len(groups), _NUM_JOINTS), dtype=bool)
    for row, names in enumerate(groups):
        table[row, BODY_23.indices(*names)] = True
    return table


_BELOW_KNEES = _names_ending("ankle", "toe", "heel")
_LOWER_BODY = _groups(
    _BELOW_KNEES,
    _names_ending("knee") + _BELOW_KNEES,
    _names_ending("hip", "knee") + _BELOW_KNEES,
)
_FOREARM, _LEG = ("elbow", "wrist"), ("knee", "ankle", "big_toe", "small_toe", "heel")
_LIMBS = _groups(
    *(
        tuple(f"{side}_{part}" for part in parts)
        for side in ("left", "right")
        for parts in (("wrist",), _FOREARM, ("shoulder", *_FOREARM), _LEG, _FOREARM + _LEG)
    ),
    _names_ending("elbow", "wrist"),
    _names_ending("hip"),
)
_SHARE_WHOLE_WINDOW = 0.5
_SHARE_LIMB_WHOLE_WINDOW = 0.2
_PART_SECONDS = (0.5, 3.0)
_LIMB_SECONDS = (0.1, 3.0)
_LOST_SECONDS = (0.05, 0.7)
_BURST_SECONDS = (0.1, 1.0)
_MAX_TIMES_LOST = 3


def hide_keypoints(
    rays: np.ndarray, confidence: np.ndarray, config: ViewConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Take from a detector's report what it would not have seen.

    Parameters
    ----------
    rays : (N,T,23,2) array
        Of ``BODY_23``.
    confidence : (N,T,23) array
    config : ViewConfig
    rng : numpy.random.Generator

    Returns
    -------
    rays, confidence
        The rays of keypoints just outside the image are moved onto its border; the confidence is lower
        there, and 0 where nothing is seen.
    """
    rays, confidence = rays.copy(), confidence * ~_missed(confidence.shape, config, rng)
    cropped, close, lower, limb, lost = _draw_partial_views(len(rays), config, rng)
    during = partial(_draw_duration, num_frames=rays.shape[1], fps=config.fps, rng=rng)
    rays[cropped], factors = crop(rays[cropped], rng)
    confidence[cropped] *= factors
    framed = during(len(close), _PART_SECONDS, share_whole=_SHARE_WHOLE_WINDOW)
    rays[close], factors = frame_upper_body(rays[close], framed, config.fps, rng)
    confidence[close] *= factors
    behind = during(len(lower), _PART_SECONDS, share_whole=_SHARE_WHOLE_WINDOW)
    confidence[lower] *= ~_any_group(_LOWER_BODY, behind, rng)
    behind = during(len(limb), _LIMB_SECONDS, share_whole=_SHARE_LIMB_WHOLE_WINDOW)
    confidence[limb] *= ~_any_group(_LIMBS, behind, rng)
    confidence[lost] *= ~_losses(len(lost), rays.shape[1], config.fps, rng)[..., None]
    return rays, confidence


def _draw_partial_views(
    count: int, config: ViewConfig, rng: np.random.Generator
) -> list[np.ndarray]:
    """The windows of each kind of partial view, in the order of the config's shares."""
    shares = [
        config.share_cropped,
        config.share_close_up,
        config.share_lower_body_hidden,
        config.share_limb_hidden,
        config.share_lost,
    ]
    assert sum(shares) <= 1 + 1e-9, f"shares of partial views add up to {sum(shares)}"
    kinds = np.searchsorted(np.cumsum(shares), rng.random(count), side="right")
    return [np.flatnonzero(kinds == kind) for kind in range(len(shares))]


def _missed(shape: tuple[int, ...], config: ViewConfig, rng: np.random.Generator) -> np.ndarray:
    """(N,T,23) bool: single keypoints, joints for a while, and joints that a detector has not."""
    count, num_frames = shape[:2]
    missed = rng.random(shape, dtype=np.float32) < config.share_dropped
    num_bursts = rng.integers(config.max_bursts + 1, size=count)
    bursts = _draw_stretches(
        (count, config.max_bursts), num_frames, config.fps, _BURST_SECONDS, rng
    )
    joints = rng.integers(_NUM_JOINTS, size=(count, config.max_bursts))
    for burst in range(config.max_bursts):
        during = bursts[:, burst] & (burst < num_bursts)[:, None]
        missed[np.arange(count), :, joints[:, burst]] |= during
    without_feet = rng.random(count) < config.share_without_feet
    without_face = rng.random(count) < config.share_without_face
    missed[:, :, _FEET] |= without_feet[:, None, None]
    missed[:, :, _FACE] |= without_face[:, None, None]
    return missed


def _draw_duration(
    count: int,
    seconds: tuple[float, float],
    *,
    share_whole: float,
    num_frames: int,
    fps: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(count,T) bool: the whole window in a share of the rows, in the others a stretch."""
    stretches = _draw_stretches((count,), num_frames, fps, seconds, rng)
    return stretches | (rng.random((count, 1)) < share_whole)


def _any_group(groups: np.ndarray, during: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,T,23) bool: one of ``groups`` (G,23) of each row, while ``during`` (n,T)."""
    return groups[rng.integers(len(groups), size=len(during))][:, None] & during[..., None]


def _losses(count: int, num_frames: int, fps: float, rng: np.random.Generator) -> np.ndarray:
    """(count,T) bool: once or a few times, for a few frames."""
    losses = _draw_stretches((count, _MAX_TIMES_LOST), num_frames, fps, _LOST_SECONDS, rng)
    num_losses = rng.integers(1, _MAX_TIMES_LOST + 1, size=count)
    return (losses & (np.arange(_MAX_TIMES_LOST) < num_losses[:, None])[..., None]).any(axis=1)


def _draw_stretches(
    shape: tuple[int, ...],
    num_frames: int,
    fps: float,
    seconds: tuple[float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """(shape,T) bool: in each row a stretch of log-uniform length that reaches into it."""
    length = draw_log_uniform(seconds, (*shape, 1), rng) * fps
    begin = rng.random((*shape, 1)) * (num_frames + length) - length
    frames = np.arange(num_frames)
    return (frames >= begin) & (frames < begin + length)
