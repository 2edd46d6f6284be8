"""Fit the whole pose to the evidence: rays, constant bone lengths, the network's depths, smoothness.

Per frame a nonlinear least-squares problem in the 3J joint coordinates, solved for all frames at once
by Gauss-Newton with robust weights; frames are tied together by smoothing between the steps. Time and
memory grow linearly with the clip.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..skeleton import Skeleton
from ..types import Camera, Poses3D
from .equations import PoseEquations
from .evidence import RayEvidence
from .smoothness import cutoff_of_setting, penalty_of_cutoff
from .still_frame import smooth_joints

# How far each kind of evidence is trusted: standard deviations, m.
_RAY_SIGMA = 0.015
_LENGTH_SIGMA = 0.008
_LATERAL_SIGMA = 0.06
_DEPTH_SIGMA_FLOOR = 0.05
_ROOT_SIGMA = 0.15
_MIDDLE_SIGMA = 0.02
_SMOOTH_SIGMA = 0.03
# In the first round there is nothing yet that is smooth.
_FREE_SIGMA = 10.0
_NUM_ROUNDS = 4
_CHUNK_FRAMES = 2048


def solve_poses(
    poses: Poses3D,
    evidence: RayEvidence,
    bone_lengths: np.ndarray,
    *,
    smooth: float = 0.3,
    motion: Camera | None = None,
) -> Poses3D:
    """Poses that agree with the image, keep their bone lengths and move smoothly.

    Parameters
    ----------
    poses : Poses3D
        Camera space, m: the network's poses at their place (``solve_trajectory``); they are the start
        and, weighted by their ``depth_sigma``, the prior.
    evidence : RayEvidence
        Of the same frames.
    bone_lengths : (J,) array
        m, of the bone that ends at each joint (``fit_bone_lengths``).
    smooth : float
        0 raw to 1 very smooth.
    motion : Camera or None
        Where a moving camera is in each frame, in the poses' unit.
    """
    prior = poses.positions
    current = prior
    penalty = penalty_of_cutoff(cutoff_of_setting(smooth), float(poses.fps))
    known = np.clip(evidence.confidence, 0.02, 1.0)
    for step in range(_NUM_ROUNDS):
        anchor = smooth_joints(current, known, strength=penalty, motion=motion)
        steps = [
            pose_equations(
                current[chunk],
                prior[chunk],
                anchor[chunk] if step else prior[chunk],
                RayEvidence(evidence.rays[chunk], evidence.confidence[chunk]),
                None if poses.depth_sigma is None else poses.depth_sigma[chunk],
                bone_lengths,
                poses.skeleton,
                smooth_sigma=_SMOOTH_SIGMA if step else _FREE_SIGMA,
            ).solve(poses.skeleton.parents)
            for chunk in _chunks(len(prior))
        ]
        current = current + np.concatenate(steps)
    smoothed = smooth_joints(current, known, strength=penalty, motion=motion)
    return replace(poses, positions=smoothed)


def pose_equations(
    current: np.ndarray,
    prior: np.ndarray,
    anchor: np.ndarray,
    evidence: RayEvidence,
    depth_sigma: np.ndarray | None,
    bone_lengths: np.ndarray,
    skeleton: Skeleton,
    *,
    smooth_sigma: float,
) -> PoseEquations:
    """All evidence about T frames, linearised: for one Gauss-Newton step.

    Parameters
    ----------
    current, prior, anchor : (T,J,3) arrays
        m, camera space: where the joints are; the network's pose; where they are expected, by
        ``smooth_sigma`` (m).
    evidence : RayEvidence
    depth_sigma : (T,J) array or None
        m, of the prior.
    bone_lengths : (J,) array
        m
    skeleton : Skeleton
    smooth_sigma : float
    """
    equations = PoseEquations.empty(*current.shape[:2])
    equations.hold_to_rays(current, evidence.rays, evidence.confidence, _RAY_SIGMA)
    equations.hold_bone_lengths(current, bone_lengths, skeleton.parents, _LENGTH_SIGMA)
    equations.hold_pelvis_between_hips(current, skeleton, _MIDDLE_SIGMA)
    sigma = np.full(current.shape, _LATERAL_SIGMA)
    if depth_sigma is not None:
        sigma[..., 2] = np.maximum(depth_sigma, _DEPTH_SIGMA_FLOOR)
    equations.hold_to_pose(current, prior, sigma)
    near = np.full((current.shape[1], 1), 1 / smooth_sigma**2)
    near[0] += 1 / _ROOT_SIGMA**2
    equations.hold_near(current, anchor, near)
    return equations


def _chunks(num_frames: int) -> list[slice]:
    return [slice(at, at + _CHUNK_FRAMES) for at in range(0, num_frames, _CHUNK_FRAMES)]
