"""Fit the whole pose to the evidence: rays, constant bone lengths, the network's depths, smoothness.

Per frame a nonlinear least-squares problem in the 3J joint coordinates, solved for all frames at once
by Gauss-Newton with robust weights; frames are tied together by smoothing between the steps. Time and
memory grow linearly with the clip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..filters import smooth_penalized
from ..types import Poses3D
from .evidence import RayEvidence
from .smoothness import cutoff_of_setting, penalty_of_cutoff
from .tree_solver import solve_tree

_CHUNK_FRAMES = 2048


@dataclass(frozen=True, slots=True)
class SolveSettings:
    """How far each kind of evidence is trusted (standard deviations, m) and for how many rounds."""

    ray_sigma: float = 0.015
    length_sigma: float = 0.008
    lateral_sigma: float = 0.06
    depth_sigma_floor: float = 0.05
    root_sigma: float = 0.15
    smooth_sigma: float = 0.03
    num_rounds: int = 4


def solve_poses(
    poses: Poses3D,
    evidence: RayEvidence,
    bone_lengths: np.ndarray,
    *,
    smooth: float = 0.3,
    settings: SolveSettings | None = None,
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
    settings : SolveSettings
    """
    settings = settings or SolveSettings()
    prior = poses.positions
    current = prior
    penalty = penalty_of_cutoff(cutoff_of_setting(smooth), float(poses.fps))
    known = np.clip(evidence.confidence, 0.02, 1.0)
    for step in range(settings.num_rounds):
        # The prior's root follows the solution, so that only the pose itself is held to the network.
        anchor = _smooth_joints(current, known, penalty)
        solved = [
            _gauss_newton_step(
                current[chunk],
                prior[chunk] if step == 0 else prior[chunk] - prior[chunk, :1] + anchor[chunk, :1],
                anchor[chunk] if step else prior[chunk],
                evidence.rays[chunk],
                evidence.confidence[chunk],
                None if poses.depth_sigma is None else poses.depth_sigma[chunk],
                bone_lengths,
                poses.skeleton.parents,
                settings,
                smooth_sigma=settings.smooth_sigma if step else 10.0,
            )
            for chunk in _chunks(len(prior))
        ]
        current = np.concatenate(solved)
    return replace(poses, positions=_smooth_joints(current, known, penalty))


def _chunks(num_frames: int) -> list[slice]:
    return [slice(at, at + _CHUNK_FRAMES) for at in range(0, num_frames, _CHUNK_FRAMES)]


def _smooth_joints(positions: np.ndarray, weights: np.ndarray, penalty: float) -> np.ndarray:
    return smooth_penalized(positions, weights, strength=penalty)


def _gauss_newton_step(
    current: np.ndarray,
    prior: np.ndarray,
    anchor: np.ndarray,
    rays: np.ndarray,
    confidence: np.ndarray,
    depth_sigma: np.ndarray | None,
    bone_lengths: np.ndarray,
    parents: tuple[int, ...],
    settings: SolveSettings,
    *,
    smooth_sigma: float,
) -> np.ndarray:
    """One step for (T,J,3) joints: residuals about ``current``, linearised, solved frame by frame."""
    num_frames, num_joints = current.shape[:2]
    diagonal = np.zeros((num_frames, num_joints, 3, 3))
    to_parent = np.zeros((num_frames, num_joints, 3, 3))
    to_root = np.zeros((num_frames, num_joints, 3, 3))
    right = np.zeros((num_frames, num_joints, 3))

    # Rays: (1, 0, -u) . p = 0 and (0, 1, -v) . p = 0, in metres across the line of sight. The step
    # from ``current`` is solved for: what a residual pulls with stands on the right.
    off = current[..., :2] - rays * current[..., 2:]
    weight = confidence * _robust(np.linalg.norm(off, axis=-1), 3 * settings.ray_sigma)
    weight = weight / settings.ray_sigma**2
    rows = np.zeros((num_frames, num_joints, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -rays
    diagonal += np.einsum("tj,tjri,tjrk->tjik", weight, rows, rows)
    right -= np.einsum("tj,tjri,tjr->tji", weight, rows, off)

    # Bone lengths, along each bone's present direction.
    children = np.array([joint for joint, parent in enumerate(parents) if parent >= 0])
    heads = np.array(parents)[children]
    bones = current[:, children] - current[:, heads]
    apart = np.linalg.norm(bones, axis=-1)
    along = bones / np.maximum(apart, 1e-6)[..., None]
    stiffness = 1 / settings.length_sigma**2
    outer = stiffness * np.einsum("tbi,tbk->tbik", along, along)
    pull = stiffness * (apart - bone_lengths[children])[..., None] * along
    diagonal[:, children] += outer
    to_parent[:, children] -= outer
    right[:, children] -= pull
    has_head = (heads[:, None] == np.arange(num_joints)).astype(float)
    diagonal += np.tensordot(outer, has_head, axes=(1, 0)).transpose(0, 3, 1, 2)
    right += np.tensordot(pull, has_head, axes=(1, 0)).swapaxes(1, 2)

    # The network's pose relative to its root, each axis with its own trust.
    sigma = np.full((num_frames, num_joints, 3), settings.lateral_sigma)
    if depth_sigma is not None:
        sigma[..., 2] = np.maximum(depth_sigma, settings.depth_sigma_floor)
    trust = 1 / sigma**2
    trust[:, 0] = 0.0
    axes = np.arange(3)
    pull = trust * ((prior - prior[:, :1]) - (current - current[:, :1]))
    diagonal[..., axes, axes] += trust
    to_root[..., axes, axes] -= trust
    diagonal[:, 0, axes, axes] += trust.sum(axis=1)
    right += pull
    right[:, 0] -= pull.sum(axis=1)

    # The root near where it was, every joint near its smoothed path.
    near = np.full((num_joints, 1), 1 / smooth_sigma**2)
    near[0] += 1 / settings.root_sigma**2
    diagonal[..., axes, axes] += near
    right += near * (anchor - current)
    return current + solve_tree(diagonal, to_parent, to_root, right, parents)


def _robust(distance: np.ndarray, limit: float) -> np.ndarray:
    """Cauchy's weight: 1 at no distance, a half at ``limit``."""
    return 1 / (1 + (distance / limit) ** 2)
