"""From the output of a network that reads rays to poses in camera space."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.camera import MIN_DEPTH
from ..geometry.swing_twist import normalise_vectors
from ..joint_sets import LIFTED_21
from .decoding import decode_ray_output
from .normalization import NormalizedRays


class RayPrediction(NamedTuple):
    """What a network says of T frames, in the virtual camera that looks at the person.

    ``xy`` (T,21,2) m; ``depth`` and its ``sigma`` (T,21) m, relative to the root; ``contact`` (T,2)
    probability of left and right foot; ``gravity`` (T,3) unit vectors.
    """

    xy: np.ndarray
    depth: np.ndarray
    sigma: np.ndarray
    contact: np.ndarray
    gravity: np.ndarray


class RayPoses(NamedTuple):
    """The same in camera space: ``positions`` (T,21,3) m, ``sigma``, ``contact``, ``gravity``."""

    positions: np.ndarray
    sigma: np.ndarray
    contact: np.ndarray
    gravity: np.ndarray


def read_prediction(raw: np.ndarray, normalized: NormalizedRays) -> RayPrediction:
    """Read the network's numbers (T,num_outputs) for the frames of ``normalized``."""
    is_seen = normalized.ray_confidence[..., None] > 0
    seen_xy = np.where(is_seen, normalized.rays / normalized.scale[:, None, None], 0.0)
    output = decode_ray_output(raw.astype(float), seen_xy, normalized.depth_reach, LIFTED_21.chains)
    contact = 1 / (1 + np.exp(-np.clip(output.contact_logits, -30, 30)))
    sigma = np.exp(np.clip(output.log_sigma, -5.0, 1.0))
    return RayPrediction(output.xy, output.depth, sigma, contact, normalise_vectors(output.gravity))


def mirror_rays(normalized: NormalizedRays, mirror_in: np.ndarray) -> NormalizedRays:
    """The same frames seen in a mirror: x negated, left and right exchanged.

    ``mirror_in`` (23,): index of each input joint's mirror image.
    """
    mirror_out = LIFTED_21.mirror
    features = normalized.features[:, mirror_in].copy()
    features[..., 0] *= -1
    return NormalizedRays(
        features=features,
        rotation=normalized.rotation,
        scale=normalized.scale,
        rays=normalized.rays[:, mirror_out] * np.array([-1.0, 1.0]),
        ray_confidence=normalized.ray_confidence[:, mirror_out],
        depth_reach=normalized.depth_reach[:, mirror_out],
    )


def average_mirrored(plain: RayPrediction, mirrored: RayPrediction) -> RayPrediction:
    """Mean of what is said of frames and of the same frames in a mirror."""
    mirror = LIFTED_21.mirror
    return RayPrediction(
        xy=(plain.xy + mirrored.xy[:, mirror] * np.array([-1.0, 1.0])) / 2,
        depth=(plain.depth + mirrored.depth[:, mirror]) / 2,
        sigma=(plain.sigma + mirrored.sigma[:, mirror]) / 2,
        contact=(plain.contact + mirrored.contact[:, ::-1]) / 2,
        gravity=(plain.gravity + mirrored.gravity * np.array([-1.0, 1.0, 1.0])) / 2,
    )


def place_prediction(prediction: RayPrediction, normalized: NormalizedRays) -> RayPoses:
    """Turn a prediction back into the camera, at the distance that the person's size tells."""
    root_depth = np.maximum(1 / normalized.scale, MIN_DEPTH)
    # x and y hold at the person's measured distance; nearer joints keep their own ray.
    depth = root_depth[:, None] + prediction.depth
    positions = np.concatenate([prediction.xy, depth[..., None]], axis=-1)
    to_camera = np.swapaxes(normalized.rotation, -1, -2)
    return RayPoses(
        positions=np.einsum("tij,tpj->tpi", to_camera, positions),
        sigma=prediction.sigma,
        contact=prediction.contact,
        gravity=normalise_vectors(np.einsum("tij,tj->ti", to_camera, prediction.gravity)),
    )
