"""The command line of ``training.train``: an experiment, its data, and what is to differ from it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InputFormatError
from core.joint_sets import COCO_17, JOINT_SETS

from . import option_values as values
from .configs import EXPERIMENTS, DataConfig, Experiment, SemiConfig
from .datasets.mocap_folder import is_mocap_folder
from .datasets.splits import DataPaths


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the user asked for; None leaves the experiment's own value."""

    experiment: str
    paths: DataPaths
    run: Path
    device: str
    changes: argparse.Namespace


_OF_RECORDED_DATA = ("detector", "truth", "cameras", "fps")
_OF_PAPER_RECIPE = (
    *("train_subjects", "test_subjects", "actions", "downsample", "labelled_share"),
    *("in_features", "joints_in", "joints_out", "no_mirror"),
)
_NO_TEST_SUBJECTS = (
    "of recorded data: who of a BVH folder is tested follows from its index.json, or without one from "
    "the files' names"
)
_OF_OWN_VIDEOS = ("fov", "calibration", "unlabelled_fps", "unlabelled_image_size", "camera")
_OF_SEMI_SUPERVISION = ("warmup_epochs", "projection", "no_bone_lengths", "root_on_ray")


def add_data_arguments(parser: argparse.ArgumentParser, *, is_required: bool) -> None:
    """Where the data is: the same words for training and for evaluation."""
    parser.add_argument(
        "--data",
        type=Path,
        required=is_required,
        help="folder of Human3.6M or HumanEva npz files, folder of BVH files, or a custom npz",
    )
    parser.add_argument(
        "--detector", help="whose 2D: gt, cpn_ft_h36m_dbb ... (Human3.6M, HumanEva)"
    )
    parser.add_argument("--truth", type=Path, help="npz with positions_3d, for a custom npz")
    parser.add_argument("--cameras", type=Path, help="JSON of cameras, for a custom npz")
    parser.add_argument("--fps", type=values.more_than_zero, help="frame rate of a custom npz")
    parser.add_argument("--train-subjects", nargs="+", help="subjects to learn from")
    parser.add_argument("--test-subjects", nargs="+", help="subjects to test on")
    parser.add_argument("--actions", nargs="+", help="only these actions")
    parser.add_argument("--downsample", type=values.count, help="every n-th frame")


def read_options(arguments: list[str] | None = None) -> TrainOptions:
    """Parse the command line; exits with 2 where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("experiment", choices=sorted(EXPERIMENTS))
    add_data_arguments(parser, is_required=True)
    # Under torchrun "--run" alone would be ambiguous: it begins an option of torchrun's own.
    parser.add_argument("--run", "--run-folder", type=Path, help="run folder (runs/EXPERIMENT)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    own_videos = parser.add_argument_group("semi-supervision on one's own videos")
    own_videos.add_argument(
        "--unlabelled", type=Path, nargs="+", default=[], help="keypoint files, or folders of them"
    )
    own_videos.add_argument(
        "--unlabelled-fps", type=values.frame_rate, help="their frame rate, 30 or 30000/1001"
    )
    own_videos.add_argument(
        "--unlabelled-image-size", metavar="WxH", type=values.image_size, help="of their pictures"
    )
    own_videos.add_argument(
        "--fov", type=values.field_of_view, help="their field of view, degrees, horizontal"
    )
    own_videos.add_argument("--calibration", type=Path, help="their calibration (TOML)")
    own_videos.add_argument("--camera", metavar="NAME", help="one of the calibration's cameras")
    semi = parser.add_argument_group("semi-supervision")
    semi.add_argument("--unlabelled-subjects", nargs="+", help="subjects whose 3D is not used")
    semi.add_argument("--warmup-epochs", type=values.whole, help="epochs of supervision alone")
    semi.add_argument("--projection", choices=["full", "linear"], help="with distortion or without")
    semi.add_argument(
        "--root-on-ray", action="store_true", help="the trajectory learns depth alone"
    )
    semi.add_argument("--no-bone-lengths", action="store_true", help="without the bone-length term")
    semi.add_argument("--supervised", action="store_true", help="the same without unlabelled data")
    changes = parser.add_argument_group("changes to the experiment")
    changes.add_argument("--epochs", type=values.count)
    changes.add_argument("--steps-per-epoch", type=values.count)
    changes.add_argument("--batch-size", type=values.count)
    changes.add_argument("--chunk-length", type=values.count, help="output frames of a window")
    changes.add_argument("--filter-widths", type=values.count, nargs="+")
    changes.add_argument("--channels", type=values.count)
    changes.add_argument("--dropout", type=values.share_below_one)
    changes.add_argument("--in-features", type=int, choices=[2, 3], help="3: with confidence")
    changes.add_argument("--causal", action="store_true")
    changes.add_argument("--dense", action="store_true", help="the dense ablation")
    changes.add_argument("--joints-in", choices=sorted(JOINT_SETS), help="of BVH data")
    changes.add_argument("--joints-out", choices=sorted(JOINT_SETS), help="of BVH data")
    changes.add_argument(
        "--labelled-share", type=values.more_than_zero, help="of each training clip, up to 1"
    )
    changes.add_argument("--learning-rate", type=values.learning_rate, help="at most 1")
    changes.add_argument("--rate-decay", type=values.more_than_zero, help="per epoch")
    changes.add_argument("--precision", choices=["float32", "bfloat16"])
    changes.add_argument("--compile", action="store_true", help="torch.compile the networks")
    changes.add_argument("--no-mirror", action="store_true", help="no mirrored windows")
    changes.add_argument(
        "--start-from",
        type=Path,
        metavar="MODEL.npz",
        help="go on from a model file (default, default_causal)",
    )
    changes.add_argument("--seed", type=values.whole)
    parsed = parser.parse_args(arguments)
    return TrainOptions(
        experiment=parsed.experiment,
        paths=data_paths(parsed),
        run=parsed.run or Path("runs") / parsed.experiment,
        device=parsed.device,
        changes=parsed,
    )


def data_paths(parsed: argparse.Namespace) -> DataPaths:
    """Where the data is, of ``add_data_arguments``."""
    return DataPaths(
        data=parsed.data,
        detector=parsed.detector,
        truth=parsed.truth,
        cameras=parsed.cameras,
        fps=parsed.fps,
        unlabelled=tuple(getattr(parsed, "unlabelled", ())),
        fov_deg=getattr(parsed, "fov", None),
        calibration=getattr(parsed, "calibration", None),
        unlabelled_fps=getattr(parsed, "unlabelled_fps", None),
        unlabelled_image_size=getattr(parsed, "unlabelled_image_size", None),
        camera_name=getattr(parsed, "camera", None),
    )


def resolve(options: TrainOptions) -> Experiment:
    """The named experiment with the command line's changes.

    Raises
    ------
    InputFormatError
        When they do not go together.
    """
    changes = options.changes
    experiment = EXPERIMENTS[options.experiment]()
    lifter = experiment.lifter
    is_mocap = is_mocap_folder(options.paths.data)
    if experiment.recipe == "ray" and not is_mocap:
        raise InputFormatError(
            f"{options.paths.data}: {experiment.name} learns from a folder of BVH files, found none"
        )
    _refuse_unused(options, experiment, is_mocap=is_mocap)
    if is_mocap and experiment.recipe == "paper":
        # What any detector's keypoints can be turned into; published data brings its own joints.
        lifter = replace(lifter, joint_set_in=COCO_17.name)
    lifter = replace(
        lifter,
        **_given(
            changes,
            channels="channels",
            dropout="dropout",
            in_features="in_features",
            filter_widths="filter_widths",
            joint_set_in="joints_in",
            joint_set_out="joints_out",
        ),
        causal=changes.causal or lifter.causal,
        dense=changes.dense or lifter.dense,
    )
    lifter = replace(
        lifter,
        num_joints_in=JOINT_SETS[lifter.joint_set_in].num_joints,
        num_joints_out=JOINT_SETS[lifter.joint_set_out].num_joints,
    )
    training = replace(
        experiment.training,
        **_given(
            changes,
            num_epochs="epochs",
            learning_rate="learning_rate",
            rate_decay="rate_decay",
            precision="precision",
        ),
        use_compile=changes.compile or experiment.training.use_compile,
    )
    return replace(
        experiment,
        lifter=lifter,
        training=training,
        data=resolve_data(experiment.data, changes, has_published_subjects=_is_published(options)),
        semi=_semi(experiment, options),
        use_mirror=experiment.use_mirror and not changes.no_mirror,
        **_given(
            changes,
            batch_size="batch_size",
            chunk_length="chunk_length",
            steps_per_epoch="steps_per_epoch",
            start_from="start_from",
            seed="seed",
        ),
    )


def resolve_data(
    data: DataConfig, parsed: argparse.Namespace, *, has_published_subjects: bool
) -> DataConfig:
    """The protocol with the command line's subjects; the paper's own only for the paper's data."""
    if not has_published_subjects:
        data = DataConfig(labelled_share=data.labelled_share)
    names = ("train_subjects", "test_subjects", "unlabelled_subjects", "actions")
    given = {name: getattr(parsed, name, None) for name in names}
    chosen = {name: tuple(value) for name, value in given.items() if value is not None}
    if "test_subjects" in chosen and data.train_subjects is not None:
        # The paper's own, but for those who now test: named on the command line, they are obeyed.
        kept = [name for name in data.train_subjects if name not in chosen["test_subjects"]]
        data = replace(data, train_subjects=tuple(kept))
    return replace(
        data, **chosen, **_given(parsed, downsample="downsample", labelled_share="labelled_share")
    )


def _is_published(options: TrainOptions) -> bool:
    data = options.paths.data
    return not is_mocap_folder(data) and (data.is_dir() or data.name.startswith("data_3d_"))


def _semi(experiment: Experiment, options: TrainOptions) -> SemiConfig | None:
    changes = options.changes
    is_asked_for = options.paths.unlabelled or changes.unlabelled_subjects
    semi = experiment.semi or (SemiConfig() if is_asked_for else None)
    if semi is None or changes.supervised:
        return None
    if experiment.recipe == "ray":
        raise InputFormatError(
            f"{experiment.name} learns from synthetic views alone: unlabelled keypoints are for the "
            "paper's experiments (paper_27 ...)"
        )
    return replace(
        semi,
        **_given(changes, warmup_epochs="warmup_epochs", projection="projection"),
        use_bone_lengths=semi.use_bone_lengths and not changes.no_bone_lengths,
        is_root_on_ray=semi.is_root_on_ray or changes.root_on_ray,
    )


def _refuse_unused(options: TrainOptions, experiment: Experiment, *, is_mocap: bool) -> None:
    """An option without effect would pass for one that had it."""
    changes = options.changes
    if changes.camera and not changes.calibration:
        raise InputFormatError("--camera needs --calibration")
    has_stream = changes.unlabelled or changes.unlabelled_subjects or experiment.semi
    refused = [
        (_OF_RECORDED_DATA, is_mocap, "of Human3.6M, HumanEva and custom data, not of BVH files"),
        (_OF_PAPER_RECIPE, experiment.recipe == "ray", "of the paper's experiments (paper_27 ...)"),
        (("joints_in", "joints_out"), not is_mocap, "of BVH files; other data has its own joints"),
        (
            ("start_from",),
            experiment.recipe == "paper",
            "of networks of rays (default, default_causal)",
        ),
        (("test_subjects",), is_mocap, _NO_TEST_SUBJECTS),
        (_OF_OWN_VIDEOS, not changes.unlabelled, "of --unlabelled keypoint files"),
        (
            ("unlabelled", *_OF_SEMI_SUPERVISION),
            changes.supervised,
            "of semi-supervised training, which --supervised turns off",
        ),
        ((*_OF_SEMI_SUPERVISION, "supervised"), not has_stream, "of semi-supervised training"),
    ]
    for names, is_refused, whose in refused:
        for name in names if is_refused else ():
            value = getattr(changes, name)
            if value is not None and value is not False and value != []:
                raise InputFormatError(f"--{name.replace('_', '-')} is an option {whose}")


def _given(parsed: argparse.Namespace, **names: str) -> dict[str, object]:
    """Fields by name, of the options that were given."""
    values = {field: getattr(parsed, option, None) for field, option in names.items()}
    return {field: value for field, value in values.items() if value is not None}
