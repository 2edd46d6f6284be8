"""Train networks epoch by epoch: mixed precision, several processes, checkpoints that resume exactly.

Everything random in a step (its batch, its dropout) follows from the seed and the step's number, so a
checkpoint needs no generator's state, and a run that was killed repeats its last epoch bit by bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..errors import LiftError
from .checkpoint import load_checkpoint, save_checkpoint
from .distributed import Share, is_distributed
from .schedule import TrainingConfig, batch_norm_momentum, learning_rate

_STEPS_BETWEEN_READS_CUDA = 50


class Batch(Protocol):
    """What an objective reads."""

    @property
    def num_outputs(self) -> int:
        """Output frames that the batch asks for."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is learned from what.

    ``objective`` holds the networks as submodules; called with a batch it gives the loss and its
    terms. ``draw_batch(step)`` gives this process' part of a step's batch, ``describe_batch(step)``
    says in words what is in it. ``validate()`` gives named figures, in evaluation mode and without
    gradients.
    """

    objective: nn.Module
    steps_per_epoch: int
    draw_batch: Callable[[int], Batch]
    describe_batch: Callable[[int], str]
    validate: Callable[[], dict[str, float]]


class Observer(Protocol):
    """Who is told how a run goes."""

    def on_start(self, first_epoch: int, num_epochs: int, steps_per_epoch: int) -> None:
        """Training is about to begin, or to go on."""
        ...

    def on_step(self, step_of_epoch: int, num_outputs: int, loss: float | None) -> None:
        """A step is done; ``num_outputs`` frames so far in this epoch, ``loss`` where it was read."""
        ...

    def on_epoch(self, history: list[dict[str, float]]) -> None:
        """An epoch is done: one row of figures for every epoch so far."""
        ...


class Silence:
    """An observer that keeps quiet: for processes other than the first, and for tests."""

    def on_start(self, first_epoch: int, num_epochs: int, steps_per_epoch: int) -> None:
        """Say nothing."""

    def on_step(self, step_of_epoch: int, num_outputs: int, loss: float | None) -> None:
        """Say nothing."""

    def on_epoch(self, history: list[dict[str, float]]) -> None:
        """Say nothing."""


def train(
    task: Task,
    config: TrainingConfig,
    *,
    last_checkpoint: Path,
    best_checkpoint: Path,
    lifter_json: str,
    observer: Observer,
    seed: int,
    share: Share,
) -> list[dict[str, float]]:
    """Train the task's networks in place, going on from ``last_checkpoint`` where it is there.

    Parameters
    ----------
    task : Task
    config : TrainingConfig
    last_checkpoint, best_checkpoint : Path
        Written after every epoch, and after every one that is the best so far by ``config.best_by``.
    lifter_json : str
        The pose network's LifterConfig, kept in the checkpoints.
    observer : Observer
    seed : int
        Of dropout; batches and first weights are the task's.
    share : Share
        Which process of how many this is.

    Returns
    -------
    list of dict
        One row of figures per epoch.

    Raises
    ------
    LiftError
        When the loss stops being a finite number (names the step and its batch), or the checkpoint is
        broken or of other networks.
    """
    objective = task.objective
    optimizer = _make_optimizer(objective, config)
    progress = load_checkpoint(last_checkpoint, objective, optimizer)
    _check_agreement(progress.num_epochs_done, last_checkpoint, share)
    stepped = _wrapped(objective, config)
    observer.on_start(progress.num_epochs_done, config.num_epochs, task.steps_per_epoch)
    for epoch in range(progress.num_epochs_done, config.num_epochs):
        began = time.perf_counter()
        means, num_outputs = _train_epoch(
            task, stepped, optimizer, config, epoch, observer=observer, seed=seed, share=share
        )
        seconds = time.perf_counter() - began
        figures = _validate(task) if share.is_first else {}
        row = {
            "epoch": float(epoch + 1),
            "lr": optimizer.param_groups[0]["lr"],
            "seconds": seconds,
            "frames_per_second": num_outputs / max(seconds, 1e-9),
            **means,
            **figures,
        }
        progress = progress.with_epoch(row, best_by=config.best_by)
        if share.is_first:
            observer.on_epoch(list(progress.history))
            # The last one last: a run killed in between repeats the epoch and writes both.
            paths = [*([best_checkpoint] if progress.is_best else []), last_checkpoint]
            for path in paths:
                save_checkpoint(path, objective, optimizer, progress, lifter_json=lifter_json)
        if is_distributed():
            dist.barrier()
    return list(progress.history)


def _check_agreement(num_epochs_done: int, last_checkpoint: Path, share: Share) -> None:
    """Processes on several machines must all have found the checkpoint, or none of them."""
    if not is_distributed():
        return
    found: list[int] = [0] * share.num_processes
    dist.all_gather_object(found, num_epochs_done)
    if len(set(found)) > 1:
        raise LiftError(
            f"{last_checkpoint}: expected the same checkpoint for every process, found "
            f"{found} finished epochs: the run folder must be shared"
        )


def _make_optimizer(objective: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam(
            objective.parameters(),
            lr=config.learning_rate,
            amsgrad=True,
            weight_decay=config.weight_decay,
            fused=True,
        )
    return torch.optim.AdamW(
        objective.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )


def _wrapped(objective: nn.Module, config: TrainingConfig) -> Callable[[Any], Any]:
    """The objective as it is called: compiled, its gradients averaged over processes."""
    called: Any = torch.compile(objective) if config.use_compile else objective
    return DistributedDataParallel(called, broadcast_buffers=False) if is_distributed() else called


def _train_epoch(
    task: Task,
    stepped: Callable[[Any], Any],
    optimizer: torch.optim.Optimizer,
    config: TrainingConfig,
    epoch: int,
    *,
    observer: Observer,
    seed: int,
    share: Share,
) -> tuple[dict[str, float], int]:
    """Mean loss and terms, and the number of output frames seen by all processes."""
    objective = task.objective
    device = next(objective.parameters()).device
    read_every = 1 if device.type == "cpu" else _STEPS_BETWEEN_READS_CUDA
    objective.train()
    _set_batch_norm_momentum(objective, batch_norm_momentum(config, epoch))
    totals: dict[str, Tensor] = {}
    broken_step = torch.full((), -1, device=device)
    num_outputs = 0
    for step_of_epoch in range(task.steps_per_epoch):
        step = epoch * task.steps_per_epoch + step_of_epoch
        torch.manual_seed((seed * 1_000_003 + step) * share.num_processes + share.rank)
        rate = learning_rate(config, step, steps_per_epoch=task.steps_per_epoch)
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = task.draw_batch(step)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
            loss, terms = stepped(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if config.clip_norm is not None:
            nn.utils.clip_grad_norm_(objective.parameters(), config.clip_norm)
        optimizer.step()

        loss = loss.detach()
        for name, value in {"loss": loss, **_named("loss_", terms)}.items():
            totals[name] = totals.get(name, torch.zeros((), device=device)) + value.detach()
        is_broken = ~torch.isfinite(loss) & (broken_step < 0)
        broken_step = torch.where(is_broken, step, broken_step)
        num_outputs += batch.num_outputs * share.num_processes
        is_read = (step_of_epoch + 1) % read_every == 0
        if is_read or step_of_epoch + 1 == task.steps_per_epoch:
            _refuse_broken(task, int(broken_step))
        observer.on_step(step_of_epoch, num_outputs, float(loss) if is_read else None)
    if not all(bool(torch.isfinite(weight).all()) for weight in objective.parameters()):
        raise LiftError(
            f"epoch {epoch + 1}: a weight is no longer a finite number; the last checkpoint is kept"
        )
    means = torch.stack(list(totals.values())) / task.steps_per_epoch
    if is_distributed():
        dist.all_reduce(means)
        means = means / share.num_processes
    return dict(zip(totals, means.tolist(), strict=True)), num_outputs


def _refuse_broken(task: Task, broken_step: int) -> None:
    if broken_step < 0:
        return
    epoch, step_of_epoch = divmod(broken_step, task.steps_per_epoch)
    raise LiftError(
        f"epoch {epoch + 1}, step {step_of_epoch + 1} of {task.steps_per_epoch}: the loss is not a "
        f"finite number; its batch: {task.describe_batch(broken_step)}; the last checkpoint is kept"
    )


def _named(prefix: str, terms: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: term for name, term in terms.items()} if len(terms) > 1 else {}


def _set_batch_norm_momentum(objective: nn.Module, momentum: float) -> None:
    for module in objective.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = momentum


def _validate(task: Task) -> dict[str, float]:
    task.objective.eval()
    with torch.no_grad():
        return task.validate()
