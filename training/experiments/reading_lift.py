"""Clips lifted by a network of any reading, as the ablations compare them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from core.geometry.camera import MIN_DEPTH, pixels_to_rays
from core.joint_sets import BODY_23, LIFTED_21, convert_joints
from core.lifting.inference import TemporalNetwork
from core.lifting.normalization import NormalizedRays
from core.lifting.ray_pose import RayPrediction, average_mirrored, mirror_rays, read_prediction
from core.lifting.weights import LifterWeights
from core.preprocess.resample import make_timeline, resample, resample_poses
from core.types import Keypoints2D, Poses3D

from ..evaluation.judged_clip import JudgedClip, Lift
from ..ray_reading import RayReading, ReadRays, read_rays


def through_reading(weights: LifterWeights, reading: RayReading, *, is_consistent: bool) -> Lift:
    """A network alone, flip averaged, before any fit.

    ``is_consistent``: joints that were seen are put on their rays, at the depth that the network gives.
    """
    network = TemporalNetwork(weights)

    def lift_clip(clip: JudgedClip) -> np.ndarray:
        seen = clip.source.people[0]
        timeline = make_timeline(seen, fps=Fraction(weights.config.fps))
        joints = convert_joints(resample(seen, timeline), BODY_23)
        read = read_rays(
            pixels_to_rays(joints.positions, clip.source.camera),
            joints.confidence,
            reading,
            is_causal=weights.config.causal,
        )
        positions = _place(
            _predict(read, reading, network), read.shown, reading, is_consistent=is_consistent
        )
        return resample_poses(_poses(joints, positions), timeline).positions

    return lift_clip


def _predict(read: ReadRays, reading: RayReading, network: TemporalNetwork) -> RayPrediction:
    asked = NormalizedRays(
        features=read.shown.features,
        rotation=read.shown.rotation,
        scale=read.shown.scale,
        rays=read.shown.rays,
        # Where nothing was seen the network's x and y are not added to anything.
        ray_confidence=read.shown.ray_confidence * reading.is_on_rays,
        depth_reach=read.depth_reach,
    )
    mirrored = mirror_rays(asked, BODY_23.mirror)
    return average_mirrored(_run(asked, network), _run(mirrored, network))


def _run(asked: NormalizedRays, network: TemporalNetwork) -> RayPrediction:
    features = asked.features
    return read_prediction(network.forward_clip(features.reshape(len(features), -1)), asked)


def _place(
    prediction: RayPrediction, shown: NormalizedRays, reading: RayReading, *, is_consistent: bool
) -> np.ndarray:
    """(T,21,3) m, the camera's axes, at the distance that the ruler tells."""
    root_depth = np.maximum(1 / shown.scale, MIN_DEPTH)[:, None]
    distance = root_depth + prediction.depth
    xy = prediction.xy
    is_seen = shown.ray_confidence[..., None] > 0
    if not reading.is_on_rays:
        xy = xy + np.where(is_seen, shown.rays, 0.0)[:, :1] * root_depth[..., None]
    if is_consistent:
        xy = np.where(is_seen, shown.rays * distance[..., None], xy)
    positions = np.concatenate([xy, distance[..., None]], axis=-1)
    return positions @ shown.rotation


def _poses(joints: Keypoints2D, positions: np.ndarray) -> Poses3D:
    assert joints.fps is not None
    return Poses3D(
        positions=positions,
        depth_sigma=None,
        contact_probability=None,
        confidence=np.ones(positions.shape[:2]),
        frames=joints.frames,
        fps=joints.fps,
        person=joints.person,
        space="camera",
        skeleton=LIFTED_21,
    )
