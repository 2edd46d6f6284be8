"""Mocap seen by random cameras: the same motions at any speed, judged while they move."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.camera import pixels_to_rays
from core.joint_sets import BODY_23, LIFTED_21
from tests.training.datasets.bvh_writer import write_bvh, write_index
from tests.training.evaluation.judged_views import lift_perfectly
from training.datasets.motion_window import MocapWindows
from training.datasets.synthetic import draw_views
from training.datasets.view_config import plain_views
from training.evaluation.mocap_view import (
    draw_clips,
    judge_views,
    load_performers,
    print_mocap,
    tabulate_mocap,
)
from training.evaluation.pose_error import evaluate_clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two performers to test on, one with three times the footage of the other, and one to train on."""
    folder = tmp_path_factory.mktemp("bvh")
    for name, num_frames in (("ann/walk", 600), ("bob/walk", 200), ("cat/walk", 200)):
        write_bvh(folder / f"{name}.bvh", num_frames=num_frames, fps=60)
    write_index(folder, {"ann/walk": "test", "bob/walk": "test", "cat/walk": "train"})
    return folder


@pytest.fixture(scope="module")
def performers(folder: Path) -> dict[str, MocapWindows]:
    performers, notes = load_performers(folder, "test")
    assert notes == []
    return performers


def test_a_split_s_performers_are_told_apart(
    folder: Path, performers: dict[str, MocapWindows]
) -> None:
    assert list(performers) == ["ann", "bob"]
    assert performers["ann"].seconds == pytest.approx(10, abs=0.1)
    with pytest.raises(InputFormatError, match="empty split"):
        load_performers(folder, "val")


def test_views_are_shared_out_by_footage_with_a_few_for_everyone(
    performers: dict[str, MocapWindows],
) -> None:
    clips = draw_clips(performers, num_views=40, seconds=1)
    names = [clip.name for clip in clips]
    assert (names.count("ann"), names.count("bob")) == (30, 10)
    names = [clip.name for clip in draw_clips(performers, num_views=1, seconds=1)]
    assert (names.count("ann"), names.count("bob")) == (4, 4)
    assert len({(clip.name, clip.camera_name) for clip in clips}) == 40


def test_views_are_the_same_every_time(performers: dict[str, MocapWindows]) -> None:
    first, second = (draw_clips(performers, num_views=8, seconds=1) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.truth_camera, other.truth_camera)
        seen = one.source.people[0], other.source.people[0]
        assert np.array_equal(seen[0].positions, seen[1].positions)
        assert np.array_equal(seen[0].confidence, seen[1].confidence)
    assert not np.array_equal(first[0].truth_camera, first[1].truth_camera)


def test_a_view_shows_the_rays_the_detector_reported(performers: dict[str, MocapWindows]) -> None:
    views = draw_views(performers["ann"], 3, 30, plain_views(), np.random.default_rng(0))
    for row, clip in enumerate(judge_views(views, "ann", fps=30)):
        seen = clip.source.people[0]
        assert (seen.skeleton, clip.source.fps, clip.num_frames) == (BODY_23, 30, 30)
        assert pixels_to_rays(seen.positions, clip.source.camera) == pytest.approx(
            views.rays[row], abs=1e-6
        )
        assert np.array_equal(clip.truth_camera, views.targets[row])
        assert clip.gravity_camera is not None
        assert np.linalg.norm(clip.gravity_camera, axis=-1) == pytest.approx(1.0)
    # All but outliers are about where the joints are.
    wrist = LIFTED_21.index("left_wrist")
    true = views.targets[..., wrist, :2] / views.targets[..., wrist, 2:]
    off = np.linalg.norm(views.rays[..., BODY_23.index("left_wrist"), :] - true, axis=-1)
    assert np.median(off * views.targets[..., wrist, 2]) < 0.1


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_other_speeds_show_the_same_motion_to_the_same_cameras(
    performers: dict[str, MocapWindows], speed: float
) -> None:
    own = draw_clips(performers, num_views=8, seconds=2)
    played = draw_clips(performers, num_views=8, seconds=2, speed=speed)
    for one, other in zip(own, played, strict=True):
        assert (one.num_frames, other.num_frames) == (61, 60 / speed + 1)
        frames = np.arange(0, 61, 2)
        shown = other.truth_camera[(frames / speed).astype(int)]
        # The camera aims at the mean of a view's frames.
        assert np.abs(shown - one.truth_camera[frames]).max() < 0.01
    steps = [np.abs(np.diff(clip[0].truth_camera, axis=0)).mean() for clip in (own, played)]
    assert steps[1] / steps[0] == pytest.approx(speed, rel=0.1)


def test_frames_in_which_a_short_clip_rests_are_not_judged(tmp_path: Path) -> None:
    write_bvh(tmp_path / "dan" / "step.bvh", num_frames=60, fps=60)
    write_index(tmp_path, {"dan/step": "test"})
    performers, _ = load_performers(tmp_path, "test")
    for clip in draw_clips(performers, num_views=4, seconds=4):
        judged = clip.is_judged.any(axis=1)
        # One second of four, in the middle.
        assert 27 <= judged.sum() <= 33 and judged[60] and not judged[[0, -1]].any()
        assert np.array_equal(clip.truth_camera[0], clip.truth_camera[20])


def test_a_perfect_lifter_has_no_error_in_any_row(
    performers: dict[str, MocapWindows], capsys: pytest.CaptureFixture[str]
) -> None:
    views = [evaluate_clip(clip, lift_perfectly) for clip in draw_clips(performers, num_views=8)]
    rows = tabulate_mocap("fitted", views)
    assert [(row.name, row.num_joints) for row in rows] == [
        ("ann", 17),
        ("bob", 17),
        ("all", 17),
        ("all", 21),
    ]
    assert rows[0].num_frames + rows[1].num_frames == rows[2].num_frames == rows[3].num_frames
    for row in rows:
        errors = (row.mpjpe_mm, row.own_scale_mm, row.n_mpjpe_mm, row.p_mpjpe_mm)
        assert max(errors) < 1e-6
    print_mocap(rows)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-5:] == ["MPJPE", "own", "size", "N-MPJPE", "P-MPJPE"]
    assert lines[1].split() == ["fitted", "ann", "17", str(rows[0].num_frames), *["0.0"] * 4]


def test_rows_pool_performers_by_frames(performers: dict[str, MocapWindows]) -> None:
    sizes = {"ann": 1.1, "bob": 1.4}
    clips = draw_clips(performers, num_views=12, seconds=2)
    views = [
        evaluate_clip(clip, lambda clip: sizes[clip.name] * lift_perfectly(clip)) for clip in clips
    ]
    ann, bob, everyone, _ = tabulate_mocap("network", views)
    assert 3.5 < bob.own_scale_mm / ann.own_scale_mm < 4.5
    pooled = ann.num_frames * ann.own_scale_mm + bob.num_frames * bob.own_scale_mm
    assert everyone.own_scale_mm == pytest.approx(pooled / everyone.num_frames)
    assert max(row.mpjpe_mm for row in (ann, bob, everyone)) < 1e-6
