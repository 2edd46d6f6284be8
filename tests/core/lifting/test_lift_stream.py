"""Lifting frame by frame is lifting the clip, and a causal network's poses know no later frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry.camera import pixels_to_rays
from core.joint_sets import BODY_23
from core.lifting.lift import lift
from core.lifting.lift_stream import LiftStream
from core.types import Keypoints2D
from tests.core.lifting.small_network import random_weights, ray_config
from tests.core.walker import IMAGE_SIZE, walk


def keypoints_of(walked, *, hidden=slice(0)):
    confidence = walked.keypoints[..., 2].copy()
    confidence[hidden] = 0.0
    return Keypoints2D(
        positions=walked.keypoints[..., :2],
        confidence=confidence,
        frames=np.arange(len(confidence)),
        image_size=IMAGE_SIZE,
        fps=Fraction(30),
        person=1,
        skeleton=BODY_23,
    )


def test_the_poses_are_those_of_the_clip():
    walked = walk(120)
    weights = random_weights(ray_config())
    keypoints = keypoints_of(walked, hidden=slice(50, 60))
    expected = lift(keypoints, walked.camera, weights, use_flip=False)
    stream = LiftStream(weights)
    rays = pixels_to_rays(keypoints.positions, walked.camera)
    found = [stream.push(*frame) for frame in zip(rays, keypoints.confidence, strict=True)]
    positions, sigma, contact, gravity = map(np.concatenate, zip(*found, strict=True))
    assert np.ptp(expected.poses.positions, axis=0).max() > 0.5
    assert np.abs(positions - expected.poses.positions).max() < 1e-5
    assert np.abs(sigma - expected.poses.depth_sigma).max() < 1e-5
    assert np.abs(contact - expected.poses.contact_probability).max() < 1e-5
    assert np.abs(gravity - expected.gravity).max() < 1e-5


@pytest.mark.parametrize("causal", [True, False])
def test_only_a_symmetric_networks_pose_depends_on_later_frames(causal):
    walked, weights = walk(120), random_weights(ray_config(causal=causal))
    keypoints = keypoints_of(walked)
    positions = keypoints.positions.copy()
    positions[80:] += 200.0
    plain, changed = (
        lift(one, walked.camera, weights).poses.positions[:80]
        for one in (keypoints, replace(keypoints, positions=positions))
    )
    assert np.array_equal(plain, changed) == causal


def test_a_symmetric_model_is_refused_by_the_name_of_the_right_one():
    weights = random_weights(ray_config(causal=False, filter_widths=(3, 3, 3, 3), channels=4))
    message = (
        "expected a causal model, such as core/weights/causal.npz, found a symmetric one, which"
    )
    with pytest.raises(LiftError, match=f"{message} waits for 40 later frames"):
        LiftStream(weights)


def test_a_model_of_image_coordinates_is_refused():
    weights = random_weights(ray_config(normalization="image", channels=4))
    with pytest.raises(LiftError, match="reads rays, found 'image' coordinates"):
        LiftStream(weights)
