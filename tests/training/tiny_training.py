"""The commands of ``training`` at the smallest size that still does all they do."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
BEAM = ROOT / "tests" / "data" / "beam"
TINY = [
    *("--epochs", "2", "--steps-per-epoch", "2", "--batch-size", "2"),
    *("--channels", "16", "--device", "cpu"),
]
RUN_FILES = {"config.json", "metrics.csv", "events", "loss.png", "last.pt", "best.pt"}
TIMINGS = ("seconds", "frames_per_second")


@dataclass(frozen=True)
class Outcome:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str


def call(main: Callable[[list[str]], int | None], *arguments: object) -> Outcome:
    """A command's ``main`` in this process, on one thread as ``run_module``'s processes are."""
    out, err = io.StringIO(), io.StringIO()
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(argument) for argument in arguments]) or 0
    except SystemExit as stop:
        assert isinstance(stop.code, int)
        code = stop.code
    finally:
        torch.set_num_threads(num_threads)
    return Outcome(code, out.getvalue(), err.getvalue())


def run_python(*arguments: object) -> Outcome:
    """A Python of its own in the repository's root: ``-m training.train ...``."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def read_metrics(run: Path) -> list[dict[str, float]]:
    """A run's figures, epoch by epoch, without what a clock says; blank ones are absent."""
    with (run / "metrics.csv").open(newline="") as file:
        return [
            {key: float(text) for key, text in row.items() if text and key not in TIMINGS}
            for row in csv.DictReader(file)
        ]
