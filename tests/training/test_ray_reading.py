"""What a network is shown of a view, and what the ablations hide from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.lifting.normalization import normalize_rays
from tests.training.datasets.made_up_clip import swaying_body
from training.datasets.motion_window import MocapWindows
from training.datasets.synthetic import ViewBatch, draw_views
from training.datasets.view_config import plain_views
from training.ray_reading import RayReading, read_rays

TOLD = RayReading(has_reach=False, is_on_rays=False)


@pytest.fixture(scope="module")
def views() -> ViewBatch:
    config = replace(plain_views(), detector="perfect", share_dropped=0.1)
    return draw_views(MocapWindows([swaying_body()]), 3, 60, config, np.random.default_rng(0))


@pytest.mark.parametrize("is_causal", [False, True])
def test_the_default_reading_is_that_of_the_lifter(views: ViewBatch, is_causal: bool) -> None:
    expected = normalize_rays(views.rays, views.confidence, is_causal=is_causal)
    read = read_rays(views.rays, views.confidence, RayReading(), is_causal=is_causal)
    assert np.array_equal(read.shown.features, expected.features)
    assert np.array_equal(read.depth_reach, expected.depth_reach)
    is_seen = expected.ray_confidence > 0
    on_rays = expected.rays / expected.scale[..., None, None]
    assert np.array_equal(read.base_xy[is_seen], on_rays[is_seen])
    assert not read.base_xy[~is_seen].any() and (~is_seen).any()


def test_what_is_hidden_is_zero_and_the_rest_as_it_was(views: ViewBatch) -> None:
    whole = read_rays(views.rays, views.confidence, RayReading()).shown.features
    unsure = read_rays(views.rays, views.confidence, RayReading(has_confidence=False))
    flat = read_rays(views.rays, views.confidence, RayReading(has_reach=False))
    told = read_rays(views.rays, views.confidence, RayReading(is_on_rays=False))
    assert whole[..., 2].any() and whole[..., 3].any()
    assert not unsure.shown.features[..., 2].any()
    assert np.array_equal(unsure.shown.features[..., [0, 1, 3]], whole[..., [0, 1, 3]])
    assert not flat.shown.features[..., 3].any() and not flat.depth_reach.any()
    assert np.array_equal(flat.shown.features[..., :3], whole[..., :3]) and flat.base_xy.any()
    assert not told.base_xy.any() and told.depth_reach.any()


def test_a_place_in_the_image_is_the_ray_itself(views: ViewBatch) -> None:
    read = read_rays(views.rays, views.confidence, replace(TOLD, place="image"))
    is_seen = views.confidence > 0
    assert np.allclose(read.shown.features[..., :2][is_seen], views.rays[is_seen], atol=1e-6)
    assert not read.shown.features[..., :2][~is_seen].any()
    assert np.array_equal(read.shown.rotation, np.broadcast_to(np.eye(3), (3, 60, 3, 3)))


def test_a_place_from_the_root_forgets_where_in_the_image_the_person_is(views: ViewBatch) -> None:
    reading = replace(TOLD, place="root")
    first, moved = (
        read_rays(views.rays + shift, views.confidence, reading).shown.features[..., :2]
        for shift in (0.0, np.array([0.3, -0.2]))
    )
    assert np.allclose(first, moved, atol=1e-5)
    image = replace(TOLD, place="image")
    away = read_rays(views.rays + 0.3, views.confidence, image).shown.features
    assert not np.allclose(away[..., :2], first, atol=0.1)


def test_a_place_by_apparent_size_has_none(views: ViewBatch) -> None:
    reading = replace(TOLD, place="size")
    metres = read_rays(views.rays, views.confidence, TOLD).shown.features[..., :2]
    sized = read_rays(views.rays, views.confidence, reading).shown.features[..., :2]
    is_seen = (views.confidence > 0).all(axis=-1)
    strewn = np.sqrt(sized[is_seen].var(axis=-2).sum(axis=-1))
    # Near 1 but for the ruler's bias: no body is larger than another.
    assert np.ptp(strewn) < 0.25 and strewn.mean() == pytest.approx(1.08, abs=0.1)
    ratio = np.linalg.norm(sized[is_seen], axis=-1) / np.linalg.norm(metres[is_seen], axis=-1)
    assert np.allclose(ratio, ratio[:, :1], rtol=1e-4)
