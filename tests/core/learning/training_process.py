"""Training in a process of its own, for tests that kill it or run two of them at once.

``python -m tests.core.learning.training_process stall FOLDER EPOCH STEP`` trains until it is inside
that epoch (from 1) and step (from 0), says so, and waits to be killed.
``... join FOLDER RANK`` is one of two processes that train every one of ``JOINT_TASKS`` together.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist

from core.learning.distributed import JoinedBatchNorm1d, Share, joined_mean
from core.learning.losses import RayLossWeights, ray_loss
from core.learning.schedule import TrainingConfig
from core.learning.trainer import Silence, train
from core.lifting.decoding import RayOutput
from tests.core.learning.synthetic_clips import CONFIG, make_task

JOINT_TASKS = {
    "supervised": {},
    "semi": {"is_semi": True},
    "semi_linear_chunks": {"is_semi": True, "is_linear": True, "chunk_length": 3, "batch_size": 4},
    "one_process_has_nothing": {"is_semi": True},
    # 8 chunks in batches of 7: the last batch has one, of which the second process has nothing.
    "last_batch_of_one_chunk": {"chunk_length": 4, "batch_size": 7},
}
"""Options of ``make_task``; all without dropout, whose draws differ from process to process."""


class _AllToTheFirst(Share):
    """As the last process finds it when the last batch has fewer windows than there are processes."""

    def of(self, samples):
        return samples if self.is_first else samples[:0]


def train_in(folder, task, *, num_epochs, observer=None, share=Share(), **changes):  # noqa: B008
    """Train a task with the paper's optimiser, its checkpoints in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    return train(
        task,
        TrainingConfig(num_epochs=num_epochs, **changes),
        last_checkpoint=folder / "last.pt",
        best_checkpoint=folder / "best.pt",
        lifter_json="{}",
        observer=observer or Silence(),
        seed=7,
        share=share,
    )


def train_joint_task(folder, name, share=Share()):  # noqa: B008
    """One of ``JOINT_TASKS``, three epochs of it."""
    if name == "one_process_has_nothing":
        share = _AllToTheFirst(share.rank, share.num_processes)
    task = make_task(config=replace(CONFIG, dropout=0.0), share=share, **JOINT_TASKS[name])
    history = train_in(folder / name, task, num_epochs=3, share=share)
    return history, task.objective.state_dict()


def joined_numbers(share=Share()):  # noqa: B008
    """A BatchNorm layer and both means on this process' uneven part of a batch, and gradients."""
    generator = torch.Generator().manual_seed(0)
    # Far from zero and narrow: where variance as a difference of squares loses its digits.
    whole = (
        torch.randn(7, 4, 3, generator=generator) * 0.05 + torch.tensor([0, 1, 30, -90])[:, None]
    )
    pull = torch.randn(7, 4, 3, generator=generator)
    weights = (torch.rand(7, 4, 3, generator=generator) > 0.5).float()
    part = share.of(torch.arange(7))
    values = whole[part].requires_grad_()
    norm = JoinedBatchNorm1d(4)
    normalized = norm(values)
    loss = joined_mean(normalized * pull[part]) + joined_mean(
        normalized.square() * 2, weights[part]
    )
    loss.backward()
    assert values.grad is not None
    ray_total, ray_terms = _ray_numbers(generator, part)
    return {
        "part": part,
        "normalized": normalized.detach(),
        # Each process' loss is its part times the number of processes, and so are its gradients.
        "loss": loss.detach() / share.num_processes,
        "gradient": values.grad / share.num_processes,
        "running_mean": norm.running_mean,
        "running_var": norm.running_var,
        "num_batches": norm.num_batches_tracked,
        "ray": torch.stack([ray_total, *ray_terms.values()]) / share.num_processes,
    }


def _ray_numbers(generator, part):
    """The ray recipe's loss and terms on a part of seven windows of four frames and five joints."""

    def draw(*shape):
        return torch.randn(7, 4, *shape, generator=generator)[part]

    output = RayOutput(draw(5, 2), draw(5), draw(5), draw(2), draw(3))
    contacts = (draw(2) > 0).float()
    return ray_loss(output, draw(5, 2), draw(5), contacts, draw(3), weights=RayLossWeights())


class _StallingObserver(Silence):
    """Stops for good inside an epoch."""

    def __init__(self, epoch, step):
        self._rows = 0
        self._place = (epoch, step)

    def on_epoch(self, history):
        self._rows = len(history)

    def on_step(self, step_of_epoch, num_outputs, loss):
        if (self._rows + 1, step_of_epoch) == self._place:
            print("inside epoch", *self._place, flush=True)
            time.sleep(600)


def _stall(folder, epoch, step):
    train_in(
        Path(folder), make_task(), num_epochs=4, observer=_StallingObserver(int(epoch), int(step))
    )


def _join(folder, rank):
    share = Share(int(rank), 2)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=share.rank, world_size=2
    )
    numbers = joined_numbers(share)
    trained = {name: train_joint_task(Path(folder), name, share) for name in JOINT_TASKS}
    torch.save({"numbers": numbers, "trained": trained}, Path(folder) / f"process_{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"stall": _stall, "join": _join}[sys.argv[1]](*sys.argv[2:])
