"""One length per bone and clip: people's bones do not stretch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..proportion import mean_bone_lengths
from ..types import Poses3D

_MIN_SHARE, _MAX_SHARE = 0.6, 1.6
_TRUNK_AND_HEAD_SHARE = 0.912


def bone_lengths_per_frame(positions: np.ndarray, parents: tuple[int, ...]) -> np.ndarray:
    """(...,J) m: distance of every joint (...,J,3) to its parent; 0 at roots."""
    parent = np.array(parents)
    bones = positions - positions[..., np.maximum(parent, 0), :]
    return np.where(parent < 0, 0.0, np.linalg.norm(bones, axis=-1))


def fit_bone_lengths(poses: Poses3D) -> np.ndarray:
    """One robust length per bone of a clip, left and right alike.

    The median over the frames in which both ends were seen, so that a few bad frames do not count,
    kept within human limits around the clip's own size. A bone that was never seen has the mean human
    length at that size.

    Parameters
    ----------
    poses : Poses3D
        Of the ``LIFTED_21`` joints, any space.

    Returns
    -------
    (21,) array
        m, length of the bone that ends at each joint; 0 at the root.
    """
    skeleton = poses.skeleton
    parents = np.maximum(np.array(skeleton.parents), 0)
    lengths = bone_lengths_per_frame(poses.positions, skeleton.parents)
    weights = np.minimum(poses.confidence, poses.confidence[:, parents])
    mirror = skeleton.mirror
    both = np.concatenate([lengths, lengths[:, mirror]])
    fitted = weighted_median(both, np.concatenate([weights, weights[:, mirror]]) + 1e-9)
    usual = mean_bone_lengths()
    is_seen = weights.any(axis=0) | weights[:, mirror].any(axis=0)
    is_measured = is_seen if is_seen[1:].any() else np.ones(skeleton.num_joints, dtype=bool)
    size = np.median(fitted[1:][is_measured[1:]] / usual[1:][is_measured[1:]])
    limited = np.clip(fitted, _MIN_SHARE * size * usual, _MAX_SHARE * size * usual)
    return np.where(is_measured, limited, size * usual)


def scale_poses(poses: Poses3D, factor: float) -> Poses3D:
    """The same motion ``factor`` times as large, seen from ``factor`` times as far away."""
    sigma = None if poses.depth_sigma is None else poses.depth_sigma * factor
    return replace(poses, positions=poses.positions * factor, depth_sigma=sigma)


def standing_height(bone_lengths: np.ndarray, joint_names: tuple[str, ...]) -> float:
    """Height (m) of a person with these bones (21,), standing straight; sole below the ankle included.

    Detectors mark trunk and head longer than they are (``core.proportion``): these count for less, so
    that a person of mean proportions with a leg of 0.82 m is 1.70 m tall.
    """
    by_name = dict(zip(joint_names, bone_lengths, strict=True))
    sole = 0.75 * by_name["left_heel"]
    legs = by_name["left_knee"] + by_name["left_ankle"]
    marked = by_name["spine"] + by_name["thorax"] + by_name["head"]
    return float(sole + legs + _TRUNK_AND_HEAD_SHARE * marked)


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(J,) weighted medians of ``values`` (T,J), by ``weights`` (T,J), along T."""
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    total = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    middle = (total < total[-1] / 2).sum(axis=0)
    return np.take_along_axis(ranked, middle[None], axis=0)[0]
