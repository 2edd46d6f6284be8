"""The data that flows from keypoints to bone motion: frozen, checked once, never changed.

T frames, J joints, B bones. Metres, radians, pixels; quaternions wxyz.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from .errors import LiftError
from .skeleton import Skeleton

Space = Literal["camera", "world"]


def _check_shape(owner: str, field: str, array: np.ndarray, *expected: int | None) -> None:
    """Raise LiftError unless ``array`` has the expected shape (None = any length)."""
    matches = array.ndim == len(expected) and all(
        want is None or want == got for want, got in zip(expected, array.shape, strict=True)
    )
    if not matches:
        wanted = "(" + ", ".join("any" if want is None else str(want) for want in expected) + ")"
        raise LiftError(f"{owner}.{field}: expected shape {wanted}, found {array.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Everyone that a detector found in a clip, before people are followed over frames.

    One row per person and frame (N rows). ``positions`` (N,J,2) px, origin top-left, y down, or
    fractions 0..1 of the image where ``is_normalized``; ``confidence`` (N,J) 0..1, 0 = missing;
    ``row_frames`` (N,) frame number of each row; ``track_ids`` (N,) the detector's own identity, -1
    where it gave none; ``frames`` (T,) every frame number that was read, in order, with or without
    people; ``image_size`` (width, height) px and ``fps`` Hz where the file says, else None;
    ``format`` what the file was recognised as; ``warnings`` what was repaired on reading;
    ``has_settled_sides`` when left and right were told apart over the whole clip already.
    """

    positions: np.ndarray
    confidence: np.ndarray
    row_frames: np.ndarray
    track_ids: np.ndarray
    frames: np.ndarray
    image_size: tuple[int, int] | None
    fps: Fraction | None
    is_normalized: bool
    format: str
    skeleton: Skeleton
    warnings: tuple[str, ...] = ()
    has_settled_sides: bool = False

    def __post_init__(self) -> None:
        num_rows, num_joints = len(self.row_frames), self.skeleton.num_joints
        _check_shape("Detections", "positions", self.positions, num_rows, num_joints, 2)
        _check_shape("Detections", "confidence", self.confidence, num_rows, num_joints)
        _check_shape("Detections", "row_frames", self.row_frames, num_rows)
        _check_shape("Detections", "track_ids", self.track_ids, num_rows)
        if not np.isfinite(self.positions).all() or not np.isfinite(self.confidence).all():
            raise LiftError("Detections: expected finite positions and confidence")


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints2D:
    """One person's 2D joints over a clip.

    ``positions`` (T,J,2) px, origin top-left, y down; ``confidence`` (T,J) 0..1, 0 = missing
    (its position is then meaningless but finite); ``frames`` (T,) strictly increasing source frame
    numbers, gaps allowed; ``image_size`` (width, height) px or None while unknown; ``fps`` an exact
    rate in Hz or None while unknown; ``person`` 1-based; ``has_settled_sides`` as in ``Detections``.
    """

    positions: np.ndarray
    confidence: np.ndarray
    frames: np.ndarray
    image_size: tuple[int, int] | None
    fps: Fraction | None
    person: int
    skeleton: Skeleton
    has_settled_sides: bool = False

    def __post_init__(self) -> None:
        num_frames, num_joints = len(self.frames), self.skeleton.num_joints
        _check_shape("Keypoints2D", "positions", self.positions, num_frames, num_joints, 2)
        _check_shape("Keypoints2D", "confidence", self.confidence, num_frames, num_joints)
        _check_shape("Keypoints2D", "frames", self.frames, num_frames)
        if not np.isfinite(self.positions).all() or not np.isfinite(self.confidence).all():
            raise LiftError("Keypoints2D: expected finite positions and confidence")
        if num_frames > 1 and not (np.diff(self.frames) > 0).all():
            raise LiftError("Keypoints2D.frames: expected strictly increasing frame numbers")

    @property
    def num_frames(self) -> int:
        """Number of frames T that are stored (gaps not counted)."""
        return len(self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A pinhole camera with OpenCV's lens distortion; one pose, or one per frame.

    ``focal_length`` (2,) px, or (T,2) where the lens zooms; ``principal_point`` (2,) px; ``radial``
    (3,) k1 k2 k3; ``tangential`` (2,) p1 p2; ``rotation_world_to_camera`` (...,4) wxyz;
    ``position_world`` (...,3) m. Camera axes: x right, y down, z forward.
    """

    focal_length: np.ndarray
    principal_point: np.ndarray
    radial: np.ndarray
    tangential: np.ndarray
    rotation_world_to_camera: np.ndarray
    position_world: np.ndarray

    def __post_init__(self) -> None:
        if self.focal_length.ndim == 2:
            _check_shape("Camera", "focal_length", self.focal_length, None, 2)
        else:
            _check_shape("Camera", "focal_length", self.focal_length, 2)
        _check_shape("Camera", "principal_point", self.principal_point, 2)
        _check_shape("Camera", "radial", self.radial, 3)
        _check_shape("Camera", "tangential", self.tangential, 2)
        if self.rotation_world_to_camera.shape[-1:] != (4,):
            raise LiftError(
                "Camera.rotation_world_to_camera: expected (..., 4) wxyz, found "
                f"{self.rotation_world_to_camera.shape}"
            )
        if self.position_world.shape[-1:] != (3,):
            raise LiftError(
                f"Camera.position_world: expected (..., 3), found {self.position_world.shape}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Poses3D:
    """One person's 3D joints over a clip.

    ``positions`` (T,J,3) m, absolute in ``space``: "camera" (x right, y down, z forward) or "world"
    (z up); ``depth_sigma`` (T,J) m or None; ``contact_probability`` (T,2) left and right foot, or
    None; ``confidence`` (T,J) 0..1; ``frames`` (T,) source frame numbers; ``fps`` Hz.
    """

    positions: np.ndarray
    depth_sigma: np.ndarray | None
    contact_probability: np.ndarray | None
    confidence: np.ndarray
    frames: np.ndarray
    fps: Fraction
    person: int
    space: Space
    skeleton: Skeleton

    def __post_init__(self) -> None:
        num_frames, num_joints = len(self.frames), self.skeleton.num_joints
        _check_shape("Poses3D", "positions", self.positions, num_frames, num_joints, 3)
        _check_shape("Poses3D", "confidence", self.confidence, num_frames, num_joints)
        if self.depth_sigma is not None:
            _check_shape("Poses3D", "depth_sigma", self.depth_sigma, num_frames, num_joints)
        if self.contact_probability is not None:
            _check_shape("Poses3D", "contact_probability", self.contact_probability, num_frames, 2)
        if not np.isfinite(self.positions).all():
            raise LiftError("Poses3D.positions: expected finite values")

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(self.frames)


def root_relative(poses: Poses3D) -> np.ndarray:
    """(T,J,3) m: positions with joint 0 moved to the origin of every frame."""
    return poses.positions - poses.positions[:, :1]


@dataclass(frozen=True, slots=True, eq=False)
class RestPose:
    """An armature at rest: any rig, any proportions.

    ``bone_names`` and ``parents`` (B,) (-1 = root, parent before child); ``heads``, ``tails`` (B,3) m
    and ``rotations`` (B,4) wxyz, all in armature space (z up); a bone's own +Y axis runs from head to
    tail.
    """

    bone_names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: np.ndarray
    tails: np.ndarray
    rotations: np.ndarray

    def __post_init__(self) -> None:
        num_bones = len(self.bone_names)
        if len(self.parents) != num_bones:
            raise LiftError(f"RestPose.parents: expected {num_bones}, found {len(self.parents)}")
        _check_shape("RestPose", "heads", self.heads, num_bones, 3)
        _check_shape("RestPose", "tails", self.tails, num_bones, 3)
        _check_shape("RestPose", "rotations", self.rotations, num_bones, 4)
        if not all(parent < bone for bone, parent in enumerate(self.parents)):
            raise LiftError("RestPose.parents: expected every parent before its child")

    @property
    def num_bones(self) -> int:
        """Number of bones B."""
        return len(self.bone_names)

    @property
    def lengths(self) -> np.ndarray:
        """(B,) m: distance from head to tail."""
        return np.linalg.norm(self.tails - self.heads, axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class BoneMotion:
    """What is baked: every bone's rotation and the root's travel.

    ``rotations`` (T,B,4) wxyz, each bone's rotation relative to its rest orientation, in the bone's
    own rest axes (exactly Blender's ``pose_bone.rotation_quaternion``), continuous in sign;
    ``root_position`` (T,3) m, armature space: where the head of bone ``root_bone`` is, the hips';
    ``contacts`` (T,2) bool, left and right foot; ``frames`` (T,) source frame numbers; ``placed`` by
    bone: (T,3) m, armature space, where the heads of further bones are that travel by themselves, such
    as a root bone's or an IK control's. Bones above ``root_bone`` and other roots rest but for these.
    """

    rotations: np.ndarray
    root_position: np.ndarray
    contacts: np.ndarray
    frames: np.ndarray
    fps: Fraction
    rest_pose: RestPose
    root_bone: int = 0
    placed: Mapping[int, np.ndarray] = field(default_factory=dict[int, np.ndarray])

    def __post_init__(self) -> None:
        num_frames = len(self.frames)
        for bone, positions in self.placed.items():
            _check_shape("BoneMotion", f"placed[{bone}]", positions, num_frames, 3)
        _check_shape(
            "BoneMotion", "rotations", self.rotations, num_frames, self.rest_pose.num_bones, 4
        )
        _check_shape("BoneMotion", "root_position", self.root_position, num_frames, 3)
        _check_shape("BoneMotion", "contacts", self.contacts, num_frames, 2)

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(self.frames)
