"""Real clips are judged where their truth is known."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from tests.shared_data import shared_data
from tests.training.evaluation.real_writer import FLOOR_MM, write_real_folder
from training.datasets.real import MIN_GOOD_VIEWS, load_real_clips
from training.evaluation.judged_clip import judge_real
from training.evaluation.pose_error import evaluate_clip


def test_every_camera_of_a_sequence_is_a_clip_with_its_own_truth(tmp_path: Path) -> None:
    clips = load_real_clips(write_real_folder(tmp_path, num_frames=20, num_cameras=3))
    assert [(clip.name, clip.camera_name) for clip in clips] == [
        ("breakdance_ch01", f"camera {number}") for number in range(3)
    ]
    for clip in clips:
        assert clip.truth.shape == (20, 12, 3) and clip.is_judged.all()
        assert clip.floor_mm is not None and (clip.floor_mm == FLOOR_MM).all()


def test_joints_that_too_few_cameras_saw_are_not_judged(tmp_path: Path) -> None:
    path = write_real_folder(tmp_path, num_frames=20) / "aistpp" / "breakdance_ch01.npz"
    arrays = dict(np.load(path))
    left_wrist, all_joints = 9, slice(None)
    arrays["num_good_views"][0, 4, left_wrist] = MIN_GOOD_VIEWS - 1
    arrays["num_good_views"][0, 5, all_joints] = MIN_GOOD_VIEWS - 1
    np.savez(path, **arrays)
    judged = load_real_clips(tmp_path)[0].is_judged
    assert judged.sum(axis=1)[[3, 4, 5, 6]].tolist() == [12, 11, 0, 12]


def test_frames_without_a_marker_are_not_judged(tmp_path: Path) -> None:
    folder = tmp_path / "pose2sim_single"
    shutil.copytree(shared_data("real/pose2sim_single"), folder)
    lines = (folder / "triangulated.trc").read_text().splitlines()
    # Of the first marker, x in the frame of number 20.
    cells = lines[24].split("\t")
    cells[2] = ""
    lines[24] = "\t".join(cells)
    (folder / "triangulated.trc").write_text("\n".join(lines))
    whole = load_real_clips(shared_data("real"))[-2]
    clip = load_real_clips(tmp_path)[0]
    assert whole.camera_name == clip.camera_name == "cam_01" and whole.is_judged.all()
    assert np.flatnonzero(~clip.is_judged.all(axis=1)).tolist() == [19]
    assert not clip.is_judged[19].any()
    kept = clip.is_judged.any(axis=1)
    np.testing.assert_array_equal(clip.truth[kept], whole.truth[kept])

    def lift(clip):
        return np.random.default_rng(0).normal(size=(clip.num_frames, 21, 3))

    # What is not known takes no part in any error.
    with_gap, without = (evaluate_clip(judge_real(each), lift) for each in (clip, whole))
    np.testing.assert_allclose(with_gap.errors.p_mm[kept], without.errors.p_mm[kept])
    assert np.isfinite(with_gap.errors.n_mm[kept]).all()


def test_a_folder_without_clips_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="expected aistpp or pose2sim_single in it"):
        load_real_clips(tmp_path)
