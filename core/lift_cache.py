"""What earlier lifts have worked out, kept so that a lift with other settings need not do it again.

A result is kept with everything that it was made of; what was made of anything else is made anew.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

Made = TypeVar("Made")

_NUM_CLIPS = 2


@dataclass(slots=True)
class ClipMemory:
    """What is known of one clip: of each stage and person the latest result."""

    _kept: dict[tuple[str, int], tuple[Hashable, Any]] = field(
        default_factory=dict[tuple[str, int], tuple[Hashable, Any]]
    )

    def recall(self, stage: str, person: int, key: Hashable, make: Callable[[], Made]) -> Made:
        """The result of ``stage`` made of ``key``; what is kept must not be changed.

        Parameters
        ----------
        stage : str
        person : int
            1-based, 0: everyone.
        key : hashable
            All that the result depends on, but for the clip.
        make : callable
            Makes the result where it is not known; what it raises is not kept.
        """
        kept = self._kept.get((stage, person))
        if kept is not None and kept[0] == key:
            return cast(Made, kept[1])
        made = make()
        self._kept[stage, person] = key, made
        return made


class LiftCache:
    """The memories of the last two clips; several threads may use it."""

    def __init__(self) -> None:
        self._clips: OrderedDict[Hashable, ClipMemory] = OrderedDict()
        self._lock = Lock()

    def clip(self, key: Hashable) -> ClipMemory:
        """What is known of the clip that ``key`` says everything about."""
        with self._lock:
            memory = self._clips.pop(key, None) or ClipMemory()
            self._clips[key] = memory
            while len(self._clips) > _NUM_CLIPS:
                self._clips.popitem(last=False)
            return memory

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._clips.clear()


def file_state(path: Path | None) -> Hashable:
    """What tells whether a file, or any file of a folder, is still the same: size and time of change.

    None for no path; a path that cannot be looked at has no size.
    """
    if path is None:
        return None
    absolute = str(path)
    try:
        absolute = os.path.realpath(path)
        if not Path(absolute).is_dir():
            return absolute, _state(os.stat(absolute))
        with os.scandir(absolute) as entries:
            inside = sorted((entry.name, *_state(entry.stat())) for entry in entries)
        # A folder may hold a hundred thousand frames.
        return absolute, blake2b(repr(inside).encode("utf-8", "surrogatepass")).digest()
    except (OSError, ValueError):
        return absolute, None


def _state(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns
