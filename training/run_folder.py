"""One run's folder: its config, figures, TensorBoard events, curves and checkpoints.

``config.json``, ``metrics.csv``, ``events/``, ``loss.png``, ``last.pt``, ``best.pt``. The figures are
rewritten whole from the trainer's history, so a run that was killed and resumed has the same ones.
"""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Collection, Mapping
from math import isfinite, nan
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from core.errors import InputFormatError, LiftError
from core.io.atomic import atomic_output

from .progress import RunProgress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch.utils.tensorboard import SummaryWriter

History = list[dict[str, float]]

_ABSENT = object()
_VALIDATION = "val_"
_DRAWING_SHARE = 0.05
_LOG_SPREAD = 10.0
# Names of atomic_output and of core.learning.checkpoint.
_PARTIAL_FILE = re.compile(r"\.(config|metrics|loss)\.[0-9a-f]{12}\.\w+|(last|best)\.partial")
_LOSS_UNITS = {
    "loss_position": "m",
    "loss_depth": "m",
    "loss_pose": "m",
    "loss_trajectory": "m per m of depth",
    "loss_projection": "half image widths",
    "loss_bone_length": "m",
}


class RunFolder:
    """The folder of one run; told by the trainer how it goes (``core.learning.trainer.Observer``).

    One process alone may hold it: the first, where several train as one.

    Parameters
    ----------
    path : Path
        Made where it is not there.
    experiment : dict
        All that the run follows from, as JSON can hold it. A folder with another one is refused.
    may_change : collection of str
        Dotted names of what may differ from the folder's config ("training.num_epochs"), a name
        standing for all below it; the config is then written anew.
    since_added : mapping
        What the folder's config stands for where it lacks these: fields that are younger than the run.

    Raises
    ------
    LiftError
        When the folder holds another run (names what differs) or cannot be written.
    InputFormatError
        When the folder's config.json is broken.
    """

    def __init__(
        self,
        path: Path,
        experiment: dict[str, Any],
        *,
        may_change: Collection[str] = (),
        since_added: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = Path(path)
        _make_folder(self.path)
        _settle_config(self.path / "config.json", experiment, may_change, since_added or {})
        _remove_partial_files(self.path)
        self._progress = RunProgress()
        self._events: SummaryWriter | None = None
        self._num_epochs = 0
        self._next_drawing = 0.0

    @property
    def last_checkpoint(self) -> Path:
        """Where the state after the latest epoch is kept."""
        return self.path / "last.pt"

    @property
    def best_checkpoint(self) -> Path:
        """Where the state after the best epoch is kept."""
        return self.path / "best.pt"

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def on_start(self, first_epoch: int, num_epochs: int, steps_per_epoch: int) -> None:
        """Training is about to begin, or to go on after ``first_epoch`` epochs."""
        self._num_epochs = num_epochs
        self._progress.start(first_epoch, num_epochs, steps_per_epoch)

    def on_step(self, step_of_epoch: int, num_outputs: int, loss: float | None) -> None:
        """A step is done; ``num_outputs`` frames of this epoch so far."""
        self._progress.step(step_of_epoch, num_outputs, loss)

    def on_epoch(self, history: list[dict[str, float]]) -> None:
        """An epoch is done: write its figures.

        Raises
        ------
        LiftError
            When a file cannot be written.
        """
        write_metrics(self.path / "metrics.csv", history)
        self._add_events(history)
        is_last = len(history) >= self._num_epochs
        began = time.perf_counter()
        if is_last or began >= self._next_drawing:
            draw_curves(self.path / "loss.png", history, title=self.path.resolve().name)
            # Epochs can be shorter than a drawing takes.
            self._next_drawing = began + (time.perf_counter() - began) / _DRAWING_SHARE
        self._progress.finish_epoch(history[-1], len(history))

    def close(self) -> None:
        """Take the progress bar away and end the event file."""
        self._progress.close()
        if self._events is not None:
            self._events.close()
            self._events = None

    def _add_events(self, history: History) -> None:
        rows = history[-1:]
        if self._events is None:
            folder = self.path / "events"
            # A run killed between figures and checkpoint repeats an epoch; one killed before its
            # events reached the disk lacks one. So the epoch before the first is told again.
            rows = history[-2:] if folder.is_dir() else history
            self._events = _open_events(folder, first_step=round(rows[0]["epoch"]))
        for row in rows:
            for key in row.keys() - {"epoch"}:
                self._events.add_scalar(_tag(key), row[key], round(row["epoch"]))
        self._events.flush()


def write_metrics(path: Path, history: list[dict[str, float]]) -> None:
    """Write one line of figures per epoch, blank where an epoch lacks one.

    Raises
    ------
    LiftError
        When writing fails.
    """
    columns = _columns(history)
    with (
        atomic_output(path) as partial,
        partial.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in history:
            writer.writerow([f"{row[key]:.10g}" if key in row else "" for key in columns])


def draw_curves(path: Path, history: list[dict[str, float]], *, title: str) -> None:
    """Draw training loss and validation figures against the epoch, as PNG.

    Raises
    ------
    LiftError
        When writing fails.
    """
    # Importing Matplotlib takes a second: only runs that draw pay for it.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(12, 4.8))
    figure.subplots_adjust(left=0.07, right=0.99, bottom=0.1, top=0.92, wspace=0.16)
    figure.suptitle(title)
    loss_axes, validation_axes = figure.subplots(1, 2)
    columns = _columns(history)
    losses = [key for key in columns if key == "loss" or key.startswith("loss_")]
    figures = [key for key in columns if key.startswith(_VALIDATION)]
    _draw_panel(loss_axes, history, {key: _loss_label(key) for key in losses})
    loss_axes.set_ylabel("training loss" if len(losses) > 1 else "training loss (m)")
    _draw_panel(validation_axes, history, {key: _validation_label(key, history) for key in figures})
    is_in_mm = all(key.endswith("_mm") for key in figures)
    validation_axes.set_ylabel("validation error (mm)" if is_in_mm else "validation")
    with atomic_output(path) as partial:
        figure.savefig(partial, dpi=100)


def _draw_panel(axes: Axes, history: History, labels: dict[str, str]) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    epochs = [row["epoch"] for row in history]
    marker = "." if len(history) <= 40 else ""
    for key, label in labels.items():
        values = [row.get(key, nan) for row in history]
        axes.plot(epochs, values, label=label, marker=marker, linewidth=1.5)
    _scale_to_spread(axes, [row.get(key, nan) for row in history for key in labels])
    axes.set_xlabel("epoch")
    axes.set_xlim(0, 1.02 * max(epochs))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, which="both", alpha=0.3)
    if labels:
        axes.legend()
    else:
        axes.text(0.5, 0.5, "no figures", transform=axes.transAxes, ha="center")


def _scale_to_spread(axes: Axes, values: list[float]) -> None:
    """Logarithmic where the values spread widely, with ticks in plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator  # noqa: PLC0415

    values = [value for value in values if isfinite(value)]
    if not values or min(values) <= 0 or max(values) <= _LOG_SPREAD * min(values):
        return
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))


def _loss_label(key: str) -> str:
    if key == "loss":
        return "total, mean of the epoch"
    name = key.removeprefix("loss_").replace("_", " ")
    return f"{name} ({_LOSS_UNITS[key]})" if key in _LOSS_UNITS else name


def _validation_label(key: str, history: History) -> str:
    """A figure's name with its lowest value."""
    name = key.removeprefix(_VALIDATION).removesuffix("_mm")
    name = name.replace("_", "-").upper() if "mpj" in name else name.replace("_", " ")
    name = f"{name}, mm per frame" if name == "MPJVE" else name
    known = [row for row in history if isfinite(row.get(key, nan))]
    if not known:
        return name
    best = min(known, key=lambda row: row[key])
    return f"{name}: lowest {best[key]:.4g}, epoch {best['epoch']:.0f}"


def _columns(history: History) -> list[str]:
    """Every figure's name, once, in order of appearance."""
    return list(dict.fromkeys(key for row in history for key in row))


def _tag(key: str) -> str:
    if key.startswith(_VALIDATION):
        return f"val/{key.removeprefix(_VALIDATION)}"
    return f"train/{key}"


def _open_events(folder: Path, *, first_step: int) -> SummaryWriter:
    """A new event file; TensorBoard forgets what earlier ones say from ``first_step`` on."""
    # Importing TensorBoard takes seconds: only runs that write events pay for it.
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415

    return SummaryWriter(str(folder), purge_step=first_step)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LiftError(f"cannot make the run folder {path}: {error.strerror or error}") from error


def _settle_config(
    path: Path,
    experiment: dict[str, Any],
    may_change: Collection[str],
    since_added: Mapping[str, Any],
) -> None:
    """Write the config, or make sure that the folder's own is the same."""
    text = json.dumps(experiment, indent=2) + "\n"
    if path.exists():
        here = _flat(json.loads(text))
        there = {**_flat(dict(since_added)), **_flat(_read_config(path))}
        differing = [
            key
            for key in dict.fromkeys([*here, *there])
            if here.get(key, _ABSENT) != there.get(key, _ABSENT)
        ]
        if not differing:
            return
        refused = [key for key in differing if not _is_among(key, may_change)]
        if refused:
            told = "; ".join(
                f"{key}: {_shown(here, key)} here, {_shown(there, key)} in {path}"
                for key in refused
            )
            raise LiftError(
                f"{path.parent} holds a run of another configuration: {told}; "
                "give another --run folder, or go on with that run's own configuration"
            )
    with atomic_output(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputFormatError(f"cannot read the run's config {path}: {error}") from error
    if not isinstance(config, dict):
        raise InputFormatError(f"{path}: expected a JSON object, found {type(config).__name__}")
    return config


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every value by its dotted name."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _is_among(key: str, names: Collection[str]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)


def _shown(flat: dict[str, Any], key: str) -> str:
    return json.dumps(flat[key]) if key in flat else "absent"


def _remove_partial_files(folder: Path) -> None:
    """Delete what a killed run was writing: checkpoints are large."""
    for path in folder.iterdir():
        if _PARTIAL_FILE.fullmatch(path.name):
            path.unlink(missing_ok=True)
