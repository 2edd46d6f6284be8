"""Which clips a run learns from or is judged on: subjects, actions, and a share of the frames."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.errors import InputFormatError
from core.learning.clips import ClipSet, TrainingClip

from .npz_pair import listed

_CHUNK = re.compile(r" chunk\d+$")
_TRIAL = re.compile(r" \d+$")


def action_group(action: str) -> str:
    """The action that a recording is reported under: "Walking 1 chunk0" and "Walking 1" -> "Walking"."""
    return _TRIAL.sub("", _CHUNK.sub("", action))


def select_clips(
    clip_set: ClipSet,
    *,
    subjects: Sequence[str] | None,
    actions: Sequence[str] | None,
    share: float = 1.0,
    downsample: int = 1,
    seed: int = 0,
) -> ClipSet:
    """Some subjects' clips of some actions, or a part of each.

    Parameters
    ----------
    clip_set : ClipSet
    subjects : sequence of str, or None
        Exact names; None takes all.
    actions : sequence of str, or None
        Each the exact action, its ``action_group``, or, where neither is there, a beginning of its
        name ("Walk"); None takes all.
    share : float
        0..1: how much of every clip is kept, one contiguous part, a multiple of ``downsample`` frames
        and at least one of them. Where it lies depends on ``seed``, subject and action: it is the
        same for all cameras.
    downsample : int
        Every n-th frame is kept.
    seed : int

    Raises
    ------
    InputFormatError
        When a subject or action is not there, nothing is left, or ``share`` or ``downsample`` is out
        of range.
    """
    if not 0 < share <= 1:
        raise InputFormatError(f"share: expected more than 0 and at most 1, found {share}")
    if downsample < 1:
        raise InputFormatError(f"downsample: expected at least 1, found {downsample}")
    clips = clip_set.clips
    if subjects is not None:
        _check_there(subjects, clip_set.subjects, "subject")
        clips = tuple(clip for clip in clips if clip.subject in subjects)
    if actions is not None and clips:
        wanted = _matching_actions(actions, dict.fromkeys(clip.action for clip in clips))
        clips = tuple(clip for clip in clips if clip.action in wanted)
    if not clips:
        raise InputFormatError(
            "empty split: no clip of "
            f"{'any subject' if subjects is None else 'subjects ' + listed(subjects)} and "
            f"{'any action' if actions is None else 'actions ' + listed(actions)}"
        )
    return clip_set.with_clips(_part(clip, share, downsample, seed) for clip in clips)


def unlabelled(clip_set: ClipSet) -> ClipSet:
    """The same clips without their 3D."""
    clips = tuple(clip.without_truth() for clip in clip_set.clips)
    return replace(clip_set, clips=clips, skeleton_out=None)


def _matching_actions(wanted: Sequence[str], there: dict[str, None]) -> set[str]:
    matches: set[str] = set()
    for name in wanted:
        found = {action for action in there if name in (action, action_group(action))}
        found = found or {action for action in there if name and action.startswith(name)}
        if not found:
            _check_there([name], dict.fromkeys(action_group(action) for action in there), "action")
        matches |= found
    return matches


def _check_there(wanted: Sequence[str], there: Sequence[str] | dict[str, None], noun: str) -> None:
    missing = [name for name in wanted if name not in there]
    if missing:
        raise InputFormatError(
            f"{noun} {listed(missing)} is not in the data: found {listed(list(there))}"
        )


def _part(clip: TrainingClip, share: float, downsample: int, seed: int) -> TrainingClip:
    if share == 1 and downsample == 1:
        return clip
    start, stop = 0, clip.num_frames
    if share < 1:
        length = max(1, round(clip.num_frames // downsample * share)) * downsample
        name = zlib.crc32(f"{clip.subject}/{clip.action}".encode())
        place = np.random.default_rng([seed, name]).random()
        start = int(place * max(1, clip.num_frames - length + 1))
        stop = start + length
    return clip.cut(slice(start, stop, downsample))
