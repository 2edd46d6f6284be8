"""Synthetic bodies differ in their proportions as people do; left and right never differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.proportion import HUMAN_BONE_LENGTHS
from tests.training.datasets.made_up_clip import gliding_body, swaying_body
from training.datasets.body import scale_bones, vary_bodies
from training.datasets.bvh import BODY_POINTS
from training.datasets.view_config import plain_views

NAMES = BODY_POINTS.joint_names
LIMBS_AND_TRUNK = ("hip", "knee", "ankle", "spine", "thorax", "shoulder", "elbow", "wrist")


def bone_lengths(bodies: np.ndarray) -> np.ndarray:
    """(N,T,26) m."""
    bones = bodies[:, :, 1:] - bodies[:, :, list(BODY_POINTS.parents[1:])]
    return np.linalg.norm(bones, axis=-1)


def many_bodies(count: int = 400, *, num_frames: int = 5) -> np.ndarray:
    """Bodies of mean proportions, of double precision."""
    return np.repeat(swaying_body(num_frames).positions[None].astype(float), count, axis=0)


def vary(bodies: np.ndarray, *, share_children: float = 0.0, seed: int = 0) -> np.ndarray:
    config = replace(plain_views(), share_children=share_children)
    return vary_bodies(bodies, config, np.random.default_rng(seed))


def mean_factor(ratios: np.ndarray, *kinds: str) -> np.ndarray:
    """(N,) mean change of bones of some kinds."""
    chosen = [bone for bone, name in enumerate(NAMES[1:]) if name.split("_")[-1] in kinds]
    return ratios[:, 0, chosen].mean(axis=-1)


@pytest.mark.parametrize("share_children", [0.0, 1.0])
def test_left_and_right_bones_are_alike_and_keep_their_length(share_children: float) -> None:
    bodies = many_bodies()
    ratios = bone_lengths(vary(bodies, share_children=share_children)) / bone_lengths(bodies)
    mirror = BODY_POINTS.mirror[1:] - 1
    limbs = [b for b, name in enumerate(NAMES[1:]) if name.split("_")[-1] in LIMBS_AND_TRUNK]
    assert np.allclose(ratios[..., limbs], ratios[..., mirror][..., limbs])
    assert np.allclose(ratios[..., limbs], ratios[:, :1, limbs])
    assert ratios[..., limbs].std() > 0.05


def test_without_spread_every_body_keeps_its_proportions() -> None:
    bodies = many_bodies(20)
    config = replace(plain_views(), body_spread=0.0, share_children=0.0)
    assert np.allclose(vary_bodies(bodies, config, np.random.default_rng(0)), bodies, atol=1e-9)
    half = replace(config, body_spread=0.5)
    halved, whole = (
        np.log(bone_lengths(vary_bodies(many_bodies(), one, np.random.default_rng(0)))[:, 0])
        for one in (half, replace(half, body_spread=1.0))
    )
    assert np.allclose(halved.std(axis=0), 0.5 * whole.std(axis=0), rtol=0.15)


def test_limbs_and_trunk_together_are_as_long_as_before() -> None:
    bodies = np.repeat(gliding_body(3).positions[None].astype(float), 300, axis=0)
    # Give every bone its mean human length: the made-up body's are others.
    bodies = _with_mean_lengths(bodies)
    limbs = [b for b, name in enumerate(NAMES[1:]) if name.split("_")[-1] in LIMBS_AND_TRUNK]
    before, after = bone_lengths(bodies)[..., limbs], bone_lengths(vary(bodies))[..., limbs]
    assert np.allclose(before.sum(axis=-1), after.sum(axis=-1))


def test_the_pelvis_goes_as_much_farther_as_the_legs_are_longer() -> None:
    bodies = np.repeat(gliding_body(30).positions[None].astype(float), 50, axis=0)
    varied = vary(bodies)
    ratios = bone_lengths(varied) / bone_lengths(bodies)
    travelled = np.ptp(varied[:, :, 0, 1], axis=1) / np.ptp(bodies[:, :, 0, 1], axis=1)
    assert np.allclose(travelled, mean_factor(ratios, "knee", "ankle"))
    assert travelled.std() > 0.02


def test_limbs_vary_against_the_trunk_together() -> None:
    bodies = many_bodies(1000, num_frames=2)
    ratios = np.log(bone_lengths(vary(bodies)) / bone_lengths(bodies))
    legs, arms, trunk = (
        mean_factor(ratios, *kinds)
        for kinds in (("knee", "ankle"), ("elbow", "wrist"), ("spine", "thorax"))
    )
    assert np.corrcoef(legs, trunk)[0, 1] < -0.3
    # Bones alone would spread by 7% / sqrt(2) each.
    assert (legs - trunk).std() > 0.09 and (arms - trunk).std() > 0.09
    shoulders, hips = (mean_factor(ratios, kind) for kind in ("shoulder", "hip"))
    assert 0.08 < shoulders.std() < 0.13 and 0.09 < hips.std() < 0.15


def test_children_have_large_heads_and_short_legs() -> None:
    bodies = many_bodies(500)
    adults, children = (vary(bodies, share_children=share, seed=1) for share in (0.0, 1.0))
    head = BODY_POINTS.indices("left_ear", "right_ear")
    crown = BODY_POINTS.index("head")
    heights = [
        np.linalg.norm(people[:, 0, crown] - people[:, 0, head].mean(axis=1), axis=-1)
        for people in (adults, children)
    ]
    assert 1.15 < np.median(heights[1] / heights[0]) < 1.35
    legs = [mean_factor(bone_lengths(people), "knee", "ankle") for people in (adults, children)]
    assert 0.88 < (legs[1] / legs[0]).mean() < 0.97


def test_a_share_of_the_bodies_are_children() -> None:
    bodies = many_bodies(1000, num_frames=2)
    adults, mixed = (vary(bodies, share_children=share, seed=2) for share in (0.0, 0.3))
    differs = np.abs(mixed - adults).max(axis=(1, 2, 3)) > 1e-9
    assert 0.26 < differs.mean() < 0.34


def test_scaled_bones_leave_the_pelvis_where_it_was() -> None:
    bodies = many_bodies(20)
    scaled = scale_bones(bodies, np.random.default_rng(0))
    assert np.allclose(scaled[:, :, 0], bodies[:, :, 0])
    ratios = bone_lengths(scaled) / bone_lengths(bodies)
    assert np.allclose(ratios, ratios[:, :1]) and ratios.std() > 0.05
    directions = (scaled[:, :, 1:] - scaled[:, :, list(BODY_POINTS.parents[1:])]) / bone_lengths(
        scaled
    )[..., None]
    assert np.allclose(
        directions * bone_lengths(bodies)[..., None],
        bodies[:, :, 1:] - bodies[:, :, list(BODY_POINTS.parents[1:])],
    )


def _with_mean_lengths(bodies: np.ndarray) -> np.ndarray:
    points = bodies.copy()
    for joint, parent in enumerate(BODY_POINTS.parents):
        kind = NAMES[joint].split("_")[-1]
        if parent >= 0 and kind in LIMBS_AND_TRUNK:
            bone = bodies[:, :, joint] - bodies[:, :, parent]
            length = np.linalg.norm(bone, axis=-1, keepdims=True)
            points[:, :, joint] = points[:, :, parent] + bone / length * HUMAN_BONE_LENGTHS[kind]
    return points
