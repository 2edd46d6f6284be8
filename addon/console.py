"""What the command line says: all of it on stderr, one line per message."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from ..core.errors import LiftError

_SECONDS_BETWEEN_PROGRESS = 2.0
_LEAST_SHARE_THAT_TELLS = 0.05
_INTERRUPTED = 130


@dataclass(slots=True)
class Console:
    """Progress and warnings, unless quiet; errors, with tracebacks if verbose."""

    is_quiet: bool
    is_verbose: bool
    _last_stage: str = field(default="", init=False)
    _last_time: float = field(default=0.0, init=False)

    def progress(self, label: str) -> Callable[[str, float], None]:
        """A ``progress(stage, share_done)`` that reports for ``label``."""
        began = time.monotonic()

        def report(stage: str, share_done: float) -> None:
            now = time.monotonic()
            is_new = stage != self._last_stage
            if self.is_quiet or not (is_new or now - self._last_time > _SECONDS_BETWEEN_PROGRESS):
                return
            self._last_stage, self._last_time = stage, now
            _say(f"{label}: {stage}" + ("" if is_new else _how_far(share_done, now - began)))

        return report

    def warn(self, label: str, text: str) -> None:
        """Say what is doubtful about ``label``."""
        if not self.is_quiet:
            _say(f"{label}: warning: {text}")

    def fail(self, label: str, error: Exception) -> None:
        """Say why ``label`` failed; an error that nobody foresaw is named by its type."""
        foreseen = isinstance(error, LiftError | OSError)
        _say(f"{label}: error: {error if foreseen else f'unexpected {error!r}'}")
        if self.is_verbose:
            traceback.print_exception(error, file=sys.stderr)

    def run(self, label: str, work: Callable[[], int]) -> int:
        """The exit code of ``work``; 130, and a line for ``label``, where it is interrupted."""
        try:
            with _interruptible():
                return work()
        except KeyboardInterrupt:
            self.fail(label, LiftError("interrupted"))
            return _INTERRUPTED


def _how_far(share_done: float, elapsed: float) -> str:
    """The share that is done and, once that tells anything, how long the rest will take."""
    text = f" {share_done:.0%}"
    if share_done < _LEAST_SHARE_THAT_TELLS:
        return text
    return f"{text}, {elapsed * (1.0 - share_done) / share_done:.0f} s left"


def _say(text: str) -> None:
    print(" ".join(text.split("\n")), file=sys.stderr, flush=True)


def silence_blender() -> None:
    """Send what Blender's exporters print and log to nowhere, for the rest of this process."""
    logging.disable(logging.INFO)
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


@contextmanager
def _interruptible() -> Generator[None]:
    """Let Ctrl-C and a polite kill raise KeyboardInterrupt, which Blender's own handlers do not."""

    def interrupt(signal_number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    previous = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            # None: Blender's own, set from C; Python cannot put it back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
