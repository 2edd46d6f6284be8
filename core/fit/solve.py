"""Fit the whole pose to the evidence: rays, constant bone lengths, the network's depths, smoothness.

Per frame a nonlinear least-squares problem in the 3J joint coordinates, solved for all frames at once
by Gauss-Newton with robust weights; frames are tied together by smoothing between the steps. Time and
memory grow linearly with the clip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..filters import smooth_penalized
from ..skeleton import Skeleton
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
    middle_sigma: float = 0.02
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
        anchor = smooth_penalized(current, known, strength=penalty)
        solved = [
            _gauss_newton_step(
                current[chunk],
                prior[chunk],
                anchor[chunk] if step else prior[chunk],
                evidence.rays[chunk],
                evidence.confidence[chunk],
                None if poses.depth_sigma is None else poses.depth_sigma[chunk],
                bone_lengths,
                poses.skeleton,
                settings,
                smooth_sigma=settings.smooth_sigma if step else 10.0,
            )
            for chunk in _chunks(len(prior))
        ]
        current = np.concatenate(solved)
    return replace(poses, positions=smooth_penalized(current, known, strength=penalty))


def _chunks(num_frames: int) -> list[slice]:
    return [slice(at, at + _CHUNK_FRAMES) for at in range(0, num_frames, _CHUNK_FRAMES)]


def _gauss_newton_step(
    current: np.ndarray,
    prior: np.ndarray,
    anchor: np.ndarray,
    rays: np.ndarray,
    confidence: np.ndarray,
    depth_sigma: np.ndarray | None,
    bone_lengths: np.ndarray,
    skeleton: Skeleton,
    settings: SolveSettings,
    *,
    smooth_sigma: float,
) -> np.ndarray:
    """One step for (T,J,3) joints: residuals about ``current``, linearised, solved frame by frame."""
    equations = _Equations.empty(*current.shape[:2])
    equations.hold_to_rays(current, rays, confidence, settings.ray_sigma)
    equations.hold_bone_lengths(current, bone_lengths, skeleton.parents, settings.length_sigma)
    equations.hold_pelvis_between_hips(current, skeleton, settings.middle_sigma)
    sigma = np.full(current.shape, settings.lateral_sigma)
    if depth_sigma is not None:
        sigma[..., 2] = np.maximum(depth_sigma, settings.depth_sigma_floor)
    equations.hold_to_pose(current, prior, sigma)
    near = np.full((current.shape[1], 1), 1 / smooth_sigma**2)
    near[0] += 1 / settings.root_sigma**2
    equations.hold_near(current, anchor, near)
    return current + equations.solve(skeleton.parents)


@dataclass(frozen=True, slots=True, eq=False)
class _Equations:
    """Normal equations of T frames for the step from the current joints, as ``solve_tree`` takes them.

    What a residual pulls with stands on the right.
    """

    diagonal: np.ndarray
    to_parent: np.ndarray
    to_root: np.ndarray
    right: np.ndarray

    @staticmethod
    def empty(num_frames: int, num_joints: int) -> _Equations:
        blocks = (num_frames, num_joints, 3, 3)
        return _Equations(
            np.zeros(blocks), np.zeros(blocks), np.zeros(blocks), np.zeros(blocks[:-1])
        )

    def solve(self, parents: tuple[int, ...]) -> np.ndarray:
        return solve_tree(self.diagonal, self.to_parent, self.to_root, self.right, parents)

    def hold_to_rays(
        self, current: np.ndarray, rays: np.ndarray, confidence: np.ndarray, sigma: float
    ) -> None:
        """(1, 0, -u) . p = 0 and (0, 1, -v) . p = 0: metres across the line of sight."""
        off = current[..., :2] - rays * current[..., 2:]
        weight = confidence * _robust(np.linalg.norm(off, axis=-1), 3 * sigma) / sigma**2
        rows = np.zeros((*rays.shape[:2], 2, 3))
        rows[..., 0, 0] = rows[..., 1, 1] = 1.0
        rows[..., 2] = -rays
        self.diagonal[:] += np.einsum("tj,tjri,tjrk->tjik", weight, rows, rows)
        self.right[:] -= np.einsum("tj,tjri,tjr->tji", weight, rows, off)

    def hold_bone_lengths(
        self,
        current: np.ndarray,
        bone_lengths: np.ndarray,
        parents: tuple[int, ...],
        sigma: float,
    ) -> None:
        """Each bone's length, along its present direction."""
        children = np.flatnonzero(np.array(parents) >= 0)
        heads = np.array(parents)[children]
        bones = current[:, children] - current[:, heads]
        apart = np.linalg.norm(bones, axis=-1)
        along = bones / np.maximum(apart, 1e-6)[..., None]
        outer = np.einsum("tbi,tbk->tbik", along, along) / sigma**2
        pull = (apart - bone_lengths[children])[..., None] * along / sigma**2
        has_head = (heads[:, None] == np.arange(len(parents))).astype(float)
        self.diagonal[:, children] += outer
        self.to_parent[:, children] -= outer
        self.right[:, children] -= pull
        self.diagonal[:] += np.tensordot(outer, has_head, axes=(1, 0)).transpose(0, 3, 1, 2)
        self.right[:] += np.tensordot(pull, has_head, axes=(1, 0)).swapaxes(1, 2)

    def hold_pelvis_between_hips(
        self, current: np.ndarray, skeleton: Skeleton, sigma: float
    ) -> None:
        """The root in the middle of its mirrored children, which point apart as they do now."""
        parents, mirror = skeleton.parents, skeleton.mirror
        hips = [j for j, parent in enumerate(parents) if parent == 0 and mirror[j] != j]
        half = (current[:, hips] - current[:, mirror[hips]]) / 2
        pull = (current[:, :1] + half - current[:, hips]) / sigma**2
        block = np.eye(3) / sigma**2
        self.diagonal[:, hips] += block
        self.to_parent[:, hips] -= block
        self.right[:, hips] += pull
        self.diagonal[:, 0] += len(hips) * block
        self.right[:, 0] -= pull.sum(axis=1)

    def hold_to_pose(self, current: np.ndarray, prior: np.ndarray, sigma: np.ndarray) -> None:
        """The prior's pose relative to its root, each axis (T,J,3) with its own trust."""
        trust = 1 / sigma**2
        trust[:, 0] = 0.0
        pull = trust * ((prior - prior[:, :1]) - (current - current[:, :1]))
        axes = np.arange(3)
        self.diagonal[..., axes, axes] += trust
        self.to_root[..., axes, axes] -= trust
        self.diagonal[:, 0, axes, axes] += trust.sum(axis=1)
        self.right[:] += pull
        self.right[:, 0] -= pull.sum(axis=1)

    def hold_near(self, current: np.ndarray, anchor: np.ndarray, trust: np.ndarray) -> None:
        """Every joint near its anchor, with trust (J,1)."""
        axes = np.arange(3)
        self.diagonal[..., axes, axes] += trust
        self.right[:] += trust * (anchor - current)


def _robust(distance: np.ndarray, limit: float) -> np.ndarray:
    """Cauchy's weight: 1 at no distance, a half at ``limit``."""
    return 1 / (1 + (distance / limit) ** 2)
