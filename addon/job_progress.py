"""How far the job of a scene is, for all who show it.

Not stored with the scene: each change there makes Blender compute the scene anew and draw every window,
and a file saved meanwhile would open with a job that nobody does.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy


@dataclass(slots=True)
class JobProgress:
    """A job that runs.

    Attributes
    ----------
    share : float
        How much is done, 0..1.
    text : str
        What is being done, in the user's language.
    is_unwanted : bool
        Whether the user asked for its end.
    """

    share: float = 0.0
    text: str = ""
    is_unwanted: bool = False


_RUNNING: dict[int, JobProgress] = {}


def begin_progress(scene: bpy.types.Scene, text: str) -> JobProgress:
    """Note that a job of ``scene`` begins."""
    _RUNNING[scene.session_uid] = JobProgress(text=text)
    return _RUNNING[scene.session_uid]


def progress_of(scene: bpy.types.ID | None) -> JobProgress | None:
    """The job of ``scene``, if one runs."""
    return None if scene is None else _RUNNING.get(scene.session_uid)


def end_progress(session_uid: int) -> None:
    """Note that the job of the scene with this number has ended; the scene may be gone."""
    _RUNNING.pop(session_uid, None)


def forget_jobs() -> None:
    """Note that nobody looks after any job: Blender drops an operator that runs with its class."""
    _RUNNING.clear()
