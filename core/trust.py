"""Frames whose pose is not to be trusted, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .filters import runs

NOT_SEEN_YET = "not seen yet or no longer: the pose is held"
NOBODY_SEEN = "not seen: bridged from before to after"
MOSTLY_HIDDEN = "most of the body not seen"
OFF_KEYPOINTS = "the pose lies off the keypoints"
_SHARE_SEEN = 0.5
# Real clips (aistpp): half of all frames under 16 mm, all but one in a thousand under 37 mm.
_OFF_M = 0.08
_OFF_SECONDS = 0.1


class UntrustedRange(NamedTuple):
    """Source frames ``start`` to ``end``, both included, and ``why`` they are not to be trusted."""

    start: int
    end: int
    why: str


def find_untrusted(
    frames: np.ndarray,
    *,
    share_seen: np.ndarray,
    off_m: np.ndarray,
    is_within: np.ndarray,
    fps: float,
) -> list[UntrustedRange]:
    """Stretches of frames that are guessed, or whose pose does not agree with the video.

    Parameters
    ----------
    frames : (T,) array
        Source frame numbers.
    share_seen : (T,) array
        0..1, of the limb joints.
    off_m : (T,) array
        m at the person's distance: the median over seen limb joints of how far the pose is from where
        they were detected; 0 where none is seen. Single frames of noise do not count.
    is_within : (T,) bool array
        From the first to the last frame in which the person was detected.
    fps : float

    Returns
    -------
    list of UntrustedRange
        In order, without overlap; the gravest reason of each frame.
    """
    is_off = np.zeros(len(frames), dtype=bool)
    for begin, end in runs(off_m > _OFF_M):
        is_off[begin:end] = end - begin >= max(1, round(_OFF_SECONDS * fps))
    why = np.select(
        [~is_within, share_seen == 0, share_seen < _SHARE_SEEN, is_off], [1, 2, 3, 4], default=0
    )
    words = (NOT_SEEN_YET, NOBODY_SEEN, MOSTLY_HIDDEN, OFF_KEYPOINTS)
    found = [
        UntrustedRange(int(frames[begin]), int(frames[end - 1]), word)
        for reason, word in enumerate(words, start=1)
        for begin, end in runs(why == reason)
    ]
    return sorted(found)
