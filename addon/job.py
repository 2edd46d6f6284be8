"""Work that must not hold up the interface: a thread that runs core alone, watched from a timer.

Nothing of Blender is touched in the thread. A cancelled job ends at its next sign of progress; what it
had found is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..core.stopwatch import Progress

Result = TypeVar("Result")


class _CancelledError(Exception):
    """Raised inside the work by its own progress call."""


@dataclass(slots=True)
class Job(Generic[Result]):
    """One piece of work in a thread of its own.

    Attributes
    ----------
    stage : str
        What is being done, in a word.
    share : float
        How much is done, 0..1.
    """

    work: Callable[[Progress], Result]
    stage: str = ""
    share: float = 0.0
    _began: float = field(default_factory=time.perf_counter)
    _is_cancelled: threading.Event = field(default_factory=threading.Event)
    _result: Result | None = None
    _error: BaseException | None = None
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="lift", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the work goes on."""
        return self._thread.is_alive()

    @property
    def seconds_left(self) -> float | None:
        """How long it will take yet, as the work so far tells; None while that is too little."""
        elapsed = time.perf_counter() - self._began
        if self.share < 0.05 or elapsed < 0.5:
            return None
        return elapsed * (1.0 - self.share) / self.share

    def cancel(self) -> None:
        """Let the work end at its next sign of progress; its result will never be asked for."""
        self._is_cancelled.set()

    def result(self) -> Result:
        """What the work returned.

        Raises
        ------
        BaseException
            What the work raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def _run(self) -> None:
        try:
            self._result = self.work(self._progress)
        except _CancelledError:
            return
        except BaseException as error:
            self._error = error

    def _progress(self, stage: str, share: float) -> None:
        if self._is_cancelled.is_set():
            raise _CancelledError
        self.stage, self.share = stage, share
