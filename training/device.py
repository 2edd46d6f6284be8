"""Where a run computes, and the processes that it is shared among."""

from __future__ import annotations

import os
from dataclasses import replace

import torch
import torch.distributed as dist

from core.errors import LiftError
from core.learning.distributed import Share
from core.learning.schedule import TrainingConfig

_BFLOAT16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")
"""Names of ``torch.cpu.get_capabilities``, x86 and ARM."""


def join_processes(device_name: str) -> Share:
    """The share of the run that falls to this process: all of it, unless ``torchrun`` started several."""
    num_processes = int(os.environ.get("WORLD_SIZE", "1"))
    if num_processes == 1:
        return Share()
    is_cuda = device_name.startswith("cuda") or (
        device_name == "auto" and torch.cuda.is_available()
    )
    dist.init_process_group("nccl" if is_cuda else "gloo")
    return Share(dist.get_rank(), num_processes)


def check_share(batch_size: int, share: Share) -> None:
    """Make sure that every process gets as much of a batch.

    Raises
    ------
    LiftError
        When the batch cannot be shared evenly.
    """
    if batch_size % share.num_processes:
        raise LiftError(
            f"batch size: expected a multiple of the {share.num_processes} processes, "
            f"found {batch_size}"
        )


def choose_device(name: str, share: Share) -> torch.device:
    """The device called ``name`` ("auto", "cpu", "cuda", "cuda:1", "mps").

    "auto" is CUDA where there is any, else MPS, on which only a run of one process can compute, else
    the CPU.

    Raises
    ------
    LiftError
        When the machine has no such device.
    """
    if name == "auto":
        has_mps = torch.backends.mps.is_available() and share.num_processes == 1
        name = "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    if name == "cuda" and share.num_processes > 1:
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    is_there = {
        "cpu": lambda: True,
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    kind = name.split(":")[0]
    if kind not in is_there:
        raise LiftError(f"--device: expected cpu, cuda or mps, found {name!r}")
    if not is_there[kind]():
        raise LiftError(f"--device {name}: this machine, or this build of torch, has no {kind}")
    device = torch.device(name)
    if kind == "cuda":
        torch.cuda.set_device(device)
    return device


def usable_precision(training: TrainingConfig, device: torch.device) -> TrainingConfig:
    """``training`` in float32 instead of bfloat16 on a CPU that only imitates bfloat16, many times slower.

    The run's config keeps what was asked for: on another device the run may go on in bfloat16.
    """
    if training.precision != "bfloat16" or device.type != "cpu":
        return training
    capabilities = torch.cpu.get_capabilities()
    if any(capabilities.get(name, False) for name in _BFLOAT16_INSTRUCTIONS):
        return training
    return replace(training, precision="float32")
