"""From the clip's rate to the model's and back, exactly in time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LiftError
from core.joint_sets import COCO_17
from core.preprocess.resample import (
    Timeline,
    make_timeline,
    resample,
    resample_poses,
    space_evenly,
)
from core.types import Keypoints2D, Poses3D
from tests.core.preprocess.walking_people import keypoints_of, walk

MODEL_FPS = Fraction(30)
RATES = [Fraction(60), Fraction(30000, 1001), Fraction(24), Fraction(25), Fraction(120)]


def clip_at(fps: Fraction, num_frames: int = 200) -> Keypoints2D:
    positions = walk(num_frames, x=300, speed=100, fps=float(fps))
    return keypoints_of(positions, fps=fps, first_frame=11)


def poses_on(timeline: Timeline, positions: np.ndarray) -> Poses3D:
    num_frames = timeline.num_frames
    return Poses3D(
        positions=positions,
        depth_sigma=np.ones(positions.shape[:2]),
        contact_probability=np.tile([0.0, 1.0], (num_frames, 1)),
        confidence=np.full(positions.shape[:2], 0.5),
        frames=np.arange(num_frames),
        fps=timeline.fps,
        person=1,
        space="camera",
        skeleton=COCO_17,
    )


@pytest.mark.parametrize("fps", RATES)
def test_the_model_sees_the_motion_at_its_own_times(fps: Fraction) -> None:
    keypoints = clip_at(fps)
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    resampled = resample(keypoints, timeline)
    expected = walk(timeline.num_frames, x=300, speed=100, fps=30.0)
    assert (resampled.fps, resampled.frames[0]) == (MODEL_FPS, 0)
    # The frame after the clip's last holds it; a low-pass takes a little off the fastest swing.
    assert np.abs(resampled.positions - expected)[:-1].max() < 2.5
    np.testing.assert_allclose(resampled.confidence, 0.9)


@pytest.mark.parametrize("fps", [*RATES, Fraction(30), Fraction(15)])
def test_back_again_the_frames_are_exactly_the_clips_own(fps: Fraction) -> None:
    keypoints = clip_at(fps)
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    seconds = np.arange(timeline.num_frames) / 30
    smooth = np.sin(2 * np.pi * seconds[:, None, None] + np.arange(17)[:, None] + np.arange(3))
    poses = resample_poses(poses_on(timeline, smooth), timeline)
    np.testing.assert_array_equal(poses.frames, keypoints.frames)
    assert poses.fps == fps
    seconds = np.arange(200) / float(fps)
    expected = np.sin(2 * np.pi * seconds[:, None, None] + np.arange(17)[:, None] + np.arange(3))
    np.testing.assert_allclose(poses.positions[4:-5], expected[4:-5], atol=2e-3)
    np.testing.assert_allclose(poses.contact_probability, np.tile([0.0, 1.0], (200, 1)))
    np.testing.assert_allclose(poses.confidence, 0.5)


def test_equal_rates_change_no_value() -> None:
    keypoints = clip_at(MODEL_FPS)
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    assert timeline.is_identity
    resampled = resample(keypoints, timeline)
    np.testing.assert_array_equal(resampled.positions, keypoints.positions)
    positions = np.random.default_rng(0).normal(size=(200, 17, 3))
    poses = resample_poses(poses_on(timeline, positions), timeline)
    np.testing.assert_array_equal(poses.positions, positions)


def test_a_fractional_rate_does_not_drift_over_a_hundred_thousand_frames() -> None:
    positions = np.zeros((100_001, 1, 2))
    skeleton = replace(
        COCO_17, joint_names=("nose",), parents=(-1,), joints_left=(), joints_right=()
    )
    keypoints = Keypoints2D(
        positions=positions,
        confidence=np.ones((100_001, 1)),
        frames=np.arange(100_001),
        image_size=None,
        fps=Fraction(30000, 1001),
        person=1,
        skeleton=skeleton,
    )
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    assert timeline.model_position[100_000] == 100_100.0
    assert timeline.model_position[1000] == 1001.0
    assert timeline.num_frames == 100_101


@settings(max_examples=50, deadline=None)
@given(
    st.fractions(1, 240, max_denominator=1001),
    st.fractions(1, 240, max_denominator=1001),
    st.integers(1, 60),
)
def test_straight_motion_survives_any_pair_of_rates(
    fps: Fraction, model_fps: Fraction, num_frames: int
) -> None:
    line = np.arange(num_frames)[:, None, None] * np.array([3.0, -2.0]) + np.arange(17)[:, None]
    keypoints = keypoints_of(line, fps=fps)
    timeline = make_timeline(keypoints, fps=model_fps)
    resampled = resample(keypoints, timeline)
    seconds = np.minimum(
        np.arange(timeline.num_frames) / float(model_fps), (num_frames - 1) / float(fps)
    )
    expected = (seconds * float(fps))[:, None, None] * np.array([3.0, -2.0])
    np.testing.assert_allclose(
        resampled.positions, expected + np.arange(17)[:, None], atol=1e-5 * num_frames
    )
    assert (resampled.confidence > 0).all()


def test_going_down_in_rate_takes_noise_off_and_does_not_alias() -> None:
    keypoints = clip_at(Fraction(120), 400)
    flicker = 10.0 * (-1.0) ** (np.arange(400) // 2)
    noisy = replace(keypoints, positions=keypoints.positions + flicker[:, None, None])
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    apart = resample(noisy, timeline).positions - resample(keypoints, timeline).positions
    assert np.abs(apart[1:-2]).max() < 2.0


def test_going_down_in_rate_doubtful_frames_count_less() -> None:
    keypoints = clip_at(Fraction(60))
    confidence = keypoints.confidence.copy()
    confidence[101] = 0.01
    spoiled = keypoints.positions.copy()
    spoiled[101] += 100.0
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    resampled = resample(replace(keypoints, positions=spoiled, confidence=confidence), timeline)
    expected = resample(keypoints, timeline)
    assert np.abs(resampled.positions - expected.positions).max() < 4.0


@pytest.mark.parametrize("fps", RATES)
def test_nothing_is_interpolated_across_a_missing_stretch(fps: Fraction) -> None:
    keypoints = clip_at(fps)
    confidence = keypoints.confidence.copy()
    confidence[80:110, 3] = 0.0
    spoiled = keypoints.positions.copy()
    spoiled[80:110, 3] = 1e4
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    resampled = resample(replace(keypoints, positions=spoiled, confidence=confidence), timeline)
    place = timeline.model_position
    frames = np.arange(timeline.num_frames)
    is_inside = (frames > place[79]) & (frames < place[110])
    np.testing.assert_array_equal(resampled.confidence[is_inside, 3], 0.0)
    expected = resample(keypoints, timeline)
    assert (resampled.confidence[:, [2, 4]] > 0).all()
    np.testing.assert_allclose(resampled.positions[:, 4], expected.positions[:, 4])
    is_seen = resampled.confidence[:, 3] > 0
    assert np.abs(resampled.positions - expected.positions)[is_seen, 3].max() < 3.0


class TestVariableRate:
    def test_motion_is_read_at_the_frames_own_times(self) -> None:
        rng = np.random.default_rng(0)
        times = np.cumsum(rng.uniform(0.02, 0.05, 211))
        seconds = times[11:] - times[11]
        line = seconds[:, None, None] * np.array([100.0, 20.0]) + np.zeros((1, 17, 1))
        keypoints = keypoints_of(line, fps=Fraction(30), first_frame=11)
        timeline = make_timeline(keypoints, fps=MODEL_FPS, frame_times=times)
        resampled = resample(keypoints, timeline)
        expected = np.arange(timeline.num_frames - 1)[:, None, None] / 30 * np.array([100.0, 20.0])
        np.testing.assert_allclose(resampled.positions[:-1], expected + np.zeros((1, 17, 1)))
        back = resample_poses(
            poses_on(timeline, np.concatenate([resampled.positions] * 2, axis=-1)[..., :3]),
            timeline,
        )
        np.testing.assert_allclose(back.positions[:-2, :, :2], line[:-2], atol=1e-9)

    def test_a_long_pause_between_frames_is_bridged(self) -> None:
        times = np.concatenate([np.arange(60) / 120, 2.0 + np.arange(60) / 120])
        keypoints = keypoints_of(walk(120), fps=Fraction(60))
        timeline = make_timeline(keypoints, fps=MODEL_FPS, frame_times=times)
        resampled = resample(keypoints, timeline)
        assert np.isfinite(resampled.positions).all() and (resampled.confidence > 0).all()

    def test_evenly_spaced_again_it_has_the_same_timing(self) -> None:
        times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.05, 90))
        line = (times - times[0])[:, None, None] * np.ones((17, 3))
        poses = Poses3D(
            positions=line,
            depth_sigma=None,
            contact_probability=None,
            confidence=np.ones((90, 17)),
            frames=np.arange(90),
            fps=Fraction(30),
            person=1,
            space="world",
            skeleton=COCO_17,
        )
        even, contacts = space_evenly(poses, np.ones((90, 2), dtype=bool), times)
        assert len(contacts) == even.num_frames == round((times[-1] - times[0]) * 30) + 1
        expected = np.minimum(np.arange(even.num_frames) / 30, times[-1] - times[0])
        np.testing.assert_allclose(even.positions[:, 0, 0], expected)


class TestBadInput:
    def test_an_unknown_rate_is_told(self) -> None:
        with pytest.raises(LiftError, match="positive frame rates, found None to 30"):
            make_timeline(keypoints_of(walk(5), fps=None), fps=MODEL_FPS)

    def test_frames_with_gaps_are_told(self) -> None:
        keypoints = replace(keypoints_of(walk(3)), frames=np.array([0, 1, 5]))
        with pytest.raises(LiftError, match="found 3 frames with gaps; clean the keypoints first"):
            make_timeline(keypoints, fps=MODEL_FPS)

    @pytest.mark.parametrize(
        ("times", "message"),
        [
            (np.arange(5.0), "a time for frames 2 to 9, found 5 frame times"),
            (np.array([0, 1, 2, 3, 4, 4, 6, 7, 8, 9.0]), "found otherwise at frame 5"),
            (np.array([0, 1, 2, 3, 4, np.nan, 6, 7, 8, 9]), "found otherwise at frame 5"),
        ],
    )
    def test_frame_times_that_cannot_be_right_are_told(
        self, times: np.ndarray, message: str
    ) -> None:
        keypoints = keypoints_of(walk(8), first_frame=2)
        with pytest.raises(LiftError, match=message):
            make_timeline(keypoints, fps=MODEL_FPS, frame_times=times)

    def test_a_timeline_of_another_clip_is_told(self) -> None:
        timeline = make_timeline(clip_at(Fraction(60)), fps=MODEL_FPS)
        with pytest.raises(LiftError, match="expected the clip to have the timeline's 200 frames"):
            resample(clip_at(Fraction(60), 150), timeline)
        with pytest.raises(LiftError, match="expected the poses to have the timeline's 101 frames"):
            resample_poses(
                replace(poses_on(timeline, np.zeros((101, 17, 3))), frames=np.arange(101) + 1),
                timeline,
            )


def test_one_frame_is_enough() -> None:
    keypoints = keypoints_of(walk(1), fps=Fraction(24))
    timeline = make_timeline(keypoints, fps=MODEL_FPS)
    resampled = resample(keypoints, timeline)
    np.testing.assert_array_equal(resampled.positions, keypoints.positions)
    poses = poses_on(timeline, np.ones((1, 17, 3)))
    assert resample_poses(poses, timeline).positions.shape == (1, 17, 3)
