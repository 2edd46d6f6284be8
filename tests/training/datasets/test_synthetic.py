"""Synthetic views of mocap are what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.joint_sets import LIFTED_21
from tests.training.datasets.made_up_clip import gliding_body, swaying_body
from training.datasets.motion_window import MocapWindows
from training.datasets.synthetic import ViewBatch, draw_views
from training.datasets.view_config import ViewConfig, plain_views

NAMES = ("rays", "confidence", "targets", "gravity", "contacts")
QUIET = replace(plain_views(), joint_offset=0.0, detector="perfect")


def draw(config: ViewConfig, *, count: int = 32, num_frames: int = 40, seed: int = 0) -> ViewBatch:
    windows = MocapWindows([swaying_body(), gliding_body(400)])
    return draw_views(windows, count, num_frames, config, np.random.default_rng(seed))


def test_views_are_deterministic_from_their_seed() -> None:
    first, second, other = (draw(ViewConfig(), count=64, seed=seed) for seed in (3, 3, 4))
    for name in NAMES:
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
        assert np.isfinite(getattr(first, name)).all(), name
    assert not np.array_equal(first.rays, other.rays)


def test_shapes_are_those_of_windows_frames_and_joints() -> None:
    views = draw(ViewConfig(), count=3, num_frames=20)
    shapes = [getattr(views, name).shape for name in NAMES]
    assert shapes == [(3, 20, 23, 2), (3, 20, 23), (3, 20, 21, 3), (3, 20, 3), (3, 20, 2)]


def test_without_noise_the_rays_are_the_targets_rays() -> None:
    views = draw(replace(QUIET, share_moving_camera=0.5), count=64)
    wrist_in, wrist_out = 9, LIFTED_21.index("left_wrist")
    target = views.targets[:, :, wrist_out]
    off = np.linalg.norm(views.rays[:, :, wrist_in] - target[..., :2] / target[..., 2:], axis=-1)
    assert off.max() < 1e-5
    assert (views.targets[..., 2] > 0).all()


def test_gravity_points_from_head_to_feet_in_every_frame_of_a_moving_camera() -> None:
    views = draw(replace(QUIET, share_moving_camera=1.0))
    feet = views.targets[:, :, LIFTED_21.indices("left_ankle", "right_ankle")].mean(axis=2)
    down = feet - views.targets[:, :, LIFTED_21.index("thorax")]
    down = down / np.linalg.norm(down, axis=-1, keepdims=True)
    # It sways by 6 degrees.
    assert (np.sum(down * views.gravity, axis=-1) > np.cos(np.radians(7))).all()
    assert np.allclose(np.linalg.norm(views.gravity, axis=-1), 1, atol=1e-6)
    assert np.abs(np.diff(views.gravity, axis=1)).max(axis=(1, 2)).min() > 0


def test_a_stiff_body_stays_the_same_to_a_moving_camera_up_to_its_pose() -> None:
    windows = MocapWindows([gliding_body(400, metres_per_s=0.5)])
    config = replace(QUIET, share_moving_camera=1.0)
    targets = draw_views(windows, 32, 40, config, np.random.default_rng(0)).targets
    distances = np.linalg.norm(targets[:, :, :, None] - targets[:, :, None], axis=-1)
    assert np.abs(distances - distances[:, :1]).max() < 1e-4
    assert np.ptp(targets, axis=1).max(axis=(1, 2)).min() > 1e-3


def test_mirrored_windows_swap_their_contacts() -> None:
    raised = swaying_body()
    raised.positions[:, [17, 18], 2] += 0.3
    assert LIFTED_21.joint_names[17:19] == ("left_heel", "left_toe")
    raised.positions[100:, [17, 18], 2] -= 0.3
    views = draw_views(MocapWindows([raised]), 64, 40, QUIET, np.random.default_rng(0))
    # The lifted foot is the one that is not in contact, whichever side it came out on.
    along = np.einsum("ntpi,nti->ntp", views.targets, views.gravity)
    left_heel, right_heel = LIFTED_21.indices("left_heel", "right_heel")
    higher_left = along[..., left_heel] < along[..., right_heel] - 0.2
    higher_right = along[..., right_heel] < along[..., left_heel] - 0.2
    assert higher_left.any() and higher_right.any()
    assert not views.contacts[..., 0][higher_left].any()
    assert not views.contacts[..., 1][higher_right].any()


def test_beyond_a_clips_end_all_is_held_the_detectors_noise_too() -> None:
    config = replace(ViewConfig(), share_cut=1.0, min_speed=1.0, max_speed=1.0)
    windows = MocapWindows([gliding_body(600)])
    views = draw_views(windows, 64, 60, config, np.random.default_rng(0))
    is_held = (np.diff(views.targets, axis=1) == 0).all(axis=(2, 3))
    assert (is_held.sum(axis=1) > 2).mean() > 0.8
    for name in NAMES:
        steps = np.diff(getattr(views, name), axis=1).reshape(*is_held.shape, -1)
        assert not steps[is_held].any(), name
    rays = np.diff(views.rays, axis=1).reshape(*is_held.shape, -1)
    assert rays[~is_held].any(axis=-1).all()


def test_plain_views_show_everything_at_true_speed_to_cameras_that_stand_still() -> None:
    views = draw(plain_views(), count=100)
    assert (views.confidence > 0).all()
    assert not np.ptp(views.gravity, axis=1).any()
    windows = MocapWindows([gliding_body(400)])
    targets = draw_views(windows, 8, 30, plain_views(), np.random.default_rng(0)).targets
    speed = np.linalg.norm(np.diff(targets[:, :, 0], axis=1), axis=-1) * 30
    # As far as the legs are longer or shorter than the mean.
    assert np.allclose(speed, speed[:, :1], atol=1e-2) and np.allclose(speed, 1, atol=0.3)


def test_a_share_of_the_detectors_tells_no_confidence() -> None:
    config = replace(plain_views(), share_without_confidence=0.3, share_dropped=0.05)
    confidence = draw(config, count=400).confidence
    is_plain = np.isin(confidence, [0.0, 1.0]).all(axis=(1, 2))
    assert 0.25 < is_plain.mean() < 0.35


def test_a_share_of_the_lenses_is_taken_for_others() -> None:
    right, mixed = (
        draw(replace(QUIET, share_wrong_focal_length=share), count=400) for share in (0.0, 0.3)
    )
    stretch = np.median(mixed.rays / right.rays, axis=(1, 2, 3))
    is_wrong = np.abs(stretch - 1) > 1e-4
    assert 0.25 < is_wrong.mean() < 0.35
    assert np.allclose(mixed.rays, right.rays * stretch[:, None, None, None], rtol=1e-3, atol=1e-6)
    assert 0.15 < np.log(stretch[is_wrong]).std() < 0.35
