"""Motion capture filmed by virtual cameras: labelled clips in the form of recorded data sets.

Whole clips, each seen by a few cameras that stand still around it, as in a motion capture studio. The
paper's method trains on them as on Human3.6M. (``synthetic`` draws short windows with ever new
cameras and bodies instead: what the default model learns from.)
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InputFormatError
from core.geometry.camera import project_to_pixels, world_to_camera
from core.geometry.quaternion import from_matrix
from core.joint_sets import BODY_23
from core.learning.clips import ClipSet, TrainingClip
from core.skeleton import Skeleton
from core.types import Camera

from .body import scale_bones
from .bvh import BODY_POINTS, MocapClip, point_name
from .keypoint_noise import keypoint_noise
from .view_camera import look_along

_MIN_DEPTH = 1.0
_MIN_TAKE = 10
# At hip height.
_STAGE_MIDDLE = np.array([0.0, 0.0, 0.95])


@dataclass(frozen=True, slots=True)
class StudioConfig:
    """A stage and the cameras around it; metres, pixels, Hz, degrees.

    The cameras stand still, the same for everyone, as in Human3.6M's studio, whose lenses (rounded) they
    have. A clip that leaves the stage is cut into takes that each stay on it; those under 10 frames are
    not filmed. ``noise`` scales the detector's noise: 0 gives the true projections (the paper's
    "ground-truth 2D").
    """

    num_cameras: int = 4
    fps: float = 30.0
    image_size: tuple[int, int] = (1000, 1000)
    focal_length: float = 1145.0
    radial: tuple[float, float, float] = (-0.2, 0.24, 0.0)
    camera_distance: float = 5.2
    camera_height: float = 1.6
    first_yaw_deg: float = 40.0
    stage_size: float = 3.6
    noise: float = 1.0


def film(
    clips: Sequence[MocapClip],
    *,
    skeleton_in: Skeleton,
    skeleton_out: Skeleton,
    config: StudioConfig,
    seed: int,
    notes: list[str] | None = None,
) -> ClipSet:
    """Every clip as each of its cameras saw it.

    Each performer (``MocapClip.group``, the subject) has a body of their own; bodies and noise follow
    from ``seed`` and the clip's name, so that a clip looks the same in every selection of clips.

    Parameters
    ----------
    clips : sequence of MocapClip
    skeleton_in, skeleton_out : Skeleton
        Joints to mark in the image and in space; every one must be among the mocap's body points.
    config : StudioConfig
    seed : int
    notes : list of str, or None
        Is told how many takes were too short to be filmed.

    Returns
    -------
    ClipSet
        One labelled clip for every clip and camera, in camera space.

    Raises
    ------
    InputFormatError
        When a joint of the skeletons cannot be taken from the mocap.
    """
    marked = _points_of(skeleton_in)
    lifted = _points_of(skeleton_out)
    filmed: list[TrainingClip] = []
    cameras = place_cameras(config)
    num_dropped, num_dropped_frames = 0, 0
    for clip in clips:
        rng = np.random.default_rng([seed, zlib.crc32(f"{clip.group}/{clip.name}".encode())])
        body = _body_of(clip, config.fps, seed)
        takes = [
            _placed(body[take], config.stage_size, rng)
            for take in _takes_on_stage(body[:, 0], config.stage_size)
        ]
        num_frames = sum(map(len, takes))
        if num_frames < len(body):
            all_takes = _takes_on_stage(body[:, 0], config.stage_size, shortest=1)
            num_dropped += len(all_takes) - len(takes)
            num_dropped_frames += len(body) - num_frames
        for number, take in enumerate(takes):
            action = clip.name if len(takes) == 1 else f"{clip.name} take {number + 1}"
            for name, camera in cameras.items():
                filmed.append(
                    _film_take(take, camera, marked, lifted, config, rng, clip.group, action, name)
                )
    if num_dropped and notes is not None:
        notes.append(
            f"left out: {num_dropped} takes under {_MIN_TAKE} frames ({num_dropped_frames} frames in "
            "all) of clips that leave the stage"
        )
    return ClipSet(tuple(filmed), skeleton_in, skeleton_out)


def place_cameras(config: StudioConfig) -> dict[str, Camera]:
    """The studio's cameras by name: evenly around the stage, looking at its middle at hip height."""
    numbers = np.arange(config.num_cameras)
    yaw = np.radians(config.first_yaw_deg + 360.0 * numbers / config.num_cameras)
    positions = config.camera_distance * np.stack([np.cos(yaw), np.sin(yaw), 0 * yaw], axis=-1)
    positions[:, 2] = config.camera_height
    rotations = from_matrix(look_along(_STAGE_MIDDLE - positions))
    return {
        f"camera {number + 1}": Camera(
            focal_length=np.full(2, config.focal_length),
            principal_point=np.array(config.image_size) / 2,
            radial=np.array(config.radial),
            tangential=np.zeros(2),
            rotation_world_to_camera=rotations[number],
            position_world=positions[number],
        )
        for number in numbers.tolist()
    }


def _film_take(
    body: np.ndarray,
    camera: Camera,
    marked: list[int],
    lifted: list[int],
    config: StudioConfig,
    rng: np.random.Generator,
    subject: str,
    action: str,
    camera_name: str,
) -> TrainingClip:
    seen = world_to_camera(body, camera)
    pixels = project_to_pixels(seen[:, marked], camera)
    confidence = np.ones(pixels.shape[:2])
    if config.noise > 0:
        noise, quality = keypoint_noise((1, len(body), len(marked)), rng)
        depth = np.maximum(seen[:, :1, 2:], _MIN_DEPTH)
        pixels = pixels + config.noise * noise[0] / depth * config.focal_length
        confidence = np.clip(quality[0], 0.05, 1.0)
    return TrainingClip(
        subject=subject,
        action=action,
        camera_name=camera_name,
        keypoints=pixels.astype(np.float32),
        confidence=confidence.astype(np.float32),
        positions=seen[:, lifted].astype(np.float32),
        camera=camera,
        image_size=config.image_size,
        fps=config.fps,
    )


def _points_of(skeleton: Skeleton) -> list[int]:
    names = [point_name(joint) for joint in skeleton.joint_names]
    missing = [name for name in names if name not in BODY_POINTS.joint_names]
    if missing:
        raise InputFormatError(
            f"{skeleton.name}: mocap has no {', '.join(missing)}; it has "
            f"{', '.join(BODY_POINTS.joint_names)} (as in {BODY_23.name})"
        )
    return BODY_POINTS.indices(*names)


def _body_of(clip: MocapClip, fps: float, seed: int) -> np.ndarray:
    """(T,27,3) m: the clip at ``fps``, with its performer's proportions."""
    num_frames = max(2, int(len(clip.positions) / clip.fps * fps + 1e-3))
    times = np.minimum(np.arange(num_frames) / fps * clip.fps, len(clip.positions) - 1.001)
    lower = times.astype(int)
    blend = (times - lower)[:, None, None]
    body = clip.positions[lower] * (1 - blend) + clip.positions[lower + 1] * blend
    performer = np.random.default_rng([seed, zlib.crc32(clip.group.encode())])
    return scale_bones(body[None], performer)[0]


def _takes_on_stage(root: np.ndarray, stage_size: float, shortest: int = _MIN_TAKE) -> list[slice]:
    """Runs of ``shortest`` frames or more in which the root (T,3) stays in a ``stage_size`` square."""
    takes: list[slice] = []
    begin = 0
    while begin < len(root):
        path = root[begin:, :2]
        extent = np.maximum.accumulate(path) - np.minimum.accumulate(path)
        leaves = np.flatnonzero((extent > stage_size).any(axis=1))
        end = begin + (int(leaves[0]) if len(leaves) else len(path))
        takes.append(slice(begin, end))
        begin = end
    return [take for take in takes if take.stop - take.start >= shortest] or takes[:1]


def _placed(body: np.ndarray, stage_size: float, rng: np.random.Generator) -> np.ndarray:
    """A take (T,27,3) turned any way and put anywhere on the stage, its lowest point on the floor."""
    yaw = rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    path = (body @ turn.T)[:, 0, :2]
    if (np.ptp(path, axis=0) > stage_size).any():
        # Cut to fit as it was: a square stage's diagonal is not wide enough for all that it holds.
        turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) if yaw > 0 else np.eye(3)
    body = body @ turn.T
    path = body[:, 0, :2]
    low, high = path.min(axis=0), path.max(axis=0)
    room = np.maximum(stage_size - (high - low), 0.0)
    place = rng.uniform(-0.5, 0.5, 2) * room
    return body + np.array([*(place - (low + high) / 2), -body[..., 2].min()])
