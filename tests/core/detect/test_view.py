"""The squares in which people are looked for."""

from __future__ import annotations

import numpy as np
import pytest

from core.detect.region import Regions
from core.detect.view import search_views


def _edges(views: Regions) -> tuple[np.ndarray, np.ndarray]:
    half = views.sizes[:, None] / 2
    return views.centers - half, views.centers + half


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 480), (500, 500), (4000, 300)])
def test_whoever_fits_into_half_a_square_is_whole_in_one(size: tuple[int, int]) -> None:
    """Of every scale; squares stay inside the picture where they are not larger than it."""
    rng = np.random.default_rng(0)
    for views in search_views(size):
        side = views.sizes[0]
        low, high = _edges(views)
        body = np.minimum(side / 2, size)
        corners = rng.uniform(0, 1, (200, 1, 2)) * (size - body)
        is_whole = (corners >= low - 1e-6) & (corners + body <= high + 1e-6)
        assert is_whole.all(axis=-1).any(axis=1).all()
        fits = side <= np.array(size)
        assert ((low >= -1e-6) & (high <= np.array(size) + 1e-6))[:, fits].all()


def test_scales_go_from_the_whole_to_half_the_short_side() -> None:
    views = search_views((1920, 1080))
    assert [len(each) for each in views] == [1, 3, 21]
    assert [each.sizes[0] for each in views] == [1920, 1080, 540]
    assert np.allclose(views[0].centers, [[960, 540]])
    assert np.allclose(views[1].centers, [[540, 540], [960, 540], [1380, 540]])


def test_a_picture_that_is_nearly_square_has_no_squares_between() -> None:
    assert [each.sizes[0] for each in search_views((500, 480))] == [500, 240]
