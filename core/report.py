"""What ``--report`` says of a lifted clip: how well it matches the video, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .clip_source import ClipSource
from .fit.bone_lengths import bone_lengths_per_frame
from .geometry.camera import project_to_pixels
from .geometry.quaternion import rotate
from .joint_sets import BODY_23, LIFTED_21, convert_joints, lifted_from_detected
from .metrics import jitter
from .types import Camera, Keypoints2D, Poses3D
from .version import VERSION

_UNTRUSTED_SHARE = 0.5


def build_report(
    source: ClipSource,
    *,
    keypoints: Keypoints2D,
    poses_camera: Poses3D,
    poses_world: Poses3D,
    contacts: np.ndarray,
    camera: Camera,
    bone_lengths: np.ndarray,
    scale_source: str,
    warnings: tuple[str, ...],
    seconds: Mapping[str, float],
) -> dict[str, object]:
    """The report of one lifted person, ready for JSON; lengths in the unit their key names."""
    lengths = bone_lengths_per_frame(poses_world.positions, LIFTED_21.parents)
    detected, confidence = lifted_from_detected(
        convert_joints(keypoints, BODY_23).positions, convert_joints(keypoints, BODY_23).confidence
    )
    rows = keypoints.frames - poses_camera.frames[0]
    reprojected = project_to_pixels(poses_camera.positions[rows], camera)
    off = np.linalg.norm(reprojected - detected, axis=-1)
    is_seen = confidence > 0
    per_joint = {
        name: float(np.median(off[is_seen[:, joint], joint]))
        for joint, name in enumerate(LIFTED_21.joint_names)
        if is_seen[:, joint].any()
    }
    markable = is_seen.any(axis=0)
    share_seen = poses_world.confidence[:, markable] > 0
    is_untrusted = share_seen.mean(axis=1) < _UNTRUSTED_SHARE if markable.any() else None
    untrusted = [] if is_untrusted is None else poses_world.frames[is_untrusted].tolist()
    forward = rotate(
        camera.rotation_world_to_camera * np.array([1, -1, -1, -1]), np.array([0.0, 0.0, 1.0])
    )
    return {
        "version": VERSION,
        "input": str(source.path),
        "format": source.format,
        "joint_set": source.joint_set,
        "person": poses_world.person,
        "num_frames": poses_world.num_frames,
        "fps": source.fps,
        "image_size": list(source.image_size),
        "focal_length_px": float(camera.focal_length.mean()),
        "focal_source": source.focal_source,
        "scale_source": scale_source,
        "camera_tilt_deg": float(np.degrees(np.arcsin(np.clip(-forward[2], -1, 1)))),
        "reprojection_px": float(np.median(off[is_seen])) if is_seen.any() else None,
        "reprojection_px_per_joint": per_joint,
        "bone_length_spread_mm": float(1000 * lengths[:, 1:].std(axis=0).max()),
        "bone_lengths_m": dict(zip(LIFTED_21.joint_names[1:], bone_lengths[1:], strict=True)),
        "foot_slide_mm_per_s": _foot_slide_mm_per_s(poses_world, contacts),
        "jitter": jitter(poses_world.positions, fps=float(source.fps))
        if poses_world.num_frames > 3
        else 0.0,
        "share_filled": float(1 - share_seen.mean()) if markable.any() else 1.0,
        "frames_untrusted": untrusted,
        "warnings": list(warnings),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }


def _foot_slide_mm_per_s(poses: Poses3D, contacts: np.ndarray) -> float:
    """Mean horizontal speed of standing ankles, mm/s; 0 where no foot stands."""
    if poses.num_frames < 2:
        return 0.0
    ankles = poses.positions[:, LIFTED_21.indices("left_ankle", "right_ankle"), :2]
    speed = np.linalg.norm(np.diff(ankles, axis=0), axis=-1) * float(poses.fps)
    standing = contacts[1:] & contacts[:-1]
    return float(1000 * speed[standing].mean()) if standing.any() else 0.0
