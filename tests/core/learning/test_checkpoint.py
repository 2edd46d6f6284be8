"""Checkpoints of a run: the best is the best, and none but its own is continued."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import InputFormatError, LiftError  # noqa: E402
from core.learning.checkpoint_file import read_checkpoint  # noqa: E402
from tests.core.learning.synthetic_clips import CONFIG, make_task  # noqa: E402
from tests.core.learning.training_process import train_in  # noqa: E402


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": 8}, "another architecture: expected channels 8, .* found channels 16"),
        ({"filter_widths": (3, 3, 3)}, r"another architecture: expected .*widths 3,3,3.* found"),
    ],
)
def test_a_checkpoint_of_another_architecture_is_refused(tmp_path, changes, message):
    train_in(tmp_path, make_task(), num_epochs=1)
    before = (tmp_path / "last.pt").read_bytes()
    other = make_task(config=replace(CONFIG, **changes))
    with pytest.raises(InputFormatError, match=rf"last\.pt: a checkpoint of {message}"):
        train_in(tmp_path, other, num_epochs=2)
    assert (tmp_path / "last.pt").read_bytes() == before


def test_supervised_and_semi_supervised_runs_do_not_continue_each_other(tmp_path):
    train_in(tmp_path / "one", make_task(), num_epochs=1)
    with pytest.raises(InputFormatError, match=r"last\.pt: has no trajectory network"):
        train_in(tmp_path / "one", make_task(is_semi=True), num_epochs=2)
    train_in(tmp_path / "two", make_task(is_semi=True), num_epochs=1)
    message = r"last\.pt: a checkpoint of another training: .* found model_traj too"
    with pytest.raises(LiftError, match=message):
        train_in(tmp_path / "two", make_task(), num_epochs=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("format"), "expected a checkpoint of a run of this program"),
        (lambda c: c.pop("optimizer"), "expected a run's optimiser and history.*'optimizer'"),
        (lambda c: c["optimizer"]["param_groups"].append({"params": []}), "expected a run's optim"),
        (lambda c: c.update(history="{"), "expected a run's optimiser and history"),
    ],
)
def test_a_checkpoint_that_is_not_a_runs_is_refused(tmp_path, change, message):
    train_in(tmp_path, make_task(), num_epochs=1)
    checkpoint = torch.load(tmp_path / "last.pt", weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, tmp_path / "last.pt")
    with pytest.raises(LiftError, match=rf"last\.pt: {message}"):
        train_in(tmp_path, make_task(), num_epochs=2)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    train_in(tmp_path, make_task(), num_epochs=1)
    content = (tmp_path / "last.pt").read_bytes()
    (tmp_path / "last.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputFormatError, match=r"last\.pt: .*truncated, broken or other file"):
        train_in(tmp_path, make_task(), num_epochs=2)


def train_scripted(folder, figures, **options):
    """Train one epoch for each of these validation figures."""
    script = iter(figures)
    task = replace(make_task(num_frames=(8,)), validate=lambda: dict(next(script)))
    train_in(folder, task, num_epochs=len(figures), **options)
    return [read_checkpoint(folder / name)["epoch"] for name in ("last.pt", "best.pt")]


@pytest.mark.parametrize(
    ("errors", "best"),
    [((5, 3, 4, 3), 2), ((5, 4, 3), 3), ((1, 2, 3), 1), ((float("nan"), 3, 4), 2)],
)
def test_the_best_checkpoint_is_of_the_lowest_figure(tmp_path, errors, best):
    figures = [{"val_mpjpe_mm": error, "val_other": -error} for error in errors]
    assert train_scripted(tmp_path / "a", figures) == [len(errors), best]


def test_another_figure_may_choose_the_best(tmp_path):
    figures = [{"val_mpjpe_mm": error, "val_other": 10 - error} for error in (3, 1, 2)]
    assert train_scripted(tmp_path, figures, best_by="val_other") == [3, 1]


def test_the_best_is_remembered_by_a_run_that_goes_on(tmp_path):
    assert train_scripted(tmp_path, [{"val_mpjpe_mm": 2.0}]) == [1, 1]
    task = replace(make_task(num_frames=(8,)), validate=lambda: {"val_mpjpe_mm": 3.0})
    train_in(tmp_path, task, num_epochs=2)
    assert read_checkpoint(tmp_path / "best.pt")["epoch"] == 1


def test_a_checkpoint_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "last.partial").mkdir()
    with pytest.raises(LiftError, match=r"cannot write .*last\.pt: Is a directory"):
        train_in(tmp_path, make_task(), num_epochs=1)
