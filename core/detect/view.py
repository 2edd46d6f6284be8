"""Where in a picture people are looked for: in the whole, then in ever smaller squares of it.

The network that finds people sees 224 pixels. Measured on the demo clip, made smaller on a grey picture of
1920x1080: of 10 people 10 are found where they are 0.36 of the square's height, 9 at 0.28, 3 at 0.23.
"""

from __future__ import annotations

import math

import numpy as np

from .region import Regions

_SMALLEST_RATIO = 1.25


def search_views(image_size: tuple[int, int]) -> list[Regions]:
    """Squares to look at, coarse to fine: each scale covers the picture.

    Those of a scale overlap by half, so that whoever fits into half of one is whole in one of them.

    Parameters
    ----------
    image_size : (int, int)
        Width and height, px.
    """
    long, short = max(image_size), min(image_size)
    sides = [long, short, short / 2]
    if long < _SMALLEST_RATIO * short:
        del sides[1]
    return [_cover(image_size, side) for side in sides]


def _cover(image_size: tuple[int, int], side: float) -> Regions:
    x, y = (_middles(length, side) for length in image_size)
    centers = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    count = len(centers)
    return Regions(centers, np.full(count, float(side)), np.tile([0.0, -1.0], (count, 1)))


def _middles(length: float, side: float) -> np.ndarray:
    """Along one axis."""
    if side >= length:
        return np.array([length / 2])
    count = math.ceil((length - side) / (side / 2)) + 1
    return np.linspace(side / 2, length - side / 2, count)
