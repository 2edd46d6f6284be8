"""The experiments at the smallest size: what each arm may see, and what is left behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.lifting.config import LifterConfig
from tests.training.datasets.bvh_writer import write_bvh_folder, write_index
from training.experiments import chunked_output, receptive_field, scarce_label
from training.experiments.arm import ArmScores
from training.experiments.report import write_table
from training.experiments.scarce_label import Studio, open_studio

SPLITS = {
    "ann/walk": "train",
    "ann/run": "train",
    "bob/walk": "train",
    "bob_idle/stand": "train",
    "cy/walk": "val",
    "dee/walk": "test",
}
TINY = ("--epochs", "1", "--steps-per-epoch", "2")


@pytest.fixture(scope="module")
def mocap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mocap")
    write_index(folder, SPLITS)
    return write_bvh_folder(folder, list(SPLITS), num_frames=40)


@pytest.fixture(scope="module")
def studio(mocap: Path) -> Studio:
    return open_studio(mocap)


def read_scores(folder: Path) -> ArmScores:
    return ArmScores(**json.loads((folder / "scores.json").read_text()))


def test_a_share_of_one_performer_is_labelled_and_the_others_give_their_2d_alone(
    studio: Studio,
) -> None:
    whole, tenth = (studio.splits("ann", share, seed=0) for share in (1.0, 0.1))
    assert whole.train.subjects == tenth.train.subjects == ("ann",)
    assert tenth.train.num_frames == pytest.approx(whole.train.num_frames / 10, rel=0.05)
    for splits in (whole, tenth):
        assert splits.unlabelled is not None
        # Who only stands about teaches nothing.
        assert splits.unlabelled.subjects == ("bob",)
        assert all(clip.positions is None for clip in splits.unlabelled.clips)
        assert splits.validation.subjects == ("cy",)
    assert studio.test.subjects == ("dee",)


def test_the_labelled_frames_are_the_seeds(studio: Studio) -> None:
    def labelled(seed: int) -> np.ndarray:
        return np.concatenate(
            [clip.keypoints for clip in studio.splits("ann", 0.1, seed=seed).train.clips]
        )

    assert np.array_equal(labelled(0), labelled(0))
    assert not np.array_equal(labelled(0), labelled(1))


def test_the_scarce_label_experiment_compares_and_goes_on(
    mocap: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    arms = ["supervised:0.5", "semi-supervised:0.5"]
    command = ["--data", mocap, "--run", run, "--performer", "ann", *TINY, "--batch-size", 4]
    command += ["--warmup-epochs", 0, "--seeds", 0, 1, "--root-on-ray", "--arms"]
    scarce_label.main([str(word) for word in [*command, *arms]])
    table = (run / "scarce_label.md").read_text()
    supervised, semi = (
        [read_scores(run / f"{arm.replace(':', '-')}-seed{seed}") for seed in (0, 1)]
        for arm in arms
    )
    for scores in (supervised, semi):
        errors = [score.test_mpjpe_mm for score in scores]
        assert f"{np.mean(errors):.1f} ± {np.std(errors, ddof=1):.1f}" in table
    gain = 1 - sum(s.test_mpjpe_mm for s in semi) / sum(s.test_mpjpe_mm for s in supervised)
    assert f"gain over the supervised arm at 50%: {gain:.1%}" in capsys.readouterr().out
    assert (run / "scarce_label.png").read_bytes().startswith(b"\x89PNG")
    # A finished arm is not trained again; the table is made of all that are asked for.
    metrics = run / "supervised-0.5-seed0" / "metrics.csv"
    before = metrics.stat().st_mtime_ns
    scarce_label.main([str(word) for word in [*command, arms[0]]])
    assert metrics.stat().st_mtime_ns == before
    assert "semi-supervised" not in (run / "scarce_label.md").read_text()


def test_while_tuning_the_test_clips_are_not_looked_at(mocap: Path, tmp_path: Path) -> None:
    command = ["--data", mocap, "--run", tmp_path, "--performer", "ann", *TINY, "--tune"]
    command += ["--seeds", 0, "--arms", "supervised:1", "--batch-size", 4]
    scarce_label.main([str(word) for word in command])
    scores = read_scores(tmp_path / "supervised-1-seed0")
    assert np.isnan(scores.test_mpjpe_mm) and scores.val_mpjpe_mm > 0


def test_the_receptive_field_arms_differ_in_nothing_else() -> None:
    arms = receptive_field.make_arms(
        channels=8,
        relative_input_scale=5.0,
        learning_rate=1e-3,
        num_epochs=1,
        steps_per_epoch=2,
        batch_size=4,
        chunk_length=8,
    )
    fields = {name: arm.lifter.receptive_field for name, arm in arms.items()}
    assert list(fields.values()) == [1, 27, 81, 243, 243]

    def without_field(lifter: LifterConfig) -> LifterConfig:
        return replace(lifter, filter_widths=(1,), causal=False)

    alike = [replace(arm, name="", lifter=without_field(arm.lifter)) for arm in arms.values()]
    assert all(arm == alike[0] for arm in alike)
    assert [arm.lifter.causal for arm in arms.values()] == [False] * 4 + [True]


def test_the_receptive_field_experiment_scores_the_arms_asked_for(
    mocap: Path, tmp_path: Path
) -> None:
    command = ["--data", mocap, "--run", tmp_path, "--channels", 8, *TINY, "--batch-size", 2]
    command += ["--chunk-length", 8, "--only", "paper_1", "paper_243_causal"]
    receptive_field.main([str(word) for word in command])
    lines = (tmp_path / "receptive_field.md").read_text().splitlines()
    assert [line.split(" | ")[0:2] for line in lines[2:]] == [
        ["| paper_1", "1"],
        ["| paper_243_causal", "243"],
    ]
    scores = read_scores(tmp_path / "paper_1")
    assert f"| {scores.test_mpjpe_mm:.1f} |" in lines[2]


def test_the_chunked_output_experiment_compares_speed_and_accuracy(
    mocap: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = chunked_output.paper_27()
    small = replace(small, lifter=replace(small.lifter, filter_widths=(3,)))
    monkeypatch.setattr(chunked_output, "paper_27", lambda: small)
    command = ["--channels", 8, "--windows", 2, "--chunks", 2, "--chunk-length", 4, "--rounds", 1]
    command += ["--device", "cpu", "--data", mocap, "--run", tmp_path, "--outputs", 40]
    chunked_output.main([str(word) for word in command])
    out = capsys.readouterr().out
    assert "243 frames, 8 channels, cpu" in out
    assert "one-frame windows, 2 a step" in out and "chunks of 4, 2 a step" in out
    lines = (tmp_path / "chunked_output.md").read_text().splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    # A step of each of ten epochs: there are no fewer.
    assert [row[:3] for row in cells] == [
        ["1", "256", "10"],
        ["8", "128", "10"],
        ["32", "32", "10"],
        ["32", "128", "10"],
        ["128", "8", "10"],
    ]
    for row, name in zip(cells, ("1x256", "8x128", "32x32", "32x128", "128x8"), strict=True):
        scores = read_scores(tmp_path / f"chunk{name}")
        assert row[3:] == [f"{scores.val_mpjpe_mm:.1f}", f"{scores.test_mpjpe_mm:.1f}"]


def test_a_table_is_markdown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "table.md"
    write_table(path, [{"arm": "a", "mm": 1.5}, {"arm": "b", "mm": 2}])
    assert path.read_text() == "| arm | mm |\n| --- | --- |\n| a | 1.5 |\n| b | 2 |\n"
    assert capsys.readouterr().out == path.read_text()
