"""A body fitted frame by frame: where it is, of constant bones, steady, and held while unseen."""

from __future__ import annotations

import numpy as np
import pytest

from core.fit.body_stream import BodyStream
from core.fit.bone_lengths import bone_lengths_per_frame
from core.fit.evidence import RayEvidence
from core.fit.running_mean import RunningMean
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from tests.core.fit.bodies import random_bodies

STEP = 1 / 30
SIGMA = np.full(21, 0.05)
FAR = np.array([0.0, 0.0, 3.0])


def evidence_of(joints, confidence=1.0):
    return RayEvidence(joints[:, :2] / joints[:, 2:], np.full(21, float(confidence)))


def fit(joints, *, network=None, smooth=0.3):
    """(T,21,3) of true ``joints`` and what a network says of them."""
    body = BodyStream(smooth=smooth)
    network = joints if network is None else network
    return np.array(
        [
            body.push(said, SIGMA, evidence_of(true), seconds=STEP)
            for said, true in zip(network, joints, strict=True)
        ]
    )


def still(num_frames=60):
    return np.repeat(random_bodies(1), num_frames, axis=0)


def test_a_pose_at_a_wrong_distance_is_put_where_its_rays_say():
    joints = still()
    fitted = fit(joints, network=joints - joints[:, :1] + FAR)
    assert np.linalg.norm(fitted[-1] - joints[-1], axis=-1).max() < 0.05


def test_bones_are_of_one_length_and_become_those_of_the_person():
    joints = random_bodies(600)
    # A person with a forearm that is longer by a tenth, both sides alike.
    for wrist, elbow in (LIFTED_21.indices(f"{s}_wrist", f"{s}_elbow") for s in ("left", "right")):
        joints[:, wrist] = joints[:, elbow] + 1.1 * (joints[:, wrist] - joints[:, elbow])
    fitted = fit(joints)
    lengths = bone_lengths_per_frame(fitted, LIFTED_21.parents)
    assert np.abs(np.diff(lengths, axis=0))[60:].max() < 2e-4
    wrists = LIFTED_21.indices("left_wrist", "right_wrist")
    assert np.allclose(lengths[-1, wrists], 1.1 * mean_bone_lengths()[wrists], rtol=0.02)
    assert np.allclose(lengths[:, wrists[0]], lengths[:, wrists[1]])


def test_the_fit_knows_no_later_frame():
    joints = random_bodies(80)
    changed = joints.copy()
    changed[50:] += 0.3
    assert np.array_equal(fit(joints)[:50], fit(changed)[:50])


@pytest.mark.parametrize(("smooth", "least"), [(0.0, 0.4), (1.0, 0.12)])
def test_noise_is_smoothed_the_more_the_more_is_asked_for(smooth, least):
    rng = np.random.default_rng(0)
    joints = still(300)
    noisy = joints + 0.03 * rng.normal(size=joints.shape)
    fitted = fit(joints, network=noisy, smooth=smooth)
    jitter = [np.diff(one[60:] - one[60:, :1], n=2, axis=0).std() for one in (fitted, noisy)]
    assert jitter[0] < least * jitter[1]


def test_a_walker_is_followed_within_a_few_frames():
    joints = still(90) + np.arange(90)[:, None, None] * STEP * np.array([1.0, 0.0, 0.0])
    lag = (joints - fit(joints))[60:, 0, 0]
    assert lag.min() > 0 and lag.max() < 2 * STEP


def test_who_is_not_seen_is_held_and_led_over_without_a_jump():
    joints = still(90)
    joints[60:] += [0.4, 0.0, 0.0]
    body = BodyStream(smooth=0.3)
    fitted = []
    for frame in range(90):
        if 30 <= frame < 60:
            fitted.append(body.hold(seconds=STEP))
        else:
            fitted.append(body.push(joints[frame], SIGMA, evidence_of(joints[frame]), seconds=STEP))
    fitted = np.array(fitted)
    assert np.array_equal(fitted[30:60], np.repeat(fitted[29:30], 30, axis=0))
    # 0.4 m in a quarter of a second: no step is the whole way.
    assert np.linalg.norm(np.diff(fitted, axis=0), axis=-1)[29:].max() < 0.15
    assert np.linalg.norm(fitted[75] - joints[75], axis=-1).max() < 0.08


def test_before_anyone_was_seen_there_is_nothing_to_hold():
    assert BodyStream(smooth=0.3).hold(seconds=STEP) is None


def test_a_running_mean_is_the_mean_and_shrugs_off_an_outlier():
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(200, 2))
    mean = RunningMean(np.zeros(2), start_weight=1.0, limit=np.inf, horizon=np.inf)
    for sample in samples:
        mean.push(sample, 1.0)
    assert np.allclose(mean.value, samples.sum(axis=0) / 201)
    robust = RunningMean(np.zeros(2), start_weight=9.0, limit=0.1, horizon=np.inf)
    assert np.allclose(robust.push(np.array([1000.0, 0.0]), 1.0), [0.01, 0.0])


def test_what_weighs_nothing_leaves_a_running_mean_as_it_is():
    mean = RunningMean(np.array([2.0]), start_weight=0.0, limit=np.inf, horizon=10.0)
    assert mean.push(np.array([5.0]), 0.0) == [2.0]
    assert mean.push(np.array([5.0]), 1.0) == [5.0]


def test_a_running_mean_forgets_beyond_its_horizon():
    mean = RunningMean(np.zeros(1), start_weight=1.0, limit=np.inf, horizon=10.0)
    for value in [0.0] * 1000 + [1.0] * 40:
        mean.push(np.array([value]), 1.0)
    assert mean.value[0] > 0.95
