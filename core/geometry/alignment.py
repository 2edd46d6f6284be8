"""Least-squares alignment of point sets: similarity and rigid, batched.

S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
IEEE PAMI 13 (1991): never a reflection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import LiftError
from .quaternion import from_matrix, rotate

_SMALLEST_VARIANCE = 1e-18


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """``scale`` (...), ``rotation`` (..., 4) wxyz and ``translation`` (..., 3) of ``s R x + t``."""

    scale: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    def apply(self, points: np.ndarray) -> np.ndarray:
        """(..., N, 3) points carried from the source's space to the target's."""
        turned = rotate(self.rotation[..., None, :], points)
        return self.scale[..., None, None] * turned + self.translation[..., None, :]


def align_similarity(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> Alignment:
    """The scale, rotation and translation that carry ``source`` nearest to ``target``.

    Parameters
    ----------
    source, target : np.ndarray
        (..., N, 3) corresponding points, any unit.
    weights : np.ndarray, optional
        (..., N) at least 0; all points alike when left out.

    Raises
    ------
    LiftError
        When the shapes do not agree.
    """
    return _align(source, target, weights, with_scale=True)


def align_rigid(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> Alignment:
    """The rotation and translation (scale 1) that carry ``source`` nearest to ``target``.

    Parameters
    ----------
    source, target : np.ndarray
        (..., N, 3) corresponding points, any unit.
    weights : np.ndarray, optional
        (..., N) at least 0; all points alike when left out.

    Raises
    ------
    LiftError
        When the shapes do not agree.
    """
    return _align(source, target, weights, with_scale=False)


def _align(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None, *, with_scale: bool
) -> Alignment:
    source, target = np.asarray(source, dtype=float), np.asarray(target, dtype=float)
    if source.shape != target.shape or source.ndim < 2 or source.shape[-1] != 3:
        raise LiftError(
            f"alignment: expected two arrays (..., N, 3) of one shape, found {source.shape} "
            f"and {target.shape}"
        )
    shares = _shares(weights, source.shape[:-1])
    source_mean = np.sum(shares * source, axis=-2)
    target_mean = np.sum(shares * target, axis=-2)
    centred_source = source - source_mean[..., None, :]
    centred_target = target - target_mean[..., None, :]
    covariance = np.swapaxes(shares * centred_target, -1, -2) @ centred_source
    left, singular, right = np.linalg.svd(covariance)
    # Umeyama's S: the weakest direction is turned over where the best fit would be a reflection.
    signs = np.ones_like(singular)
    signs[..., 2] = np.where(np.linalg.det(left) * np.linalg.det(right) < 0.0, -1.0, 1.0)
    rotation = from_matrix((left * signs[..., None, :]) @ right)
    scale = np.ones(source.shape[:-2])
    if with_scale:
        variance = np.sum(shares * centred_source**2, axis=(-2, -1))
        is_point = variance < _SMALLEST_VARIANCE
        fitted = np.sum(singular * signs, axis=-1) / np.where(is_point, 1.0, variance)
        scale = np.where(is_point, 1.0, fitted)
    translation = target_mean - scale[..., None] * rotate(rotation, source_mean)
    return Alignment(scale=scale, rotation=rotation, translation=translation)


def _shares(weights: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """(..., N, 1) weights that sum to 1; alike where none is given or all are 0."""
    if weights is None:
        return np.full((*shape, 1), 1.0 / shape[-1])
    weights = np.broadcast_to(np.asarray(weights, dtype=float), shape)
    total = weights.sum(axis=-1, keepdims=True)
    shares = np.where(total > 0.0, weights / np.where(total > 0.0, total, 1.0), 1.0 / shape[-1])
    return shares[..., None]
