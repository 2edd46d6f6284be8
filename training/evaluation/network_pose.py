"""What the network alone says of a clip, to hold beside what the solve made of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from core.fit.bone_lengths import fit_bone_lengths, standing_height
from core.lifting.lift import lift
from core.lifting.weights import LifterWeights
from core.preprocess.clean import clean
from core.preprocess.resample import make_timeline, resample, resample_poses
from core.types import Camera, Keypoints2D, Poses3D


def network_poses(
    keypoints: Keypoints2D, camera: Camera, weights: LifterWeights, result: Poses3D
) -> np.ndarray:
    """(T,21,3) m, camera space: the network's own poses on the result's frames, as tall as the result.

    Frames before the first and after the last detection hold the pose there, as in the result.

    Parameters
    ----------
    keypoints : Keypoints2D
        As the file holds them.
    camera : Camera
        Through which they were seen, as the result has it.
    result : Poses3D
        The solved poses in camera space.
    """
    cleaned, _ = clean(keypoints)
    timeline = make_timeline(cleaned, fps=Fraction(weights.config.fps))
    poses = resample_poses(lift(resample(cleaned, timeline), camera, weights).poses, timeline)
    names = poses.skeleton.joint_names
    tall, own = (standing_height(fit_bone_lengths(each), names) for each in (result, poses))
    rows = np.clip(result.frames - poses.frames[0], 0, poses.num_frames - 1)
    return poses.positions[rows] * tall / own
