"""Who is learned from, who is unlabelled, who validates and who tests: nobody in two places unsaid."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.clip_source import open_clip
from core.errors import InputFormatError
from core.joint_sets import BODY_25B, COCO_17, H36M_17, convert_joints
from core.learning.clips import ClipSet
from core.lifting.config import LifterConfig
from tests.core.io import sample_files
from tests.training.datasets.bvh_writer import write_bvh, write_bvh_folder, write_index, write_rope
from tests.training.datasets.dataset_writer import (
    edit_2d,
    save_2d,
    write_custom,
    write_human36m,
    write_humaneva,
)
from training.configs import DataConfig
from training.datasets.splits import DataPaths, Splits, load_filmed, load_splits, load_test

BEAM = Path(__file__).resolve().parents[2] / "data" / "beam" / "cam01_json"
LIFTER = LifterConfig(num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3))
HUMAN36M = DataConfig(train_subjects=("S1",), test_subjects=("S9",))


def split(
    paths: DataPaths, config: DataConfig, *, seed: int = 0, with_unlabelled: bool = False
) -> Splits:
    return load_splits(paths, config, LIFTER, seed=seed, with_unlabelled=with_unlabelled)


def human36m(folder: Path, **changes: Any) -> DataPaths:
    return DataPaths(data=write_human36m(folder, num_frames=12, **changes), detector="gt")


def custom(folder: Path) -> DataPaths:
    path = write_custom(folder, videos=("a", "b", "c"), num_frames=12)
    return DataPaths(
        data=path, truth=folder / "data_3d_world.npz", cameras=folder / "cameras.json", fps=25.0
    )


def mocap(folder: Path) -> Path:
    """Two performers to learn from, one to choose by, one to test with."""
    splits = {"ann/walk": "train", "ann/run": "train", "bob/walk": "train"}
    splits |= {"cat/walk": "val", "dan/walk": "test"}
    write_index(folder, splits)
    return write_bvh_folder(folder, list(splits), num_frames=15)


def own_video(folder: Path) -> DataPaths:
    """Of 90 frames at the 30 Hz that are assumed of them, beside labelled data of 25 Hz."""
    return replace(
        custom(folder),
        unlabelled=(sample_files.write_openpose(folder / "own", sample_files.clip(90, BODY_25B)),),
        unlabelled_image_size="640x480",
        fov_deg=60.0,
    )


def names(clips: ClipSet | None) -> set[str]:
    assert clips is not None
    return {clip.name for clip in clips.clips}


def subjects(clips: ClipSet | None) -> set[str]:
    assert clips is not None
    return set(clips.subjects)


def test_recorded_data_is_split_by_subject(tmp_path: Path) -> None:
    paths = human36m(tmp_path)
    splits = split(paths, HUMAN36M)
    assert subjects(splits.train) == {"S1"} and subjects(splits.validation) == {"S9"}
    assert splits.unlabelled is None and splits.notes == ()
    tested, left_out = load_test(paths, HUMAN36M, LIFTER, seed=0)
    assert names(tested) == names(splits.validation) and left_out == []


def test_actions_and_every_nth_frame_are_taken_everywhere(tmp_path: Path) -> None:
    paths = human36m(tmp_path)
    config = replace(
        HUMAN36M,
        actions=("Walking",),
        downsample=5,
        unlabelled_subjects=("S5",),
        test_subjects=None,
    )
    splits = split(paths, config, with_unlabelled=True)
    tested, _ = load_test(paths, config, LIFTER, seed=0)
    for clips in (splits.train, splits.unlabelled, splits.validation, tested):
        assert clips is not None
        assert {clip.action for clip in clips.clips} == {"Walking", "Walking 1"}
        assert {(clip.num_frames, round(clip.fps, 3)) for clip in clips.clips} == {(3, 10.0)}


def test_a_share_is_of_the_training_clips_alone(tmp_path: Path) -> None:
    config = replace(HUMAN36M, labelled_share=0.25, unlabelled_subjects=("S5",))
    splits = split(human36m(tmp_path), config, with_unlabelled=True)
    assert splits.unlabelled is not None
    lengths = [
        {clip.num_frames for clip in clips.clips}
        for clips in (splits.train, splits.unlabelled, splits.validation)
    ]
    assert lengths == [{3}, {12}, {12}]


def test_unlabelled_clips_have_no_3d_and_are_nobody_who_is_labelled(tmp_path: Path) -> None:
    config = replace(HUMAN36M, unlabelled_subjects=("S5", "S2"))
    paths = human36m(tmp_path, unlabelled_subjects=("S2",))
    splits = split(paths, config, with_unlabelled=True)
    assert splits.unlabelled is not None
    assert subjects(splits.unlabelled) == {"S5", "S2"} and subjects(splits.train) == {"S1"}
    assert all(clip.positions is None for clip in splits.unlabelled.clips)
    # The supervised arm of the same experiment learns from the same labels.
    supervised = split(paths, config)
    assert supervised.unlabelled is None and names(supervised.train) == names(splits.train)


def test_a_subject_cannot_be_labelled_and_unlabelled(tmp_path: Path) -> None:
    config = replace(HUMAN36M, train_subjects=("S1", "S5"), unlabelled_subjects=("S5",))
    with pytest.raises(InputFormatError, match="either .* or unlabelled .* found 'S5' in both"):
        split(human36m(tmp_path), config, with_unlabelled=True)


@pytest.mark.parametrize("with_unlabelled", [True, False])
def test_everyone_is_learned_from_but_the_unlabelled(tmp_path: Path, with_unlabelled: bool) -> None:
    config = DataConfig(unlabelled_subjects=("b",), test_subjects=("c",))
    splits = split(custom(tmp_path), config, with_unlabelled=with_unlabelled)
    assert subjects(splits.train) == {"a"} and subjects(splits.validation) == {"c"}
    assert splits.unlabelled is None or subjects(splits.unlabelled) == {"b"}


def test_who_is_not_tested_is_learned_from_and_the_reverse(tmp_path: Path) -> None:
    paths = custom(tmp_path)
    for config in (DataConfig(test_subjects=("c",)), DataConfig(train_subjects=("a", "b"))):
        splits = split(paths, config)
        assert subjects(splits.train) == {"a", "b"} and subjects(splits.validation) == {"c"}
        assert splits.notes == ()
        assert subjects(load_test(paths, config, LIFTER, seed=0)[0]) == {"c"}


@pytest.mark.parametrize("train_subjects", [None, ("a", "b", "c")])
def test_several_subjects_must_be_told_apart(
    tmp_path: Path, train_subjects: tuple[str, ...] | None
) -> None:
    with pytest.raises(InputFormatError, match=r"\(--test-subjects\), some of 'a', 'b', 'c'"):
        split(custom(tmp_path), DataConfig(train_subjects=train_subjects))


def test_nobody_left_to_learn_from_is_an_error(tmp_path: Path) -> None:
    config = DataConfig(test_subjects=("a",), unlabelled_subjects=("b", "c"))
    with pytest.raises(InputFormatError, match="empty split: nobody of 'a', 'b', 'c' is left"):
        split(custom(tmp_path), config, with_unlabelled=True)


def test_one_subject_alone_is_learned_from_and_validated_on_and_said(tmp_path: Path) -> None:
    path = write_custom(tmp_path, videos=("a",), num_frames=12)
    paths = DataPaths(data=path, truth=tmp_path / "data_3d_camera.npz", fps=25.0)
    for config in (DataConfig(), DataConfig(test_subjects=("a",))):
        (note,) = split(paths, config).notes
        assert "subjects 'a' are learned from and validated on" in note


def test_validation_on_those_who_are_learned_from_is_said(tmp_path: Path) -> None:
    paths = custom(tmp_path)
    config = DataConfig(train_subjects=("a", "b"), test_subjects=("b", "c"))
    (note,) = split(paths, config).notes
    assert "subjects 'b' are learned from" in note
    assert "--train-subjects and --test-subjects" in note
    config = DataConfig(unlabelled_subjects=("b",), test_subjects=("b", "c"))
    (note,) = split(paths, config, with_unlabelled=True).notes
    assert "subjects 'b' are unlabelled and validated on: their 2D is learned from" in note
    assert split(paths, config).notes == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_subjects": ("S2",)}, r"S2/.*: expected a clip with 3D to learn from"),
        ({"test_subjects": ("S2",)}, r"S2/.*: expected a clip with 3D to validate on"),
        ({"train_subjects": ("S7",)}, r"subject 'S7' is not in the data: found 'S1', 'S5', 'S9'"),
        ({"test_subjects": ("S11",)}, r"subject 'S11' is not in the data"),
        ({"unlabelled_subjects": ("S6",)}, r"subject 'S6' is not in the data"),
        ({"actions": ("Waiting",)}, r"action 'Waiting' is not in the data: found 'Walking', 'Eat"),
        ({"train_subjects": ()}, "empty split"),
        ({"labelled_share": 1.5}, "share: expected more than 0 and at most 1, found 1.5"),
    ],
)
def test_splits_that_cannot_be_made_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    paths = human36m(tmp_path, unlabelled_subjects=("S2",))
    with pytest.raises(InputFormatError, match=message):
        split(paths, replace(HUMAN36M, **changes), with_unlabelled=True)


def test_test_subjects_need_3d(tmp_path: Path) -> None:
    paths = human36m(tmp_path, unlabelled_subjects=("S2",))
    with pytest.raises(InputFormatError, match=r"S2/.*: expected a clip with 3D to test on"):
        load_test(paths, replace(HUMAN36M, test_subjects=("S2",)), LIFTER, seed=0)


def test_a_custom_file_without_3d_cannot_be_learned_from(tmp_path: Path) -> None:
    paths = replace(custom(tmp_path), truth=None)
    with pytest.raises(InputFormatError, match=r"a/custom/left: expected a clip with 3D.*--truth"):
        split(paths, DataConfig(test_subjects=("c",)))


def test_humaneva_s_actions_are_of_both_its_splits(tmp_path: Path) -> None:
    paths = DataPaths(data=write_humaneva(tmp_path, num_frames=5), detector="gt")
    config = DataConfig(
        train_subjects=("Train/S1", "Train/S2"), test_subjects=("Validate/S2",), actions=("Jog",)
    )
    splits = split(paths, config)
    assert {clip.action for clip in splits.train.clips} == {"Jog 1 chunk0"}
    assert subjects(splits.train) == {"Train/S1", "Train/S2"} and splits.notes == ()


def test_keypoint_files_come_at_the_labelled_clips_rate_and_joints(tmp_path: Path) -> None:
    paths, config = own_video(tmp_path), DataConfig(test_subjects=("c",))
    # The network's config still says another rate.
    assert LIFTER.fps == 50
    (slow,) = _stream(split(paths, config, with_unlabelled=True)).clips
    slower_config = replace(config, downsample=5)
    (slower,) = _stream(split(paths, slower_config, with_unlabelled=True)).clips
    assert (slow.fps, slower.fps) == (25.0, 5.0)
    assert slow.num_frames == pytest.approx(5 * slower.num_frames, abs=5)
    assert slow.keypoints.shape[1] == H36M_17.num_joints and slow.camera is not None
    assert slow.image_size == (640, 480)
    faster = replace(paths, unlabelled_fps=60.0)
    (half,) = _stream(split(faster, config, with_unlabelled=True)).clips
    assert half.num_frames == pytest.approx(slow.num_frames / 2, abs=1)


def test_what_is_said_of_the_videos_becomes_exact() -> None:
    facts = DataPaths(Path(), unlabelled_fps=30000 / 1001, camera_name="left").video_facts()
    assert facts.fps == Fraction(30000, 1001) and facts.camera_name == "left"
    assert facts.image_size is None and facts.fov_deg is None


def test_keypoint_files_are_said_to_have_been_repaired_or_assumed_about(tmp_path: Path) -> None:
    paths = replace(own_video(tmp_path), fov_deg=None)
    splits = split(paths, DataConfig(test_subjects=("c",)), with_unlabelled=True)
    assert any("field of view unknown: assumed 50 degrees" in note for note in splits.notes)


def test_own_videos_and_subjects_are_one_stream(tmp_path: Path) -> None:
    config = DataConfig(test_subjects=("c",), unlabelled_subjects=("b",))
    stream = _stream(split(own_video(tmp_path), config, with_unlabelled=True))
    assert subjects(stream) == {"own", "b"} and stream.skeleton_in is H36M_17
    assert all(clip.positions is None and clip.fps == 25.0 for clip in stream.clips)


@pytest.mark.parametrize("downsample", [3, 4])
def test_a_rate_that_is_no_whole_number_is_refused(tmp_path: Path, downsample: int) -> None:
    config = replace(HUMAN36M, downsample=downsample)
    message = f"a whole number of Hz, found {50 / downsample:g}.*: choose another --downsample"
    with pytest.raises(InputFormatError, match=message):
        split(human36m(tmp_path), config)


def test_television_s_rates_count_as_whole(tmp_path: Path) -> None:
    paths = replace(custom(tmp_path), fps=29.97)
    assert split(paths, DataConfig(test_subjects=("c",))).train.clips[0].fps == 29.97


@pytest.mark.parametrize("role", ["train_subjects", "unlabelled_subjects"])
def test_a_recording_for_validation_is_no_data_either(tmp_path: Path, role: str) -> None:
    """As videos of a custom npz, whose 3D would make them labelled."""
    path = write_custom(tmp_path, videos=("a", "b", "c"), layout="coco", num_frames=90)
    person = open_clip(BEAM).people[0]
    seen = convert_joints(person, COCO_17).positions[:90].astype(np.float32)
    content = edit_2d(path)
    content["positions_2d"]["b"]["custom"][1] = seen
    save_2d(path, **content)
    paths = DataPaths(data=path, truth=tmp_path / "data_3d_camera.npz", fps=25.0)
    chosen: dict[str, Any] = {"train_subjects": ("a",), "test_subjects": ("c",)} | {role: ("b",)}
    with pytest.raises(
        InputFormatError, match="b/custom/1: .*may be learned from, found .*_single"
    ):
        split(paths, DataConfig(**chosen), with_unlabelled=True)
    # To be tested on it is what it is for.
    split(paths, DataConfig(train_subjects=("a",), test_subjects=("b",)))


def test_a_bvh_folder_is_split_by_its_index(tmp_path: Path) -> None:
    paths = DataPaths(data=mocap(tmp_path))
    lifter = replace(LIFTER, joint_set_in=COCO_17.name)
    splits = load_splits(paths, DataConfig(), lifter, seed=0, with_unlabelled=False)
    tested, _ = load_test(paths, DataConfig(), lifter, seed=0)
    assert subjects(splits.train) == {"ann", "bob"}
    assert subjects(splits.validation) == {"cat"} and subjects(tested) == {"dan"}
    assert splits.train.skeleton_in is COCO_17 and splits.train.skeleton_out is H36M_17
    assert {clip.fps for clip in splits.train.clips} == {50.0}


def test_a_bvh_folder_takes_no_test_subjects(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match=r"--test-subjects is not for BVH .* index\.json"):
        split(DataPaths(data=mocap(tmp_path)), DataConfig(test_subjects=("dan",)))


def test_takes_too_short_to_be_filmed_are_counted(tmp_path: Path) -> None:
    lengths = {f"ann/run{length}": length for length in range(30, 90, 6)}
    for name, length in lengths.items():
        write_bvh(tmp_path / f"{name}.bvh", num_frames=length, fps=50.0, walk_cm_per_s=500.0)
    write_index(tmp_path, dict.fromkeys(lengths, "train"))
    filmed, (note,) = load_filmed(tmp_path, "train", LIFTER, seed=0)
    told = re.fullmatch(
        r"train: left out: (\d+) takes under 10 frames \((\d+) frames in all\) of clips .*", note
    )
    assert told is not None and int(told[1]) <= int(told[2]) < 10 * int(told[1])
    assert filmed.num_frames // 4 + int(told[2]) == sum(lengths.values())


def test_of_bvh_performers_all_others_are_unlabelled(tmp_path: Path) -> None:
    paths = DataPaths(data=mocap(tmp_path))
    config = DataConfig(train_subjects=("ann",), actions=("walk",))
    splits = split(paths, config, with_unlabelled=True)
    assert subjects(splits.train) == {"ann"} and subjects(splits.unlabelled) == {"bob"}
    everyone = split(paths, DataConfig(unlabelled_subjects=("ann",)), with_unlabelled=True)
    assert subjects(everyone.train) == {"bob"} and subjects(everyone.unlabelled) == {"ann"}


def test_bvh_clips_of_all_splits_have_one_rate(tmp_path: Path) -> None:
    paths = DataPaths(data=mocap(tmp_path))
    splits = split(paths, DataConfig(downsample=2))
    # A trained network's config has the rate that it learned at.
    tested, _ = load_test(paths, DataConfig(downsample=2), replace(LIFTER, fps=25), seed=0)
    for clips in (splits.train, splits.validation, tested):
        assert {clip.fps for clip in clips.clips} == {25.0}


def test_the_same_bvh_folder_and_seed_are_filmed_the_same(tmp_path: Path) -> None:
    paths = DataPaths(data=mocap(tmp_path))
    first, again, other = (split(paths, DataConfig(), seed=seed).train for seed in (0, 0, 1))
    for clip, same, different in zip(first.clips, again.clips, other.clips, strict=True):
        np.testing.assert_array_equal(clip.keypoints, same.keypoints)
        assert not np.array_equal(clip.keypoints, different.keypoints)


def test_what_a_bvh_folder_leaves_out_is_noted_in_every_split(tmp_path: Path) -> None:
    folder = mocap(tmp_path)
    for name in ("ann/run", "cat/rope", "dan/rope"):
        write_rope(folder / f"{name}.bvh")
    splits = {"ann/walk": "train", "ann/run": "train", "cat/walk": "val", "cat/rope": "val"}
    splits["bob/walk"] = "train"
    write_index(folder, splits | {"dan/walk": "test", "dan/rope": "test"})
    paths = DataPaths(data=folder)
    notes = split(paths, DataConfig()).notes
    assert len(notes) == 2 and "run.bvh: cannot map" in notes[0] and "cat" in notes[1]
    _, left_out = load_test(paths, DataConfig(), LIFTER, seed=0)
    assert len(left_out) == 1 and "dan" in left_out[0]


def _stream(splits: Splits) -> ClipSet:
    assert splits.unlabelled is not None
    return splits.unlabelled
