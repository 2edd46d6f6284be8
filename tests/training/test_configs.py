"""Every named experiment has the paper's figures (METHOD.md sections 1 to 4) and survives its JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import InputFormatError
from core.joint_sets import BODY_23, COCO_17, LIFTED_21
from core.learning.network import TemporalModel
from core.learning.schedule import batch_norm_momentum, learning_rate
from tests.training.datasets.dataset_writer import write_humaneva
from training.configs import EXPERIMENTS, DataConfig
from training.datasets.load import load_clip_set
from training.datasets.splits import DataPaths
from training.run_config import describe_run, fingerprint, read_run

PAPER = [name for name in EXPERIMENTS if not name.startswith("default")]
# Frames seen, epochs, decay of the learning rate per epoch, windows of a step.
FIGURES = {
    "paper_243": (243, 80, 0.95, 1024),
    "paper_81": (81, 80, 0.95, 1024),
    "paper_27": (27, 80, 0.95, 1024),
    "paper_1": (1, 80, 0.95, 1024),
    "paper_243_causal": (243, 80, 0.95, 1024),
    "paper_humaneva": (27, 1000, 0.996, 128),
    "paper_semi_s1_10pct": (27, 200, 0.98, 64),
}


def test_there_are_nine_experiments_each_named_as_its_function() -> None:
    assert set(EXPERIMENTS) == {*FIGURES, "default", "default_causal"}
    for name, make in EXPERIMENTS.items():
        assert make().name == make.__name__ == name


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_figures(name: str) -> None:
    experiment = EXPERIMENTS[name]()
    lifter, training = experiment.lifter, experiment.training
    found = (
        lifter.receptive_field,
        training.num_epochs,
        training.rate_decay,
        experiment.batch_size,
    )
    assert found == FIGURES[name]
    assert (lifter.channels, lifter.dropout, lifter.in_features) == (1024, 0.25, 2)
    assert lifter.causal == (name == "paper_243_causal") and not lifter.dense
    assert (training.optimizer, training.learning_rate) == ("adam", 1e-3)
    assert (training.weight_decay, training.clip_norm) == (0.0, None)
    # One output frame per window, every window shown mirrored too, every window once per epoch.
    assert experiment.chunk_length == 1 and experiment.use_mirror
    assert experiment.recipe == "paper" and experiment.steps_per_epoch is None


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_schedules(name: str) -> None:
    training = EXPERIMENTS[name]().training
    epochs, decay = FIGURES[name][1:3]
    rates = [learning_rate(training, step, steps_per_epoch=10) for step in (0, 9, 10, 35)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3 * decay, 1e-3 * decay**3])
    momenta = [batch_norm_momentum(training, epoch) for epoch in (0, epochs // 2, epochs)]
    assert momenta == pytest.approx([0.1, 0.01, 0.001])


@pytest.mark.parametrize(
    ("name", "num_parameters"),
    [("paper_27", 8_555_571), ("paper_81", 12_753_971), ("paper_243", 16_952_371)],
)
def test_the_papers_numbers_of_parameters(name: str, num_parameters: int) -> None:
    model = TemporalModel(EXPERIMENTS[name]().lifter)
    assert sum(parameter.numel() for parameter in model.parameters()) == num_parameters


def test_human36m_is_split_as_published() -> None:
    for name in ("paper_243", "paper_81", "paper_27", "paper_1", "paper_243_causal"):
        data = EXPERIMENTS[name]().data
        assert data.train_subjects == ("S1", "S5", "S6", "S7", "S8")
        assert data.test_subjects == ("S9", "S11") and data.actions is None
        assert (data.labelled_share, data.downsample, data.by_subject) == (1.0, 1, False)
        assert EXPERIMENTS[name]().semi is None


def test_humaneva_is_one_model_for_three_actions_told_by_subject() -> None:
    experiment = EXPERIMENTS["paper_humaneva"]()
    assert experiment.data == DataConfig(
        train_subjects=("Train/S1", "Train/S2", "Train/S3"),
        test_subjects=("Validate/S1", "Validate/S2", "Validate/S3"),
        actions=("Walking", "Jog", "Box"),
        by_subject=True,
    )
    assert experiment.lifter.num_joints_out == 15


def test_scarce_labels_are_a_tenth_of_s1_beside_the_keypoints_of_the_others() -> None:
    experiment = EXPERIMENTS["paper_semi_s1_10pct"]()
    assert experiment.data.train_subjects == ("S1",) and experiment.data.labelled_share == 0.1
    assert experiment.data.unlabelled_subjects == ("S5", "S6", "S7", "S8")
    semi = experiment.semi
    assert semi is not None
    assert (semi.warmup_epochs, semi.projection, semi.use_bone_lengths) == (5, "full", True)


def test_the_default_reads_rays_of_a_body_with_feet() -> None:
    experiment = EXPERIMENTS["default"]()
    lifter = experiment.lifter
    assert experiment.recipe == "ray" and lifter.normalization == "ray"
    assert (lifter.joint_set_in, lifter.joint_set_out) == (BODY_23.name, LIFTED_21.name)
    assert lifter.receptive_field == 81 and lifter.fps == 30
    # A finite number of steps: its views are endless.
    assert experiment.steps_per_epoch is not None


def test_the_causal_default_is_the_default_but_for_later_frames() -> None:
    causal, default = EXPERIMENTS["default_causal"](), EXPERIMENTS["default"]()
    assert causal.lifter.padding == (80, 0) and default.lifter.padding == (40, 40)
    same = replace(causal, name="default", lifter=replace(causal.lifter, causal=False))
    assert same == default


def test_joints_and_rate_follow_the_data(tmp_path: Path) -> None:
    clips = load_clip_set(write_humaneva(tmp_path, num_frames=3, layout="coco"), detector="gt")
    lifter = EXPERIMENTS["paper_27"]().for_clips(clips).lifter
    assert (lifter.num_joints_in, lifter.joint_set_in) == (17, COCO_17.name)
    assert (lifter.num_joints_out, lifter.joint_set_out, lifter.fps) == (15, "HumanEva-15", 60)
    slower = clips.with_clips(clip.cut(slice(0, None, 3)) for clip in clips.clips)
    assert EXPERIMENTS["paper_27"]().for_clips(slower).lifter.fps == 20


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_a_run_writes_down_is_read_back(name: str, tmp_path: Path) -> None:
    experiment = replace(EXPERIMENTS[name](), seed=7)
    paths = DataPaths(
        data=Path("data/h36m"),
        detector="gt",
        truth=Path("truth.npz"),
        cameras=Path("cameras.json"),
        fps=29.97,
        unlabelled=(Path("videos/a"), Path("videos/b.json")),
        fov_deg=60.0,
        calibration=Path("lens.toml"),
    )
    found = fingerprint({"train": [("S1/Walking", 9)]})
    described = describe_run(experiment, paths, found)
    (tmp_path / "config.json").write_text(json.dumps(described))
    assert read_run(tmp_path) == (paths, experiment.data, 7)
    # Nothing of the experiment is left out.
    plain = json.loads(json.dumps(asdict(experiment)))
    plain["data"]["fingerprint"] = found
    assert {key: described[key] for key in plain} == plain


def test_paths_that_were_not_given_stay_so(tmp_path: Path) -> None:
    paths = DataPaths(data=Path("bvh"))
    described = describe_run(EXPERIMENTS["default"](), paths, {})
    (tmp_path / "config.json").write_text(json.dumps(described))
    assert read_run(tmp_path)[0] == paths


def test_a_fingerprint_tells_clips_apart() -> None:
    clips = [("S1/Walking", 9), ("S1/Eating", 5)]
    found = fingerprint({"train": clips, "unlabelled": []})
    assert (found["train"]["clips"], found["train"]["frames"]) == (2, 14)
    assert (found["unlabelled"]["clips"], found["unlabelled"]["frames"]) == (0, 0)
    assert found == fingerprint({"train": iter(clips), "unlabelled": []})
    for other in (
        [("S1/Walking", 8), ("S1/Eating", 6)],
        [("S5/Walking", 9), ("S1/Eating", 5)],
        clips[::-1],
    ):
        hashes = [fingerprint({"train": part})["train"]["sha256"] for part in (clips, other)]
        assert hashes[0] != hashes[1]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"name": "paper_27"}', '{"data": {"nobody": 1}, "paths": {}, "seed": 0}']
)
def test_a_folder_that_holds_no_run_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputFormatError, match=r"config\.json: expected the config of a training"):
        read_run(tmp_path)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputFormatError, match=r"config\.json: expected the config of a training"):
        read_run(tmp_path)
