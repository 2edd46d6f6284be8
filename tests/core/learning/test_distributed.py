"""Two processes with half of every batch each learn what one process learns from the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.learning.distributed import JoinedBatchNorm1d, Share, joined_mean  # noqa: E402
from tests.core.learning.training_process import (  # noqa: E402
    JOINT_TASKS,
    joined_numbers,
    train_joint_task,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """What each of two gloo processes on the CPU got."""
    folder = tmp_path_factory.mktemp("two_processes")
    script = [sys.executable, "-m", "tests.core.learning.training_process", "join", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    processes = [
        subprocess.Popen(
            [*script, str(rank)], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    try:
        for process in processes:
            _, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / f"process_{rank}.pt", weights_only=True) for rank in range(2)]


def assert_close(actual, expected, *, tolerance, name):
    error = (actual - expected).abs().max().item()
    assert error <= tolerance * max(expected.abs().max().item(), 1e-3), f"{name}: off by {error}"


@pytest.mark.parametrize("name", JOINT_TASKS)
def test_two_processes_learn_what_one_learns(two_processes, name, tmp_path):
    history, state = train_joint_task(tmp_path, name)
    joint_history, joint_state = two_processes[0]["trained"][name]
    assert len(history) == len(joint_history) == 3
    for row, joint_row in zip(history, joint_history, strict=True):
        assert set(row) == set(joint_row)
        for figure in set(row) - {"seconds", "frames_per_second"}:
            assert joint_row[figure] == pytest.approx(row[figure], rel=1e-5), figure
    for key, value in state.items():
        # Adam makes full steps of what is next to nothing: rounding shows more than in the loss.
        assert_close(joint_state[key].float(), value.float(), tolerance=1e-4, name=key)


@pytest.mark.parametrize("name", JOINT_TASKS)
def test_both_processes_hold_the_same_weights(two_processes, name):
    states = [process["trained"][name][1] for process in two_processes]
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key


def test_the_first_process_alone_validates_and_writes(two_processes):
    rows = [process["trained"]["supervised"][0][0] for process in two_processes]
    assert set(rows[0]) - set(rows[1]) == {"val_mpjpe_mm"}
    assert rows[0]["loss"] == rows[1]["loss"]


def test_statistics_and_gradients_are_the_whole_batchs(two_processes):
    whole = joined_numbers()
    numbers = [process["numbers"] for process in two_processes]
    assert [len(part["part"]) for part in numbers] == [4, 3]
    for name in ("normalized", "gradient"):
        joined = torch.empty_like(whole[name])
        for part in numbers:
            joined[part["part"]] = part[name]
        # The values' own digits: 90 in float32, against a deviation of 0.05.
        assert_close(joined, whole[name], tolerance=1e-4, name=name)
    loss = sum(part["loss"] for part in numbers)
    assert loss.item() == pytest.approx(whole["loss"].item(), rel=1e-4)
    for part in numbers:
        for name in ("running_mean", "running_var"):
            assert_close(part[name], whole[name], tolerance=1e-5, name=name)
        assert part["num_batches"] == 1


def test_the_ray_loss_is_the_whole_batchs_however_unevenly_shared(two_processes):
    whole = joined_numbers()["ray"]
    assert len(whole) == 7 and (whole.abs() > 1e-3).all()
    parts = [process["numbers"]["ray"] for process in two_processes]
    assert (parts[0] - parts[1]).abs().min() > 1e-4
    torch.testing.assert_close(sum(parts), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(9, 4, 3), (27, 4)])
def test_one_process_normalises_exactly_as_plain_batch_norm(shape):
    torch.manual_seed(0)
    joined, plain = JoinedBatchNorm1d(4), torch.nn.BatchNorm1d(4)
    assert list(joined.state_dict()) == list(plain.state_dict())
    for _ in range(3):
        values = torch.randn(shape) * 2 + 1
        gradients = []
        for norm in (joined, plain):
            leaf = values.clone().requires_grad_()
            (norm(leaf) ** 3).sum().backward()
            gradients.append(leaf.grad)
        assert torch.equal(*gradients)
    for name, value in plain.state_dict().items():
        assert torch.equal(value, joined.state_dict()[name]), name
    values = torch.randn(shape)
    assert torch.equal(joined.eval()(values), plain.eval()(values))


@pytest.mark.parametrize("num_processes", [1, 2, 3, 5])
def test_shares_part_a_batch(num_processes):
    samples = torch.arange(7) * 10
    parts = [Share(rank, num_processes).of(samples) for rank in range(num_processes)]
    assert sorted(torch.cat(parts).tolist()) == samples.tolist()
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert [Share(rank, num_processes).is_first for rank in range(num_processes)].count(True) == 1


def test_a_weighted_mean_counts_weights_and_none_of_them_gives_zero():
    values = torch.tensor([1.0, 5.0, 9.0])
    assert joined_mean(values).item() == 5
    assert joined_mean(values, torch.tensor([1.0, 0.0, 3.0])).item() == 7
    nothing = joined_mean(values.requires_grad_(), torch.zeros(3))
    nothing.backward()
    assert nothing.item() == 0 and np.array_equal(values.grad, [0, 0, 0])
