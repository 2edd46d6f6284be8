"""Data sets of every shape are trained on through the real command; what is left behind is whole."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core.joint_sets import BODY_25B
from core.learning.architecture import config_of
from core.learning.checkpoint_file import read_checkpoint
from core.lifting.config import LifterConfig
from core.pipeline import LiftSettings, lift_clip
from tests.core.io.sample_files import clip, write_openpose
from tests.training.datasets.bvh_writer import write_bvh_folder, write_index, write_rope
from tests.training.datasets.dataset_writer import (
    edit_3d,
    save_3d,
    write_custom,
    write_human36m,
    write_humaneva,
)
from tests.training.tiny_training import (
    BEAM,
    RUN_FILES,
    TINY,
    Outcome,
    call,
    read_metrics,
    run_python,
)
from training import export_weights, train
from training.run_config import read_run
from training.run_folder import RunFolder

HUMAN36M = ["--detector", "gt", "--train-subjects", "S1", "--test-subjects", "S9"]
HUMANEVA = ["--detector", "gt", "--train-subjects", "Train/S1", "Train/S2"]
HUMANEVA += ["--test-subjects", "Validate/S2", "--actions", "Walking", "Jog"]
CUSTOM = ["--fps", "25", "--train-subjects", "a.mp4", "--test-subjects", "b.mp4"]
# All of a process' work but its start: for comparing two runs of equal steps.
LEARNING = ["--channels", "16", "--filter-widths", "3", "3", "--device", "cpu"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny data set of each shape."""
    folder = tmp_path_factory.mktemp("data")
    write_human36m(folder / "h36m", num_frames=20, unlabelled_subjects=("S2",))
    write_humaneva(folder / "humaneva", num_frames=13, layout="coco")
    write_custom(folder / "custom", num_frames=20, has_confidence=True)
    names = {"ann/walk": "train", "ann/run": "train", "bob/walk": "val", "cat/walk": "test"}
    write_bvh_folder(folder / "bvh", list(names), num_frames=20)
    write_rope(folder / "bvh" / "ann" / "rope.bvh")
    write_index(folder / "bvh", {**names, "ann/rope": "train"})
    return folder


def data_options(data: Path, kind: str) -> list[str]:
    truth = ["--truth", str(data / "custom" / "data_3d_world.npz")]
    cameras = ["--cameras", str(data / "custom" / "cameras.json")]
    apart = ["--truth", str(data / "custom" / "data_3d_camera.npz")]
    path_custom = ["--data", str(data / "custom" / "data_2d_custom_mine.npz"), *CUSTOM]
    return {
        "h36m": ["--data", str(data / "h36m"), *HUMAN36M],
        "humaneva": ["--data", str(data / "humaneva"), *HUMANEVA],
        "custom": [*path_custom, *truth, *cameras],
        "custom without cameras": [*path_custom, *apart],
        "bvh": ["--data", str(data / "bvh")],
    }[kind]


def train_tiny(run: Path, name: str, *options: object) -> Outcome:
    return call(train.main, name, *TINY, "--run", run, *options)


def lifter_of(run: Path) -> LifterConfig:
    return config_of(read_checkpoint(run / "best.pt"), where="best.pt")


def assert_is_whole(run: Path, *, num_epochs: int) -> None:
    """A finished run's folder has everything, and its figures are finite."""
    assert {path.name for path in run.iterdir()} == RUN_FILES
    rows = read_metrics(run)
    assert [row["epoch"] for row in rows] == list(range(1, num_epochs + 1))
    assert all(np.isfinite(value) for row in rows for value in row.values())
    assert (run / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert any(path.stat().st_size > 0 for path in (run / "events").iterdir())
    assert read_checkpoint(run / "last.pt")["epoch"] == num_epochs
    best_by = json.loads((run / "config.json").read_text())["training"]["best_by"]
    best = min(rows, key=lambda row: row[best_by])
    assert read_checkpoint(run / "best.pt")["epoch"] == best["epoch"]


def test_the_command_trains_and_leaves_a_whole_run(data: Path, tmp_path: Path) -> None:
    options = [*data_options(data, "h36m"), *TINY, "--run", tmp_path / "run"]
    done = run_python("-m", "training.train", "paper_27", *options)
    assert (done.code, done.err) == (0, "")
    assert "data: 240 labelled frames, 0 unlabelled, 240 for validation" in done.out
    assert "epoch 1/2" in done.out and "epoch 2/2" in done.out and "frames/s" in done.out
    assert_is_whole(tmp_path / "run", num_epochs=2)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["name"] == "paper_27" and config["data"]["train_subjects"] == ["S1"]
    # The same in this process, to the last figure.
    assert call(train.main, "paper_27", *options[:-1], tmp_path / "again").code == 0
    assert read_metrics(tmp_path / "again") == read_metrics(tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "kind", "options", "expected"),
    [
        ("paper_1", "h36m", [], {"filter_widths": (1, 1, 1), "fps": 50}),
        ("paper_243", "h36m", ["--chunk-length", "8"], {"filter_widths": (3, 3, 3, 3, 3)}),
        ("paper_243_causal", "h36m", ["--chunk-length", "8"], {"causal": True}),
        ("paper_27", "h36m", ["--causal", "--no-mirror"], {"causal": True, "dense": False}),
        ("paper_27", "h36m", ["--dense"], {"dense": True, "causal": False}),
        ("paper_27", "h36m", ["--filter-widths", "5", "3"], {"filter_widths": (5, 3)}),
        ("paper_27", "h36m", ["--downsample", "2"], {"fps": 25}),
        ("paper_27", "h36m", ["--precision", "bfloat16"], {"dropout": 0.25}),
        ("paper_27", "custom", ["--in-features", "3"], {"in_features": 3, "fps": 25}),
        ("paper_27", "custom without cameras", ["--dropout", "0"], {"dropout": 0.0}),
        ("paper_humaneva", "humaneva", [], {"num_joints_out": 15, "joint_set_in": "COCO-17"}),
        ("paper_27", "bvh", ["--chunk-length", "4"], {"joint_set_in": "COCO-17", "fps": 50}),
        ("paper_27", "bvh", ["--joints-in", "Human3.6M-17", "--in-features", "3"], {"fps": 50}),
    ],
)
def test_variants_train_on_every_kind_of_data(
    data: Path,
    tmp_path: Path,
    name: str,
    kind: str,
    options: list[str],
    expected: dict[str, object],
) -> None:
    done = train_tiny(tmp_path / "run", name, *data_options(data, kind), *options)
    assert (done.code, done.err) == (0, "")
    assert_is_whole(tmp_path / "run", num_epochs=2)
    lifter = lifter_of(tmp_path / "run")
    assert {field: getattr(lifter, field) for field in expected} == expected
    assert lifter.channels == 16


def test_training_lowers_the_error(data: Path, tmp_path: Path) -> None:
    options = ["--epochs", "12", "--batch-size", "32", "--channels", "64", "--device", "cpu"]
    options += ["--filter-widths", "3", "3", "--dropout", "0", "--learning-rate", "0.003"]
    run = tmp_path / "run"
    done = call(train.main, "paper_27", *data_options(data, "h36m"), *options, "--run", run)
    assert done.code == 0
    rows = read_metrics(run)
    assert rows[-1]["loss"] < 0.2 * rows[0]["loss"]
    assert rows[-1]["val_mpjpe_mm"] < 0.6 * rows[0]["val_mpjpe_mm"]
    # And the learning rate fell by 5 % after every epoch.
    assert rows[-1]["lr"] == pytest.approx(0.003 * 0.95**11)


def semi(data: Path, run: Path, *options: object, kind: str = "h36m") -> list[dict[str, float]]:
    """The figures of a run that is semi-supervised after its first epoch."""
    done = train_tiny(run, "paper_27", *data_options(data, kind), *options)
    assert (done.code, done.err) == (0, "")
    assert_is_whole(run, num_epochs=2)
    return read_metrics(run)


def test_semi_supervision_on_subjects_begins_after_the_warm_up(data: Path, tmp_path: Path) -> None:
    subjects = ["--unlabelled-subjects", "S5", "S2"]
    first, second = semi(data, tmp_path / "full", *subjects)
    assert {"loss_pose", "loss_trajectory", "val_root_mm"} <= first.keys()
    assert "loss_projection" not in first and "loss_bone_length" not in first
    assert second["loss_projection"] > 0 and second["loss_bone_length"] > 0
    assert read_checkpoint(tmp_path / "full" / "last.pt")["model_traj"]
    # Each option changes what it says, and nothing before the warm-up is over.
    linear = semi(data, tmp_path / "linear", *subjects, "--projection", "linear")
    assert linear[0] == first
    assert linear[1]["loss_projection"] != second["loss_projection"]
    without = semi(data, tmp_path / "without", *subjects, "--no-bone-lengths")
    assert "loss_bone_length" not in without[1] and without[0] == first
    at_once = semi(data, tmp_path / "at once", *subjects, "--warmup-epochs", "0")
    assert at_once[0]["loss_projection"] > 0
    on_ray = semi(data, tmp_path / "on ray", *subjects, "--root-on-ray")
    assert on_ray[0]["loss_pose"] == first["loss_pose"]
    assert on_ray[0]["loss_trajectory"] != first["loss_trajectory"]
    assert on_ray[0]["val_root_mm"] != first["val_root_mm"]


def test_the_paper_s_scarce_label_protocol_and_its_supervised_arm(
    data: Path, tmp_path: Path
) -> None:
    options = [*data_options(data, "h36m"), "--unlabelled-subjects", "S5"]
    done = train_tiny(tmp_path / "semi", "paper_semi_s1_10pct", *options, "--warmup-epochs", "1")
    # A tenth of 3 actions, 4 cameras and 20 frames.
    assert done.code == 0 and "data: 24 labelled frames, 240 unlabelled, 240" in done.out
    assert "loss_projection" in read_metrics(tmp_path / "semi")[1]
    done = train_tiny(tmp_path / "arm", "paper_semi_s1_10pct", *options, "--supervised")
    assert done.code == 0 and "data: 24 labelled frames, 0 unlabelled, 240" in done.out
    assert read_metrics(tmp_path / "arm")[1].keys() == {
        *("epoch", "lr", "loss", "val_mpjpe_mm", "val_mpjve_mm")
    }


@pytest.fixture(scope="module")
def own_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OpenPose folder of 60 frames in 640x480, as nobody's recording that is held out."""
    return write_openpose(tmp_path_factory.mktemp("own") / "dance", clip(60, BODY_25B))


@pytest.mark.parametrize("kind", ["custom", "bvh"])
def test_semi_supervision_on_ones_own_keypoint_folder(
    data: Path, own_video: Path, tmp_path: Path, kind: str
) -> None:
    own = ["--unlabelled", own_video, "--fov", "45", "--unlabelled-fps", "30000/1001"]
    own += ["--unlabelled-image-size", "640x480"]
    rows = semi(data, tmp_path / "run", *own, "--chunk-length", "4", kind=kind)
    assert rows[1]["loss_projection"] > 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["paths"]["unlabelled"] == [str(own_video)]
    assert config["paths"]["fov_deg"] == 45.0
    assert config["paths"]["unlabelled_fps"] == pytest.approx(29.97003)
    assert config["paths"]["unlabelled_image_size"] == "640x480"
    # And they are read back when the run is measured.
    assert read_run(tmp_path / "run")[0].unlabelled_image_size == "640x480"


def test_a_root_on_its_ray_needs_a_keypoint_of_the_root(
    data: Path, own_video: Path, tmp_path: Path
) -> None:
    own = ["--unlabelled", own_video, "--fov", "45", "--unlabelled-fps", "25"]
    own += ["--unlabelled-image-size", "640x480", "--root-on-ray"]
    done = train_tiny(tmp_path / "run", "paper_27", *data_options(data, "bvh"), *own)
    assert done.code == 1 and done.err.count("\n") == 1
    assert "expected a keypoint 'pelvis', found COCO-17 without one" in done.err


@pytest.mark.parametrize(("shift", "depth"), [(None, "0"), (-100.0, "-9")])
def test_semi_supervision_needs_labelled_people_in_front_of_their_camera(
    data: Path, own_video: Path, tmp_path: Path, shift: float | None, depth: str
) -> None:
    path = shutil.copytree(data / "custom", tmp_path / "custom") / "data_3d_camera.npz"
    positions = edit_3d(path)
    poses = positions["a.mp4"]["custom"][1]
    if shift is None:
        poses -= poses[:, :1]
    else:
        poses[7:, :, 2] += shift
    save_3d(path, positions)
    options = ["--data", path.with_name("data_2d_custom_mine.npz"), *CUSTOM, "--truth", path]
    own = ["--unlabelled", own_video, "--fov", "45", "--unlabelled-fps", "25"]
    own += ["--unlabelled-image-size", "640x480"]
    done = train_tiny(tmp_path / "run", "paper_27", *options, *own)
    assert done.code == 1 and done.err.count("\n") == 1
    assert "a.mp4/custom/1: semi-supervised training needs absolute camera-space" in done.err
    frame = 0 if shift is None else 7
    assert f"at frame {frame} the root's z is {depth}" in done.err
    assert not (tmp_path / "run").exists()
    # Supervised training is of poses relative to the root.
    assert train_tiny(tmp_path / "run", "paper_27", *options).code == 0


def test_a_calibration_is_the_lens_of_ones_own_videos(
    data: Path, own_video: Path, tmp_path: Path
) -> None:
    lens = tmp_path / "lens.toml"
    lens.write_text(
        "[phone]\nsize = [640, 480]\nmatrix = [[600, 0, 320], [0, 600, 240], [0, 0, 1]]\n"
        "distortions = [0.1, 0, 0, 0]\nrotation = [0, 0, 0]\ntranslation = [0, 0, 0]\n"
    )
    own = ["--unlabelled", own_video, "--calibration", lens, "--camera", "phone"]
    done = train_tiny(tmp_path / "run", "paper_27", *data_options(data, "bvh"), *own)
    assert (done.code, done.err) == (0, "") and "field of view unknown" not in done.out


def test_what_is_left_out_of_a_bvh_folder_is_named_and_counted(data: Path, tmp_path: Path) -> None:
    done = train_tiny(tmp_path / "run", "paper_27", *data_options(data, "bvh"))
    assert "1 left out or noted:\n  " in done.out
    assert "rope.bvh: cannot map the skeleton: no joint for hips" in done.out
    done = train_tiny(tmp_path / "default", "default", *data_options(data, "bvh"))
    assert "data: 2 clips to learn from, 1 for validation; 1 left out or noted:" in done.out
    assert "rope.bvh: cannot map the skeleton" in done.out


@pytest.mark.parametrize(
    ("name", "options", "num_joints"),
    [
        ("paper_27", [], 17),
        ("paper_27", ["--causal", "--in-features", "3"], 17),
        ("default", ["--chunk-length", "4", "--filter-widths", "3", "3"], 21),
    ],
)
def test_a_model_of_ones_own_bvh_folder_lifts_a_real_clip(
    data: Path, tmp_path: Path, name: str, options: list[str], num_joints: int
) -> None:
    done = train_tiny(tmp_path / "run", name, *data_options(data, "bvh"), *options)
    assert (done.code, done.err) == (0, "")
    assert_is_whole(tmp_path / "run", num_epochs=2)
    model = tmp_path / "model.npz"
    assert call(export_weights.main, tmp_path / "run" / "best.pt", model).code == 0
    settings = LiftSettings(fps=Fraction(60), model=model)
    (lifted,) = lift_clip(
        BEAM / "cam01_json", person=1, settings=settings, progress=lambda *_: None
    )
    assert lifter_of(tmp_path / "run").num_joints_out == num_joints
    assert lifted.poses_world.positions.shape == (100, 21, 3)
    assert np.isfinite(lifted.poses_world.positions).all()


def test_a_run_goes_on_without_the_file_that_it_started_from(data: Path, tmp_path: Path) -> None:
    command = ["default", *TINY, "--filter-widths", "3", "--chunk-length", "4"]
    command += ["--data", data / "bvh"]
    start = tmp_path / "start.npz"
    assert call(train.main, *command, "--run", tmp_path / "first").code == 0
    assert call(export_weights.main, tmp_path / "first" / "last.pt", start).code == 0
    command += ["--run", tmp_path / "second", "--start-from", start]
    assert call(train.main, *command).code == 0
    start.unlink()
    done = call(train.main, *command, "--epochs", "3")
    assert (done.code, done.err) == (0, "")
    assert len(read_metrics(tmp_path / "second")) == 3
    done = call(train.main, *command, "--run", tmp_path / "third")
    assert done.code == 1 and "start.npz" in done.err


def test_a_finished_run_is_left_alone_and_can_be_made_longer(data: Path, tmp_path: Path) -> None:
    run, options = tmp_path / "run", data_options(data, "h36m")
    assert train_tiny(run, "paper_27", *options).code == 0
    before = {path: path.read_bytes() for path in run.glob("*.*")}
    done = train_tiny(run, "paper_27", *options)
    assert done.code == 0 and "all 2 epochs were done before" in done.out
    assert {path: path.read_bytes() for path in run.glob("*.*")} == before
    first = read_metrics(run)
    done = train_tiny(run, "paper_27", *options, "--epochs", "4")
    assert done.code == 0 and "going on after epoch 2 of 4" in done.out
    assert_is_whole(run, num_epochs=4)
    assert read_metrics(run)[:2] == first
    assert json.loads((run / "config.json").read_text())["training"]["num_epochs"] == 4


def test_files_may_move_but_the_data_stays_the_same(data: Path, tmp_path: Path) -> None:
    own = shutil.copytree(data / "custom", tmp_path / "own")

    def options(folder: Path, *changes: str) -> list[str]:
        options = ["--data", str(folder / "data_2d_custom_mine.npz"), *CUSTOM, *changes]
        options += ["--truth", str(folder / "data_3d_world.npz")]
        return [*options, "--cameras", str(folder / "cameras.json")]

    run = tmp_path / "run"
    assert train_tiny(run, "paper_27", *options(own)).code == 0
    moved = own.rename(tmp_path / "moved")
    done = train_tiny(run, "paper_27", *options(moved), "--epochs", "3")
    assert done.code == 0 and "going on after epoch 2 of 3" in done.out
    paths = json.loads((run / "config.json").read_text())["paths"]
    assert paths["data"] == str(moved / "data_2d_custom_mine.npz")
    done = train_tiny(run, "paper_27", *options(moved, "--fps", "50"), "--epochs", "3")
    assert done.code == 1 and "paths.fps: 50.0 here, 25.0 in " in done.err
    write_custom(moved, num_frames=21, has_confidence=True)
    before = (run / "last.pt").read_bytes()
    done = train_tiny(run, "paper_27", *options(moved), "--epochs", "4")
    assert done.code == 1 and "data.fingerprint.train.frames: 42 here, 40 in " in done.err
    assert "data.fingerprint.validation.sha256: " in done.err
    assert (run / "last.pt").read_bytes() == before


def test_other_2d_or_another_lens_are_another_run(
    data: Path, own_video: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    write_human36m(tmp_path / "h36m", num_frames=12)
    write_human36m(tmp_path / "h36m", num_frames=12, detector="noisy", noise_px=5)
    options = ["--data", tmp_path / "h36m", *HUMAN36M]
    assert train_tiny(run, "paper_27", *options).code == 0
    done = train_tiny(run, "paper_27", *options, "--detector", "noisy")
    assert done.code == 1 and 'paths.detector: "noisy" here, "gt" in ' in done.err
    own = [*data_options(data, "bvh"), "--unlabelled", own_video, "--unlabelled-fps", "30"]
    own += ["--unlabelled-image-size", "640x480", "--fov"]
    assert train_tiny(tmp_path / "own", "paper_27", *own, "45").code == 0
    done = train_tiny(tmp_path / "own", "paper_27", *own, "50")
    assert done.code == 1 and "paths.fov_deg: 50.0 here, 45.0 in " in done.err


@pytest.mark.parametrize("name", ["paper_27", "default"])
def test_a_run_does_not_go_on_with_another_mocap_folder(
    data: Path, tmp_path: Path, name: str
) -> None:
    run, folder = tmp_path / "run", shutil.copytree(data / "bvh", tmp_path / "bvh")
    options = ["--chunk-length", "4", "--data", folder]
    assert train_tiny(run, name, *options).code == 0
    fewer = json.loads((folder / "index.json").read_text())
    fewer = [entry for entry in fewer if entry["clip"] != "run"]
    (folder / "index.json").write_text(json.dumps(fewer))
    done = train_tiny(run, name, *options, "--epochs", "3")
    assert done.code == 1 and "data.fingerprint.train.clips: " in done.err
    assert "fingerprint.validation" not in done.err


def test_a_run_that_is_interrupted_says_how_to_go_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, options = tmp_path / "run", [*data_options(data, "h36m"), "--epochs", "4"]
    done_epochs = 2
    on_step = RunFolder.on_step

    def interrupted(self: RunFolder, *step: Any) -> None:
        on_step(self, *step)
        path = self.last_checkpoint
        if (read_checkpoint(path)["epoch"] if path.exists() else 0) == done_epochs:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "on_step", interrupted)
    done = train_tiny(run, "paper_27", *options)
    assert done.code == 130
    assert done.err == "stopped; the same command goes on after epoch 2\n"
    monkeypatch.undo()
    done = train_tiny(run, "paper_27", *options)
    assert done.code == 0 and "going on after epoch 2 of 4" in done.out
    assert_is_whole(run, num_epochs=4)
    done_epochs = 0
    monkeypatch.setattr(RunFolder, "on_step", interrupted)
    done = train_tiny(tmp_path / "new", "paper_27", *options)
    assert (done.code, done.err) == (130, "stopped; the same command begins anew\n")


def test_bfloat16_falls_back_where_the_cpu_only_imitates_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "precision: float32, since this CPU has no bfloat16 instructions"
    options = [*data_options(data, "h36m"), "--precision"]

    def figures(name: str, precision: str, instructions: str) -> tuple[bool, object]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {instructions: True})
        done = train_tiny(tmp_path / name, "paper_27", *options, precision)
        assert (done.code, done.err) == (0, "")
        config = json.loads((tmp_path / name / "config.json").read_text())
        assert config["training"]["precision"] == precision
        return told in done.out, read_metrics(tmp_path / name)

    is_told, whole = figures("float32", "float32", "avx2")
    assert not is_told
    assert figures("imitated", "bfloat16", "avx2") == (True, whole)
    is_told, half = figures("bfloat16", "bfloat16", "avx512_bf16")
    assert not is_told and half != whole


# The command, but that its process dies once the figures of the third epoch are written.
_KILLED = """
import os, signal, sys
from training.run_folder import RunFolder
from training.train import main

on_epoch = RunFolder.on_epoch

def die_after(self, history):
    on_epoch(self, history)
    if len(history) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

RunFolder.on_epoch = die_after
main(sys.argv[1:])
"""


def test_a_run_that_is_killed_goes_on_bit_by_bit(data: Path, tmp_path: Path) -> None:
    options = [*data_options(data, "h36m"), *LEARNING, "--epochs", "4", "--steps-per-epoch", "3"]
    options += ["--batch-size", "4"]
    killed, whole = ["--run", tmp_path / "killed"], ["--run", tmp_path / "whole"]
    # Before the checkpoint of the third epoch: that epoch is lost, but for its figures.
    done = run_python("-c", _KILLED, "paper_27", *options, *killed)
    assert done.code == -9 and len(read_metrics(tmp_path / "killed")) == 3
    assert read_checkpoint(tmp_path / "killed" / "last.pt")["epoch"] == 2
    done = call(train.main, "paper_27", *options, *killed)
    assert done.code == 0 and "going on after epoch 2 of 4" in done.out
    assert call(train.main, "paper_27", *options, *whole).code == 0
    assert_is_whole(tmp_path / "killed", num_epochs=4)
    assert read_metrics(tmp_path / "killed") == read_metrics(tmp_path / "whole")
    resumed, straight = (
        read_checkpoint(tmp_path / name / "last.pt")["model_pos"] for name in ("killed", "whole")
    )
    assert all(torch.equal(resumed[key], straight[key]) for key in straight)


def test_two_processes_train_as_one(data: Path, tmp_path: Path) -> None:
    # 117 windows in batches of 16: the last one, of 5, is shared unevenly.
    options = [*data_options(data, "humaneva"), *LEARNING, "--epochs", "2", "--batch-size", "16"]
    options += ["--train-subjects", "Train/S1", "--no-mirror", "--dropout", "0"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", 2]
    command = [*torchrun, "-m", "training.train", "paper_humaneva", *options]
    # torchrun takes "--run" for a beginning of an option of its own.
    done = run_python(*command, "--run-folder", tmp_path / "two" / "run")
    assert done.code == 0, done.err
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["run"]
    assert_is_whole(tmp_path / "two" / "run", num_epochs=2)
    assert done.out.count("epoch 1/2") == 1 and done.out.count("data: ") == 1
    assert call(train.main, "paper_humaneva", *options, "--run", tmp_path / "one").code == 0
    two, one = read_metrics(tmp_path / "two" / "run"), read_metrics(tmp_path / "one")
    for row, expected in zip(two, one, strict=True):
        assert row == pytest.approx(expected, rel=1e-3)


def test_two_processes_train_the_default_model_as_one(data: Path, tmp_path: Path) -> None:
    options = [*data_options(data, "bvh"), *LEARNING, "--epochs", "2", "--steps-per-epoch", "3"]
    options += ["--batch-size", "4", "--chunk-length", "4", "--dropout", "0"]
    options += ["--precision", "float32"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", 2]
    command = [*torchrun, "-m", "training.train", "default", *options]
    done = run_python(*command, "--run-folder", tmp_path / "two")
    assert done.code == 0, done.err
    assert call(train.main, "default", *options, "--run", tmp_path / "one").code == 0
    for row, expected in zip(
        read_metrics(tmp_path / "two"), read_metrics(tmp_path / "one"), strict=True
    ):
        assert row == pytest.approx(expected, rel=1e-4)
