"""A causal network's input knows no later frame, and is the same frame by frame as of a whole clip."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from core.geometry.camera import pixels_to_rays
from core.lifting.normalization import NormalizedRays, normalize_rays, normalize_through
from core.lifting.window import PAST_SCALE_FRAMES, UNMEASURED_SCALE
from core.lifting.window_stream import StreamWindow
from tests.core.walker import walk

NAMES = [field.name for field in fields(NormalizedRays)]


def messy_clip(num_frames=300, seed=0):
    """Someone who wanders, with joints, bodies and whole stretches missing, at the start too."""
    rng = np.random.default_rng(seed)
    wander = np.cumsum(rng.normal(size=(num_frames, 1, 2)) * 0.01, axis=0)
    growth = np.exp(np.cumsum(rng.normal(size=(num_frames, 1, 1)) * 0.02, axis=0))
    rays = 0.1 * rng.normal(size=(num_frames, 23, 2)) * growth + wander
    confidence = rng.random((num_frames, 23)) * (rng.random((num_frames, 23)) > 0.3)
    confidence[:7] = 0.0
    # A face alone has a place, but no size.
    confidence[7:12, 5:] = 0.0
    confidence[100:140] = 0.0
    return rays, confidence


def one_by_one(rays, confidence):
    window = StreamWindow()
    return [
        normalize_through(rays[frame : frame + 1], confidence[frame : frame + 1], window)
        for frame in range(len(rays))
    ]


@pytest.mark.parametrize("frame", [0, 3, 9, 50, 120, 200, 298])
def test_no_frame_changes_with_what_comes_after_it(frame):
    rays, confidence = messy_clip()
    other_rays, other_confidence = messy_clip(seed=1)
    other_rays[: frame + 1], other_confidence[: frame + 1] = (
        rays[: frame + 1],
        confidence[: frame + 1],
    )
    expected = normalize_rays(rays, confidence, is_causal=True)
    found = normalize_rays(other_rays, other_confidence, is_causal=True)
    for name in NAMES:
        before, after = getattr(expected, name), getattr(found, name)
        assert np.array_equal(before[: frame + 1], after[: frame + 1]), name
    assert not np.array_equal(expected.features[frame + 1 :], found.features[frame + 1 :])
    symmetric = [
        normalize_rays(*clip).scale for clip in ((rays, confidence), (other_rays, other_confidence))
    ]
    assert not np.array_equal(*(scale[: frame + 1] for scale in symmetric))


@pytest.mark.parametrize("seed", range(3))
def test_frame_by_frame_gives_the_numbers_of_the_whole_clip(seed):
    rays, confidence = messy_clip(seed=seed)
    expected = normalize_rays(rays, confidence, is_causal=True)
    found = one_by_one(rays, confidence)
    for name in NAMES:
        streamed = np.concatenate([getattr(frame, name) for frame in found])
        assert streamed.dtype == getattr(expected, name).dtype
        assert np.allclose(streamed, getattr(expected, name), rtol=1e-12, atol=1e-12), name


def test_batches_equal_single_clips():
    clips = [messy_clip(seed=seed) for seed in range(3)]
    # Windows of a batch begin to be known at different frames.
    clips[1][1][:40] = 0.0
    together = normalize_rays(
        *(np.stack(part) for part in zip(*clips, strict=True)), is_causal=True
    )
    for row, (rays, confidence) in enumerate(clips):
        alone = normalize_rays(rays, confidence, is_causal=True)
        for name in NAMES:
            assert np.allclose(getattr(together, name)[row], getattr(alone, name), atol=1e-12), name


def test_before_anyone_is_measured_they_are_taken_to_be_a_few_metres_away():
    rays, confidence = messy_clip()
    normalized = normalize_rays(rays, confidence, is_causal=True)
    assert (normalized.scale[:12] == UNMEASURED_SCALE).all()
    assert normalized.scale[13] != UNMEASURED_SCALE
    assert np.abs(normalized.features[..., :2]).max() < 50
    nobody = normalize_rays(rays, 0 * confidence, is_causal=True)
    assert all(np.isfinite(getattr(nobody, name)).all() for name in NAMES)


def test_a_gap_holds_what_was_known_before_it():
    rays, confidence = messy_clip()
    normalized = normalize_rays(rays, confidence, is_causal=True)
    # Windows are full of the last value once the gap is as long as they are.
    held = normalized.scale[100 + PAST_SCALE_FRAMES + 7 : 140]
    assert len(held) and np.ptp(held) < 1e-12
    assert np.ptp(normalized.rotation[110:140], axis=0).max() < 1e-12


def standing_still(num_frames=200):
    """Rays and confidence of someone who marks time, and the distance of their pelvis (T,)."""
    walked = walk(num_frames, speed=0.0)
    rays = pixels_to_rays(walked.keypoints[..., :2], walked.camera)
    return rays, walked.keypoints[..., 2], walked.joints_camera[:, 0, 2]


def test_someone_who_stays_is_measured_as_by_the_symmetric_window():
    rays, confidence, distance = standing_still()
    causal = normalize_rays(rays, confidence, is_causal=True)
    symmetric = normalize_rays(rays, confidence)
    assert np.allclose(causal.scale[100:], symmetric.scale[100:], rtol=0.05)
    assert np.allclose(1 / causal.scale, distance, rtol=0.15)


def test_the_ruler_follows_someone_who_comes_nearer():
    rays, confidence, distance = standing_still()
    nearer = np.linspace(1.0, 0.5, 200)
    causal = normalize_rays(rays / nearer[:, None, None], confidence, is_causal=True)
    still = normalize_rays(rays, confidence, is_causal=True)
    # Two thirds of a second behind at most: 20 of the 200 frames.
    lag = 1 / causal.scale - nearer / still.scale
    assert (lag[60:] / distance[60:] < 20 * 0.5 / 200).all()
    assert lag[60:].mean() > 0
