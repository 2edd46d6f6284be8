"""What the evaluation command prints and writes are the errors of that checkpoint on those clips."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core import metrics
from core.learning.architecture import config_of
from core.learning.checkpoint_file import load_into, network_state, read_checkpoint
from core.learning.clips import normalized_keypoints
from core.learning.network import TemporalModel
from tests.training.datasets.bvh_writer import write_bvh_folder, write_index, write_rope
from tests.training.datasets.dataset_writer import write_human36m, write_humaneva
from tests.training.tiny_training import TINY, Outcome, call, run_python
from training import evaluate, train
from training.datasets.load import load_clip_set

NAMES = ("mpjpe", "p_mpjpe", "n_mpjpe", "mpjve")
HEADINGS = "frames  MPJPE  P-MPJPE  N-MPJPE  MPJVE"
PASSES = ("one pass", "flip averaged")
# Big enough for each epoch to change something.
OPTIONS = [*TINY, "--filter-widths", "3", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data sets, and a run trained on each: ``h36m``, ``humaneva``, ``run``, ``eva_run``."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_human36m(folder / "h36m", num_frames=20, unlabelled_subjects=("S2",))
    write_human36m(folder / "h36m", detector="noisy", num_frames=20, noise_px=5)
    write_humaneva(folder / "humaneva", num_frames=12)
    data = ["--data", folder / "h36m", "--detector", "gt"]
    data += ["--train-subjects", "S1", "--test-subjects", "S9"]
    assert call(train.main, "paper_27", *OPTIONS, *data, "--run", folder / "run").code == 0
    data = ["--data", folder / "humaneva", "--detector", "gt", "--actions", "Walking", "Jog"]
    data += ["--train-subjects", "Train/S1", "--test-subjects", "Train/S2", "Validate/S2"]
    assert (
        call(train.main, "paper_humaneva", *OPTIONS, *data, "--run", folder / "eva_run").code == 0
    )
    return folder


def measure(*options: object) -> Outcome:
    done = call(evaluate.main, *options)
    assert (done.code, done.err) == (0, "")
    return done


def scores_of(path: Path) -> dict[tuple[str, str, str], dict[str, float]]:
    """A written CSV's rows by pass, subject and action."""
    with path.open(newline="") as file:
        return {
            (row.pop("pass"), row.pop("subject"), row.pop("action")): {
                key: float(row[key]) for key in row
            }
            for row in csv.DictReader(file)
        }


def predictor(checkpoint: Path, mirror: np.ndarray) -> dict[str, Callable[..., np.ndarray]]:
    """Both passes, written out here once more: pad by the edges, run, mirror and average."""
    stored = read_checkpoint(checkpoint)
    model = TemporalModel(config_of(stored, where="test")).eval()
    load_into(model, network_state(stored, "model_pos", where="test"), where="test")

    def one_pass(keypoints: np.ndarray) -> np.ndarray:
        padded = np.pad(keypoints, ((4, 4), (0, 0), (0, 0)), mode="edge")
        with torch.no_grad():
            return model(torch.from_numpy(padded)[None])[0].numpy()

    def flip_averaged(keypoints: np.ndarray) -> np.ndarray:
        mirrored = one_pass((keypoints * [-1, 1])[:, mirror].astype(np.float32))
        return (one_pass(keypoints) + mirrored[:, mirror] * [-1, 1, 1]) / 2

    return {"one pass": one_pass, "flip averaged": flip_averaged}


def assert_scores(
    folder: Path, output: Path, checkpoint: Path, *, kind: str, subjects: set[str], by_subject: bool
) -> None:
    """The written scores are those that are computed here from the clips."""
    clips = load_clip_set(folder / kind, detector="gt")
    for title, predict in predictor(checkpoint, clips.skeleton_in.mirror).items():
        errors = defaultdict[tuple[str, str], list[list[float]]](list)
        for clip in clips.clips:
            if clip.subject in subjects:
                assert clip.positions is not None
                truth = clip.positions - clip.positions[:, :1]
                predicted = predict(normalized_keypoints(clip, in_features=2)).astype(float)
                key = (clip.subject if by_subject else "", clip.action.split()[0])
                errors[key].append([getattr(metrics, name)(predicted, truth) for name in NAMES])
        written = scores_of(output)
        assert {key[0] for key in written} == set(PASSES)
        found = {key[1:]: figures for key, figures in written.items() if key[0] == title}
        assert set(found) == {*errors, ("", "average")}
        # Clips of equal length: pooled by frames is the plain mean.
        means = {key: 1000 * np.mean(rows, axis=0) for key, rows in errors.items()}
        means["", "average"] = np.mean(list(means.values()), axis=0)
        for key, expected in means.items():
            values = [found[key][f"{name}_mm"] for name in NAMES]
            assert values == pytest.approx(expected.tolist(), abs=0.01)


def test_the_command_prints_every_error_per_action_and_on_average(folder: Path) -> None:
    done = run_python("-m", "training.evaluate", "--run", folder / "run")
    assert (done.code, done.err) == (0, "")
    assert "last.pt, the last epoch: the best one was chosen by the errors of the test" in done.out
    first, second = done.out.split(f"\n{folder / 'run' / 'last.pt'}, ")[1:]
    assert first.startswith("one pass\n") and second.startswith("flip averaged\n")
    for table in (first, second):
        assert HEADINGS in table and "MPJVE mm per frame" in table
        rows = [line.split() for line in table.splitlines() if line.count(".") >= 4]
        assert [row[0] for row in rows] == ["Eating", "Walking", "average"]
        # Four cameras of 20 frames, two recordings of walking.
        assert [row[1] for row in rows] == ["80", "160", "240"]
    assert first.splitlines()[3:] != second.splitlines()[3:]


def test_human36m_s_errors_are_per_action_without_subjects(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.csv"
    measure("--run", folder / "run", "--output", output)
    checkpoint = folder / "run" / "last.pt"
    assert_scores(folder, output, checkpoint, kind="h36m", subjects={"S9"}, by_subject=False)


def test_humaneva_s_errors_are_by_subject_too(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.csv"
    done = measure("--run", folder / "eva_run", "--output", output)
    assert f"subject      action   {HEADINGS}" in done.out
    subjects, checkpoint = {"Train/S2", "Validate/S2"}, folder / "eva_run" / "last.pt"
    assert_scores(folder, output, checkpoint, kind="humaneva", subjects=subjects, by_subject=True)
    # Anyone may ask for it.
    done = measure("--run", folder / "run", "--by-subject")
    assert "S9       Eating" in done.out


def test_csv_and_json_hold_the_same(folder: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "scores.csv", tmp_path / "scores.json"]
    measure("--run", folder / "run", "--output", *outputs)
    assert {path.name for path in tmp_path.iterdir()} == {"scores.csv", "scores.json"}
    tables = json.loads((tmp_path / "scores.json").read_text())
    assert list(tables) == list(PASSES)
    by_name = {
        (title, row.pop("subject"), row.pop("action")): row
        for title, table in tables.items()
        for row in [*table["rows"], table["average"]]
    }
    assert by_name == scores_of(tmp_path / "scores.csv")


def test_validation_while_training_is_the_same_measure(folder: Path) -> None:
    with (folder / "run" / "metrics.csv").open(newline="") as file:
        rows = [float(row["val_mpjpe_mm"]) for row in csv.DictReader(file)]
    done = measure("--run", folder / "run")
    table = done.out.split("last.pt, one pass")[1].split("flip averaged")[0]
    lines = {line.split()[0]: line.split() for line in table.splitlines() if line}
    pooled = sum(int(lines[name][1]) * float(lines[name][2]) for name in ("Eating", "Walking"))
    pooled /= 240
    assert pooled == pytest.approx(rows[-1], abs=0.06)


def test_any_checkpoint_can_be_measured(folder: Path, tmp_path: Path) -> None:
    expected = measure("--run", folder / "run").out.split("last.pt, one pass")[1]
    data = ["--data", folder / "h36m", "--detector", "gt", "--test-subjects", "S9"]
    expected = expected.split("flip averaged")[0].splitlines()[1:-2]
    stored = read_checkpoint(folder / "run" / "last.pt")
    public = {f"module.{name}": tensor for name, tensor in stored["model_pos"].items()}
    torch.save({"epoch": 80, "model_pos": public}, tmp_path / "public.bin")
    for path in (folder / "run" / "last.pt", tmp_path / "public.bin"):
        assert "\n".join(expected) in measure("--checkpoint", path, *data).out
    # The best one of a run, on the run's own data.
    done = measure("--run", folder / "run", "--checkpoint", folder / "run" / "best.pt")
    assert "best.pt, one pass" in done.out and "last epoch" not in done.out


def test_a_public_causal_checkpoint_is_measured_as_causal(folder: Path, tmp_path: Path) -> None:
    data = ["--data", folder / "h36m", "--detector", "gt", "--test-subjects", "S9"]
    training = [*OPTIONS, *data, "--train-subjects", "S1", "--run", tmp_path / "run"]
    assert call(train.main, "paper_27", *training, "--causal").code == 0
    own = tmp_path / "run" / "last.pt"
    public = tmp_path / "public.bin"
    torch.save({"epoch": 80, "model_pos": read_checkpoint(own)["model_pos"]}, public)

    def table(checkpoint: Path, *options: object) -> str:
        return measure("--checkpoint", checkpoint, *data, *options).out.split(", one pass\n")[1]

    causal = table(own).replace(str(own), str(public))
    assert table(public, "--causal") == causal
    assert table(public, "--protocol", "paper_243_causal") == causal
    assert table(public, "--protocol", "paper_243", "--causal") == causal
    assert table(public, "--protocol", "paper_243") == table(public) != causal
    out = measure("--checkpoint", public, *data, "--protocol", "paper_243_causal").out
    assert "does not say what it is; taken for a causal network" in out
    assert "reads Human3.6M-17 and writes Human3.6M-17 (as the data)" in out
    # Our own checkpoints say it themselves: a protocol is then for its subjects alone.
    assert table(own, "--protocol", "paper_243").replace(str(own), str(public)) == causal
    error = refuse("--checkpoint", folder / "run" / "last.pt", *data, "--causal")
    assert "the checkpoint says causal False, not True" in error


def test_a_run_can_be_measured_on_other_clips_than_its_own(folder: Path) -> None:
    own = measure("--run", folder / "run").out
    assert measure("--run", folder / "run", "--detector", "noisy").out != own
    chosen = measure("--run", folder / "run", "--test-subjects", "S5", "--actions", "Eating").out
    assert "80 frames to test on" in chosen and "Walking" not in chosen
    fewer = measure("--run", folder / "run", "--downsample", "4").out
    assert "60 frames to test on" in fewer


def test_the_protocol_of_an_experiment_names_who_is_tested(folder: Path) -> None:
    options = ["--checkpoint", folder / "run" / "best.pt", "--protocol", "paper_27"]
    options += ["--data", folder / "h36m", "--detector", "gt"]
    done = call(evaluate.main, *options)
    assert done.code == 1 and "subject 'S11' is not in the data: found 'S1', 'S5'" in done.err
    done = measure(*options, "--test-subjects", "S9")
    assert "240 frames to test on" in done.out


def test_a_bvh_run_is_measured_on_its_test_split(tmp_path: Path) -> None:
    names = {"ann/walk": "train", "bob/walk": "val", "cat/walk": "test"}
    write_bvh_folder(tmp_path / "bvh", list(names), num_frames=13)
    write_rope(tmp_path / "bvh" / "cat" / "rope.bvh")
    write_index(tmp_path / "bvh", {**names, "cat/rope": "test"})
    data = ["--data", tmp_path / "bvh", "--chunk-length", "4"]
    assert call(train.main, "paper_27", *OPTIONS, *data, "--run", tmp_path / "run").code == 0
    done = measure("--run", tmp_path / "run", "--by-subject")
    assert "best.pt, the epoch with the lowest validation error" in done.out
    assert "best.pt, one pass" in done.out
    # 21 frames at 50 Hz, four cameras.
    assert "data: 84 frames to test on; 1 left out:" in done.out
    assert "rope.bvh: cannot map the skeleton" in done.out
    rows = [line.split()[:3] for line in done.out.splitlines()]
    assert rows.count(["cat", "walk", "84"]) == 2 and "bob" not in done.out
    done = call(train.main, "default", *OPTIONS, *data, "--run", tmp_path / "default")
    assert done.code == 0
    done = call(evaluate.main, "--run", tmp_path / "default")
    assert done.code == 1 and "a network of rays" in done.err and "export_weights" in done.err


def refuse(*options: object) -> str:
    done = call(evaluate.main, *options)
    assert done.code == 1 and done.err.startswith("error: ") and done.err.count("\n") == 1
    assert "MPJPE" not in done.out
    return done.err


def test_joints_that_differ_are_told(folder: Path, tmp_path: Path) -> None:
    checkpoint = ["--checkpoint", folder / "run" / "best.pt"]
    data = ["--data", folder / "humaneva", "--detector", "gt"]
    error = refuse(*checkpoint, *data)
    assert "reads 17 joints and writes 17; the data has 15 in 2D and 15 in 3D" in error
    # As many joints, but others.
    write_human36m(tmp_path, detector="coco", layout="coco", num_frames=5)
    error = refuse(*checkpoint, "--data", tmp_path, "--detector", "coco")
    assert "reads Human3.6M-17 and writes Human3.6M-17; the data has COCO-17 in 2D" in error


def test_what_cannot_be_measured_is_refused(folder: Path, tmp_path: Path) -> None:
    run, data = ["--run", folder / "run"], ["--data", folder / "h36m", "--detector", "gt"]
    assert "subject 'S11' is not in the data" in refuse(*run, "--test-subjects", "S11")
    assert "S2/" in (error := refuse(*run, "--test-subjects", "S2")) and "with 3D to test" in error
    assert "no such file or folder" in refuse(*run, "--data", tmp_path / "nowhere")
    assert "config.json: expected the config of a training" in refuse("--run", tmp_path)
    assert "--checkpoint: expected --data" in refuse("--checkpoint", folder / "run" / "best.pt")
    assert "gone.pt: expected a torch" in refuse("--checkpoint", tmp_path / "gone.pt", *data)
    whole = (folder / "run" / "best.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    assert "cut.pt: expected a torch checkpoint, found a truncated" in refuse(
        "--checkpoint", tmp_path / "cut.pt", *data
    )
    assert "--data: expected a folder of real clips" in refuse()


def test_wrong_usage_is_told_before_any_work(folder: Path, tmp_path: Path) -> None:
    done = call(evaluate.main, "--run", folder / "run", "--output", tmp_path / "scores.txt")
    assert done.code == 2 and "expected a name that ends in .csv or .json" in done.err
    assert call(evaluate.main, "--colour").code == 2
    assert not list(tmp_path.iterdir())
