"""Square regions of a picture, turned so that a person in them stands upright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Around the circle that the detector draws about a body: MediaPipe's own share.
_MARGIN = 1.25


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """N squares: ``centers`` (N,2) px, ``sizes`` (N,) px, ``ups`` (N,2) unit, the way to the head."""

    centers: np.ndarray
    sizes: np.ndarray
    ups: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, rows: np.ndarray | slice | list[int]) -> Regions:
        return Regions(self.centers[rows], self.sizes[rows], self.ups[rows])

    def axes(self) -> np.ndarray:
        """(N,2,2) px: columns are the square's sides in the picture, to its right and down."""
        rights = np.stack((-self.ups[:, 1], self.ups[:, 0]), axis=-1)
        return self.sizes[:, None, None] * np.stack((rights, -self.ups), axis=-1)

    def crop_matrices(self, num_pixels: int) -> np.ndarray:
        """(N,2,3): from the centre of a crop's pixel to that place in the picture.

        Both count their pixels' centres as whole numbers, as resampling does; crops are
        ``num_pixels`` wide and high.
        """
        linear = self.axes() / num_pixels
        middle = (num_pixels - 1) / 2
        shift = self.centers - 0.5 - linear.sum(axis=-1) * middle
        return np.concatenate((linear, shift[..., None]), axis=-1)

    def to_image(self, fractions: np.ndarray) -> np.ndarray:
        """(N,J,2) px of (N,J,2) fractions 0..1 of the squares."""
        return self.centers[:, None] + np.einsum("nij,nkj->nki", self.axes(), fractions - 0.5)


def regions_about(centers: np.ndarray, rims: np.ndarray) -> Regions:
    """The squares about people.

    Parameters
    ----------
    centers : (N,2) array
        px, the middle of the hips.
    rims : (N,2) array
        px, where the circle about the whole body is, straight above the head of a body that stands.
    """
    spokes = np.asarray(rims, dtype=float) - centers
    radii = np.linalg.norm(spokes, axis=-1)
    upright = np.broadcast_to(np.array([0.0, -1.0]), spokes.shape)
    is_known = radii > 0
    ups = np.where(is_known[:, None], spokes / np.where(is_known, radii, 1.0)[:, None], upright)
    return Regions(np.asarray(centers, dtype=float), 2 * _MARGIN * radii, ups)


def join_regions(parts: Sequence[Regions]) -> Regions:
    """All regions of several; none of none."""
    return Regions(
        np.concatenate([np.zeros((0, 2)), *(part.centers for part in parts)]),
        np.concatenate([np.zeros(0), *(part.sizes for part in parts)]),
        np.concatenate([np.zeros((0, 2)), *(part.ups for part in parts)]),
    )
