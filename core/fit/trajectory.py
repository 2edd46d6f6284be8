"""Where the person is: the root's path in camera space, from the rays.

For a known focal length and a pose relative to its root, the root that projects best is a linear
least-squares problem of three unknowns per frame: each seen joint j with ray (u, v) asks for
X0 + x_j = u (Z0 + z_j) and Y0 + y_j = v (Z0 + z_j).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..filters import smooth_penalized
from ..geometry.camera import MIN_DEPTH
from ..types import Camera, Poses3D
from .evidence import RayEvidence
from .smoothness import cutoff_of_setting, penalty_of_cutoff
from .still_frame import smooth_joints

_PRIOR_DEPTH_SIGMA = 1.0
_RAY_SIGMA = 0.03
# The distance is the noisiest number of all: it is smoothed more than the pose.
_DISTANCE_CUTOFF_SHARE = 0.3


def solve_trajectory(
    poses: Poses3D,
    evidence: RayEvidence,
    *,
    smooth: float = 0.3,
    motion: Camera | None = None,
) -> Poses3D:
    """Move every frame's pose, unchanged, to where it projects best; smooth its distance.

    Parameters
    ----------
    poses : Poses3D
        Camera space, m; where they are now is a weak prior for the distance.
    evidence : RayEvidence
        Of the same frames.
    smooth : float
        0 raw to 1 very smooth.
    motion : Camera or None
        Where a moving camera is in each frame, in the poses' unit.
    """
    root = poses.positions[:, 0]
    relative = poses.positions - root[:, None]
    solved, total = place_root(relative, evidence, root)
    trust = np.clip(total * _RAY_SIGMA**2 / 8, 1e-3, 1.0)
    cutoff = cutoff_of_setting(smooth) * _DISTANCE_CUTOFF_SHARE
    strength = penalty_of_cutoff(cutoff, float(poses.fps))
    if motion is None:
        log_depth = np.log(np.maximum(solved[:, 2:], MIN_DEPTH))
        depth = np.exp(smooth_penalized(log_depth, trust, strength=strength))
    else:
        # What is smooth is the person's way, not their distance from a camera that moves.
        path = smooth_joints(solved[:, None], trust[:, None], strength=strength, motion=motion)
        depth = np.maximum(path[:, 0, 2:], MIN_DEPTH)
    # x and y follow the smoothed distance along the line of sight.
    sight = solved[:, :2] / np.maximum(solved[:, 2:], MIN_DEPTH)
    new_root = np.concatenate([sight * depth, depth], axis=-1)
    return replace(poses, positions=relative + new_root[:, None])


def place_root(
    relative: np.ndarray, evidence: RayEvidence, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The root that projects each frame's pose best.

    Parameters
    ----------
    relative : (T,J,3) array
        m: poses relative to their roots, camera axes.
    evidence : RayEvidence
    prior : (T,3) array
        m: roots where they are expected, a weak prior for the distance.

    Returns
    -------
    root : (T,3) array
        m, camera space.
    total : (T,) array
        Weight of the evidence: 1 / m^2.
    """
    weight = evidence.confidence / _RAY_SIGMA**2
    u, v = evidence.rays[..., 0], evidence.rays[..., 1]
    # Residuals X0 - u Z0 = u z_j - x_j and Y0 - v Z0 = v z_j - y_j.
    right_x = u * relative[..., 2] - relative[..., 0]
    right_y = v * relative[..., 2] - relative[..., 1]
    total = weight.sum(axis=1)
    trust = 1 / _PRIOR_DEPTH_SIGMA**2
    normal = np.zeros((len(prior), 3, 3))
    normal[:, 0, 0] = normal[:, 1, 1] = total + 1e-3
    normal[:, 0, 2] = normal[:, 2, 0] = -(weight * u).sum(axis=1)
    normal[:, 1, 2] = normal[:, 2, 1] = -(weight * v).sum(axis=1)
    normal[:, 2, 2] = (weight * (u**2 + v**2)).sum(axis=1) + trust
    right = np.stack(
        [
            (weight * right_x).sum(axis=1) + 1e-3 * prior[:, 0],
            (weight * right_y).sum(axis=1) + 1e-3 * prior[:, 1],
            -(weight * (u * right_x + v * right_y)).sum(axis=1) + trust * prior[:, 2],
        ],
        axis=-1,
    )
    return np.linalg.solve(normal, right[..., None])[..., 0], total
