"""Checkpoints of a run: networks, optimiser and history, whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from math import isfinite, nan
from pathlib import Path

import torch
from torch import nn

from ..errors import LiftError
from .checkpoint_file import RUN_FORMAT, NetworkName, load_into, network_state, read_checkpoint

_NETWORKS: tuple[NetworkName, ...] = ("model_pos", "model_traj")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: one row of figures per finished epoch; whether the last one is the best."""

    history: tuple[dict[str, float], ...] = ()
    is_best: bool = False

    @property
    def num_epochs_done(self) -> int:
        """Finished epochs."""
        return len(self.history)

    def with_epoch(self, row: dict[str, float], *, best_by: str) -> Progress:
        """One epoch further; without the figure ``best_by`` every epoch is the best."""
        before = [past[best_by] for past in self.history if isfinite(past.get(best_by, nan))]
        is_best = best_by not in row or row[best_by] < min(before, default=float("inf"))
        return replace(self, history=(*self.history, row), is_best=is_best)


def save_checkpoint(
    path: Path,
    objective: nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    *,
    lifter_json: str,
) -> None:
    """Write a checkpoint, with the names that public ones use (METHOD.md section 1)."""
    checkpoint = {
        "format": RUN_FORMAT,
        "lifter": lifter_json,
        "epoch": progress.num_epochs_done,
        "lr": optimizer.param_groups[0]["lr"],
        "optimizer": optimizer.state_dict(),
        "history": json.dumps(progress.history),
        **{name: network.state_dict() for name, network in _networks(objective).items()},
    }
    # One fixed name: what a killed process leaves behind, the next checkpoint overwrites.
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise LiftError(f"cannot write {path}: {error.strerror}") from error


def load_checkpoint(path: Path, objective: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    """Put a checkpoint's networks and optimiser in place; nothing where there is no file yet.

    Raises
    ------
    LiftError
        When the file is broken, or holds other networks than the objective's or more.
    """
    if not path.exists():
        return Progress()
    checkpoint = read_checkpoint(path)
    if checkpoint.get("format") != RUN_FORMAT:
        raise LiftError(f"{path}: expected a checkpoint of a run of this program")
    networks = _networks(objective)
    surplus = [name for name in _NETWORKS if name in checkpoint and name not in networks]
    if surplus:
        raise LiftError(
            f"{path}: a checkpoint of another training: expected {' and '.join(networks)} alone, "
            f"found {' and '.join(surplus)} too"
        )
    for name, network in networks.items():
        load_into(network, network_state(checkpoint, name, where=str(path)), where=str(path))
    try:
        optimizer.load_state_dict(checkpoint["optimizer"])
        return Progress(tuple(json.loads(checkpoint["history"])))
    except (KeyError, TypeError, ValueError) as error:
        raise LiftError(
            f"{path}: expected a run's optimiser and history, found others ({error})"
        ) from error


def _networks(objective: nn.Module) -> dict[NetworkName, nn.Module]:
    return {name: getattr(objective, name) for name in _NETWORKS if hasattr(objective, name)}
