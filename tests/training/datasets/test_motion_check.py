"""Broken motion is found and named; fast, slow and idle people are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import LIFTED_21
from tests.shared_data import shared_data
from tests.training.datasets.made_up_clip import gliding_body, swaying_body
from training.datasets.bvh import BODY_POINTS, load_mocap_clip
from training.datasets.motion_check import find_sound_stretch


def moving(num_frames: int = 200) -> np.ndarray:
    return swaying_body(num_frames).positions.astype(float)


def sound(positions: np.ndarray, fps: float = 60.0) -> tuple[int, int]:
    found = find_sound_stretch(positions, fps, "clip.bvh")
    return found.start, found.stop


def turn_forearm(positions: np.ndarray, frames: slice, angle_deg: float) -> np.ndarray:
    """The left forearm, hanging, raised by an angle."""
    elbow, wrist = BODY_POINTS.indices("left_elbow", "left_wrist")
    turned = positions.copy()
    bone = positions[frames, wrist] - positions[frames, elbow]
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    turned[frames, wrist] = positions[frames, elbow] + bone @ turn.T
    return turned


def test_sound_motion_is_kept_whole() -> None:
    assert sound(moving()) == (0, 200)
    assert sound(moving(2)) == (0, 2)
    assert sound(gliding_body(100, metres_per_s=9.0).positions) == (0, 100)


def test_a_person_who_hardly_moves_is_idle_not_broken() -> None:
    still = np.repeat(moving(1), 100, axis=0)
    still[..., 0] += 0.002 * np.sin(np.arange(100) / 30)[:, None]
    assert sound(still) == (0, 100)


@pytest.mark.parametrize("height", [0.0, 1.0])
def test_a_clip_in_which_nothing_moves_is_refused(height: float) -> None:
    with pytest.raises(InputFormatError, match=r"clip\.bvh: .*nothing moves in its 50 frames"):
        sound(np.full((50, 27, 3), height))


def test_a_position_that_is_not_a_number_is_refused_with_its_frame() -> None:
    positions = moving()
    positions[31, 5, 2] = np.nan
    with pytest.raises(InputFormatError, match="position of frame 31 is not a number"):
        sound(positions)


@pytest.mark.parametrize(("frame", "expected"), [(1, (1, 200)), (150, (0, 150)), (60, (60, 200))])
def test_a_leap_between_two_frames_ends_the_sound_stretch(
    frame: int, expected: tuple[int, int]
) -> None:
    positions = moving()
    positions[frame:] += [0.0, 0.5, 0.0]
    assert sound(positions) == expected


def test_a_flip_of_a_limb_ends_the_sound_stretch() -> None:
    assert sound(turn_forearm(moving(), slice(0, 30), 130)) == (30, 200)
    # For a single frame: what is before it or after it, not both.
    assert sound(turn_forearm(moving(), slice(150, 151), 130)) == (0, 150)


def test_a_fast_limb_is_no_flip() -> None:
    positions = moving()
    for frame in range(60, 66):
        positions = turn_forearm(positions, slice(frame, frame + 1), 50 * (frame - 59))
    positions = turn_forearm(positions, slice(66, 200), 300)
    assert sound(positions) == (0, 200)


def test_a_slow_recording_may_turn_a_limb_far_in_a_frame() -> None:
    punch = turn_forearm(moving(), slice(100, 200), 110)
    assert sound(punch, fps=60.0) == (0, 100)
    assert sound(punch, fps=16.0) == (0, 200)


def test_feet_and_faces_may_flip() -> None:
    positions = moving()
    joints = [j for j, n in enumerate(LIFTED_21.joint_names) if n.endswith(("toe", "heel", "head"))]
    positions[100:, joints] += [0.0, 0.4, 0.2]
    assert sound(positions) == (0, 200)


def test_many_breaks_refuse_the_clip_and_are_counted() -> None:
    positions = moving()
    for frame in range(20, 200, 20):
        positions[frame:, :, 1] += 0.5
    with pytest.raises(
        InputFormatError,
        match=r"clip\.bvh: broken motion: 9 jumps or flips, the first after frame 19, "
        "leave no more than 20 of 200 frames",
    ):
        sound(positions)


def test_a_rest_pose_before_the_motion_is_cut_off_a_file() -> None:
    clip = load_mocap_clip(shared_data("mocap/dance_martial/salsa_01.bvh"))
    assert clip.num_cut_frames == 1 and len(clip.positions) == 2242


def test_a_file_with_flipping_legs_is_refused() -> None:
    path = shared_data("mocap/dance_martial/indian_07.bvh")
    with pytest.raises(
        InputFormatError, match=r"indian_07\.bvh: broken motion: \d+ jumps or flips"
    ):
        load_mocap_clip(path)
