"""What a user corrects by hand in a clip: swapped sides, wrong joints, feet that stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from .errors import LiftError
from .joint_sets import BODY_23

Kind = Literal["swapped", "not swapped", "wrong joint", "planted", "not planted"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PARTS = ("body", "arms", "legs")
SIDES = ("left", "right")
JOINTS = BODY_23.joint_names
"""Those that the lifted pose rests on; a clip's detector may mark fewer."""

_SUBJECTS: dict[Kind, tuple[str, tuple[str, ...]]] = {
    "swapped": ("part", PARTS),
    "not swapped": ("part", PARTS),
    "wrong joint": ("joint", JOINTS),
    "planted": ("foot", SIDES),
    "not planted": ("foot", SIDES),
}


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing that is so in a stretch of frames, whatever was detected.

    ``kind`` and its ``subject``:

    - "swapped": the detector took left for right, of a part ("body", "arms", "legs");
    - "not swapped": the sides of a part are as detected, however little that looks like it;
    - "wrong joint": the keypoint of a joint (a name of ``JOINTS``, its side as it is after swapped
      sides are put right) is ignored, and bridged like one that was not detected;
    - "planted", "not planted": a foot ("left", "right") stands still, or does not stand.

    ``first_frame`` and ``last_frame``: both included, the clip's own frame numbers (those of its
    keypoints, of the report and of ``--poses``); ``person`` 1-based; ``where`` it was given, for
    messages.

    Raises
    ------
    LiftError
        When a value is not one of those, or the frames are none.
    """

    kind: Kind
    subject: str
    first_frame: int
    last_frame: int
    person: int = 1
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        key, subjects = _SUBJECTS[self.kind]
        if self.subject not in subjects:
            raise LiftError(
                f"{self.place}: unknown {key} {self.subject!r}: expected one of "
                f"{', '.join(subjects)}"
            )
        if self.first_frame < 0 or self.last_frame < self.first_frame:
            raise LiftError(
                f"{self.place}: expected frames from 0 on, the first not after the last, found "
                f"{self.first_frame} to {self.last_frame}"
            )
        if self.person < 1:
            raise LiftError(f"{self.place}: expected a person from 1 on, found {self.person}")

    @property
    def place(self) -> str:
        """Where it was given, as the beginning of a message."""
        return self.where or "correction"

    @property
    def frame_words(self) -> str:
        """Its frames in words."""
        return f"frames {self.first_frame} to {self.last_frame}"

    def rows(self, frames: np.ndarray) -> np.ndarray:
        """(T,) bool: which of ``frames`` (T,) it is about."""
        return (frames >= self.first_frame) & (frames <= self.last_frame)


def subject_key(kind: Kind) -> str:
    """What a correction of this kind is about: "part", "joint" or "foot"."""
    return _SUBJECTS[kind][0]


def is_of_keypoints(correction: Correction) -> bool:
    """Whether it changes what the network sees, rather than when feet stand."""
    return subject_key(correction.kind) != "foot"


def corrections_of(corrections: Iterable[Correction], person: int) -> tuple[Correction, ...]:
    """Those about one person."""
    return tuple(each for each in corrections if each.person == person)


def within_frames(
    corrections: Iterable[Correction], first_frame: int, last_frame: int
) -> tuple[Correction, ...]:
    """Those that reach into the frames from the first to the last one, both included, cut to them."""
    return tuple(
        replace(
            each,
            first_frame=max(each.first_frame, first_frame),
            last_frame=min(each.last_frame, last_frame),
        )
        for each in corrections
        if each.first_frame <= last_frame and each.last_frame >= first_frame
    )


def check_corrections(
    corrections: Sequence[Correction],
    *,
    num_people: int,
    frame_span: tuple[int, int],
    joint_names: Collection[str],
) -> None:
    """Raise LiftError unless all corrections can be applied to a clip and none contradicts another.

    Parameters
    ----------
    corrections : sequence of Correction
    num_people : int
        In the clip.
    frame_span : (int, int)
        The clip's first and last frame number.
    joint_names : collection of str
        Of its keypoints.
    """
    first, last = frame_span
    for each in corrections:
        if each.person > num_people:
            raise LiftError(f"{each.place}: no person {each.person}: {num_people} in the clip")
        if each.kind == "wrong joint" and each.subject not in joint_names:
            raise LiftError(f"{each.place}: the clip's keypoints have no {each.subject}")
        if each.first_frame < first or each.last_frame > last:
            raise LiftError(
                f"{each.place}: {each.frame_words}: the clip has frames {first} to {last}"
            )
    require_apart(corrections)


def require_apart(corrections: Sequence[Correction]) -> None:
    """Raise LiftError where two corrections say something about the same thing in the same frame."""
    by_thing: dict[tuple[int, str, str], list[Correction]] = {}
    for each in corrections:
        for thing in _things(each):
            by_thing.setdefault((each.person, *thing), []).append(each)
    for given in by_thing.values():
        for before, after in pairwise(sorted(given, key=lambda each: each.first_frame)):
            if after.first_frame <= before.last_frame:
                about = f"{subject_key(after.kind)} {after.subject}"
                raise LiftError(
                    f"{after.place}: {about}, {after.frame_words}, overlaps {before.place}: "
                    f"{before.kind}, {before.frame_words}"
                )


def with_correction(corrections: Iterable[Correction], new: Correction) -> tuple[Correction, ...]:
    """The corrections and a new one, which wins where an earlier one is about the same part or foot.

    One of the same kind that it touches or overlaps becomes one with it; of others what it covers is
    cut away, be it all, an end or the middle.
    """
    kept: list[Correction] = []
    for each in corrections:
        is_same = (each.person, *_family(each)) == (new.person, *_family(new))
        is_touched = (
            each.first_frame <= new.last_frame + 1 and each.last_frame >= new.first_frame - 1
        )
        if is_same and is_touched and each.kind == new.kind:
            new = replace(
                new,
                first_frame=min(each.first_frame, new.first_frame),
                last_frame=max(each.last_frame, new.last_frame),
            )
        elif is_same:
            kept.extend(_without(each, new))
        else:
            kept.append(each)
    return (*kept, new)


def _things(correction: Correction) -> Iterator[tuple[str, str]]:
    """What a correction decides; "body" is everything that has sides."""
    key = subject_key(correction.kind)
    is_body = key == "part" and correction.subject == "body"
    for subject in PARTS if is_body else (correction.subject,):
        yield key, subject


def _family(correction: Correction) -> tuple[str, str]:
    return subject_key(correction.kind), correction.subject


def _without(old: Correction, new: Correction) -> Iterator[Correction]:
    """What is left of ``old`` outside the frames of ``new``."""
    if old.first_frame < new.first_frame:
        yield replace(old, last_frame=min(old.last_frame, new.first_frame - 1))
    if old.last_frame > new.last_frame:
        yield replace(old, first_frame=max(old.first_frame, new.last_frame + 1))
