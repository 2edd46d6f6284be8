"""A figure that stands, then walks, on a ground at z = 0, and results of lifting it that are known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from core.geometry import quaternion
from core.geometry.camera import camera_at_origin, project_to_pixels, world_to_camera
from core.joint_sets import LIFTED_21
from core.pipeline import LiftedPerson
from core.proportion import mean_bone_lengths
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.humanoid import humanoid_rest_pose
from core.types import Camera, Keypoints2D, Poses3D
from training.evaluation.world_measure import FOOT_POINTS, WorldFigures, WorldTruth, measure_world

FPS = 30
NUM_FRAMES = 120
FEET = LIFTED_21.indices(*FOOT_POINTS)
UP = np.array([0.0, 0.0, 1.0])


def body(num_frames: int = NUM_FRAMES) -> np.ndarray:
    """(T,21,3) a rigid figure with its soles at z = 0 that stands for half the time, then goes 2 m."""
    figure = np.random.default_rng(5).uniform((-0.4, -0.3, 0.2), (0.4, 0.3, 1.7), (21, 3))
    figure[FEET, 2] = 0.0
    share = np.clip(np.linspace(-1, 1, num_frames), 0, 1)[:, None, None]
    return figure + share**2 * np.array([1.2, 1.6, 0.0])


def camera(tilt: float = 0.1) -> Camera:
    """Behind the world's origin at eye height, looking along +y and down by ``tilt`` rad."""
    level = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    turn = quaternion.from_axis_angle(np.array([1.0, 0, 0]), tilt)
    return replace(
        camera_at_origin(1000.0, (1920, 1080)),
        rotation_world_to_camera=quaternion.multiply(turn, quaternion.from_matrix(level)),
        position_world=np.array([0.0, -6.0, 1.6]),
    )


def truth_of(
    positions: np.ndarray, *, is_placed: bool = True, has_ground: bool = True, first_frame: int = 0
) -> WorldTruth:
    contact = np.arange(len(positions)) < len(positions) // 2
    return WorldTruth(
        positions=positions,
        joints=LIFTED_21.joint_names,
        first_frame=first_frame,
        camera=camera(),
        is_contact=np.repeat(contact[:, None], 2, axis=1) if has_ground else None,
        is_placed=is_placed,
    )


def result_of(
    positions: np.ndarray, *, found: np.ndarray | None = None, seen_by: Camera | None = None
) -> LiftedPerson:
    """A lifted person at ``positions`` (T,21,3) of its own world, contacts ``found`` (T,2)."""
    seen_by = seen_by or camera()
    num_frames = len(positions)
    poses = Poses3D(
        positions=positions,
        depth_sigma=None,
        contact_probability=None,
        confidence=np.ones(positions.shape[:2]),
        frames=np.arange(num_frames),
        fps=Fraction(FPS),
        person=1,
        space="world",
        skeleton=LIFTED_21,
    )
    positions_camera = world_to_camera(positions, seen_by)
    keypoints = Keypoints2D(
        positions=project_to_pixels(positions_camera, seen_by),
        confidence=poses.confidence,
        frames=poses.frames,
        image_size=(1920, 1080),
        fps=poses.fps,
        person=1,
        skeleton=LIFTED_21,
    )
    motion = solve_bone_rotations(poses, humanoid_rest_pose(mean_bone_lengths()))
    contacts = np.zeros((num_frames, 2), dtype=bool) if found is None else found
    return LiftedPerson(
        person=1,
        keypoints=keypoints,
        poses_world=poses,
        poses_camera=replace(poses, positions=positions_camera, space="camera"),
        motion=replace(motion, contacts=contacts),
        camera=seen_by,
        image_size=(1920, 1080),
        report={},
        warnings=(),
    )


def measure(
    positions: np.ndarray,
    truth: WorldTruth,
    *,
    found: np.ndarray | None = None,
    seen_by: Camera | None = None,
) -> WorldFigures:
    lifted = result_of(positions, found=found, seen_by=seen_by)
    return measure_world(lifted, truth, lifted.poses_camera.positions)
