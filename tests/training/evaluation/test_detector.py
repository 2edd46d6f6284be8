"""The detector on the real videos: what the issue asks of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from core.joint_sets import BLAZEPOSE_33
from core.types import Keypoints2D
from core.video_people import find_video_people
from tests.shared_data import shared_data
from training.evaluation.detector import evaluate_videos, measure_following
from training.evaluation.real import ALL_CAMERAS, pooled_rows

pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")


def test_lifted_videos_are_within_80_mm() -> None:
    views = evaluate_videos(shared_data("real"))
    [row] = [row for row in pooled_rows(views) if row.camera_name == ALL_CAMERAS]
    assert row.num_frames == 200
    assert row.p_mpjpe_mm < 80


def test_both_people_are_found_and_followed() -> None:
    detections, _ = find_video_people(shared_data("real") / "pose2sim_multi" / "cam01.mp4")
    ids, counts = np.unique(detections.track_ids, return_counts=True)
    assert len(ids) == 2 and (counts >= 95).all()


def test_following_is_a_share_and_the_largest_step() -> None:
    """Two heights to the right at once, over two frames."""
    body = np.random.default_rng(0).uniform(0, 50, (33, 2))
    body[BLAZEPOSE_33.index("nose")] = 0
    joints = BLAZEPOSE_33.indices("left_shoulder", "left_ankle")
    body[:, 1] = np.clip(body[:, 1], 10, 40)
    body[joints, 1] = (10, 40)
    positions = body + np.array([0, 0, 60, 60])[:, None, None] * [1, 0]
    person = Keypoints2D(
        positions=positions,
        confidence=np.ones((4, 33)),
        frames=np.array([0, 1, 3, 4]),
        image_size=None,
        fps=Fraction(30),
        person=2,
        skeleton=BLAZEPOSE_33,
    )
    followed = measure_following(person, num_frames=8)
    assert (followed.person, followed.share) == (2, 0.5)
    assert followed.largest_step == pytest.approx(1.0)
