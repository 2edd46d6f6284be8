"""How long each stage of a clip takes, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

# Called with a stage's name and the share 0..1 of all work that is done.
Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Stopwatch:
    """Seconds per stage, and the progress bar."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def part(self, done: int, count: int) -> Stopwatch:
        """A stopwatch for one of ``count`` equal parts of the work, ``done`` of them done."""
        return self.between(done / count, (done + 1) / count)

    def between(self, start: float, end: float) -> Stopwatch:
        """A stopwatch for the part of the work that goes from one share of it to another."""

        def progress(name: str, share: float) -> None:
            self.progress(name, start + (end - start) * share)

        return Stopwatch(progress, dict(self.seconds))

    @contextmanager
    def stage(self, name: str, share: float) -> Generator[None]:
        """Time what runs inside under this name, ``share`` of the work being done."""
        self.progress(name, share)
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
