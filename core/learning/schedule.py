"""How long and how fast a network learns: learning rate and BatchNorm momentum over a run."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Literal

from ..errors import LiftError


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Optimiser and schedule of a run.

    Parameters
    ----------
    num_epochs : int
    optimizer : {"adam", "adamw"}
        "adam": with amsgrad, as in the paper.
    learning_rate : float
        The first (exponential) or highest (trapezoid) rate.
    schedule : {"exponential", "trapezoid"}
        "exponential": times ``rate_decay`` after every epoch, the paper's. "trapezoid": rises over
        ``warmup_steps``, stays, falls to zero over the last ``cooldown_share`` of the run; such a run
        can be made longer before its cooldown begins.
    weight_decay : float
    clip_norm : float or None
        Largest norm of the gradient.
    batch_norm_momentum : (first, last)
        Falls exponentially over the run: first * exp(-epoch / num_epochs * ln(first / last)).
    precision : {"float32", "bfloat16"}
        "bfloat16": mixed precision.
    use_compile : bool
        torch.compile the networks (CUDA).
    best_by : str
        The validation figure whose lowest value marks the best checkpoint.
    """

    num_epochs: int
    optimizer: Literal["adam", "adamw"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["exponential", "trapezoid"] = "exponential"
    rate_decay: float = 0.95
    warmup_steps: int = 0
    cooldown_share: float = 0.35
    weight_decay: float = 0.0
    clip_norm: float | None = None
    batch_norm_momentum: tuple[float, float] = (0.1, 0.001)
    precision: Literal["float32", "bfloat16"] = "float32"
    use_compile: bool = False
    best_by: str = "val_mpjpe_mm"

    def __post_init__(self) -> None:
        if self.num_epochs < 1:
            raise LiftError(f"num_epochs: expected at least 1, found {self.num_epochs}")
        if not self.learning_rate > 0:
            raise LiftError(f"learning_rate: expected more than 0, found {self.learning_rate}")


def learning_rate(config: TrainingConfig, step: int, *, steps_per_epoch: int) -> float:
    """Learning rate of a step, counted from the run's start."""
    if config.schedule == "exponential":
        return config.learning_rate * config.rate_decay ** (step // steps_per_epoch)
    num_steps = config.num_epochs * steps_per_epoch
    rise = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    fall = min(1.0, (num_steps - step) / max(config.cooldown_share * num_steps, 1.0))
    return config.learning_rate * min(rise, fall)


def batch_norm_momentum(config: TrainingConfig, epoch: int) -> float:
    """BatchNorm momentum of an epoch, counted from 0."""
    first, last = config.batch_norm_momentum
    return first * exp(-epoch / config.num_epochs * log(first / last))
