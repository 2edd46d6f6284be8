"""One person's body in camera space, frame by frame: constant bones, steady distance, no jitter.

What ``solve_trajectory``, ``fit_bone_lengths`` and ``solve_poses`` do with a whole clip, with the past
alone: one Gauss-Newton step a frame (a second spares 0.2 % of the error), one-Euro filters, and bone
lengths that are learned on the way.
"""

from __future__ import annotations

import numpy as np

from ..filters import OneEuroFilter, fade_in
from ..geometry.camera import MIN_DEPTH
from ..joint_sets import LIFTED_21
from ..proportion import mean_bone_lengths
from .bone_lengths import bone_lengths_per_frame
from .evidence import RayEvidence
from .running_mean import RunningMean
from .smoothness import cutoff_of_setting
from .solve import pose_equations
from .trajectory import place_root

# Chosen on synthetic views (mocap's val split), the network's poses given: a one-sided filter needs a
# lower cut-off than one that sees both sides, and lets go where something moves fast.
_POSE_CUTOFF_SHARE, _POSE_SPEED_FACTOR = 0.35, 0.5
_DISTANCE_CUTOFF_SHARE, _DISTANCE_SPEED_FACTOR = 0.1, 2.0
_ROOT_CUTOFF_SHARE, _ROOT_SPEED_FACTOR = 0.7, 1.0
_EXPECTED_SIGMA = 0.15
"""m: how far a joint is from where it was, relative to the root."""
_JOINTS_FOR_DISTANCE = 8.0
_EASE_SECONDS = 0.25
# As long as this mean human proportions count, and what was measured is remembered.
_PROPORTION_SECONDS, _MEMORY_SECONDS = 0.5, 30.0
_LENGTH_LIMIT = 0.15
_HEADS = np.maximum(np.array(LIFTED_21.parents), 0)


class BodyStream:
    """Fits the network's poses to the rays, one frame at a time; memory and work do not grow.

    Parameters
    ----------
    smooth : float
        0 raw to 1 very smooth.
    """

    def __init__(self, *, smooth: float) -> None:
        cutoff = cutoff_of_setting(smooth)
        self._bones = _BoneLengths()
        self._distance = OneEuroFilter(
            min_cutoff_hz=_DISTANCE_CUTOFF_SHARE * cutoff, speed_factor=_DISTANCE_SPEED_FACTOR
        )
        self._log_depth: float | None = None
        self._joints = OneEuroFilter(
            min_cutoff_hz=_POSE_CUTOFF_SHARE * cutoff, speed_factor=_POSE_SPEED_FACTOR
        )
        self._root = OneEuroFilter(
            min_cutoff_hz=_ROOT_CUTOFF_SHARE * cutoff, speed_factor=_ROOT_SPEED_FACTOR
        )
        self._ease = _Ease()
        self._last: np.ndarray | None = None

    def push(
        self,
        positions: np.ndarray,
        depth_sigma: np.ndarray,
        evidence: RayEvidence,
        *,
        seconds: float,
    ) -> np.ndarray:
        """Where the joints are.

        Parameters
        ----------
        positions : (21,3) array
            m, camera space: the network's pose.
        depth_sigma : (21,) array
            m
        evidence : RayEvidence
            (21,2) and (21,): of this frame, something seen in it.
        seconds : float
            Since the frame before.

        Returns
        -------
        (21,3) array
            m, camera space; bones have the lengths known so far.
        """
        seen = RayEvidence(evidence.rays[None], evidence.confidence[None])
        placed = self._place(positions[None], seen, seconds)
        self._bones.push(placed[0], evidence.confidence * seconds)
        fitted = placed[0] + self._step(placed, seen, depth_sigma[None])
        eased = self._ease.push(fitted, seconds)
        root = self._root.push(eased[0], fps=1 / seconds)
        self._last = root + self._joints.push(eased - eased[0], fps=1 / seconds)
        return self._rigid(self._last)

    def hold(self, *, seconds: float) -> np.ndarray | None:
        """Where the joints are in a frame that shows nobody: where they were, (21,3) m, if known."""
        if self._last is None:
            return None
        self._ease.hold(self._last, seconds)
        return self._rigid(self._last)

    @property
    def bone_lengths(self) -> np.ndarray:
        """(21,) m, of the bone that ends at each joint, as far as they are known."""
        return self._bones.lengths

    def _place(self, positions: np.ndarray, seen: RayEvidence, seconds: float) -> np.ndarray:
        """The pose (1,21,3) moved to where it projects best, its distance steadied."""
        relative = positions - positions[:, :1]
        root = place_root(relative, seen, positions[:, 0])[0][0]
        depth = max(float(root[2]), MIN_DEPTH)
        sight = root[:2] / depth
        # Few joints tell little of the distance.
        trust = min(float(seen.confidence.sum()) / _JOINTS_FOR_DISTANCE, 1.0)
        before = self._log_depth
        log_depth = np.log(depth)
        if before is not None:
            log_depth = before + trust * (log_depth - before)
        steady = self._distance.push(np.array(log_depth), fps=1 / seconds)
        self._log_depth = float(steady)
        return relative + np.exp(steady) * np.array([*sight, 1.0])

    def _step(self, placed: np.ndarray, seen: RayEvidence, depth_sigma: np.ndarray) -> np.ndarray:
        """(21,3) m: what brings a pose (1,21,3) nearer to the rays, its bone lengths and the last one."""
        expected = placed if self._last is None else placed[:, :1] + self._last - self._last[0]
        equations = pose_equations(
            placed,
            placed,
            expected,
            seen,
            depth_sigma,
            self._bones.lengths,
            LIFTED_21,
            smooth_sigma=_EXPECTED_SIGMA,
        )
        return equations.solve_at_once(LIFTED_21.parents)[0]

    def _rigid(self, joints: np.ndarray) -> np.ndarray:
        """The joints (21,3) with bones of the lengths known so far."""
        lengths = self._bones.lengths
        bones = joints - joints[_HEADS]
        apart = np.maximum(np.linalg.norm(bones, axis=-1), 1e-9)
        return joints[0] + LIFTED_21.chains @ (bones * (lengths / apart)[:, None])


class _BoneLengths:
    """One length per bone, left and right alike, learned from mean proportions on."""

    def __init__(self) -> None:
        self._usual = self.lengths = mean_bone_lengths()
        # As shares of mean human lengths.
        self._ratios = RunningMean(
            np.ones(LIFTED_21.num_joints),
            start_weight=_PROPORTION_SECONDS,
            limit=_LENGTH_LIMIT,
            horizon=_MEMORY_SECONDS,
        )

    def push(self, joints: np.ndarray, weights: np.ndarray) -> None:
        """Take in a frame's joints (21,3) m; a bone counts by the weaker (21,) of its ends."""
        lengths = bone_lengths_per_frame(joints, LIFTED_21.parents)
        ratios = lengths / np.maximum(self._usual, 1e-9)
        weights = np.minimum(weights, weights[_HEADS])
        mirror = LIFTED_21.mirror
        total = weights + weights[mirror]
        pooled = weights * ratios + weights[mirror] * ratios[mirror]
        means = self._ratios.push(pooled / np.maximum(total, 1e-9), total / 2)
        is_seen = self._ratios.weight > _PROPORTION_SECONDS
        is_seen[0] = False
        # A bone that was never seen has the mean length at the person's size.
        size = float(np.median(means[is_seen])) if is_seen.any() else 1.0
        self.lengths = np.where(is_seen, means, size) * self._usual


class _Ease:
    """Leads from where a person was held to where they are seen again."""

    def __init__(self) -> None:
        self._held: np.ndarray | None = None
        self._offset: np.ndarray | None = None
        self._gap_seconds = self._age_seconds = 0.0
        self._fade_seconds = _EASE_SECONDS

    def hold(self, joints: np.ndarray, seconds: float) -> None:
        """Remember where the joints are held in a frame without anybody."""
        self._held = joints
        self._gap_seconds += seconds

    def push(self, joints: np.ndarray, seconds: float) -> np.ndarray:
        """The joints, led over from where they were held."""
        self._age_seconds += seconds
        if self._held is not None:
            self._offset = self._held - joints
            self._fade_seconds = min(self._gap_seconds + seconds, _EASE_SECONDS)
            self._age_seconds = self._gap_seconds = 0.0
            self._held = None
        share = self._age_seconds / self._fade_seconds
        if self._offset is None or share >= 1.0:
            self._offset = None
            return joints
        return joints + self._offset * (1 - fade_in(share))
