"""Regions: squares that are turned with the person in them."""

from __future__ import annotations

import numpy as np

from core.detect.region import Regions, join_regions, regions_about


def _random_regions(rng: np.random.Generator, count: int) -> Regions:
    angles = rng.uniform(-np.pi, np.pi, count)
    return Regions(
        centers=rng.uniform(0, 1000, (count, 2)),
        sizes=rng.uniform(50, 500, count),
        ups=np.stack((np.cos(angles), np.sin(angles)), axis=-1),
    )


def test_somebody_upright_has_an_unturned_square() -> None:
    regions = regions_about(np.array([[100.0, 200.0]]), np.array([[100.0, 160.0]]))
    assert np.allclose(regions.sizes, 2 * 1.25 * 40)
    assert np.allclose(regions.axes()[0], 100 * np.eye(2))


def test_somebody_lying_has_a_square_turned_by_a_quarter() -> None:
    """The head is to the right: right in the crop is down in the picture, down is left."""
    regions = regions_about(np.array([[100.0, 200.0]]), np.array([[140.0, 200.0]]))
    assert np.allclose(regions.axes()[0], [[0, -100], [100, 0]])


def test_the_middle_and_the_corner_of_a_square_are_where_they_belong() -> None:
    regions = regions_about(np.array([[100.0, 200.0]]), np.array([[100.0, 160.0]]))
    places = regions.to_image(np.array([[[0.5, 0.5], [0.0, 0.0], [1.0, 1.0]]]))
    assert np.allclose(places[0], [[100, 200], [50, 150], [150, 250]])


def test_crop_matrices_lead_to_where_fractions_lead() -> None:
    """A pixel's centre is half a pixel from its corner, in the crop and in the picture."""
    rng = np.random.default_rng(0)
    regions = _random_regions(rng, 5)
    pixels = rng.integers(0, 64, (5, 7, 2))
    matrices = regions.crop_matrices(64)
    warped = np.einsum("nij,nkj->nki", matrices[..., :2], pixels) + matrices[:, None, :, 2]
    assert np.allclose(warped + 0.5, regions.to_image((pixels + 0.5) / 64))


def test_a_body_without_a_size_is_upright_and_finite() -> None:
    regions = regions_about(np.array([[3.0, 4.0]]), np.array([[3.0, 4.0]]))
    assert regions.sizes[0] == 0
    assert np.array_equal(regions.ups[0], [0, -1])


def test_regions_are_joined_in_order_and_none_of_none() -> None:
    first, second = (_random_regions(np.random.default_rng(seed), 2) for seed in (1, 2))
    joined = join_regions([first, second])
    assert np.array_equal(joined.centers, np.concatenate((first.centers, second.centers)))
    assert len(join_regions([])) == 0
