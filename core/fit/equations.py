"""The evidence about one frame's pose as linear equations for a step from the current joints."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ..skeleton import Skeleton
from .tree_solver import solve_tree


@dataclass(frozen=True, slots=True, eq=False)
class PoseEquations:
    """Normal equations of T frames for the step from the current joints (T,J,3).

    ``diagonal``, ``to_parent``, ``to_root`` (T,J,3,3) and ``right`` (T,J,3) as ``solve_tree`` takes
    them; what a residual pulls with stands on the right. Every ``hold_`` adds one kind of evidence.
    """

    diagonal: np.ndarray
    to_parent: np.ndarray
    to_root: np.ndarray
    right: np.ndarray

    @staticmethod
    def empty(num_frames: int, num_joints: int) -> PoseEquations:
        """No evidence yet."""
        blocks = (num_frames, num_joints, 3, 3)
        return PoseEquations(
            np.zeros(blocks), np.zeros(blocks), np.zeros(blocks), np.zeros(blocks[:-1])
        )

    def solve(self, parents: tuple[int, ...]) -> np.ndarray:
        """The step (T,J,3) of each frame."""
        return solve_tree(self.diagonal, self.to_parent, self.to_root, self.right, parents)

    def solve_at_once(self, parents: tuple[int, ...]) -> np.ndarray:
        """The same as one dense system per frame: faster where there is a single frame."""
        num_frames, num_joints = self.right.shape[:2]
        joints, heads = np.arange(1, num_joints), np.array(parents[1:])
        matrix = np.zeros((num_joints, num_joints, num_frames, 3, 3))
        matrix[joints, heads] += self.to_parent[:, 1:].swapaxes(0, 1)
        matrix[joints, 0] += self.to_root[:, 1:].swapaxes(0, 1)
        matrix += matrix.transpose(1, 0, 2, 4, 3)
        matrix[np.arange(num_joints), np.arange(num_joints)] += self.diagonal.swapaxes(0, 1)
        size = 3 * num_joints
        dense = matrix.transpose(2, 0, 3, 1, 4).reshape(num_frames, size, size)
        right = self.right.reshape(num_frames, size, 1)
        return np.linalg.solve(dense, right).reshape(num_frames, num_joints, 3)

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
        children, heads, has_head = _bones(parents)
        bones = current[:, children] - current[:, heads]
        apart = np.linalg.norm(bones, axis=-1)
        along = bones / np.maximum(apart, 1e-6)[..., None]
        outer = np.einsum("tbi,tbk->tbik", along, along) / sigma**2
        pull = (apart - bone_lengths[children])[..., None] * along / sigma**2
        self.diagonal[:, children] += outer
        self.to_parent[:, children] -= outer
        self.right[:, children] -= pull
        self.diagonal[:] += np.tensordot(outer, has_head, axes=(1, 0)).transpose(0, 3, 1, 2)
        self.right[:] += np.tensordot(pull, has_head, axes=(1, 0)).swapaxes(1, 2)

    def hold_pelvis_between_hips(
        self, current: np.ndarray, skeleton: Skeleton, sigma: float
    ) -> None:
        """The root in the middle of its mirrored children, which point apart as they do now."""
        hips = _hips(skeleton)
        half = (current[:, hips] - current[:, skeleton.mirror[hips]]) / 2
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


@functools.cache
def _bones(parents: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Children and heads (B,) of all bones, and (B,J) 1 where a joint is a bone's head."""
    children = np.flatnonzero(np.array(parents) >= 0)
    heads = np.array(parents)[children]
    return children, heads, (heads[:, None] == np.arange(len(parents))).astype(float)


@functools.cache
def _hips(skeleton: Skeleton) -> list[int]:
    """The root's mirrored children."""
    children = enumerate(skeleton.parents)
    return [joint for joint, head in children if head == 0 and skeleton.mirror[joint] != joint]


def _robust(distance: np.ndarray, limit: float) -> np.ndarray:
    """Cauchy's weight: 1 at no distance, a half at ``limit``."""
    return 1 / (1 + (distance / limit) ** 2)
