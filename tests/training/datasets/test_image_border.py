"""Joints outside the image are not reported, or unsurely on its border; those inside as they were."""

from __future__ import annotations

import numpy as np
import pytest

from core.joint_sets import BODY_23
from tests.training.datasets.made_up_clip import swaying_body
from training.datasets.bvh import BODY_POINTS, point_name
from training.datasets.image_border import crop, frame_upper_body

NAMES = BODY_23.joint_names
LEGS = [j for j, name in enumerate(NAMES) if name.split("_", 1)[-1] in ("knee", "ankle", "heel")]


def standing(count: int = 300, *, num_frames: int = 40) -> np.ndarray:
    """(N,T,23,2) rays of a person 4 m away, seen from the front."""
    points = swaying_body(num_frames).positions
    joints = BODY_POINTS.indices(*map(point_name, NAMES))
    rays = np.stack([points[:, joints, 0], 1.0 - points[:, joints, 2]], axis=-1) / 4
    return np.repeat(rays[None].astype(float), count, axis=0)


def test_a_cropped_person_reaches_out_of_one_side_of_the_image() -> None:
    rays = standing()
    seen, factors = crop(rays, np.random.default_rng(0))
    assert np.array_equal(seen[factors == 1], rays[factors == 1])
    is_out = factors < 1
    assert is_out.any(axis=(1, 2)).mean() > 0.95
    assert not is_out.all(axis=2).any()
    moved = (seen - rays)[is_out]
    # Up or left or right or down, back onto the border.
    assert (np.abs(moved) > 0).any(axis=-1).all() and (np.abs(moved) > 0).sum() == len(moved)
    assert set(np.sign(moved).astype(int).sum(axis=-1)) == {-1, 1}


def test_joints_far_outside_are_missing_and_those_near_the_border_are_unsure() -> None:
    rays = standing()
    seen, factors = crop(rays, np.random.default_rng(1))
    height = np.ptp(rays[..., 1], axis=-1).mean()
    outside = np.abs(seen - rays).max(axis=-1) / height
    is_out = outside > 0
    assert not factors[outside > 0.5].any()
    near = is_out & (outside < 0.01)
    assert 0.6 < (factors[near] > 0).mean() < 1
    farther = is_out & (outside > 0.1)
    assert (factors[farther] > 0).mean() < 0.2
    unsure = factors[is_out & (factors > 0)]
    assert unsure.min() >= 0.15 and unsure.max() <= 0.5


def test_a_close_up_shows_the_upper_body_and_nothing_below() -> None:
    rays = standing()
    during = np.ones(rays.shape[:2], dtype=bool)
    _, factors = frame_upper_body(rays, during, 30.0, np.random.default_rng(2))
    shoulders = BODY_23.indices("left_shoulder", "right_shoulder")
    assert (factors[..., [*range(5), *shoulders]] == 1).all()
    assert (factors[..., LEGS] < 1).all() and (factors[..., LEGS] > 0).mean() < 0.03
    hips = (factors[..., BODY_23.indices("left_hip")] == 1).any(axis=(1, 2))
    # About half are cut at the waist, some of these just above the hips.
    assert 0.2 < hips.mean() < 0.5


@pytest.mark.parametrize("is_raised", [False, True])
def test_a_close_up_rarely_shows_a_hanging_hand_and_always_a_raised_one(is_raised: bool) -> None:
    rays = standing()
    wrist, elbow = BODY_23.indices("left_wrist", "left_elbow")
    if is_raised:
        rays[:, :, [wrist, elbow], 1] = rays[:, :, :1, 1]
    during = np.ones(rays.shape[:2], dtype=bool)
    _, factors = frame_upper_body(rays, during, 30.0, np.random.default_rng(3))
    assert (factors[..., wrist] == 1).mean() == (1.0 if is_raised else pytest.approx(0.2, abs=0.08))


def test_a_close_up_lasts_as_long_as_it_was_asked_to() -> None:
    rays = standing(40)
    during = np.zeros(rays.shape[:2], dtype=bool)
    during[:, 10:25] = True
    seen, factors = frame_upper_body(rays, during, 30.0, np.random.default_rng(4))
    assert (factors[~during] == 1).all() and np.array_equal(seen[~during], rays[~during])
    assert (factors[during][:, LEGS] < 1).all()
