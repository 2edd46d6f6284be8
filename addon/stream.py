"""Live use on the command line: JSON lines of keypoints in, JSON lines of poses out."""

from __future__ import annotations

import os
import sys

from ..core.errors import LiftError
from ..core.io.stream_line import format_error
from ..core.stream_session import StreamSession
from .cli_options import Options
from .console import Console

_LABEL = "stream"


def lift_stream(options: Options) -> int:
    """Answer every line of standard input on standard output, until it ends.

    Returns
    -------
    int
        The exit code: 0 when all lines were used, 1 when one could not be, 130 when interrupted.
    """
    console = Console(is_quiet=options.is_quiet, is_verbose=options.is_verbose)
    return console.run(_LABEL, lambda: _lift_stream(options, console))


def _lift_stream(options: Options, console: Console) -> int:
    try:
        session = StreamSession(options.settings, warn=lambda text: console.warn(_LABEL, text))
        return 1 if _answer_lines(session, console) else 0
    except BrokenPipeError:
        # Nobody reads on: Python must not try to write the rest when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        console.fail(_LABEL, LiftError("nobody reads the output any more"))
        return 1
    except Exception as error:
        console.fail(_LABEL, error)
        return 1


def _answer_lines(session: StreamSession, console: Console) -> int:
    """Answer all lines; the number of those that could not be used."""
    num_failed = 0
    print(session.opening, flush=True)
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            answer = session.answer(line)
        except LiftError as error:
            console.fail(f"{_LABEL}, line {number}", error)
            print(format_error(number, error), flush=True)
            num_failed += 1
            if not session.has_begun:
                break
        else:
            if answer is not None:
                print(answer, flush=True)
    return num_failed
