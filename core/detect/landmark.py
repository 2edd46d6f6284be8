"""What the network that finds joints writes, decoded (BlazePose: Bazarevsky et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..joint_sets import BLAZEPOSE_33
from .region import Regions, join_regions, regions_about

INPUT_PIXELS = 256
"""Width and height of the crop that the network sees."""

NUM_NUMBERS = 195
"""What it writes of each crop."""

_NUMBERS_PER_POINT = 5
_X, _Y, _VISIBILITY = 0, 1, 3
# Two points after the joints: the middle of the hips, and the circle about the body above the head.
_CENTER, _RIM = BLAZEPOSE_33.num_joints, BLAZEPOSE_33.num_joints + 1


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """N people's joints: ``positions`` (N,33,2) px of the picture, ``confidence`` (N,33) 0..1.

    ``presence`` (N,) 0..1, how sure it is that a person is in the crop at all; ``regions`` where to look
    for them in the next frame.
    """

    positions: np.ndarray
    confidence: np.ndarray
    presence: np.ndarray
    regions: Regions

    def __len__(self) -> int:
        return len(self.presence)

    def __getitem__(self, rows: np.ndarray | slice | list[int]) -> Landmarks:
        return Landmarks(
            self.positions[rows], self.confidence[rows], self.presence[rows], self.regions[rows]
        )


def decode_landmarks(numbers: np.ndarray, presence: np.ndarray, regions: Regions) -> Landmarks:
    """Joints from what the network wrote of each crop.

    Parameters
    ----------
    numbers : (N,195) array
        39 points of x, y, z in px of the crop, and logits of visibility and presence.
    presence : (N,) array
        0..1.
    regions : Regions
        N, where the crops were taken.
    """
    points = numbers.reshape(-1, NUM_NUMBERS // _NUMBERS_PER_POINT, _NUMBERS_PER_POINT).astype(
        float
    )
    places = regions.to_image(points[..., [_X, _Y]] / INPUT_PIXELS)
    num_joints = BLAZEPOSE_33.num_joints
    visibility = 1 / (1 + np.exp(-points[:, :num_joints, _VISIBILITY]))
    return Landmarks(
        positions=places[:, :num_joints],
        confidence=visibility,
        presence=presence,
        regions=regions_about(places[:, _CENTER], places[:, _RIM]),
    )


def join_landmarks(parts: Sequence[Landmarks]) -> Landmarks:
    """Everyone of several."""
    return Landmarks(
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.presence for part in parts]),
        join_regions([part.regions for part in parts]),
    )
