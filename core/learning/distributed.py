"""Several processes that train as one: each takes its share of the batch, statistics are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Share:
    """Which process this is (``rank``, from 0) of how many."""

    rank: int = 0
    num_processes: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and talks to the user."""
        return self.rank == 0

    def of(self, samples: Tensor) -> Tensor:
        """The part of a batch's sample numbers that falls to this process."""
        return samples[self.rank :: self.num_processes]


class _SumOverProcesses(torch.autograd.Function):
    """Sum of a tensor over all processes; so is its gradient."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.contiguous().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Tensor:
        total = grad_outputs[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def is_distributed() -> bool:
    """Whether more than one process trains."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def sum_over_processes(tensor: Tensor) -> Tensor:
    """The tensor's sum over all processes, differentiable; itself where there is only one."""
    return _SumOverProcesses.apply(tensor) if is_distributed() else tensor


def joined_mean(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean of the whole batch's ``values``, weighted by ``weights`` of the same shape.

    Each process gets its part of the mean times the number of processes: their average, which is what
    the processes' gradients are averaged to, is the mean, whatever the sizes of the parts.
    """
    if weights is None:
        if not is_distributed():
            return values.mean()
        count = values.new_full((), values.numel())
    else:
        values, count = values * weights, weights.sum().clamp(min=torch.finfo(values.dtype).tiny)
    if not is_distributed():
        return values.sum() / count
    return values.sum() * dist.get_world_size() / sum_over_processes(count.detach())


class JoinedBatchNorm1d(nn.BatchNorm1d):
    """BatchNorm whose statistics are those of the whole batch, whatever process holds which part.

    torch's own SyncBatchNorm runs on CUDA alone; this one runs anywhere, and is plain BatchNorm in a
    single process. Same parameters and state names.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N,C) or (N,C,T) over all but C, of all processes."""
        if not (self.training and is_distributed()):
            return super().forward(input)
        values = input.float()
        rest = [0, *range(2, values.ndim)]
        num_local = values.new_full((1,), values.numel() // self.num_features)
        totals = sum_over_processes(torch.cat([values.sum(dim=rest), num_local]))
        sums, count = totals.split([self.num_features, 1])
        count = count.detach()
        mean = sums / count
        shape = [1, -1, *[1] * (values.ndim - 2)]
        # Not the mean square less the squared mean: where the mean is large, their digits cancel.
        centred = values - mean.reshape(shape)
        variance = sum_over_processes(centred.square().sum(dim=rest)) / count
        self._follow(mean.detach(), variance.detach() * count / (count - 1))
        scale = torch.rsqrt(variance + self.eps) * self.weight
        return (centred * scale.reshape(shape) + self.bias.reshape(shape)).to(input.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked.add_(1)
