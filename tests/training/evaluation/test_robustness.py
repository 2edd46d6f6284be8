"""Clips are played at other speeds and with parts hidden; a lifter that ignores both shows no change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.joint_sets import BODY_12, BODY_23, LIFTED_21
from tests.training.evaluation.judged_views import (
    lift_perfectly,
    lift_shifted,
    make_view,
    tumbling_body,
)
from training.evaluation.judged_clip import JudgedClip, Lift
from training.evaluation.pose_error import ClipErrors, evaluate_clip
from training.evaluation.robustness import (
    HIDDEN_PARTS,
    HIDDEN_SECONDS,
    SPEEDS,
    HiddenRow,
    gap_frames,
    hide,
    measure_hidden,
    measure_speeds,
    play_at,
    print_hidden,
    print_speeds,
)

IGNORANT = lift_shifted("left_wrist", (0.02, 0.03, 0.1))


def make_clips(num_frames: int = 240) -> list[JudgedClip]:
    return [make_view(num_frames, seed=seed, fps=60, joints=BODY_12) for seed in (1, 2)]


def played(clips: Sequence[JudgedClip], lift: Lift) -> Callable[[float], Sequence[ClipErrors]]:
    """The clips lifted at any speed."""
    return lambda speed: [evaluate_clip(play_at(clip, speed), lift) for clip in clips]


def hidden_rows(clips: Sequence[JudgedClip], lift: Lift) -> list[HiddenRow]:
    return measure_hidden([evaluate_clip(clip, lift) for clip in clips], lift)


def test_twice_as_fast_is_every_second_frame_at_the_same_rate() -> None:
    clip = make_view(61, fps=60, joints=BODY_12)
    fast = play_at(clip, 2.0)
    assert (fast.source.fps, fast.source.frame_span, fast.num_frames) == (60, (0, 30), 31)
    assert fast.source.people[0].fps == 60
    assert np.array_equal(fast.source.people[0].frames, np.arange(31))
    assert np.array_equal(fast.source.people[0].positions, clip.source.people[0].positions[::2])
    assert np.array_equal(fast.truth_camera, clip.truth_camera[::2])
    assert fast.gravity_camera is not None and len(fast.gravity_camera) == 31


def test_half_as_fast_is_every_frame_at_half_the_rate() -> None:
    clip = replace(make_view(61, fps=60, joints=BODY_12), floor_mm=np.arange(61.0))
    slow = play_at(clip, 0.5)
    assert (slow.source.fps, slow.num_frames) == (30, 61)
    assert slow.seconds == pytest.approx(2 * clip.seconds)
    assert np.array_equal(slow.source.people[0].positions, clip.source.people[0].positions)
    assert np.array_equal(slow.truth_camera, clip.truth_camera)
    assert play_at(clip, 0.25).source.fps == Fraction(15)


def test_frames_that_the_detector_missed_stay_missing_when_played_faster() -> None:
    clip = make_view(40, fps=60, joints=BODY_12)
    seen = clip.source.people[0]
    kept = np.setdiff1d(np.arange(40), [8, 9, 16])
    sparse = replace(
        seen,
        positions=seen.positions[kept],
        confidence=seen.confidence[kept],
        frames=kept + 100,
    )
    source = replace(clip.source, people=(sparse,), frame_span=(100, 139))
    fast = play_at(replace(clip, source=source), 4.0)
    assert fast.source.frame_span == (0, 9)
    assert fast.source.people[0].frames.tolist() == [0, 1, 3, 5, 6, 7, 8, 9]
    assert np.array_equal(fast.source.people[0].positions[2], seen.positions[12])


def test_a_lifter_that_ignores_time_is_as_good_at_any_speed() -> None:
    clips = [play_at(clip, 1.0) for clip in make_clips()]
    rows = measure_speeds(played(clips, IGNORANT))
    assert [row.speed for row in rows] == list(SPEEDS)
    assert [row.num_frames for row in rows] == [480, 480, 480, 240, 120]
    p_mpjpe_mm = [row.p_mpjpe_mm for row in rows]
    assert min(p_mpjpe_mm) > 5
    # Every n-th frame of smooth motion has the mean of all, nearly.
    assert p_mpjpe_mm == pytest.approx([p_mpjpe_mm[0]] * 5, rel=0.01)
    perfect = measure_speeds(played(clips, lift_perfectly))
    assert max(max(row.p_mpjpe_mm, row.mpjpe_mm) for row in perfect) < 1e-6


def test_a_lifter_that_lags_is_worse_the_faster_it_goes() -> None:
    def lift_late(clip: JudgedClip) -> np.ndarray:
        poses = lift_perfectly(clip)
        lag = round(0.1 * float(clip.source.fps))
        return poses[np.maximum(np.arange(len(poses)) - lag, 0)]

    clips = make_clips(480)
    rows = measure_speeds(played(clips, lift_late))
    errors = [row.p_mpjpe_mm for row in rows]
    assert errors == sorted(errors) and errors[-1] > 5 * errors[0]


@pytest.mark.parametrize("seconds", HIDDEN_SECONDS)
def test_gaps_are_in_the_middle_of_equal_windows(seconds: float) -> None:
    gap = gap_frames(make_view(720, fps=60), seconds)
    starts = np.flatnonzero(np.diff(gap.astype(int)) == 1) + 1
    ends = np.flatnonzero(np.diff(gap.astype(int)) == -1) + 1
    assert (ends - starts).tolist() == [60 * seconds] * 3
    assert ((starts + ends) / 2).tolist() == [120, 360, 600]


def test_a_clip_without_room_for_a_gap_has_none() -> None:
    short = make_view(100, fps=60)
    assert gap_frames(short, 0.5).sum() == 30
    assert not gap_frames(short, 1.0).any()


def test_hiding_takes_a_part_s_keypoints_in_its_frames_alone() -> None:
    clip = make_view(30, joints=BODY_12)
    gap = (np.arange(30) >= 10) & (np.arange(30) < 20)
    before = clip.source.people[0].confidence.copy()
    hidden = hide(clip, HIDDEN_PARTS["right leg"], gap).source.people[0]
    names = {name for name in BODY_23.joint_names if name.startswith("right_")}
    leg = names & {"right_knee", "right_ankle", "right_heel", "right_big_toe", "right_small_toe"}
    rows = BODY_23.indices(*leg)
    assert not hidden.confidence[np.ix_(gap, rows)].any()
    others = np.setdiff1d(np.arange(23), rows)
    assert np.array_equal(hidden.confidence[:, others], before[:, others])
    assert np.array_equal(hidden.confidence[~gap], before[~gap])
    assert np.array_equal(clip.source.people[0].confidence, before)
    assert np.array_equal(hidden.positions, clip.source.people[0].positions)


def test_a_lifter_that_ignores_confidence_is_as_good_with_a_part_hidden() -> None:
    rows = hidden_rows(make_clips(480), IGNORANT)
    assert [(row.part, row.seconds) for row in rows] == [
        (part, seconds) for part in HIDDEN_PARTS for seconds in HIDDEN_SECONDS
    ]
    for row in rows:
        assert row.hidden_mm == row.hidden_unhidden_mm
        assert row.visible_mm == row.visible_unhidden_mm
        assert row.visible_p_mm == row.visible_p_unhidden_mm
        assert row.num_frames == 2 * 2 * 60 * row.seconds
    arm = rows[0]
    assert arm.hidden_mm > 40 > arm.visible_mm
    # Without the wrist that is off, the others are right.
    assert arm.visible_p_mm < 1e-6
    for row in hidden_rows(make_clips(), lift_perfectly):
        assert max(row.hidden_mm, row.hidden_p_mm, row.visible_mm, row.visible_p_mm) < 1e-6


def lift_misled(clip: JudgedClip) -> np.ndarray:
    """The truth, but ankles that are not seen are 0.1 m too near."""
    poses = lift_perfectly(clip)
    seen = clip.source.people[0]
    for side in ("left", "right"):
        is_lost = seen.confidence[:, seen.skeleton.index(f"{side}_ankle")] == 0
        poses[is_lost, LIFTED_21.index(f"{side}_ankle"), 2] -= 0.1
    return poses


def test_what_goes_wrong_in_a_gap_is_told_of_the_hidden_joints() -> None:
    rows = {(row.part, row.seconds): row for row in hidden_rows(make_clips(), lift_misled)}
    leg, arm = rows["right leg", 0.5], rows["left arm", 0.5]
    # Knee and ankle, of which one is off; the body's size hardly changes with it.
    assert leg.hidden_mm == pytest.approx(50.0, rel=0.1)
    assert leg.hidden_unhidden_mm < 1e-6
    assert leg.visible_p_mm < 1e-6 and leg.visible_mm < 2.0
    assert max(arm.hidden_mm, arm.visible_mm) < 1e-6


def test_clips_too_short_for_a_gap_are_left_out() -> None:
    rows = hidden_rows([make_view(50, fps=30, joints=BODY_12)], lift_perfectly)
    assert {row.seconds for row in rows} == {0.5}


def test_the_tables_tell_every_speed_and_part(capsys: pytest.CaptureFixture[str]) -> None:
    clips = make_clips()
    print_speeds(measure_speeds(played(clips, IGNORANT)))
    print_hidden(hidden_rows(clips, IGNORANT))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines[1:6]] == ["0.25x", "0.5x", "1x", "2x", "4x"]
    assert _column(lines[1:6], -1) == pytest.approx([1.0] * 5, abs=0.01)
    assert [line[0] for line in lines[7:]] == ["left"] * 3 + ["right"] * 3 + ["lower"] * 3


def _column(lines: Sequence[Sequence[str]], place: int) -> list[float]:
    return [float(line[place]) for line in lines]


def test_the_made_up_body_is_rigid_and_moves() -> None:
    body = tumbling_body(60)
    parents = np.array(LIFTED_21.parents)
    bones = np.linalg.norm(body[:, 1:] - body[:, parents[1:]], axis=-1)
    assert np.ptp(bones, axis=0).max() < 1e-9
    assert (
        evaluate_clip(
            make_view(), lambda clip: np.roll(lift_perfectly(clip), 9, axis=0)
        ).errors.p_mm.mean()
        > 20
    )
