"""How far off a lifted clip is: every joint of every frame, under each of the usual measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import LiftError
from core.geometry.alignment import align_similarity
from core.joint_sets import LIFTED_21

from .judged_clip import JudgedClip, Lift

_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class PoseErrors:
    """Errors (T,J) of a clip's joints, mm; what they mean where ``is_judged`` (T,J) is False is nothing.

    ``p_mm`` after the similarity that fits each frame best (P-MPJPE is its mean). The others compare
    poses relative to the root (the pelvis, else the middle of the hips) in the camera's axes, and are
    NaN in frames whose root is not judged, which means leave out (``mean_per_frame``): ``n_mm`` at
    each frame's best scale (N-MPJPE); ``true_scale_mm`` at the one scale at which the clip's bones are,
    taken together, as long as the person's own: what a user gets who enters the person's height
    (MPJPE); ``own_scale_mm`` as predicted; ``lateral_mm`` across the line of sight and ``depth_mm`` along
    it, at each frame's scale that fits the lateral part best, so that depth is not in it.
    """

    p_mm: np.ndarray
    n_mm: np.ndarray
    true_scale_mm: np.ndarray
    own_scale_mm: np.ndarray
    lateral_mm: np.ndarray
    depth_mm: np.ndarray
    is_judged: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class ClipErrors:
    """A clip, the poses (T,21,3) m that were lifted from it and their errors.

    T is the clip's number of frames, or less where the lifter's poses end sooner.
    """

    clip: JudgedClip
    poses_camera: np.ndarray
    errors: PoseErrors

    @property
    def is_judged_frame(self) -> np.ndarray:
        """(T,) whether any joint of a frame counts."""
        return self.errors.is_judged.any(axis=1)


def evaluate_clip(clip: JudgedClip, lift: Lift) -> ClipErrors:
    """Lift one clip and compare it with the truth.

    Raises
    ------
    LiftError
        When no frame of the clip is judged, or the lifter's poses have a number that is not finite.
    """
    poses = lift(clip)
    num_frames = min(clip.num_frames, len(poses))
    judged = clip.is_judged[:num_frames]
    where = f"{clip.name}, {clip.camera_name}"
    if not judged.any():
        raise LiftError(f"{where}: expected at least one judged frame, found none")
    poses = poses[:num_frames]
    if not np.isfinite(poses).all():
        raise LiftError(f"{where}: expected finite poses from the lifter, found others")
    errors = measure(poses, clip.truth_camera[:num_frames], judged, clip.joints)
    return ClipErrors(clip, poses, errors)


def judged_by(view: ClipErrors, joints: tuple[str, ...]) -> ClipErrors:
    """The same poses, judged by some of the joints alone."""
    clip = view.clip.with_joints(joints)
    num_frames = len(view.poses_camera)
    errors = measure(
        view.poses_camera, clip.truth_camera[:num_frames], clip.is_judged[:num_frames], joints
    )
    return ClipErrors(clip, view.poses_camera, errors)


def measure(
    poses: np.ndarray, truth: np.ndarray, judged: np.ndarray, joints: tuple[str, ...]
) -> PoseErrors:
    """Every error of lifted poses.

    Parameters
    ----------
    poses : (T,21,3) array
        m, ``LIFTED_21``, camera space.
    truth : (T,J,3) array
        m, the camera's axes.
    judged : (T,J) bool array
    joints : tuple of str
        The truth's (J,), the hips among them.
    """
    predicted = poses[:, LIFTED_21.indices(*joints)]
    weight = judged.astype(float)
    aligned = align_similarity(predicted, truth, weight).apply(predicted)
    own, true = root_relative(predicted, joints), root_relative(truth, joints)
    best = _best_scale(own, true, weight)
    lateral_scale = _best_scale(own[..., :2], true[..., :2], weight)
    sized = lateral_scale[:, None, None] * own - true
    # An error of the root would count as one of every joint.
    has_root = judged[:, _root_joints(joints)].all(axis=1, keepdims=True)

    def if_rooted(errors_mm: np.ndarray) -> np.ndarray:
        return np.where(has_root, errors_mm, np.nan)

    return PoseErrors(
        p_mm=_distance_mm(aligned, truth),
        n_mm=if_rooted(_distance_mm(best[:, None, None] * own, true)),
        true_scale_mm=if_rooted(
            _distance_mm(size_ratio(predicted, truth, judged, joints) * own, true)
        ),
        own_scale_mm=if_rooted(_distance_mm(own, true)),
        lateral_mm=if_rooted(1000 * np.linalg.norm(sized[..., :2], axis=-1)),
        depth_mm=if_rooted(1000 * np.abs(sized[..., 2])),
        is_judged=judged,
    )


def root_path(poses: np.ndarray, joints: tuple[str, ...]) -> np.ndarray:
    """(T,3) the pelvis of poses (T,J,3), or where ``joints`` lack it the middle of the hips."""
    return poses[:, _root_joints(joints)].mean(axis=1)


def root_relative(poses: np.ndarray, joints: tuple[str, ...]) -> np.ndarray:
    """Poses (T,J,3) with their root (``root_path``) at the origin."""
    return poses - root_path(poses, joints)[:, None]


def size_ratio(
    predicted: np.ndarray, truth: np.ndarray, judged: np.ndarray, joints: tuple[str, ...]
) -> float:
    """How many times larger a clip's true body (T,J,3) is than the predicted one, all bones together.

    1 where no frame has both ends of any bone judged.
    """
    ends = np.array(
        [
            (joints.index(name), joints.index(LIFTED_21.joint_names[parent]))
            for name, parent in zip(LIFTED_21.joint_names, LIFTED_21.parents, strict=True)
            if parent >= 0 and name in joints and LIFTED_21.joint_names[parent] in joints
        ]
    )
    is_known = judged[:, ends].all(axis=-1)
    lengths = [
        (np.linalg.norm(poses[:, ends[:, 0]] - poses[:, ends[:, 1]], axis=-1) * is_known).sum()
        for poses in (truth, predicted)
    ]
    return float(lengths[0] / lengths[1]) if is_known.any() and lengths[1] > 0 else 1.0


def pooled_mm(clips: Sequence[ClipErrors], measure_of: Callable[[PoseErrors], np.ndarray]) -> float:
    """Mean of one measure, mm: over a frame's judged joints, then over all such frames of all clips.

    NaN where no frame has one.
    """
    means = np.concatenate(
        [mean_per_frame(measure_of(clip.errors), clip.errors.is_judged) for clip in clips]
    )
    return float(means.mean()) if len(means) else float("nan")


def mean_per_frame(values: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """(F,) mean of (T,J) values that are known over the judged joints of every frame that has any."""
    counts = judged & ~np.isnan(values)
    frames = counts.any(axis=1)
    values, counts = values[frames], counts[frames]
    return np.where(counts, values, 0.0).sum(axis=1) / counts.sum(axis=1)


def _root_joints(joints: tuple[str, ...]) -> list[int]:
    names = ("pelvis",) if "pelvis" in joints else ("left_hip", "right_hip")
    return [joints.index(name) for name in names]


def _best_scale(predicted: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(T,) factor that carries each frame's (T,J,C) prediction nearest to the truth."""
    overlap = np.einsum("tj,tjc,tjc->t", weight, predicted, truth)
    return overlap / np.maximum(np.einsum("tj,tjc,tjc->t", weight, predicted, predicted), _TINY)


def _distance_mm(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return 1000 * np.linalg.norm(predicted - truth, axis=-1)
