"""Where a run computes is what the machine has, and what several processes can share."""

from __future__ import annotations

from typing import Protocol

import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core.errors import LiftError
from core.learning.distributed import Share
from core.learning.schedule import TrainingConfig
from training.device import choose_device, usable_precision


class SetDevices(Protocol):
    """Says what the machine has."""

    def __call__(self, *, cuda: bool, mps: bool) -> None: ...


HALF = TrainingConfig(num_epochs=1, precision="bfloat16")


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> SetDevices:
    """Set what the machine has."""

    def set_devices(*, cuda: bool, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return set_devices


@pytest.mark.parametrize(
    ("cuda", "mps", "alone", "together"),
    [
        (False, False, "cpu", "cpu"),
        (False, True, "mps", "cpu"),
        (True, False, "cuda", "cuda:0"),
        (True, True, "cuda", "cuda:0"),
    ],
)
def test_auto_is_the_fastest_that_there_is(
    has: SetDevices, cuda: bool, mps: bool, alone: str, together: str
) -> None:
    has(cuda=cuda, mps=mps)
    assert choose_device("auto", Share()) == torch.device(alone)
    assert choose_device("auto", Share(0, 2)) == torch.device(together)
    assert choose_device("cpu", Share()) == torch.device("cpu")


def test_a_device_that_is_not_there_is_named(has: SetDevices) -> None:
    has(cuda=False, mps=False)
    for name in ("cuda", "mps"):
        with pytest.raises(LiftError, match=f"--device {name}: this machine, .* has no {name}"):
            choose_device(name, Share())


@pytest.mark.parametrize(
    ("instructions", "precision"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"avx512_f": True}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"neon": True, "bf16": True}, "bfloat16"),
        ({"neon": True}, "float32"),
    ],
)
def test_a_cpu_without_bfloat16_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, instructions: dict[str, bool], precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions)
    assert usable_precision(HALF, torch.device("cpu")).precision == precision
    assert usable_precision(HALF, torch.device("cuda")) == HALF
    whole = TrainingConfig(num_epochs=1)
    assert usable_precision(whole, torch.device("cpu")) == whole
