"""What cannot be trained on is refused in one line, before anything is written or changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from tests.training.datasets.bvh_writer import write_bvh_folder
from tests.training.datasets.dataset_writer import (
    edit_2d,
    edit_3d,
    save_2d,
    save_3d,
    write_custom,
    write_human36m,
    write_humaneva,
)
from tests.training.tiny_training import BEAM, TINY, Outcome, call, run_python
from training import train

HUMAN36M = ["--detector", "gt", "--train-subjects", "S1", "--test-subjects", "S9"]
CUSTOM = ["--fps", "25", "--train-subjects", "a.mp4", "--test-subjects", "b.mp4"]


def train_tiny(run: Path, name: str, *options: object) -> Outcome:
    return call(train.main, name, *TINY, "--filter-widths", 3, 3, "--run", run, *options)


def assert_refused(done: Outcome, *words: str) -> None:
    """Exit 1 and one line that says all of ``words``."""
    assert done.code == 1
    assert done.err.startswith("error: ") and done.err.count("\n") == 1, done.err
    for word in words:
        assert word in done.err


@pytest.fixture(scope="module")
def human36m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_human36m(tmp_path_factory.mktemp("h36m"), num_frames=12)


def rename_action(folder: Path) -> None:
    positions = edit_3d(folder / "data_3d_h36m.npz")
    positions["S1"]["Walk"] = positions["S1"].pop("Walking")
    save_3d(folder / "data_3d_h36m.npz", positions)


def drop_subject(folder: Path) -> None:
    content = edit_2d(folder / "data_2d_h36m_gt.npz")
    del content["positions_2d"]["S5"]
    save_2d(folder / "data_2d_h36m_gt.npz", **content)


def shorten_2d(folder: Path) -> None:
    content = edit_2d(folder / "data_2d_h36m_gt.npz")
    views = content["positions_2d"]["S1"]["Eating"]
    views[2] = views[2][:-1]
    save_2d(folder / "data_2d_h36m_gt.npz", **content)


def break_pose(folder: Path) -> None:
    positions = edit_3d(folder / "data_3d_h36m.npz")
    positions["S9"]["Walking"][7, 2, 1] = np.nan
    save_3d(folder / "data_3d_h36m.npz", positions)


def drop_joint(folder: Path) -> None:
    content = edit_2d(folder / "data_2d_h36m_gt.npz")
    views = content["positions_2d"]["S1"]["Eating"]
    views[0] = views[0][:, :-1]
    save_2d(folder / "data_2d_h36m_gt.npz", **content)


def cut_file(folder: Path) -> None:
    path = folder / "data_3d_h36m.npz"
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            rename_action,
            ["S1: expected the same actions", "'Walk' only in 3D", "'Walking' only in"],
        ),
        (drop_subject, ["expected the same subjects in 2D and 3D", "'S5' only in 3D"]),
        (shorten_2d, ["S1/Eating/", "as many 2D frames as 3D ones, found 11 and 12"]),
        (break_pose, ["S9/Walking/", "3D position at frame 7, joint 2 is not a finite"]),
        (drop_joint, ["S1/Eating", "17", "16"]),
        (cut_file, ["data_3d_h36m.npz"]),
    ],
)
def test_bad_data_leaves_no_run_behind(
    human36m: Path, tmp_path: Path, spoil: Callable[[Path], None], words: list[str]
) -> None:
    folder = shutil.copytree(human36m, tmp_path / "data")
    spoil(folder)
    done = train_tiny(tmp_path / "runs" / "run", "paper_27", "--data", folder, *HUMAN36M)
    assert_refused(done, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_command_itself_says_one_line_and_exits_1(human36m: Path, tmp_path: Path) -> None:
    options = ["--data", human36m, "--detector", "gt", "--run", tmp_path / "run"]
    done = run_python("-m", "training.train", "paper_27", *options)
    assert_refused(done, "subject 'S6', 'S7', 'S8' is not in the data: found 'S1', 'S5', 'S9'")
    assert done.out == "" and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--train-subjects", "S11"], ["subject 'S11' is not in the data"]),
        (["--actions", "Sitting"], ["action 'Sitting' is not in the data: found 'Walking', 'Eat"]),
        (["--detector", "cpn_ft_h36m_dbb"], ["found no data_2d_h36m_cpn_ft_h36m_dbb.npz", "'gt'"]),
        (["--data", "nowhere"], ["nowhere: expected a folder", "no such file or folder"]),
        (["--unlabelled-subjects", "S1"], ["unlabelled", "'S1' in both"]),
        (["--unlabelled", "nowhere"], ["nowhere: no such file or folder"]),
        (["--labelled-share", "1.5"], ["share: expected more than 0 and at most 1, found 1.5"]),
        (["--filter-widths", "2", "3"], ["filter_widths: expected odd widths, found [2, 3]"]),
        (["--device", "tpu"], ["--device: expected cpu, cuda or mps, found 'tpu'"]),
        (["--fps", "25"], ["'fps' is for a custom npz"]),
        (["--joints-in", "COCO-17"], ["--joints-in is an option of BVH files"]),
        (["--fov", "50"], ["--fov is an option of --unlabelled keypoint files"]),
        (["--unlabelled-fps", "30"], ["--unlabelled-fps is an option of --unlabelled keypoint"]),
        (["--unlabelled-image-size", "9x9"], ["--unlabelled-image-size is an option of --unlab"]),
        (["--unlabelled", "x", "--camera", "left"], ["--camera needs --calibration"]),
        (
            ["--unlabelled", BEAM],
            ["beam/cam01_json: expected a recording that may be learned from"],
        ),
        (["--start-from", "x.npz"], ["--start-from is an option of networks of rays"]),
        (["--supervised"], ["--supervised is an option of semi-supervised training"]),
        (["--supervised", "--unlabelled", "x"], ["--unlabelled is", "--supervised turns off"]),
        (["--downsample", "3"], ["a whole number of Hz, found 16.6667", "--downsample"]),
        (["--warmup-epochs", "2"], ["--warmup-epochs is an option of semi-supervised training"]),
        # 3 actions of 4 cameras and 12 frames, each mirrored too: 288 windows.
        (["--batch-size", "1"], ["batch size 1 of 288 windows: expected batches of two windows"]),
    ],
)
def test_what_does_not_go_together_is_refused(
    human36m: Path, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    done = train_tiny(tmp_path / "run", "paper_27", "--data", human36m, *HUMAN36M, *options)
    assert_refused(done, *words)
    assert not (tmp_path / "run").exists()


SEMI_OPTIONS = [("--warmup-epochs", "0"), ("--projection", "full"), ("--no-bone-lengths",)]


@pytest.mark.parametrize("options", SEMI_OPTIONS)
def test_the_supervised_arm_takes_no_semi_supervised_options(
    human36m: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    arm = ["--unlabelled-subjects", "S5", "--supervised"]
    data = ["--data", human36m, *HUMAN36M]
    done = train_tiny(tmp_path / "run", "paper_semi_s1_10pct", *data, *arm, *options)
    assert_refused(done, f"{options[0]} is an option of", "which --supervised turns off")
    assert not (tmp_path / "run").exists()


def test_those_who_test_are_taken_out_of_the_paper_s_own_subjects(
    human36m: Path, tmp_path: Path
) -> None:
    options = ["--data", human36m, "--detector", "gt", "--test-subjects"]
    done = train_tiny(tmp_path / "run", "paper_27", *options, "S6", "S7", "S8", "S1")
    assert_refused(done, "subject 'S6', 'S7', 'S8' is not in the data")
    done = train_tiny(tmp_path / "run", "paper_semi_s1_10pct", *options, "S1")
    assert_refused(done, "nobody of 'S1', 'S5', 'S9' is left to learn from")


def test_several_videos_are_told_apart(tmp_path: Path) -> None:
    path = write_custom(tmp_path / "custom", num_frames=12)
    options = ["--data", path, "--truth", path.with_name("data_3d_camera.npz"), "--fps", "25"]
    done = train_tiny(tmp_path / "run", "paper_27", *options)
    assert_refused(done, "(--test-subjects), some of 'a.mp4', 'b.mp4'")
    done = train_tiny(tmp_path / "run", "paper_27", *options, "--test-subjects", "b.mp4")
    assert done.code == 0 and "data: 24 labelled frames, 0 unlabelled, 24" in done.out


def test_a_lone_window_of_several_frames_is_no_trouble(human36m: Path, tmp_path: Path) -> None:
    options = [*HUMAN36M, "--chunk-length", "4", "--batch-size", "1"]
    assert train_tiny(tmp_path / "run", "paper_27", "--data", human36m, *options).code == 0


def test_bvh_folders_that_cannot_be_used(human36m: Path, tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "bvh"
    done = train_tiny(run, "default", "--data", human36m)
    assert_refused(done, "default learns from a folder of BVH files, found none")
    write_bvh_folder(folder, ["ann/walk", "ann/run"], num_frames=5)
    for name in ("paper_27", "default"):
        done = train_tiny(run, name, "--data", folder)
        assert_refused(done, "expected 3 BVH files or more", "found 2")
    write_bvh_folder(folder, ["ann/bow", "ann/jump"], num_frames=12)
    done = train_tiny(run, "default", "--data", folder, "--unlabelled", BEAM)
    assert_refused(done, "default learns from synthetic views alone")
    done = train_tiny(run, "default", "--data", folder, "--train-subjects", "ann")
    assert_refused(done, "--train-subjects is an option of the paper's experiments")
    done = train_tiny(run, "paper_27", "--data", folder, "--test-subjects", "ann")
    assert_refused(done, "--test-subjects is an option of recorded data", "index.json")
    done = train_tiny(run, "paper_27", "--data", folder, "--detector", "gt")
    assert_refused(done, "--detector is an option of Human3.6M, HumanEva and custom data")
    done = train_tiny(run, "paper_27", "--data", folder, "--joints-in", "BODY_25")
    assert_refused(done, "BODY_25: mocap has no ")
    done = train_tiny(run, "paper_semi_s1_10pct", "--data", folder)
    assert_refused(done, "expected unlabelled clips (--unlabelled-subjects, or --unlabelled")
    assert not run.exists()


def test_semi_supervision_needs_a_lens(tmp_path: Path) -> None:
    path, run = write_custom(tmp_path / "custom", num_frames=12), tmp_path / "run"
    options = ["--data", path, "--truth", path.with_name("data_3d_camera.npz"), *CUSTOM]
    done = train_tiny(run, "paper_27", *options, "--unlabelled-subjects", "b.mp4")
    assert_refused(done, "b.mp4/custom/0: semi-supervised training", "needs the lens")
    folder = write_humaneva(tmp_path / "humaneva", num_frames=12)
    options = ["--train-subjects", "Train/S1", "--test-subjects", "Validate/S2"]
    options += ["--data", folder, "--detector", "gt", "--unlabelled-subjects", "Train/S2"]
    done = train_tiny(run, "paper_humaneva", *options, "--actions", "Walking")
    assert_refused(done, "Train/S2/Walking 1 chunk0/", "needs the lens")
    assert not run.exists()


def test_a_custom_file_needs_its_rate_and_its_3d(tmp_path: Path) -> None:
    path, run = write_custom(tmp_path / "custom", num_frames=12), tmp_path / "run"
    done = train_tiny(run, "paper_27", "--data", path)
    assert_refused(done, "expected the frame rate of these videos")
    done = train_tiny(run, "paper_27", "--data", path, *CUSTOM)
    assert_refused(done, "a.mp4/custom/0: expected a clip with 3D to learn from", "--truth")
    assert not run.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--batch-size", "0"],
        ["--epochs", "-1"],
        ["--steps-per-epoch", "0"],
        ["--chunk-length", "0"],
        ["--channels", "many"],
        ["--dropout", "1"],
        ["--in-features", "4"],
        ["--learning-rate", "nan"],
        ["--learning-rate", "1.01"],
        ["--fov", "180"],
        ["--unlabelled-fps", "30/0"],
        ["--unlabelled-image-size", "1920"],
        ["--unlabelled-image-size", "0x9"],
        ["--seed", "-1"],
        ["--colour", "blue"],
    ],
)
def test_wrong_usage_exits_2(human36m: Path, tmp_path: Path, options: list[str]) -> None:
    done = train_tiny(tmp_path / "run", "paper_27", "--data", human36m, *HUMAN36M, *options)
    assert done.code == 2 and "usage: python -m training.train" in done.err
    assert not (tmp_path / "run").exists()


def test_an_unknown_experiment_or_no_data_is_wrong_usage(human36m: Path) -> None:
    done = call(train.main, "paper_28", "--data", human36m)
    assert done.code == 2 and "invalid choice: 'paper_28'" in done.err and "paper_27" in done.err
    done = call(train.main, "paper_27")
    assert done.code == 2 and "required: --data" in done.err


@pytest.fixture
def trained(human36m: Path, tmp_path: Path) -> Path:
    """A finished run."""
    run = tmp_path / "run"
    assert train_tiny(run, "paper_27", "--data", human36m, *HUMAN36M).code == 0
    return run


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*.*")}


def test_a_run_of_another_configuration_is_not_touched(human36m: Path, trained: Path) -> None:
    before = contents(trained)
    options = ["--data", human36m, *HUMAN36M]
    done = train_tiny(trained, "paper_27", *options, "--channels", "32", "--causal")
    assert_refused(done, "lifter.channels: 32 here, 16 in", "lifter.causal: true here, false in")
    done = train_tiny(trained, "paper_1", *options)
    assert_refused(done, 'name: "paper_1" here, "paper_27" in', "another --run folder")
    assert contents(trained) == before


def test_a_truncated_checkpoint_is_named_and_kept(human36m: Path, trained: Path) -> None:
    last = trained / "last.pt"
    last.write_bytes(last.read_bytes()[:-5000])
    before = contents(trained)
    done = train_tiny(trained, "paper_27", "--data", human36m, *HUMAN36M)
    assert_refused(done, f"{last}: expected a torch checkpoint, found a truncated, broken")
    assert contents(trained) == before


def test_a_checkpoint_of_another_network_is_told_apart(human36m: Path, trained: Path) -> None:
    last = trained / "last.pt"
    checkpoint = torch.load(last, weights_only=True)
    state = checkpoint["model_pos"]
    state["expand_conv.weight"] = state["expand_conv.weight"][:, :30]
    torch.save(checkpoint, last)
    done = train_tiny(trained, "paper_27", "--data", human36m, *HUMAN36M)
    assert_refused(done, f"{last}: a checkpoint of another architecture", "expand_conv.weight")
    torch.save({"weights": 1}, last)
    done = train_tiny(trained, "paper_27", "--data", human36m, *HUMAN36M)
    assert_refused(done, f"{last}: expected a checkpoint of a run of this program")


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_broken_config_is_named(human36m: Path, trained: Path, text: str) -> None:
    (trained / "config.json").write_text(text)
    done = train_tiny(trained, "paper_27", "--data", human36m, *HUMAN36M)
    assert_refused(done, "config.json")


def test_a_loss_that_is_no_number_names_its_clips(human36m: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(human36m, tmp_path / "data")
    positions = edit_3d(folder / "data_3d_h36m.npz")
    # Finite, but not once it is squared.
    positions["S1"]["Eating"] *= np.float32(1e25)
    save_3d(folder / "data_3d_h36m.npz", positions)
    done = train_tiny(
        tmp_path / "run", "paper_27", "--data", folder, *HUMAN36M, "--actions", "Eating"
    )
    assert_refused(done, "epoch 1, step", "the loss is not a finite number; its batch: S1/Eating/")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["seed"] == 0
    assert not (tmp_path / "run" / "best.pt").exists()


def test_a_run_folder_that_is_a_file_is_named(human36m: Path, tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    done = train_tiny(tmp_path / "run", "paper_27", "--data", human36m, *HUMAN36M)
    assert_refused(done, f"cannot make the run folder {tmp_path / 'run'}")
