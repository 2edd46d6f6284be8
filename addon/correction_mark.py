"""Corrections as they are stored: with the scene whose panel has chosen the clip.

There they are before anything was lifted, outlive every armature that is made and thrown away, and are
saved and undone with the file. Each knows its clip: choosing another one hides them, coming back shows
them again. Their frames are the clip's own, whatever the timeline does.
"""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import bpy
from bpy.props import CollectionProperty, IntProperty, StringProperty

from ..core.clip_source import ClipSource
from ..core.correction import JOINTS, Correction, Kind, check_corrections, with_correction
from .clip_timing import ClipTiming, timing_from_text

_LARGEST = 2**31 - 1


class LIFT_PG_correction(bpy.types.PropertyGroup):
    """A correction (``core.correction``) of the clip at the path ``clip``."""

    clip: StringProperty()
    kind: StringProperty()
    subject: StringProperty()
    first_frame: IntProperty()
    last_frame: IntProperty()
    person: IntProperty(default=1)


class LIFT_PG_corrections(bpy.types.PropertyGroup):
    """All clips' corrections, what must be known of the chosen clip, and where it was last baked."""

    marks: CollectionProperty(type=LIFT_PG_correction)
    active: IntProperty()
    clip: StringProperty()
    first_frame: IntProperty()
    last_frame: IntProperty()
    num_people: IntProperty()
    joints: StringProperty()
    baked_clip: StringProperty()
    baked_timing: StringProperty()


def show_clip(stored: LIFT_PG_corrections, clip: ClipSource | None) -> None:
    """Remember which clip is chosen; what was stored of a file that was moved to it becomes its own."""
    is_numbered = clip is not None and clip.frame_span[1] <= _LARGEST
    if clip is None or not is_numbered:
        stored.clip = ""
        return
    stored.clip = str(clip.path)
    stored.first_frame, stored.last_frame = clip.frame_span
    stored.num_people = len(clip.people)
    names = clip.people[0].skeleton.joint_names
    stored.joints = json.dumps([name for name in JOINTS if name in names])
    known = {mark.clip for mark in stored.marks} | {stored.baked_clip}
    moved = {was for was in known if Path(was).name == clip.path.name and not Path(was).exists()}
    for mark in stored.marks:
        if mark.clip in moved:
            mark.clip = stored.clip
    if stored.baked_clip in moved:
        stored.baked_clip = stored.clip


def remember_timing(stored: LIFT_PG_corrections, clip: Path, timing: ClipTiming) -> None:
    """Remember where on the timeline ``clip`` was baked."""
    stored.baked_clip, stored.baked_timing = str(clip), timing.to_text()


def shown_timing(
    stored: LIFT_PG_corrections, *, start_frame: int, frames_per_row: Fraction
) -> ClipTiming:
    """Where the chosen clip lies on the timeline: as it was baked, else as it is going to be."""
    if stored.baked_clip == stored.clip and stored.baked_timing:
        return timing_from_text(stored.baked_timing)
    return ClipTiming(start_frame, frames_per_row, ((0, stored.first_frame),))


def stored_corrections(stored: LIFT_PG_corrections) -> tuple[Correction, ...]:
    """The chosen clip's corrections, of all its people.

    Raises
    ------
    LiftError
        When one of them is none, as only a script can have stored it.
    """
    return tuple(
        Correction(
            cast(Kind, mark.kind),
            mark.subject,
            mark.first_frame,
            mark.last_frame,
            mark.person,
            where="corrections",
        )
        for mark in stored.marks
        if mark.clip == stored.clip
    )


def add_corrections(stored: LIFT_PG_corrections, added: Iterable[Correction]) -> None:
    """Add to the chosen clip's corrections, each winning over earlier ones of the same thing.

    Raises
    ------
    LiftError
        When one does not fit the clip or another one; nothing is added then.
    """
    together = stored_corrections(stored)
    for each in added:
        together = with_correction(together, each)
    check_corrections(
        together,
        num_people=stored.num_people,
        frame_span=(stored.first_frame, stored.last_frame),
        joint_names=json.loads(stored.joints),
    )
    for row in reversed(range(len(stored.marks))):
        if stored.marks[row].clip == stored.clip:
            stored.marks.remove(row)
    for each in sorted(together, key=lambda each: (each.person, each.first_frame)):
        mark = stored.marks.add()
        mark.clip, mark.person = stored.clip, each.person
        mark.kind, mark.subject = each.kind, each.subject
        mark.first_frame, mark.last_frame = each.first_frame, each.last_frame
