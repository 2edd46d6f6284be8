"""How a run goes, on the terminal: a bar while it learns, a line after every epoch."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

_BAR_FORMAT = (
    "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps, {remaining} left{postfix}"
)


class RunProgress:
    """A bar over all steps on stderr where that is a terminal; a line per epoch on stdout anyway."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._num_epochs = self._first_epoch = self._steps_per_epoch = 0
        self._run_began = self._epoch_began = time.perf_counter()

    def start(self, first_epoch: int, num_epochs: int, steps_per_epoch: int) -> None:
        """Say where the run begins: ``first_epoch`` epochs are done, of ``num_epochs``."""
        self._first_epoch, self._num_epochs = first_epoch, num_epochs
        self._steps_per_epoch = steps_per_epoch
        self._run_began = self._epoch_began = time.perf_counter()
        if first_epoch >= num_epochs:
            print(f"all {num_epochs} epochs were done before; nothing is left to train", flush=True)
            return
        if first_epoch > 0:
            print(f"going on after epoch {first_epoch} of {num_epochs}", flush=True)
        self.close()
        self._bar = tqdm(
            total=num_epochs * steps_per_epoch,
            initial=first_epoch * steps_per_epoch,
            desc=self._description(first_epoch),
            bar_format=_BAR_FORMAT,
            dynamic_ncols=True,
            leave=False,
            # The mean rate of this session: validation between the epochs counts, too.
            smoothing=0,
            # None: only where stderr is a terminal.
            disable=None,
        )

    def step(self, step_of_epoch: int, num_outputs: int, loss: float | None) -> None:
        """Move the bar; ``num_outputs`` frames were put out in this epoch so far."""
        if self._bar is None or self._bar.disable:
            return
        if loss is not None:
            rate = num_outputs / max(time.perf_counter() - self._epoch_began, 1e-9)
            text = f"loss {loss:.4g}, {rate:,.0f} frames/s"
            self._bar.set_postfix_str(text, refresh=False)
        self._bar.update()

    def finish_epoch(self, row: dict[str, float], num_epochs_done: int) -> None:
        """Print an epoch's figures and the time left."""
        num_left = self._num_epochs - num_epochs_done
        now = time.perf_counter()
        num_here = max(num_epochs_done - self._first_epoch, 1)
        seconds_left = (now - self._run_began) / num_here * num_left
        with tqdm.external_write_mode(file=sys.stdout):
            print(epoch_line(row, self._num_epochs, seconds_left), flush=True)
        if num_left <= 0:
            self.close()
        elif self._bar is not None:
            self._bar.set_description_str(self._description(num_epochs_done), refresh=False)
        self._epoch_began = time.perf_counter()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _description(self, num_epochs_done: int) -> str:
        return f"epoch {num_epochs_done + 1}/{self._num_epochs}"


def epoch_line(row: dict[str, float], num_epochs: int, seconds_left: float) -> str:
    """One epoch's figures in a line: rate, loss, validation, frames per second and time left."""
    figures = {
        "lr": row["lr"],
        "loss": row["loss"],
        **{key.removeprefix("val_"): row[key] for key in row if key.startswith("val_")},
    }
    return "  ".join(
        [
            f"epoch {row['epoch']:.0f}/{num_epochs}",
            *(f"{name} {value:.4g}" for name, value in figures.items()),
            f"{row['frames_per_second']:,.0f} frames/s",
            f"{tqdm.format_interval(seconds_left)} left",
        ]
    )
