"""Lift one person's 2D keypoints to 3D poses in camera space."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..errors import LiftError
from ..geometry.camera import MIN_DEPTH, normalize_screen, pixels_to_rays
from ..joint_sets import BODY_23, H36M_17, JOINT_SETS, LIFTED_21, convert_joints
from ..proportion import mean_bone_lengths
from ..types import Camera, Keypoints2D, Poses3D
from .inference import TemporalNetwork
from .normalization import NormalizedRays, normalize_rays
from .ray_pose import (
    RayPrediction,
    average_mirrored,
    mirror_rays,
    place_prediction,
    read_prediction,
)
from .weights import LifterWeights

_DEFAULT_DEPTH_SIGMA = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class LiftResult:
    """``poses`` in camera space; ``gravity`` (T,3) unit vectors in camera space, or None."""

    poses: Poses3D
    gravity: np.ndarray | None


def lift(
    keypoints: Keypoints2D, camera: Camera, weights: LifterWeights, *, use_flip: bool = True
) -> LiftResult:
    """Lift a clip to 3D.

    Parameters
    ----------
    keypoints : Keypoints2D
        Dense frames at the model's rate (``weights.config.fps``), any joint set; image size known.
    camera : Camera
        Its lens alone is used.
    weights : LifterWeights
    use_flip : bool
        Average the prediction with that of the mirrored clip.

    Returns
    -------
    LiftResult
        Poses of the ``LIFTED_21`` joints, absolute in camera space; the distance is a first estimate
        from the apparent size of a person of mean proportions. A causal network's pose of a frame
        does not depend on later frames.

    Raises
    ------
    LiftError
        When the clip's frame rate is not the model's, or its image size is unknown.
    """
    config = weights.config
    if keypoints.fps != config.fps:
        raise LiftError(f"lift: expected keypoints at {config.fps} Hz, found {keypoints.fps}")
    network = TemporalNetwork(weights)
    joints = convert_joints(keypoints, JOINT_SETS[config.joint_set_in])
    if config.normalization == "ray":
        return _lift_rays(joints, camera, network, use_flip=use_flip)
    return _lift_image(joints, keypoints, camera, network, use_flip=use_flip)


def _lift_rays(
    keypoints: Keypoints2D, camera: Camera, network: TemporalNetwork, *, use_flip: bool
) -> LiftResult:
    normalized = normalize_rays(
        pixels_to_rays(keypoints.positions, camera),
        keypoints.confidence,
        is_causal=network.config.causal,
    )
    prediction = _predict(normalized, network)
    if use_flip:
        mirrored = mirror_rays(normalized, keypoints.skeleton.mirror)
        prediction = average_mirrored(prediction, _predict(mirrored, network))
    placed = place_prediction(prediction, normalized)
    poses = _poses(
        keypoints,
        placed.positions,
        placed.sigma,
        normalized.ray_confidence,
        placed.contact,
        config_fps=network.config.fps,
    )
    return LiftResult(poses, placed.gravity)


def _predict(normalized: NormalizedRays, network: TemporalNetwork) -> RayPrediction:
    features = normalized.features
    return read_prediction(network.forward_clip(features.reshape(len(features), -1)), normalized)


def _lift_image(
    joints: Keypoints2D,
    keypoints: Keypoints2D,
    camera: Camera,
    network: TemporalNetwork,
    *,
    use_flip: bool,
) -> LiftResult:
    """The paper's input and output: image coordinates in, 17 joints relative to the root out."""
    if keypoints.image_size is None:
        raise LiftError("lift: expected a known image size")
    screen = normalize_screen(joints.positions, keypoints.image_size)
    inputs = screen
    if network.config.in_features == 3:
        inputs = np.concatenate([screen, joints.confidence[..., None]], axis=-1)
    relative = lift_screen(inputs, network, use_flip=use_flip)
    normalized = _measure(keypoints, camera, is_causal=network.config.causal)
    root_depth = np.maximum(1 / normalized.scale, MIN_DEPTH)
    center = normalized.rotation[:, 2] * root_depth[:, None]
    pelvis_ray = normalized.rays[:, 0] * (normalized.ray_confidence[:, :1] > 0)
    sideways = np.concatenate([pelvis_ray, np.zeros((len(center), 1))], axis=-1)
    root = center + np.einsum("tji,tj->ti", normalized.rotation, sideways * root_depth[:, None])
    body = derive_feet(relative) + root[:, None]
    sigma = np.full(body.shape[:2], _DEFAULT_DEPTH_SIGMA)
    poses = _poses(
        keypoints, body, sigma, normalized.ray_confidence, None, config_fps=network.config.fps
    )
    return LiftResult(poses, None)


def lift_screen(inputs: np.ndarray, network: TemporalNetwork, *, use_flip: bool) -> np.ndarray:
    """Poses of a clip in the paper's units, flip-averaged or not.

    Parameters
    ----------
    inputs : (T,J_in,F) array
        ``normalize_screen`` coordinates, and confidence where F is 3.
    network : TemporalNetwork
    use_flip : bool

    Returns
    -------
    (T,J_out,3) array
        m, relative to the root, camera axes.
    """
    config = network.config
    shape = (len(inputs), config.num_joints_out, config.out_features)
    poses = network.forward_clip(inputs.reshape(len(inputs), -1)).reshape(shape)
    if use_flip:
        mirrored = inputs[:, JOINT_SETS[config.joint_set_in].mirror].copy()
        mirrored[..., 0] *= -1
        flipped = network.forward_clip(mirrored.reshape(len(inputs), -1)).reshape(shape)
        flipped[..., 0] *= -1
        poses = (poses + flipped[:, JOINT_SETS[config.joint_set_out].mirror]) / 2
    return poses


def derive_feet(positions: np.ndarray) -> np.ndarray:
    """(T,21,3) from Human3.6M's 17 joints (T,17,3): heels and toes square to the shin, toes forward."""
    feet: list[np.ndarray] = []
    across = positions[:, H36M_17.index("left_hip")] - positions[:, H36M_17.index("right_hip")]
    lengths = mean_bone_lengths()
    for side in ("left", "right"):
        ankle = positions[:, H36M_17.index(f"{side}_ankle")]
        shin = ankle - positions[:, H36M_17.index(f"{side}_knee")]
        down = shin / np.maximum(np.linalg.norm(shin, axis=-1, keepdims=True), 1e-9)
        forward = np.cross(down, across)
        forward = forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-9)
        heel, toe = (lengths[LIFTED_21.index(f"{side}_{part}")] for part in ("heel", "toe"))
        feet.append(ankle + (down * 0.765 - forward * 0.644) * heel)
        feet.append(ankle + (down * 0.31 + forward * 0.951) * toe)
    return np.concatenate([positions, np.stack(feet, axis=1)], axis=1)


def _measure(keypoints: Keypoints2D, camera: Camera, *, is_causal: bool) -> NormalizedRays:
    """Where and how large the person is in each frame."""
    body = convert_joints(keypoints, BODY_23)
    rays = pixels_to_rays(body.positions, camera)
    return normalize_rays(rays, body.confidence, is_causal=is_causal)


def _poses(
    keypoints: Keypoints2D,
    positions: np.ndarray,
    sigma: np.ndarray,
    confidence: np.ndarray,
    contact: np.ndarray | None,
    *,
    config_fps: int,
) -> Poses3D:
    return Poses3D(
        positions=positions,
        depth_sigma=sigma,
        contact_probability=contact,
        confidence=confidence,
        frames=keypoints.frames,
        fps=Fraction(config_fps),
        person=keypoints.person,
        space="camera",
        skeleton=LIFTED_21,
    )
