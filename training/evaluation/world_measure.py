"""How well a lifted motion stands in the world: its place, size, up, ground, feet and smoothness.

Where a camera's place was given, the result's world is the true one and nothing is moved; elsewhere the
result is turned about the vertical and shifted to fit the truth best (upwards only where the truth has
no ground: both worlds have it at z = 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import metrics
from core.errors import LiftError
from core.geometry.camera import world_to_camera
from core.geometry.quaternion import rotate
from core.joint_sets import LIFTED_21
from core.pipeline import LiftedPerson
from core.types import Camera, Poses3D

from .pose_error import root_path, root_relative, size_ratio

FOOT_POINTS = ("left_heel", "left_toe", "right_heel", "right_toe")
_STILL_M_PER_S = 0.3
_LEAST_FRAMES = 4


@dataclass(frozen=True, slots=True, eq=False)
class WorldTruth:
    """Where a person really was, in a world with z up, and the camera that saw it.

    ``positions`` (T,J,3) m of ``joints`` (J,), names of ``LIFTED_21`` with the hips and ``FOOT_POINTS``
    among them, NaN where it is not known; row 0 belongs to the clip's frame ``first_frame``.
    ``is_contact`` (T,2) whether the left and the right foot stand on the ground z = 0; None where the
    ground is not known. ``is_placed``: the lifter was told where the camera is, so that its world is
    this one.
    """

    positions: np.ndarray
    joints: tuple[str, ...]
    first_frame: int
    camera: Camera
    is_contact: np.ndarray | None
    is_placed: bool


@dataclass(frozen=True, slots=True)
class GroundFigures:
    """Penetration and floating (``core.metrics``), the truth's own beside them; contacts, foot by frame."""

    penetration_mm: float
    true_penetration_mm: float
    floating_mm: float
    true_floating_mm: float
    num_contacts: int
    num_contacts_found: int
    num_contacts_right: int


@dataclass(frozen=True, slots=True)
class WorldFigures:
    """What is measured on one clip; NaN where the truth gives no occasion.

    ``w_mpjpe_mm``, ``wa_mpjpe_mm`` keep the result's size, the ``_scaled`` ones fit it. ``root_mm``: mean
    distance of the pelvis (or the hips' middle) in the worlds, as the module says; ``rte`` a share of the
    path, whose length is ``path_m``. ``up_deg``: between both worlds' up in the camera. ``focal_ratio``
    and ``size_ratio``: the result's over the truth's. ``foot_height_mm``, ``foot_height_bias_mm``: median
    over heels, toes and frames of the distance to the true height, unsigned and signed. ``jitter`` in
    10 m/s^3. ``mpjpe_mm``: root-relative, in the camera; ``network_mpjpe_mm`` the same before the solve.
    ``num_still``: true foot points that stand still, counted over frames. ``ground``: None where it is not
    known.
    """

    num_frames: int
    w_mpjpe_mm: float
    wa_mpjpe_mm: float
    w_mpjpe_scaled_mm: float
    wa_mpjpe_scaled_mm: float
    root_mm: float
    rte: float
    path_m: float
    true_path_m: float
    up_deg: float
    focal_ratio: float
    size_ratio: float
    foot_height_mm: float
    foot_height_bias_mm: float
    bone_spread_mm: float
    jitter: float
    true_jitter: float
    foot_slide_mm_per_s: float
    true_foot_slide_mm_per_s: float
    num_still: int
    mpjpe_mm: float
    network_mpjpe_mm: float
    ground: GroundFigures | None


def measure_world(
    lifted: LiftedPerson, truth: WorldTruth, network_poses: np.ndarray
) -> WorldFigures:
    """Every figure of one lifted clip, over the longest stretch of frames whose truth is known.

    Parameters
    ----------
    lifted : LiftedPerson
        What the pipeline made of the clip.
    truth : WorldTruth
    network_poses : (T,21,3) array
        m, camera space, of the same frames: before any solve, at the result's size.

    Raises
    ------
    LiftError
        When clip and truth have fewer than four frames in a row in common.
    """
    poses = lifted.poses_world
    fps = float(poses.fps)
    kept, rows = _common_frames(poses, truth)
    target = truth.positions[rows]
    joints = LIFTED_21.indices(*truth.joints)
    predicted = poses.positions[kept][:, joints]
    if not truth.is_placed:
        predicted = align_upright(predicted, target, use_height=truth.is_contact is None)
    root, true_root = root_path(predicted, truth.joints), root_path(target, truth.joints)
    points = [truth.joints.index(name) for name in FOOT_POINTS]
    feet, true_feet = predicted[:, points], target[:, points]
    above = 1000 * (feet - true_feet)[..., 2]
    up, true_up = _up_in_camera(lifted.camera), _up_in_camera(truth.camera)
    in_camera = [lifted.poses_camera.positions[kept], network_poses[kept]]
    target_camera = world_to_camera(target, truth.camera)
    relative_target = root_relative(target_camera, truth.joints)
    after_mm, before_mm = (
        1000 * metrics.mpjpe(root_relative(each[:, joints], truth.joints), relative_target)
        for each in in_camera
    )
    everywhere = np.ones(target.shape[:2], dtype=bool)
    return WorldFigures(
        num_frames=len(rows),
        w_mpjpe_mm=1000 * metrics.w_mpjpe(predicted, target, use_scale=False),
        wa_mpjpe_mm=1000 * metrics.wa_mpjpe(predicted, target, use_scale=False),
        w_mpjpe_scaled_mm=1000 * metrics.w_mpjpe(predicted, target, use_scale=True),
        wa_mpjpe_scaled_mm=1000 * metrics.wa_mpjpe(predicted, target, use_scale=True),
        root_mm=1000 * metrics.mpjpe(root, true_root),
        rte=metrics.root_translation_error(root, true_root),
        path_m=metrics.path_length(root),
        true_path_m=metrics.path_length(true_root),
        up_deg=float(np.degrees(metrics.direction_error(up, true_up))),
        focal_ratio=float(lifted.camera.focal_length.mean() / truth.camera.focal_length.mean()),
        size_ratio=1 / size_ratio(predicted, target, everywhere, truth.joints),
        foot_height_mm=float(np.median(np.abs(above))),
        foot_height_bias_mm=float(np.median(above)),
        bone_spread_mm=1000 * metrics.bone_length_spread(poses.positions, LIFTED_21.parents),
        jitter=metrics.jitter(predicted, fps=fps),
        true_jitter=metrics.jitter(target, fps=fps),
        foot_slide_mm_per_s=metrics.foot_slide(feet, true_feet, fps=fps),
        true_foot_slide_mm_per_s=metrics.foot_slide(true_feet, true_feet, fps=fps),
        num_still=int(still_points(true_feet, fps=fps).sum()),
        mpjpe_mm=after_mm,
        network_mpjpe_mm=before_mm,
        ground=None
        if truth.is_contact is None
        else _measure_ground(feet, true_feet, truth.is_contact[rows], lifted.motion.contacts[kept]),
    )


def align_upright(predicted: np.ndarray, target: np.ndarray, *, use_height: bool) -> np.ndarray:
    """``predicted`` turned about the vertical and shifted to where it fits ``target`` best.

    Parameters
    ----------
    predicted, target : (T,J,3) arrays
        m, z up.
    use_height : bool
        Shift along z too.
    """
    middle, true_middle = predicted.mean(axis=(0, 1)), target.mean(axis=(0, 1))
    x, y = np.moveaxis((predicted - middle)[..., :2], -1, 0)
    true_x, true_y = np.moveaxis((target - true_middle)[..., :2], -1, 0)
    # Least squares in the plane: the angle of the summed complex products.
    yaw = np.arctan2((x * true_y - y * true_x).sum(), (x * true_x + y * true_y).sum())
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    moved = (predicted - middle) @ turn.T + true_middle
    if not use_height:
        moved[..., 2] = predicted[..., 2]
    return moved


def still_points(points: np.ndarray, *, fps: float) -> np.ndarray:
    """(T,K) bool: which points (T,K,3) m moved at under 0.3 m/s since the frame before.

    The first frame goes by its step to the second. METHOD.md's foot slide counts the same, at 30 fps.
    """
    speed = np.linalg.norm(np.diff(points, axis=0), axis=-1) * fps
    return np.concatenate([speed[:1], speed]) < _STILL_M_PER_S


def _common_frames(poses: Poses3D, truth: WorldTruth) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of the poses, and which of the truth, are of the same frames, all in a row."""
    rows = poses.frames - truth.first_frame
    is_known = np.isfinite(truth.positions).all(axis=(1, 2))
    # Speeds and paths bear no gap.
    is_common = (rows >= 0) & (rows < len(is_known))
    is_common[is_common] = is_known[rows[is_common]]
    ends = np.flatnonzero(np.diff(is_common, prepend=False, append=False)).reshape(-1, 2)
    lengths = np.diff(ends, axis=1)[:, 0]
    if lengths.max(initial=0) < _LEAST_FRAMES:
        raise LiftError(
            f"world: expected {_LEAST_FRAMES} frames or more in a row with a truth, "
            f"found {lengths.max(initial=0)}"
        )
    kept = np.arange(*ends[np.argmax(lengths)])
    return kept, rows[kept]


def _up_in_camera(camera: Camera) -> np.ndarray:
    return rotate(camera.rotation_world_to_camera, np.array([0.0, 0.0, 1.0]))


def _measure_ground(
    feet: np.ndarray, true_feet: np.ndarray, is_contact: np.ndarray, is_found: np.ndarray
) -> GroundFigures:
    """Of heels and toes (T,4,3), left then right; contacts (T,2)."""
    by_foot, true_by_foot = (points.reshape(-1, 2, 2, 3) for points in (feet, true_feet))
    return GroundFigures(
        penetration_mm=1000 * metrics.penetration(feet),
        true_penetration_mm=1000 * metrics.penetration(true_feet),
        floating_mm=1000 * metrics.floating(by_foot, is_contact),
        true_floating_mm=1000 * metrics.floating(true_by_foot, is_contact),
        num_contacts=int(is_contact.sum()),
        num_contacts_found=int(is_found.sum()),
        num_contacts_right=int((is_contact & is_found).sum()),
    )
