"""Training: it learns, goes on exactly where it was stopped or killed, and stops at nonsense."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import LiftError  # noqa: E402
from core.learning import trainer  # noqa: E402
from core.learning.checkpoint_file import read_checkpoint  # noqa: E402
from core.learning.schedule import TrainingConfig, batch_norm_momentum  # noqa: E402
from core.learning.trainer import Silence  # noqa: E402
from tests.core.learning.synthetic_clips import CONFIG, make_task  # noqa: E402
from tests.core.learning.training_process import train_in  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
MEASURED = {"seconds", "frames_per_second"}


class StoppedError(Exception):
    """Thrown by a test in the middle of a run."""


def stopped_at(task, last_step):
    """The task, stopped where the batch of ``last_step`` is drawn."""

    def draw(step):
        if step == last_step:
            raise StoppedError
        return task.draw_batch(step)

    return replace(task, draw_batch=draw)


def learned(history):
    """A history without what a clock has measured."""
    return [{name: row[name] for name in row if name not in MEASURED} for row in history]


def assert_same_weights(actual, expected):
    state = expected.objective.state_dict()
    assert state
    for name, value in actual.objective.state_dict().items():
        assert torch.equal(value, state[name]), name


def assert_same_file(actual, expected):
    """Networks, optimiser and all but what a clock has measured."""

    def content(path):
        checkpoint = read_checkpoint(path)
        optimizer = checkpoint["optimizer"]["state"]
        tensors = {
            f"{part}.{name}": value
            for part, values in {**optimizer, "model_pos": checkpoint["model_pos"]}.items()
            for name, value in values.items()
        }
        return checkpoint["epoch"], checkpoint["lr"], tensors

    (*figures, tensors), (*expected_figures, expected_tensors) = content(actual), content(expected)
    assert figures == expected_figures and tensors.keys() == expected_tensors.keys()
    assert {name.rpartition(".")[2] for name in tensors} >= {"max_exp_avg_sq", "weight"}
    for name, value in tensors.items():
        assert torch.equal(value, expected_tensors[name]), name


@pytest.mark.parametrize("chunk_length", [1, 16])
def test_one_batch_is_learned_to_under_5_mm(tmp_path, chunk_length):
    task = make_task(
        config=replace(CONFIG, channels=128, dropout=0.0),
        batch_size=256,
        num_frames=(112,),
        chunk_length=chunk_length,
    )
    assert task.steps_per_epoch == 1
    one_batch = replace(task, steps_per_epoch=20, draw_batch=lambda _: task.draw_batch(0))
    # A momentum that stays: so short a run ends before running statistics of 0.001 have arrived.
    options = {"rate_decay": 0.75, "batch_norm_momentum": (0.1, 0.1)}
    history = train_in(tmp_path, one_batch, num_epochs=13, **options)
    assert history[0]["loss"] > 0.1
    assert history[-1]["loss"] < 0.005
    # In evaluation mode a batch of 112 numbers is normalised by a variance that is larger by 1/111.
    assert history[-1]["val_mpjpe_mm"] < 10


@pytest.mark.parametrize("options", [{}, {"is_semi": True}, {"chunk_length": 4}], ids=str)
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(tmp_path, options):
    whole, first, second = (make_task(**options) for _ in range(3))
    assert CONFIG.dropout > 0
    history = train_in(tmp_path / "whole", whole, num_epochs=4)
    stop = 2 * whole.steps_per_epoch + 1
    with pytest.raises(StoppedError):
        train_in(tmp_path / "cut", stopped_at(first, stop), num_epochs=4)
    torch.manual_seed(12345)
    resumed = train_in(tmp_path / "cut", second, num_epochs=4)
    assert learned(resumed) == learned(history) and len(history) == 4
    assert_same_weights(second, whole)
    for name in ("last.pt", "best.pt"):
        assert_same_file(tmp_path / "cut" / name, tmp_path / "whole" / name)


def test_a_run_killed_inside_an_epoch_goes_on_as_if_it_had_not(tmp_path):
    whole, rest = make_task(), make_task()
    history = train_in(tmp_path / "whole", whole, num_epochs=4)
    cut = tmp_path / "cut"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.core.learning.training_process", "stall", str(cut), "3", "1"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        # It waits there; if it ends instead, this reads nothing.
        assert process.stdout.readline() == "inside epoch 3 1\n"
    finally:
        process.kill()
        process.communicate(timeout=120)
    assert process.returncode == -9
    assert read_checkpoint(cut / "last.pt")["epoch"] == 2
    # What a kill in the middle of writing leaves behind does not matter either.
    (cut / "last.partial").write_bytes(b"half a checkpoint")
    resumed = train_in(cut, rest, num_epochs=4)
    assert learned(resumed) == learned(history)
    assert_same_weights(rest, whole)
    for name in ("last.pt", "best.pt"):
        assert_same_file(cut / name, tmp_path / "whole" / name)
    assert {path.name for path in cut.iterdir()} == {"last.pt", "best.pt"}


@pytest.mark.parametrize("num_written", [0, 1])
def test_a_kill_between_the_checkpoints_of_an_epoch_loses_neither(
    tmp_path, monkeypatch, num_written
):
    history = train_in(tmp_path / "whole", make_task(), num_epochs=2)
    assert history[1]["val_mpjpe_mm"] < history[0]["val_mpjpe_mm"], "both epochs are the best"
    save, count = trainer.save_checkpoint, iter(range(9))

    def killed(*args, **options):
        if next(count) == 2 + num_written:
            raise StoppedError
        save(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "save_checkpoint", killed)
        with pytest.raises(StoppedError):
            train_in(tmp_path / "cut", make_task(), num_epochs=2)
    train_in(tmp_path / "cut", make_task(), num_epochs=2)
    for name in ("last.pt", "best.pt"):
        assert_same_file(tmp_path / "cut" / name, tmp_path / "whole" / name)


def test_a_finished_run_has_nothing_to_do(tmp_path):
    history = train_in(tmp_path, make_task(), num_epochs=2)
    again = make_task()
    assert train_in(tmp_path, stopped_at(again, 0), num_epochs=2) == history
    longer = train_in(tmp_path, again, num_epochs=3)
    assert longer[:2] == history and len(longer) == 3


def test_another_seed_draws_another_dropout(tmp_path):
    rows = [train_in(tmp_path / str(n), make_task(), num_epochs=1)[0]["loss"] for n in range(2)]
    assert rows[0] == rows[1]
    other = trainer.train(
        make_task(),
        TrainingConfig(num_epochs=1),
        last_checkpoint=tmp_path / "last.pt",
        best_checkpoint=tmp_path / "best.pt",
        lifter_json="{}",
        observer=Silence(),
        seed=8,
        share=trainer.Share(),
    )
    assert other[0]["loss"] != rows[0]


@pytest.mark.parametrize("is_semi", [False, True])
def test_a_loss_that_is_no_number_names_its_clips_and_keeps_the_checkpoint(tmp_path, is_semi):
    task = make_task(is_semi=is_semi)

    def draw(step):
        batch = task.draw_batch(step)
        if step == 2 * task.steps_per_epoch + 1:
            windows = batch.labelled if is_semi else batch
            windows.positions[0, 0, 0, 2] = torch.nan
        return batch

    broken = replace(task, draw_batch=draw, describe_batch=lambda step: f"clips of step {step}")
    expected = (
        r"^epoch 3, step 2 of 4: the loss is not a finite number; its batch: clips of step 9; "
        "the last checkpoint is kept$"
    )
    with pytest.raises(LiftError, match=expected):
        train_in(tmp_path / "broken", broken, num_epochs=4)
    last = read_checkpoint(tmp_path / "broken" / "last.pt")
    assert last["epoch"] == 2
    assert all(torch.isfinite(value).all() for value in last["model_pos"].values())


def test_clips_of_a_broken_batch_are_named(tmp_path):
    task = make_task(batch_size=64, num_frames=(5, 6))
    with torch.no_grad():
        task.objective.model_pos.shrink.bias.fill_(torch.inf)
    with pytest.raises(
        LiftError, match="epoch 1, step 1 of 1: .* S1/Swaying/cam1, S2/Swaying/cam2; the last"
    ):
        train_in(tmp_path, task, num_epochs=1)
    assert not any(tmp_path.iterdir())


def test_schedules_reach_the_optimiser_and_every_batch_norm(tmp_path):
    task = make_task(is_semi=True)
    norms = [m for m in task.objective.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    momenta = []

    def draw(step):
        momenta.append({norm.momentum for norm in norms})
        return task.draw_batch(step)

    history = train_in(tmp_path, replace(task, draw_batch=draw), num_epochs=5, rate_decay=0.9)
    assert [row["lr"] for row in history] == pytest.approx([1e-3 * 0.9**n for n in range(5)])
    config = TrainingConfig(num_epochs=5)
    assert len(norms) == 6
    assert momenta == [{batch_norm_momentum(config, n)} for n in range(5) for _ in range(4)]


def test_the_optimiser_is_the_papers(tmp_path):
    train_in(tmp_path, make_task(), num_epochs=1)
    (group,) = read_checkpoint(tmp_path / "last.pt")["optimizer"]["param_groups"]
    assert group["amsgrad"] and group["betas"] == (0.9, 0.999) and group["weight_decay"] == 0


def test_the_history_holds_means_over_the_epoch(tmp_path):
    task = make_task(is_semi=True)
    told = []

    class Listener(Silence):
        def on_start(self, first_epoch, num_epochs, steps_per_epoch):
            told.append(("start", first_epoch, num_epochs, steps_per_epoch))

        def on_step(self, step_of_epoch, num_outputs, loss):
            told.append((step_of_epoch, num_outputs, loss))

        def on_epoch(self, history):
            told.append(("epoch", len(history)))

    rows = train_in(tmp_path, task, num_epochs=2, observer=Listener())
    assert told[0] == ("start", 0, 2, 4) and told[5] == ("epoch", 1) and told[10] == ("epoch", 2)
    assert [step[:2] for step in told[1:5]] == [(0, 8), (1, 16), (2, 24), (3, 27)]
    assert rows[1]["loss"] == pytest.approx(sum(step[2] for step in told[6:10]) / 4)
    assert [row["epoch"] for row in rows] == [1.0, 2.0]
    supervised, joint = ({name for name in row if name.startswith("loss_")} for row in rows)
    assert supervised == {"loss_pose", "loss_trajectory"}
    assert joint == supervised | {"loss_projection", "loss_bone_length"}
    assert rows[1]["loss"] == pytest.approx(sum(rows[1][name] for name in joint))


def test_a_long_gradient_is_clipped(tmp_path):
    task = make_task()
    lengths = []

    class Listener(Silence):
        def on_step(self, step_of_epoch, num_outputs, loss):
            gradients = [p.grad.flatten() for p in task.objective.parameters()]
            lengths.append(torch.cat(gradients).norm().item())

    train_in(tmp_path, task, num_epochs=1, clip_norm=0.01, observer=Listener())
    assert lengths == pytest.approx([0.01] * 4, rel=1e-3)
