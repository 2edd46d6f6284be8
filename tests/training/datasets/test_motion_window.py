"""Windows of mocap play at the speed asked for, forwards or backwards, and rest beyond a clip's ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.datasets.made_up_clip import gliding_body, swaying_body
from training.datasets.bvh import BODY_POINTS, MocapClip
from training.datasets.motion_window import MocapWindows, MotionBatch, foot_contacts
from training.datasets.view_config import ViewConfig, plain_views


def at_speed(speed: float) -> ViewConfig:
    return replace(plain_views(), min_speed=speed, max_speed=speed)


def draw(
    *clips: MocapClip, config: ViewConfig, count: int = 200, num_frames: int = 40, seed: int = 0
) -> MotionBatch:
    windows = MocapWindows(list(clips))
    return windows.draw(count, num_frames, config, np.random.default_rng(seed))


def clip_seconds(motion: MotionBatch) -> np.ndarray:
    """(N,T) when in a gliding body's clip (1 m/s) each frame is."""
    return motion.bodies[:, :, 0, 1]


@pytest.mark.parametrize("speed", [0.25, 1.0, 3.0])
def test_a_window_plays_at_the_speed_asked_for(speed: float) -> None:
    seconds = clip_seconds(draw(gliding_body(1000), config=at_speed(speed)))
    assert np.allclose(np.diff(seconds, axis=1) * 30.0, speed, atol=2e-4)


def test_speeds_reach_from_a_quarter_to_four_times_and_most_are_near_the_true_one() -> None:
    config = ViewConfig(share_cut=0.0, share_reversed=0.0)
    seconds = clip_seconds(draw(gliding_body(4000), config=config, count=2000))
    speeds = (seconds[:, -1] - seconds[:, 0]) / (39 / 30)
    assert speeds.min() > 0.2499 and speeds.max() < 4.001
    assert speeds.min() < 0.28 and speeds.max() > 3.6
    is_far = (speeds < 0.5) | (speeds > 2.0)
    assert 0.2 < is_far.mean() < 0.3
    assert 0.45 < (speeds < 1).mean() < 0.55


def test_at_another_speed_the_same_motion_is_drawn() -> None:
    clips = [gliding_body(1000), gliding_body(700)]
    slow, fast = (
        clip_seconds(draw(*clips, config=at_speed(speed), num_frames=num_frames))
        for speed, num_frames in ((0.5, 81), (2.0, 21))
    )
    assert np.allclose(slow[:, ::4], fast, atol=1e-4)


def test_a_share_of_the_windows_plays_backwards_and_contacts_with_them() -> None:
    clip = gliding_body(1000, metres_per_s=1.0)
    lifted = clip.positions.copy()
    lifted[300:700, BODY_POINTS.indices("left_heel", "left_toe"), 2] += 0.3
    # Feet that keep up with a gliding body are not still: standing ones are.
    lifted[:, BODY_POINTS.indices("left_heel", "left_toe", "right_heel", "right_toe"), 1] = 0.0
    clip = MocapClip("lifted", "made-up", lifted, 60.0)
    motion = draw(clip, config=replace(at_speed(1.0), share_reversed=0.3), count=1000)
    seconds = clip_seconds(motion)
    is_reversed = seconds[:, -1] < seconds[:, 0]
    assert 0.25 < is_reversed.mean() < 0.35
    assert np.allclose(np.abs(np.diff(seconds, axis=1)), 1 / 30, atol=1e-4)
    truth = foot_contacts(clip)
    is_sure = (np.abs(seconds * 60 - 300) > 3) & (np.abs(seconds * 60 - 700) > 3)
    expected = truth[np.round(seconds * 60).astype(int)]
    assert (motion.contacts == expected)[is_sure].all()
    assert 0.1 < motion.contacts[is_reversed, :, 0].mean() < 0.9


def test_in_a_share_of_the_windows_the_clip_begins_or_ends_inside() -> None:
    config = replace(at_speed(1.0), share_cut=0.4)
    motion = draw(gliding_body(1000), config=config, count=2000)
    seconds = clip_seconds(motion)
    rests = np.abs(np.diff(seconds, axis=1)) < 1e-6
    begins, ends = rests[:, 0], rests[:, -1]
    # An edge that falls between the window's first two frames leaves nothing to hold.
    assert 0.15 < begins.mean() < 0.22 and 0.15 < ends.mean() < 0.22
    assert not (begins & ends).any()
    assert (rests.sum(axis=1) <= 40 / 3).all()
    assert np.allclose(seconds[begins, 0], 0.0, atol=1 / 30)
    assert np.allclose(seconds[ends, -1], 999 / 60, atol=1 / 30)
    shown = np.take_along_axis(seconds, motion.frames, axis=1)
    assert np.array_equal(shown, seconds)
    assert np.array_equal((motion.frames != np.arange(40)).any(axis=1), rests.any(axis=1))


def test_clips_that_fill_less_than_half_of_a_window_give_way_to_longer_ones() -> None:
    short, long = gliding_body(30), gliding_body(1000, metres_per_s=0.0)
    both = draw(short, long, config=at_speed(1.0), num_frames=40)
    assert not np.ptp(clip_seconds(both), axis=1).any()
    # Alone, a short one is shown with rests at its ends.
    alone = clip_seconds(draw(short, config=at_speed(1.0), num_frames=40))
    assert np.allclose(alone[:, 0], 0, atol=0.04) and np.allclose(alone[:, -1], 29 / 60, atol=0.04)
    rests = np.diff(alone, axis=1) < 1e-6
    assert rests[:, [0, -1]].all() and 20 < rests[0].sum() < 28


def test_clips_count_by_their_length_and_weight() -> None:
    clips = [gliding_body(600, metres_per_s=speed) for speed in (0.0, 1.0)]
    clips.append(gliding_body(300, metres_per_s=2.0))
    windows = MocapWindows(clips, np.array([0.5, 1.0, 2.0]))
    motion = windows.draw(3000, 20, at_speed(1.0), np.random.default_rng(0))
    travelled = np.ptp(clip_seconds(motion), axis=1) / (19 / 30)
    shares = [np.isclose(travelled, speed, atol=0.01).mean() for speed in (0.0, 1.0, 2.0)]
    assert np.allclose(shares, [0.2, 0.4, 0.4], atol=0.03)
    assert windows.seconds == 25.0


def test_still_low_feet_are_in_contact_and_lifted_ones_are_not() -> None:
    clip = swaying_body()
    assert foot_contacts(clip).all()
    raised = clip.positions.copy()
    raised[50:100, BODY_POINTS.indices("left_heel", "left_toe"), 2] += 0.3
    contacts = foot_contacts(MocapClip("raised", "made-up", raised, 60.0))
    assert not contacts[55:95, 0].any() and contacts[:, 1].all()
