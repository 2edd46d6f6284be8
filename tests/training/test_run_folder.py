"""A run's folder refuses another run, and after a kill tells the same story as if there was none."""

from __future__ import annotations

import csv
import json
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from matplotlib import image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer

from core.errors import InputFormatError, LiftError
from core.learning.trainer import Observer
from training.progress import epoch_line
from training.run_folder import RunFolder, draw_curves, write_metrics

EXPERIMENT = {
    "name": "paper_27",
    "lifter": {"channels": 512, "filter_widths": (3, 3, 3), "causal": False},
    "training": {"num_epochs": 3, "precision": "float32"},
    "data": {"subjects": ["S1", "S5"]},
}


class Terminal(StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _event_files_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Event files of one second are told apart by a process-wide count, and read in the order of text."""
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))


def with_lifter(**changes: object) -> dict[str, object]:
    lifter = dict(EXPERIMENT["lifter"], **changes)
    return {
        **EXPERIMENT,
        "lifter": {key: value for key, value in lifter.items() if value is not ...},
    }


def make_row(epoch: int, **figures: float) -> dict[str, float]:
    return {
        "epoch": float(epoch),
        "lr": 1e-3 * 0.95 ** (epoch - 1),
        "seconds": 12.5 + epoch,
        "frames_per_second": 31234.5 / epoch,
        "loss": 0.3 / epoch,
        **figures,
        "val_mpjpe_mm": 40.0 + 200.0 / epoch,
        "val_mpjve_mm": 3.0 + 9.0 / epoch,
    }


def make_history(num_epochs: int) -> list[dict[str, float]]:
    return [make_row(epoch) for epoch in range(1, num_epochs + 1)]


def go(run: Observer, first_epoch: int, until_epoch: int, *, num_epochs: int = 3) -> None:
    """What the trainer tells an observer from ``first_epoch`` (epochs done) up to a kill."""
    run.on_start(first_epoch, num_epochs, 2)
    for num_done in range(first_epoch, until_epoch):
        run.on_step(0, 64, 0.2)
        run.on_step(1, 128, None)
        run.on_epoch(make_history(num_done + 1))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_a_new_folder_holds_its_config(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "runs" / "x", EXPERIMENT)
    written = json.loads((run.path / "config.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(EXPERIMENT))
    assert run.last_checkpoint == tmp_path / "runs" / "x" / "last.pt"
    assert run.best_checkpoint == tmp_path / "runs" / "x" / "best.pt"
    assert [path.name for path in run.path.iterdir()] == ["config.json"]


def test_the_same_config_is_let_in_again_and_left_as_it_is(tmp_path: Path) -> None:
    RunFolder(tmp_path, EXPERIMENT)
    before = (tmp_path / "config.json").stat()
    RunFolder(tmp_path, dict(reversed(EXPERIMENT.items())))
    after = (tmp_path / "config.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_another_config_is_refused_with_every_value_that_differs(tmp_path: Path) -> None:
    RunFolder(tmp_path, EXPERIMENT)
    before = (tmp_path / "config.json").read_bytes()
    other = with_lifter(channels=256, filter_widths=(3, 3), causal=..., dense=True)
    with pytest.raises(LiftError) as caught:
        RunFolder(tmp_path, other)
    told, place = str(caught.value), str(tmp_path / "config.json")
    assert f"lifter.channels: 256 here, 512 in {place};" in told
    assert f"lifter.filter_widths: [3, 3] here, [3, 3, 3] in {place};" in told
    assert f"lifter.causal: absent here, false in {place};" in told
    assert f"lifter.dense: true here, absent in {place};" in told
    assert "another --run folder" in told
    assert "training" not in told.replace(str(tmp_path), "")
    assert "\n" not in told
    assert (tmp_path / "config.json").read_bytes() == before


def test_what_may_change_is_written_anew(tmp_path: Path) -> None:
    RunFolder(tmp_path, EXPERIMENT)
    longer = {**EXPERIMENT, "training": {"num_epochs": 9, "precision": "float32"}}
    with pytest.raises(LiftError, match=r"training\.num_epochs: 9 here, 3 in "):
        RunFolder(tmp_path, longer)
    with pytest.raises(LiftError, match=r"training\.num_epochs: 9 here, 3 in "):
        RunFolder(tmp_path, longer, may_change=["training.num_epoch"])
    RunFolder(tmp_path, longer, may_change=["training.num_epochs"])
    written = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert written["training"]["num_epochs"] == 9


def test_a_name_that_may_change_stands_for_all_below_it(tmp_path: Path) -> None:
    RunFolder(tmp_path, EXPERIMENT)
    other = {**with_lifter(channels=256), "training": {"num_epochs": 9, "precision": "bfloat16"}}
    with pytest.raises(LiftError, match=r"lifter\.channels: 256 here") as caught:
        RunFolder(tmp_path, other, may_change=["training"])
    assert "num_epochs" not in str(caught.value)
    RunFolder(tmp_path, other, may_change=["training", "lifter.channels"])


def test_a_run_older_than_a_field_goes_on_at_what_the_field_stands_for(tmp_path: Path) -> None:
    RunFolder(tmp_path, EXPERIMENT)
    before = (tmp_path / "config.json").read_bytes()
    added = {"loss": {"velocity": 0.3, "depth": 1.0}}
    RunFolder(tmp_path, {**EXPERIMENT, **added}, since_added=added)
    assert (tmp_path / "config.json").read_bytes() == before
    other = {**EXPERIMENT, "loss": {"velocity": 0.0, "depth": 1.0}}
    with pytest.raises(LiftError, match=r"loss\.velocity: 0\.0 here, 0\.3 in ") as caught:
        RunFolder(tmp_path, other, since_added=added)
    assert "loss.depth" not in str(caught.value)
    with pytest.raises(LiftError, match=r"loss\.velocity: 0\.3 here, absent in "):
        RunFolder(tmp_path, {**EXPERIMENT, **added})


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "cannot read the run's config .*config.json"), ("[1]", "expected a JSON object")],
)
def test_a_broken_config_is_an_error(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputFormatError, match=told):
        RunFolder(tmp_path, EXPERIMENT)


def test_a_file_in_the_folders_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(LiftError, match=r"cannot make the run folder .*x"):
        RunFolder(tmp_path / "x", EXPERIMENT)


def test_what_a_killed_run_was_writing_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = ["last.pt", "best.pt", ".notes.txt", "metrics.csv", ".last.backup.pt"]
    stale = [".metrics.0123456789ab.csv", ".loss.0123456789ab.png", "last.partial", "best.partial"]
    for name in [*kept, *stale]:
        (tmp_path / name).write_text("")
    RunFolder(tmp_path, EXPERIMENT)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "config.json"}


def test_metrics_have_a_line_per_epoch_and_a_column_per_figure(tmp_path: Path) -> None:
    history = [make_row(1), make_row(2, loss_projection=0.125), make_row(3, loss_projection=0.1)]
    write_metrics(tmp_path / "metrics.csv", history)
    lines = (tmp_path / "metrics.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == (
        "epoch,lr,seconds,frames_per_second,loss,val_mpjpe_mm,val_mpjve_mm,loss_projection"
    )
    rows = read_csv(tmp_path / "metrics.csv")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["loss_projection"] for row in rows] == ["", "0.125", "0.1"]
    assert [float(row["val_mpjpe_mm"]) for row in rows] == pytest.approx([240.0, 140.0, 320 / 3])
    assert float(rows[2]["lr"]) == pytest.approx(9.025e-4)


def test_a_killed_and_resumed_run_has_the_figures_of_an_unbroken_one(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "whole", EXPERIMENT) as run:
        go(run, 0, 3)
    # The second epoch's figures were written, its checkpoint was not.
    killed = RunFolder(tmp_path / "killed", EXPERIMENT)
    go(killed, 0, 2)
    with RunFolder(tmp_path / "killed", EXPERIMENT) as run:
        go(run, 1, 3)
    killed.close()
    names = {"config.json", "metrics.csv", "events", "loss.png"}
    assert {path.name for path in (tmp_path / "killed").iterdir()} == names
    for name in ("metrics.csv", "config.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert read_scalars(tmp_path / "killed" / "events") == read_scalars(
        tmp_path / "whole" / "events"
    )


def test_tensorboard_reads_back_every_figure(tmp_path: Path) -> None:
    with RunFolder(tmp_path, EXPERIMENT) as run:
        go(run, 0, 3)
    scalars = read_scalars(tmp_path / "events")
    assert set(scalars) == {
        *("train/lr", "train/seconds", "train/frames_per_second", "train/loss"),
        *("val/mpjpe_mm", "val/mpjve_mm"),
    }
    assert [step for step, _ in scalars["train/loss"]] == [1, 2, 3]
    losses = [value for _, value in scalars["train/loss"]]
    assert losses == pytest.approx([0.3, 0.15, 0.1], rel=1e-6)
    assert scalars["val/mpjpe_mm"][0] == (1, 240.0)


def test_an_epoch_missing_from_the_events_is_told_on_resuming(tmp_path: Path) -> None:
    with RunFolder(tmp_path, EXPERIMENT) as run:
        go(run, 0, 1)
    # The second epoch reached the checkpoint, not the events.
    with RunFolder(tmp_path, EXPERIMENT) as run:
        go(run, 2, 3)
    assert [step for step, _ in read_scalars(tmp_path / "events")["train/loss"]] == [1, 2, 3]


def test_events_that_were_deleted_are_told_again_on_resuming(tmp_path: Path) -> None:
    with RunFolder(tmp_path, EXPERIMENT) as run:
        go(run, 2, 3)
    assert [step for step, _ in read_scalars(tmp_path / "events")["val/mpjve_mm"]] == [1, 2, 3]


def test_the_curves_are_a_picture_with_something_in_it(tmp_path: Path) -> None:
    draw_curves(tmp_path / "loss.png", make_history(5), title="x")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    picture = image.imread(tmp_path / "loss.png")
    assert picture.shape == (480, 1200, 4)
    columns = picture[..., :3].std(axis=(0, 2))
    assert (columns[100:500] > 0.02).any()
    assert (columns[700:1100] > 0.02).any()
    assert [path.name for path in tmp_path.iterdir()] == ["loss.png"]


def test_curves_of_broken_or_absent_figures_are_drawn_too(tmp_path: Path) -> None:
    nan = float("nan")
    draw_curves(tmp_path / "a.png", [{"epoch": 1.0, "loss": 0.2}], title="no validation")
    history = [{"epoch": 1.0, "loss": 0.2, "val_x_mm": nan}, {"epoch": 2.0, "loss": -3.0}]
    draw_curves(tmp_path / "b.png", history, title="NaN")
    assert image.imread(tmp_path / "a.png").shape == image.imread(tmp_path / "b.png").shape


def test_the_last_epoch_is_drawn_however_short_the_epochs_are(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, EXPERIMENT)
    go(run, 0, 1)
    first = (tmp_path / "loss.png").read_bytes()
    go(run, 1, 2)
    assert (tmp_path / "loss.png").read_bytes() == first
    go(run, 2, 3)
    run.close()
    assert (tmp_path / "loss.png").read_bytes() != first


def test_an_epochs_line_has_its_figures_and_the_time_left() -> None:
    row = make_row(3, loss_pose=0.05)
    line = epoch_line(row, 80, 3725.0)
    assert line == (
        "epoch 3/80  lr 0.0009025  loss 0.1  mpjpe_mm 106.7  mpjve_mm 6  10,412 frames/s  1:02:05 left"
    )


def test_without_a_terminal_there_is_a_line_per_epoch_and_no_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunFolder(tmp_path, EXPERIMENT) as run:
        go(run, 0, 3)
    told = capsys.readouterr()
    assert told.err == ""
    lines = told.out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert lines[-1].endswith(" 00:00 left")


def test_on_a_terminal_a_bar_shows_throughput_loss_and_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with RunFolder(tmp_path, EXPERIMENT) as run:
        run.on_start(1, 3, 2)
        # A bar is drawn anew every tenth of a second at most.
        time.sleep(0.11)
        run.on_step(0, 64, 0.2)
        run.on_step(1, 128, 0.2)
        run.on_epoch(make_history(2))
        time.sleep(0.11)
        run.on_step(0, 64, None)
    bars = terminal.getvalue().split("\r")
    told = next(bar for bar in bars if " 3/6 steps" in bar)
    assert told.startswith("epoch 2/3")
    assert " 50%" in told
    assert "loss 0.2, " in told
    assert "frames/s" in told
    assert " left" in told
    assert any(bar.startswith("epoch 3/3") for bar in bars)


def test_resuming_says_where_it_goes_on_and_when_nothing_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(tmp_path, EXPERIMENT)
    run.on_start(2, 3, 10)
    assert "going on after epoch 2 of 3" in capsys.readouterr().out
    run.on_start(3, 3, 10)
    assert "all 3 epochs were done before" in capsys.readouterr().out
