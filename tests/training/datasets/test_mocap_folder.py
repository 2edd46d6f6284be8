"""Who in a folder of BVH files may be learned from, and that nobody else is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from core.errors import InputFormatError
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.training.datasets.bvh_writer import (
    write_bvh,
    write_bvh_folder,
    write_index,
    write_rope,
)
from training.datasets import mocap_folder
from training.datasets.bvh import MocapClip
from training.datasets.mocap_folder import Split, is_mocap_folder, load_mocap

MOCAP = SHARED_DATA / "mocap"
SPLITS = get_args(Split)
_VAL_OF_FORTY = ("0/take_000", "3/take_010", "5/take_012")


@pytest.fixture
def quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a file gives its path alone: which files are read is all that counts."""

    def load(path: Path, *, group: str = "") -> MocapClip:
        assert path.exists()
        return MocapClip(str(path), group, np.zeros((2, 27, 3)), 30.0)

    monkeypatch.setattr(mocap_folder, "load_mocap_clip", load)


def names_of(folder: Path) -> dict[str, set[str]]:
    """The files of each split."""
    return {
        split: {str(Path(clip.name).relative_to(folder)) for clip in load_mocap(folder, split)[0]}
        for split in SPLITS
    }


def touch(folder: Path, count: int) -> Path:
    for number in range(count):
        path = folder / f"performer{number % 7}" / f"take_{number:03d}.bvh"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@needs_shared_data
@pytest.mark.usefixtures("quick_files")
def test_the_shared_index_is_obeyed_and_no_performer_is_in_two_splits() -> None:
    index = json.loads((MOCAP / "index.json").read_text())
    loaded = {split: load_mocap(MOCAP, split) for split in SPLITS}
    for split, (clips, skipped) in loaded.items():
        listed = {
            str(MOCAP / entry["set"] / f"{entry['clip']}.bvh")
            for entry in index
            if entry["split"] == split
        }
        assert {clip.name for clip in clips} == listed and skipped == []
    groups = {split: {clip.group for clip in clips} for split, (clips, _) in loaded.items()}
    assert all(groups.values())
    assert not groups["train"] & groups["val"]
    assert not groups["train"] & groups["test"]
    assert not groups["val"] & groups["test"]


@needs_shared_data
def test_every_clip_of_the_shared_val_split_is_loaded_or_named() -> None:
    index = json.loads((MOCAP / "index.json").read_text())
    clips, skipped = load_mocap(MOCAP, "val")
    assert len(clips) + len(skipped) == sum(entry["split"] == "val" for entry in index)
    assert {clip.group for clip in clips} <= {e["group"] for e in index if e["split"] == "val"}


@pytest.mark.usefixtures("quick_files")
def test_an_index_decides_whatever_the_names_would(tmp_path: Path) -> None:
    names = [f"ann/walk{number}" for number in range(5)]
    touched = [tmp_path / f"{name}.bvh" for name in names]
    for path in touched:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    write_index(tmp_path, dict(zip(names, ["test", "test", "val", "train", "test"], strict=True)))
    found = names_of(tmp_path)
    assert found["train"] == {"ann/walk3.bvh"} and found["val"] == {"ann/walk2.bvh"}
    assert found["test"] == {"ann/walk0.bvh", "ann/walk1.bvh", "ann/walk4.bvh"}


@pytest.mark.usefixtures("quick_files")
@pytest.mark.parametrize("count", [3, 4, 10, 200])
def test_without_an_index_every_file_is_in_one_split(tmp_path: Path, count: int) -> None:
    found = names_of(touch(tmp_path, count))
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.bvh"))
    assert sorted([*found["train"], *found["val"], *found["test"]]) == files
    assert all(found.values())
    if count == 200:
        assert 10 <= len(found["val"]) <= 32 and 10 <= len(found["test"]) <= 32


@pytest.mark.usefixtures("quick_files")
def test_the_split_of_a_file_is_that_of_its_name_wherever_the_folder_lies(tmp_path: Path) -> None:
    first = names_of(touch(tmp_path / "here", 40))
    assert names_of(touch(tmp_path / "there" / "deeper", 40)) == first
    grown = names_of(touch(tmp_path / "here", 60))
    for split in SPLITS:
        assert first[split] <= grown[split]
    # Known names, known places: a run of last year can be measured on the same files.
    assert first["val"] == {f"performer{name}.bvh" for name in _VAL_OF_FORTY}


def test_the_performer_is_the_files_folder(tmp_path: Path) -> None:
    write_bvh_folder(tmp_path, ["ann/a", "ann/b", "bob/c"], num_frames=5)
    clips = [clip for split in SPLITS for clip in load_mocap(tmp_path, split)[0]]
    assert {(clip.group, clip.name) for clip in clips} == {("ann", "a"), ("ann", "b"), ("bob", "c")}
    assert [clip.fps for clip in clips] == pytest.approx([30.0] * 3)


def test_endings_may_be_upper_case(tmp_path: Path) -> None:
    write_bvh_folder(tmp_path, ["a", "b", "c"], num_frames=5)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_suffix(".BVH"))
    assert is_mocap_folder(tmp_path)
    assert sum(len(load_mocap(tmp_path, split)[0]) for split in SPLITS) == 3


def test_a_folder_without_bvh_files_is_none(tmp_path: Path) -> None:
    assert not is_mocap_folder(tmp_path)
    (tmp_path / "walk.npz").touch()
    assert not is_mocap_folder(tmp_path)
    assert not is_mocap_folder(tmp_path / "gone")
    assert not is_mocap_folder(write_bvh(tmp_path / "deep" / "walk.bvh", num_frames=3))
    assert is_mocap_folder(tmp_path)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_files_cannot_be_split(tmp_path: Path, count: int) -> None:
    touch(tmp_path, count)
    with pytest.raises(InputFormatError, match=f"expected 3 BVH files or more.*found {count}"):
        load_mocap(tmp_path, "train")


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    write_bvh_folder(tmp_path, ["ann/walk"], num_frames=5)
    write_rope(tmp_path / "ann" / "rope.bvh")
    (tmp_path / "ann" / "torn.bvh").write_text("HIERARCHY\nROOT Hips\n{")
    splits = dict.fromkeys(["ann/walk", "ann/rope", "ann/torn", "ann/gone"], "train")
    write_index(tmp_path, splits)
    clips, skipped = load_mocap(tmp_path, "train")
    assert [clip.name for clip in clips] == ["walk"] and len(skipped) == 3
    assert "rope.bvh: cannot map the skeleton: no joint for hips, left_upper_arm" in skipped[0]
    assert "torn.bvh: expected a BVH file" in skipped[1]
    assert "gone.bvh: cannot read" in skipped[2]


def test_clips_of_which_broken_frames_were_cut_off_are_counted_and_named(tmp_path: Path) -> None:
    write_bvh_folder(tmp_path, ["ann/leap", "ann/still", "ann/walk"], num_frames=30)
    lines = (tmp_path / "ann" / "leap.bvh").read_text().splitlines()
    for row in range(len(lines) - 20, len(lines)):
        x, rest = lines[row].split(" ", 1)
        lines[row] = f"{float(x) + 300} {rest}"
    (tmp_path / "ann" / "leap.bvh").write_text("\n".join(lines))
    still = (tmp_path / "ann" / "still.bvh").read_text().splitlines()
    (tmp_path / "ann" / "still.bvh").write_text("\n".join(still[:-30] + still[-1:] * 30))
    write_index(tmp_path, dict.fromkeys(["ann/leap", "ann/still", "ann/walk"], "train"))
    clips, notes = load_mocap(tmp_path, "train")
    assert {clip.name: len(clip.positions) for clip in clips} == {"leap": 20, "walk": 30}
    assert "still.bvh: broken motion: nothing moves in its 30 frames" in notes[0]
    assert notes[1] == "cut off: 10 frames before or after a jump or flip, of 1 clips: 'leap'"


def test_a_split_in_which_nothing_can_be_used_is_empty_and_says_why(tmp_path: Path) -> None:
    write_rope(tmp_path / "ann" / "rope.bvh")
    write_index(tmp_path, {"ann/rope": "train"})
    with pytest.raises(InputFormatError, match=r"empty split.*'train'.*rope\.bvh: cannot map"):
        load_mocap(tmp_path, "train")
    with pytest.raises(InputFormatError, match="empty split.*'val': no file is in it"):
        load_mocap(tmp_path, "val")


def test_a_split_by_another_name_is_refused_not_passed_over(tmp_path: Path) -> None:
    write_bvh_folder(tmp_path, ["ann/walk", "ann/run"], num_frames=5)
    write_index(tmp_path, {"ann/walk": "train", "ann/run": "dev"})
    with pytest.raises(InputFormatError, match=r"index\.json: ann/run: expected .* found 'dev'"):
        load_mocap(tmp_path, "train")


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', '[{"set": "ann", "clip": "walk"}]'])
def test_a_broken_index_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(InputFormatError, match=r"index\.json: expected a list of set, clip, group"):
        load_mocap(tmp_path, "train")


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    with pytest.raises(InputFormatError, match="expected 3 BVH files or more.*found 0"):
        load_mocap(tmp_path, "train")


@needs_shared_data
@pytest.mark.usefixtures("quick_files")
@pytest.mark.parametrize("part", ["cmu", "cmu_more"])
def test_a_part_of_an_indexed_folder_keeps_the_split(part: str) -> None:
    for split in SPLITS:
        whole = {
            Path(clip.name).name: clip.group
            for clip in load_mocap(MOCAP, split)[0]
            if f"/{part}/" in clip.name
        }
        clips, notes = load_mocap(MOCAP / part, split)
        assert {Path(clip.name).name: clip.group for clip in clips} == whole
        assert len(clips) == len(whole) > 10 and notes == []


@pytest.mark.usefixtures("quick_files")
def test_the_nearest_index_above_counts(tmp_path: Path) -> None:
    for name in ("ann/deep/a", "ann/deep/b", "ann/deep/c", "bob/d"):
        path = tmp_path / f"{name}.bvh"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    entry = {"set": "ann/deep", "group": "ann"}
    splits = {"a": "train", "b": "val", "c": "test"}
    entries = [{**entry, "clip": clip, "split": split} for clip, split in splits.items()]
    index = tmp_path / "index.json"
    index.write_text(json.dumps([*entries, {**entry, "set": "bob", "clip": "d", "split": "train"}]))
    for folder in (tmp_path / "ann", tmp_path / "ann" / "deep", tmp_path / "bob" / ".." / "ann"):
        assert {split: len(load_mocap(folder, split)[0]) for split in SPLITS} == {
            "train": 1,
            "val": 1,
            "test": 1,
        }
        assert Path(load_mocap(folder, "val")[0][0].name).name == "b.bvh"
    with pytest.raises(
        InputFormatError, match=r"bob \(split by .*index.json\): empty split.*'val'"
    ):
        load_mocap(tmp_path / "bob", "val")
    # Of something else, or of other folders: no index of this one.
    for text in ('{"name": "a site"}', json.dumps(entries[:0]), json.dumps([{"page": 1}])):
        index.write_text(text)
        with pytest.raises(InputFormatError, match="expected 3 BVH files or more"):
            load_mocap(tmp_path / "bob", "val")
    index.write_text("[{")
    with pytest.raises(InputFormatError, match=r"index\.json: expected a list of set, clip"):
        load_mocap(tmp_path / "ann", "val")


@pytest.mark.usefixtures("quick_files")
def test_files_that_the_index_does_not_list_are_said(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "new", "newer"):
        (tmp_path / "ann").mkdir(exist_ok=True)
        (tmp_path / "ann" / f"{name}.BVH").touch()
    write_index(tmp_path, {"ann/a": "train", "ann/b": "val", "ann/c": "test"})
    for folder, names in (
        (tmp_path, "'ann/new', 'ann/newer'"),
        (tmp_path / "ann", "'new', 'newer'"),
    ):
        notes = {split: load_mocap(folder, split)[1] for split in SPLITS}
        (note,) = notes["train"]
        assert "left out: 2 BVH files that" in note and note.endswith(f"does not list: {names}")
        assert notes["test"] == [note] and notes["val"] == []


@pytest.mark.usefixtures("quick_files")
def test_a_performer_in_several_splits_is_said(tmp_path: Path) -> None:
    (note,) = load_mocap(touch(tmp_path, 40), "train")[1]
    assert "no index.json: split file by file" in note and "'performer0'" in note
    assert load_mocap(tmp_path, "test")[1] == [note]
