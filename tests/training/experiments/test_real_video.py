"""Real video without labels: who is learned from, and that the arms differ in that alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core.errors import InputFormatError
from core.learning.network import TemporalModel
from core.lifting.weights import fold_batch_norm, load_weights, save_weights
from tests.shared_data import shared_data
from tests.training.evaluation.real_writer import write_real_folder
from training.configs import default
from training.experiments import real_video
from training.experiments.real_video import ARMS, load_unlabelled, make_experiment, parse


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    for sequence in ("breakdance_ch02", "breakdance_ch04"):
        write_real_folder(folder, num_frames=90, num_cameras=2, sequence=sequence)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network of rays that has learned nothing."""
    torch.manual_seed(0)
    config = replace(default().lifter, filter_widths=(3, 3), channels=8)
    state = {name: value.numpy() for name, value in TemporalModel(config).state_dict().items()}
    path = tmp_path_factory.mktemp("model") / "tiny.npz"
    save_weights(path, fold_batch_norm(config, state))
    return path


def test_the_unlabelled_stream_leaves_out_what_validates(real: Path) -> None:
    clips = load_unlabelled(real, fps=30, chunk_length=96, has_cameras=True)
    assert clips.subjects == ("breakdance_ch02",)
    assert len(clips.clips) == 2 and all(clip.positions is None for clip in clips.clips)
    assert {clip.fps for clip in clips.clips} == {30.0}


def test_an_unknown_lens_is_taken_for_the_pipelines_own(real: Path) -> None:
    known, unknown = (
        load_unlabelled(real, fps=30, chunk_length=96, has_cameras=has_cameras)
        for has_cameras in (True, False)
    )
    for clip, other in zip(known.clips, unknown.clips, strict=True):
        assert clip.camera is not None and other.camera is not None
        assert np.array_equal(clip.keypoints, other.keypoints)
        assert clip.camera.focal_length[0] == 1000.0
        # 50 degrees across the longer side of 2000 px.
        assert other.camera.focal_length[0] == pytest.approx(1000 / np.tan(np.radians(25)))


def test_the_shared_real_clips_give_the_stream_and_nothing_held_out() -> None:
    clips = load_unlabelled(shared_data("real"), fps=30, chunk_length=96, has_cameras=True)
    # The second person of pose2sim_multi is the one of pose2sim_single: held out.
    expected = {f"breakdance_ch0{number}": 8 for number in (1, 2, 3)} | {"cam01_json": 1}
    subjects = [clip.subject for clip in clips.clips]
    assert {subject: subjects.count(subject) for subject in clips.subjects} == expected


def test_without_real_video_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="expected aistpp .* or pose2sim_multi in it"):
        load_unlabelled(tmp_path, fps=30, chunk_length=96, has_cameras=True)


def test_training_goes_on_with_the_network_of_the_model_file(model: Path) -> None:
    weights = load_weights(model)
    options = parse(["--data", ".", "--real", ".", "--model", str(model)])
    experiment = make_experiment(options, weights, seed=5)
    assert experiment.lifter == weights.config and experiment.start_from == model
    assert experiment.seed == 5 and experiment.views == default().views


def test_every_arm_takes_the_same_steps_and_stands_beside_the_model_as_it_was(
    mocap: Path, real: Path, model: Path, tmp_path: Path
) -> None:
    command = ["--data", mocap, "--real", real, "--model", model, "--run", tmp_path / "run"]
    command += ["--epochs", 1, "--steps-per-epoch", 2, "--batch-size", 2, "--views", 1]
    words = [str(word) for word in [*command, "--learning-rate", 0.01, "--seeds", 0]]
    real_video.main(words)
    run = tmp_path / "run"
    lines = (run / "real_video.md").read_text().splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| model", *(f"| {arm}" for arm in ARMS)]
    figures = {
        arm: json.loads((run / f"{arm}-seed0" / "scores.json").read_text())["aistpp 04"]["raw_mm"]
        for arm in ARMS
    }
    assert len(set(figures.values())) == len(ARMS)
    columns = {
        arm: (run / f"{arm}-seed0" / "metrics.csv").read_text().splitlines()[0] for arm in ARMS
    }
    assert "loss_projection" not in columns["supervised"]
    assert all("loss_projection" in columns[arm] for arm in ARMS if arm != "supervised")
    # A finished arm is read back.
    metrics = run / "known-seed0" / "metrics.csv"
    before = metrics.stat().st_mtime_ns
    real_video.main([*words, "--arms", "known"])
    assert metrics.stat().st_mtime_ns == before
