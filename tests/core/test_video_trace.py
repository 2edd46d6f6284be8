"""What the video shows of a person: kept small, to a fraction of a pixel, a row for each lifted frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.joint_sets import BODY_23, COCO_17, LIFTED_21
from core.pipeline import LiftSettings, lift_clip
from core.types import Keypoints2D
from core.video_trace import VideoTrace, pack_trace, trace_of, unpack_trace

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam" / "cam01_json"
SIZE = (1920, 1080)


def a_trace(num_frames: int = 50) -> VideoTrace:
    """People moving about and beyond the picture."""
    rng = np.random.default_rng(0)
    return VideoTrace(
        seen=np.cumsum(rng.normal(0, 6, (num_frames, BODY_23.num_joints, 2)), axis=0) + 900,
        confidence=rng.uniform(0, 1, (num_frames, BODY_23.num_joints)),
        solved=np.cumsum(rng.normal(0, 6, (num_frames, LIFTED_21.num_joints, 2)), axis=0) - 100,
        image_size=SIZE,
    )


def test_what_is_packed_comes_back_to_a_fraction_of_a_pixel() -> None:
    trace = a_trace()
    packed = pack_trace(trace)
    found = unpack_trace(packed)
    half_step_px = max(SIZE) / 8192 / 2
    np.testing.assert_allclose(found.seen, trace.seen, atol=half_step_px + 1e-6)
    np.testing.assert_allclose(found.solved, trace.solved, atol=half_step_px + 1e-6)
    np.testing.assert_allclose(found.confidence, trace.confidence, atol=0.5 / 255 + 1e-9)
    assert (packed.num_frames, found.image_size) == (50, SIZE)


def test_points_far_outside_the_picture_stay_at_its_reach() -> None:
    far = replace(a_trace(), solved=np.full((50, LIFTED_21.num_joints, 2), 1e9))
    assert (unpack_trace(pack_trace(far)).solved > 3 * SIZE[0]).all()


def test_rows_are_those_of_the_motion_and_unseen_frames_are_empty() -> None:
    [lifted] = lift_clip(
        BEAM, person=1, settings=LiftSettings(fps=Fraction(60)), progress=lambda _, __: None
    )
    frames = lifted.motion.frames[10:15]
    seen = Keypoints2D(
        positions=np.arange(5 * 17 * 2, dtype=float).reshape(5, 17, 2),
        confidence=np.ones((5, 17)),
        frames=frames,
        image_size=SIZE,
        fps=Fraction(30),
        person=1,
        skeleton=COCO_17,
    )
    trace = trace_of(replace(lifted, keypoints=seen))
    assert len(trace.seen) == len(trace.solved) == lifted.motion.num_frames
    assert trace.confidence.any(axis=1).nonzero()[0].tolist() == [10, 11, 12, 13, 14]
    np.testing.assert_array_equal(trace.seen[10:15, :17], seen.positions)
    assert not trace.confidence[:, 17:].any()
