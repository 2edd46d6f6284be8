"""The panel's clip: what its file is, what that leaves open, and who is in it, shown when it is chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core.clip_opening import recall_source
from ..core.clip_source import FALLBACK_FPS, ClipSource
from ..core.errors import LiftError
from ..core.io.keypoints import read_keypoints
from ..core.io.video import find_video_beside, read_video_info
from ..core.io.video_reader import is_video, open_video
from ..core.lift_settings import LiftSettings
from .access import path_of
from .correction_mark import show_clip
from .figure import cutting_text, figure_of
from .lift_memory import LIFT_CACHE
from .thumbnail import release_icons
from .translation import translate_core, translate_label, translate_message

if TYPE_CHECKING:
    from .properties import LIFT_PG_panel


def source_path(text: str) -> Path:
    """The chosen file as a property holds it; for a file of a folder that has one per frame, the folder.

    Raises
    ------
    LiftError
        When the file cannot be read.
    """
    path = path_of(text)
    if not path.is_file() or is_video(path) or not _has_siblings(path):
        return path
    return path.parent if len(read_keypoints(path).frames) == 1 else path


def _has_siblings(path: Path) -> bool:
    """Whether other files beside ``path`` differ from it in numbers alone."""
    pattern = re.sub(r"\d+", "#", path.name)
    siblings = (found.name for found in path.parent.iterdir())
    return sum(re.sub(r"\d+", "#", name) == pattern for name in siblings) > 1


def source_settings(panel: LIFT_PG_panel) -> LiftSettings:
    """What is said of the clip itself, of which the rest of the settings say how it is lifted."""
    if panel.is_video:
        span = (panel.first_video_frame, panel.last_video_frame)
        return LiftSettings(frame_range=span if panel.has_frame_range else None)
    width, height = panel.given_size
    rate = Fraction(panel.given_fps).limit_denominator(1001)
    # What is taken anyway need not be given, and the clip not be read again for it.
    is_rate_given = panel.is_rate_unknown and rate != FALLBACK_FPS
    return LiftSettings(
        fps=rate if is_rate_given else None,
        image_size=(width, height) if panel.is_size_unknown and width and height else None,
        video=path_of(panel.video) if panel.video and panel.is_video_readable else None,
    )


def check_source(text: str) -> None:
    """Find out whether a file can be the panel's clip.

    Raises
    ------
    LiftError
        When it cannot.
    """
    path = source_path(text)
    if is_video(path):
        open_video(path).stated()
    else:
        recall_source(path, LiftSettings(), cache=LIFT_CACHE)


def inspect_source(panel: LIFT_PG_panel) -> None:
    """Read the chosen clip and show what it is, or why it cannot be used."""
    release_icons()
    panel.people.clear()
    panel.source_error = panel.source_format = panel.source_size = panel.video_beside = ""
    panel.num_frames, panel.is_video = 0, False
    panel.is_rate_unknown = panel.is_size_unknown = panel.is_video_readable = False
    if not panel.source:
        show_clip(panel.corrections, None)
        return
    try:
        path = source_path(panel.source)
        # Whom a video shows only a lift tells: until then its marks are those that were known.
        if not is_video(path) or panel.corrections.clip != str(path):
            show_clip(panel.corrections, None)
        if is_video(path):
            _show_video(panel, path)
        else:
            _show_keypoints(panel, path)
    except LiftError as error:
        panel.source_error = translate_core(str(error))


def _show_video(panel: LIFT_PG_panel, path: Path) -> None:
    """Show what a video is; who is in it will be found by the lift.

    Raises
    ------
    LiftError
        When videos cannot be read here, or not this one, or the chosen frames are none of it.
    """
    stated = open_video(path).stated()
    panel.is_video, panel.person = True, 1
    panel.source_format = translate_label("video: its people are found when it is lifted")
    panel.source_size = "{}x{}".format(*stated.size)
    panel.num_frames, panel.fps = stated.num_frames, float(stated.fps)
    first, last = panel.first_video_frame, panel.last_video_frame
    if panel.has_frame_range and not first <= last:
        raise LiftError(
            translate_message("expected a last frame of at least {first}, found {last}").format(
                first=first, last=last
            )
        )


def _show_keypoints(panel: LIFT_PG_panel, path: Path) -> None:
    """Show what keypoints are, and ask for what they do not tell.

    Raises
    ------
    LiftError
        When they cannot be read, or the chosen video not.
    """
    beside = find_video_beside(path)
    panel.video_beside = "" if beside is None else beside.name
    panel.is_video_readable = bool(panel.video) and _has_header(path_of(panel.video))
    clip = recall_source(path, source_settings(panel), cache=LIFT_CACHE)
    panel.is_rate_unknown, panel.is_size_unknown = clip.is_rate_guessed, clip.is_size_guessed
    show_people(panel, recall_source(path, source_settings(panel), cache=LIFT_CACHE))


def _has_header(video: Path) -> bool:
    """Whether a video tells its rate and size; where it does not, Blender may still show it.

    Raises
    ------
    LiftError
        When the file is no video.
    """
    try:
        read_video_info(video)
    except LiftError:
        if is_video(video):
            return False
        raise
    return True


def show_people(
    panel: LIFT_PG_panel, clip: ClipSource, cuttings: Sequence[np.ndarray | None] = ()
) -> None:
    """Show what the clip is and who is in it, with cuttings of the video where there are any."""
    panel.people.clear()
    is_told = clip.format.endswith(clip.joint_set)
    panel.source_format = clip.format if is_told else f"{clip.format}, {clip.joint_set}"
    panel.source_size = "{}x{}".format(*clip.image_size)
    panel.num_frames = clip.frame_span[1] - clip.frame_span[0] + 1
    panel.fps = float(clip.fps)
    panel.person = min(panel.person, len(clip.people))
    show_clip(panel.corrections, clip)
    for person, cutting in zip_longest(clip.people, cuttings):
        added = panel.people.add()
        added.number, added.num_frames = person.person, len(person.frames)
        added.figure = figure_of(person)
        added.cutting = "" if cutting is None else cutting_text(cutting)
