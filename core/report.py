"""What ``--report`` says of a lifted clip: how well it matches the video, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .clip_source import ClipSource
from .fit.bone_lengths import bone_lengths_per_frame
from .geometry.camera import MIN_DEPTH, project_to_pixels
from .geometry.quaternion import conjugate, rotate
from .joint_sets import BODY_12, BODY_23, LIFTED_21, convert_joints, lifted_from_detected
from .metrics import jitter
from .trust import UntrustedRange, find_untrusted
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
    bone_spread_m: float,
    scale_source: str,
    warnings: tuple[str, ...],
    seconds: Mapping[str, float],
) -> dict[str, object]:
    """The report of one lifted person, ready for JSON; lengths in the unit their key names.

    ``camera_tilt_deg`` of a camera that moves is its median.
    """
    body = convert_joints(keypoints, BODY_23)
    detected, confidence = lifted_from_detected(body.positions, body.confidence)
    lengths = bone_lengths_per_frame(poses_world.positions[0], LIFTED_21.parents)
    rows = keypoints.frames - poses_camera.frames[0]
    reprojected = project_to_pixels(poses_camera.positions[rows], camera)
    off = np.linalg.norm(reprojected - detected, axis=-1)
    is_seen = confidence > 0
    per_joint = {
        name: float(np.median(off[is_seen[:, joint], joint]))
        for joint, name in enumerate(LIFTED_21.joint_names)
        if is_seen[:, joint].any()
    }
    untrusted = _untrusted(keypoints, poses_camera, off, is_seen, camera)
    forward = rotate(conjugate(camera.rotation_world_to_camera), np.array([0.0, 0.0, 1.0]))
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
        "camera_tilt_deg": float(
            np.median(np.degrees(np.arcsin(np.clip(-forward[..., 2], -1, 1))))
        ),
        "reprojection_px": float(np.median(off[is_seen])) if is_seen.any() else None,
        "reprojection_px_per_joint": per_joint,
        "bone_length_spread_mm": 1000 * bone_spread_m,
        "bone_lengths_m": dict(zip(LIFTED_21.joint_names[1:], lengths[1:], strict=True)),
        "foot_slide_mm_per_s": _foot_slide_mm_per_s(poses_world, contacts),
        "jitter": jitter(poses_world.positions, fps=float(source.fps))
        if poses_world.num_frames > 3
        else 0.0,
        "share_filled": 1 - _share_detected(source, poses_world.person, poses_world.num_frames),
        "frames_untrusted": [
            frame for each in untrusted for frame in range(each.start, each.end + 1)
        ],
        "untrusted_ranges": [each._asdict() for each in untrusted],
        "warnings": list(warnings),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }


def seldom_seen(keypoints: Keypoints2D) -> tuple[str, ...]:
    """A warning where so little of the body was seen that most of the pose is a guess."""
    share = float(_share_seen(_lifted_confidence(keypoints), keypoints).mean())
    if share >= _UNTRUSTED_SHARE:
        return ()
    return (f"only {share:.0%} of the body's joints were seen: most of the pose is a guess",)


def _lifted_confidence(keypoints: Keypoints2D) -> np.ndarray:
    body = convert_joints(keypoints, BODY_23)
    return lifted_from_detected(body.positions, body.confidence)[1]


def _share_seen(confidence: np.ndarray, keypoints: Keypoints2D) -> np.ndarray:
    """(T,) share of the limb joints that a detector of this joint set can mark and did."""
    return (confidence[:, _limbs(keypoints)] > 0).mean(axis=1)


def _limbs(keypoints: Keypoints2D) -> list[int]:
    """The limb joints among ``LIFTED_21`` that a detector of this joint set can mark."""
    joints = [name for name in BODY_12 if name in keypoints.skeleton.joint_names]
    return LIFTED_21.indices(*joints)


def _untrusted(
    keypoints: Keypoints2D,
    poses: Poses3D,
    off_px: np.ndarray,
    is_seen: np.ndarray,
    camera: Camera,
) -> list[UntrustedRange]:
    """Of poses in camera space; ``off_px`` and ``is_seen`` (K,21) of the keypoints' frames."""
    rows = keypoints.frames - poses.frames[0]
    limbs = _limbs(keypoints)
    depth = np.maximum(poses.positions[rows, :1, 2], MIN_DEPTH)
    off = np.ma.masked_array(off_px * depth / camera.focal_length.mean(), mask=~is_seen)
    off_m = np.zeros(poses.num_frames)
    off_m[rows] = np.ma.median(off[:, limbs], axis=1).filled(0.0)
    is_within = np.zeros(poses.num_frames, dtype=bool)
    is_within[rows] = True
    return find_untrusted(
        poses.frames,
        share_seen=_share_seen(poses.confidence, keypoints),
        off_m=off_m,
        is_within=is_within,
        fps=float(poses.fps),
    )


def _share_detected(source: ClipSource, person: int, num_frames: int) -> float:
    """Share of limb joints over the whole clip that the detector itself found."""
    found = source.people[person - 1]
    seen = _share_seen(_lifted_confidence(found), found)
    return float(seen.sum() / num_frames)


def _foot_slide_mm_per_s(poses: Poses3D, contacts: np.ndarray) -> float:
    """Mean horizontal speed of standing ankles, mm/s; 0 where no foot stands."""
    if poses.num_frames < 2:
        return 0.0
    ankles = poses.positions[:, LIFTED_21.indices("left_ankle", "right_ankle"), :2]
    speed = np.linalg.norm(np.diff(ankles, axis=0), axis=-1) * float(poses.fps)
    standing = contacts[1:] & contacts[:-1]
    return float(1000 * speed[standing].mean()) if standing.any() else 0.0
