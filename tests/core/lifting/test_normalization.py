"""The network's input does not depend on the camera, the distance or the place in the image."""

from __future__ import annotations

import numpy as np
import pytest

from core.joint_sets import BODY_23
from core.lifting.normalization import normalize_rays


def person(num_frames=60, distance=6.0):
    """A body of 23 points that sways, in front of the camera: (T,23,3) m."""
    rng = np.random.default_rng(5)
    body = rng.normal(size=(1, 23, 3)) * [0.3, 0.6, 0.2]
    sway = 0.1 * np.sin(np.arange(num_frames) / 9)[:, None, None] * rng.normal(size=(1, 23, 3))
    return body + sway + [0.4, 0.1, distance]


def rays_of(points):
    return points[..., :2] / points[..., 2:]


def turn(points, axis, angle):
    axes = [0, 1, 2]
    axes.remove(axis)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = points.copy()
    first, second = points[..., axes[0]], points[..., axes[1]]
    turned[..., axes[0]], turned[..., axes[1]] = (
        cosine * first - sine * second,
        sine * first + cosine * second,
    )
    return turned


SEEN = np.ones((60, 23))


def test_turning_the_camera_sideways_changes_little():
    near_axis = normalize_rays(rays_of(person()), SEEN)
    aside = normalize_rays(rays_of(turn(person(), 1, 0.35)), SEEN)
    # A pan is undone by the virtual camera up to a small roll.
    assert np.abs(aside.features - near_axis.features).max() < 0.06
    without_undoing = np.abs(rays_of(turn(person(), 1, 0.35)) - rays_of(person())).max()
    assert without_undoing > 0.3


def test_scale_follows_the_distance():
    near, far = (normalize_rays(rays_of(person(distance=d)), SEEN).scale for d in (5.0, 10.0))
    assert np.median(near / far) == pytest.approx(2.0, rel=0.1)


def test_magnifying_the_image_changes_only_the_scale():
    small = normalize_rays(rays_of(person(distance=40.0)), SEEN)
    large = normalize_rays(rays_of(person(distance=40.0)) * 1.5, SEEN)
    assert np.allclose(small.features, large.features, atol=2e-3)
    assert np.allclose(large.scale, 1.5 * small.scale, rtol=2e-3)


def test_a_mirrored_clip_gives_mirrored_input():
    rays = rays_of(person())
    mirrored = rays[:, BODY_23.mirror] * [-1, 1]
    features = normalize_rays(rays, SEEN).features[:, BODY_23.mirror] * np.float32([-1, 1, 1, 1])
    assert np.allclose(normalize_rays(mirrored, SEEN).features, features, atol=1e-5)


def test_missing_joints_are_zero_and_do_not_leak():
    confidence = SEEN.copy()
    confidence[:, 9] = 0.0
    rays = rays_of(person())
    garbage = rays.copy()
    garbage[:, 9] = 77.0
    clean, dirty = normalize_rays(rays, confidence), normalize_rays(garbage, confidence)
    assert np.array_equal(clean.features, dirty.features)
    assert not clean.features[:, 9].any()
    assert np.array_equal(clean.rays, dirty.rays)


@pytest.mark.parametrize("num_frames", [1, 2, 300])
def test_any_length_and_a_clip_without_anyone_stay_finite(num_frames):
    rays = np.zeros((num_frames, 23, 2))
    normalized = normalize_rays(rays, np.zeros((num_frames, 23)))
    for array in (normalized.features, normalized.scale, normalized.rays, normalized.depth_reach):
        assert np.isfinite(array).all()


def t_pose(num_frames):
    """A body of mean proportions in T pose facing the camera, far away: (T,23,3) m."""
    side = {"shoulder": (0.18, -0.5), "elbow": (0.47, -0.5), "wrist": (0.73, -0.5)}
    side |= {"hip": (0.115, 0.0), "knee": (0.115, 0.415), "ankle": (0.115, 0.82)}
    points = np.zeros((num_frames, 23, 3))
    for part, (x, y) in side.items():
        points[:, BODY_23.index(f"left_{part}")] = [x, y, 0.0]
        points[:, BODY_23.index(f"right_{part}")] = [-x, y, 0.0]
    return points + [0.0, 0.0, 30.0]


def test_a_bone_that_points_at_the_camera_reaches_its_length():
    points = t_pose(200)
    elbow, wrist = BODY_23.indices("left_elbow", "left_wrist")
    points[100:, wrist] = points[100:, elbow] - [0.0, 0.0, 0.25]
    confidence = np.zeros((200, 23))
    confidence[:, 5:17] = 1.0
    reach = normalize_rays(rays_of(points), confidence).depth_reach[:, 13]
    assert reach[20] < 0.15
    assert reach[180] == pytest.approx(0.25, abs=0.05)


def test_batches_equal_single_clips():
    rays = np.stack([rays_of(person()), rays_of(person(distance=3.0))])
    both = normalize_rays(rays, np.stack([SEEN, SEEN]))
    second = normalize_rays(rays[1], SEEN)
    assert np.allclose(both.features[1], second.features, atol=1e-6)
