"""Motion resampled to a scene's rate."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from lift_video_to_3d.addon.motion import resample_motion
from round_trip import example_motion


def test_same_rate_is_the_same_motion() -> None:
    motion = example_motion(fps=Fraction(30000, 1001))
    assert resample_motion(motion, Fraction(30000, 1001)) is motion


@pytest.mark.parametrize("fps", [Fraction(60), Fraction(10), Fraction(24), Fraction(30000, 1001)])
def test_length_in_seconds_stays(fps: Fraction) -> None:
    motion = example_motion(num_frames=61, fps=Fraction(30))
    resampled = resample_motion(motion, fps)
    lost = Fraction(60, 30) - (resampled.num_frames - 1) / fps
    assert 0 <= lost < 1 / fps
    assert resampled.fps == fps


def test_half_the_rate_takes_every_second_frame() -> None:
    motion = example_motion(num_frames=61, fps=Fraction(60))
    halved = resample_motion(motion, Fraction(30))
    np.testing.assert_allclose(halved.rotations, motion.rotations[::2], atol=1e-12)
    np.testing.assert_allclose(halved.root_position, motion.root_position[::2], atol=1e-12)
    np.testing.assert_array_equal(halved.frames, motion.frames[::2])


def test_there_and_back_is_the_same_motion() -> None:
    motion = example_motion(num_frames=61, fps=Fraction(30))
    back = resample_motion(resample_motion(motion, Fraction(120)), Fraction(30))
    np.testing.assert_allclose(back.rotations, motion.rotations, atol=1e-9)
    np.testing.assert_allclose(back.root_position, motion.root_position, atol=1e-12)


def test_resampling_leaves_its_input_alone() -> None:
    motion = example_motion(num_frames=61, fps=Fraction(30))
    before = motion.root_position.copy()
    resample_motion(motion, Fraction(24))
    np.testing.assert_array_equal(motion.root_position, before)


def test_one_frame_stays_one_frame() -> None:
    assert resample_motion(example_motion(num_frames=1), Fraction(24)).num_frames == 1


def test_placed_bones_are_resampled_as_the_root_is() -> None:
    motion = example_motion(num_frames=61, fps=Fraction(60))
    placed = replace(motion, placed={2: motion.root_position + np.array([0.0, 1.0, 2.0])})
    resampled = resample_motion(placed, Fraction(25))
    expected = resampled.root_position + np.array([0.0, 1.0, 2.0])
    np.testing.assert_allclose(resampled.placed[2], expected, atol=1e-12)
