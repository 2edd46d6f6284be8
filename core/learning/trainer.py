"""Train a network step by step: schedule, mixed precision, checkpoints that resume, a log."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import LiftError
from .network import TemporalModel

LossOfStep = Callable[[nn.Module, int], tuple[Tensor, dict[str, Tensor]]]
Validate = Callable[[nn.Module], dict[str, float]]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How long and how fast to learn.

    The learning rate rises over ``warmup_steps``, stays at ``peak_rate`` and falls to zero over the
    last ``cooldown_share`` of ``num_steps``; a run can be made longer before its cooldown begins.
    """

    num_steps: int
    peak_rate: float = 1e-3
    warmup_steps: int = 300
    cooldown_share: float = 0.35
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    validate_every: int = 250
    use_bfloat16: bool = True


def learning_rate(step: int, config: TrainingConfig) -> float:
    """Learning rate of a step: warm-up, plateau, linear cooldown."""
    rise = min(1.0, (step + 1) / config.warmup_steps)
    cooldown = config.cooldown_share * config.num_steps
    fall = min(1.0, (config.num_steps - step) / max(cooldown, 1.0))
    return config.peak_rate * min(rise, fall)


def train(
    model: TemporalModel,
    loss_of_step: LossOfStep,
    validate: Validate,
    config: TrainingConfig,
    *,
    run_folder: Path,
    seed: int,
) -> None:
    """Train ``model`` in place, resuming from ``run_folder/last.pt`` where there is one.

    Parameters
    ----------
    model : TemporalModel
    loss_of_step : callable
        (model, step) to (loss, terms); draws its own batch, deterministic from the step's number.
    validate : callable
        model to named figures, written to ``metrics.csv`` every ``validate_every`` steps.
    config : TrainingConfig
    run_folder : Path
        Receives last.pt and metrics.csv.
    seed : int
        Of dropout; weights are initialised by the caller.

    Raises
    ------
    LiftError
        When the loss stops being a finite number; names the step.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.weight_decay)
    first_step = _resume(model, optimizer, run_folder / "last.pt")
    device = next(model.parameters()).device
    began, totals, num_summed = time.perf_counter(), {}, 0
    for step in range(first_step, config.num_steps):
        torch.manual_seed(seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, config)
        model.train()
        with torch.autocast(device.type, torch.bfloat16, enabled=config.use_bfloat16):
            loss, terms = loss_of_step(model, step)
        if not torch.isfinite(loss):
            raise LiftError(f"step {step}: the loss is {loss.item()}; the last checkpoint is kept")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimizer.step()
        for name, term in terms.items():
            totals[name] = totals.get(name, 0.0) + term.detach().item()
        num_summed += 1
        if (step + 1) % config.validate_every == 0 or step + 1 == config.num_steps:
            model.eval()
            with torch.no_grad():
                figures = validate(model)
            means = {name: total / num_summed for name, total in totals.items()}
            row = {
                "step": step + 1,
                "seconds": round(time.perf_counter() - began, 1),
                **{name: round(value, 5) for name, value in {**means, **figures}.items()},
            }
            _append_row(run_folder / "metrics.csv", row)
            print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)
            save_checkpoint(run_folder / "last.pt", model, optimizer, step + 1)
            totals, num_summed = {}, 0


def save_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, num_steps_done: int
) -> None:
    """Write a checkpoint: the whole file or none."""
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "num_steps_done": num_steps_done,
        },
        partial,
    )
    os.replace(partial, path)


def _resume(model: nn.Module, optimizer: torch.optim.Optimizer, path: Path) -> int:
    if not path.exists():
        return 0
    checkpoint = torch.load(path, weights_only=True)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return int(checkpoint["num_steps_done"])


def _append_row(path: Path, row: dict[str, float]) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)
