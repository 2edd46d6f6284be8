"""Motion capture on its floor before fixed synthetic cameras: every world figure has its truth.

Whole clips of the split, some seconds of each, as one camera on a tripod sees them that holds the whole
way in its image. Performers are of different heights; their proportions are mean human ones, so that feet
stay where the recording put them. Everything follows from the clip's and the performer's name.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource, settle_clip
from core.errors import InputFormatError
from core.fit.bone_lengths import bone_lengths_per_frame, standing_height
from core.geometry.camera import camera_at_origin, focal_length_from_fov, world_to_camera
from core.geometry.quaternion import from_matrix
from core.joint_sets import BODY_23, LIFTED_21
from core.types import Camera, Detections

from ..datasets.bvh import BODY_POINTS, MocapClip
from ..datasets.mocap_folder import Split, load_mocap
from ..datasets.synthetic import detect_bodies
from ..datasets.view_camera import look_along
from ..datasets.view_config import plain_views
from .world_measure import FOOT_POINTS, WorldTruth, still_points
from .world_view import FOCAL_GIVEN, FOCAL_UNKNOWN, WorldView

MAX_SECONDS = 10.0
IMAGE_SIZE = (1920, 1080)

_FPS = 30.0
_LEAST_SECONDS = 1.0
_FLOOR_TOLERANCE = 0.04
_LEAST_SHARE_ON_FLOOR = 0.9
_MOST_SHARE_BELOW = 0.05
_LEAST_STILL_FRAMES = 5
_FOOT = BODY_POINTS.indices(*FOOT_POINTS)
# The camera: fields of view across the width, heights of tripods, distance over the least that will do.
_FOV_DEG = (45.0, 75.0)
_CAMERA_HEIGHT = (0.5, 2.8)
_ROLL_SIGMA_DEG = 2.0
_DISTANCE_FACTOR = (1.05, 1.7)
_LEAST_DISTANCE = 2.0
_USED_SHARE_OF_IMAGE = 0.9
_SIZE_FACTOR = (0.9, 1.1)


def load_mocap_views(
    folder: Path, split: Split, *, clips_per_performer: int, only: str = ""
) -> tuple[list[WorldView], list[str]]:
    """Two views of each chosen clip: with the focal length given, and without.

    Parameters
    ----------
    folder : Path
        Of BVH files.
    split : Split
    clips_per_performer : int
        At most so many of each performer's clips that have a floor: spread evenly over their order.
    only : str
        Clips whose "performer clip" holds this text.

    Returns
    -------
    views, notes
        A line for each clip that is left out and why; those beyond ``clips_per_performer`` are not among
        them.

    Raises
    ------
    InputFormatError
        As ``load_mocap``, and when no clip that is meant has a floor.
    """
    clips, notes = load_mocap(folder, split)
    by_performer: dict[str, list[MocapClip]] = {}
    for clip in clips:
        if only not in f"{clip.group} {clip.name}":
            continue
        take = choose_take(clip)
        reason = why_no_floor(take)
        if reason:
            notes.append(f"left out: {clip.group} {clip.name}: {reason}")
        else:
            by_performer.setdefault(clip.group, []).append(stand_on_floor(take))
    if not by_performer:
        named = f" whose name holds {only!r}" if only else ""
        raise InputFormatError(
            f"{folder}: expected clips of {split!r} with a floor{named}, found none"
        )
    chosen: list[MocapClip] = []
    for performer in sorted(by_performer):
        own = sorted(by_performer[performer], key=lambda clip: clip.name)
        places = np.linspace(0, len(own) - 1, min(clips_per_performer, len(own)))
        chosen += [own[place] for place in places.round().astype(int)]
    return [view for clip in chosen for view in film_clip(clip)], notes


def choose_take(clip: MocapClip) -> MocapClip:
    """At most ``MAX_SECONDS`` of a clip, at its own rate divided to about 30 Hz; the name says which."""
    step = max(1, round(clip.fps / _FPS))
    positions = clip.positions[::step].astype(float)
    fps = clip.fps / step
    length = min(len(positions), round(MAX_SECONDS * fps))
    begin = _rng_of(clip.group, clip.name, "take").integers(len(positions) - length + 1)
    return replace(clip, positions=positions[begin : begin + length], fps=fps)


def why_no_floor(clip: MocapClip) -> str:
    """Why a clip cannot be judged on a floor, as when somebody climbs; "" where it can.

    It has a floor where 90 % of its standing feet are within 4 cm of one height and hardly a foot is ever
    more than that below.
    """
    if len(clip.positions) < _LEAST_SECONDS * clip.fps:
        return f"shorter than {_LEAST_SECONDS:g} s"
    heights = _support_heights(clip)
    if len(heights) < _LEAST_STILL_FRAMES:
        return "no foot stands still"
    floor = np.median(heights)
    on_floor = (np.abs(heights - floor) < _FLOOR_TOLERANCE).mean()
    if on_floor < _LEAST_SHARE_ON_FLOOR:
        return f"no floor: {on_floor:.1%} of the standing feet are at one height"
    below = (clip.positions[:, _FOOT, 2].min(axis=1) < floor - _FLOOR_TOLERANCE).mean()
    if below > _MOST_SHARE_BELOW:
        return f"no floor: a foot is below it in {below:.1%} of the frames"
    return ""


def find_floor(clip: MocapClip) -> float:
    """Height (m) of the ground: the median over frames of the lowest foot point that stands still."""
    return float(np.median(_support_heights(clip)))


def stand_on_floor(clip: MocapClip) -> MocapClip:
    """The clip with its ground at z = 0, as large as its performer is."""
    size = _rng_of(clip.group, "size").uniform(*_SIZE_FACTOR)
    floor = np.array([0.0, 0.0, find_floor(clip)])
    return replace(clip, positions=size * (clip.positions - floor))


def find_contacts(clip: MocapClip) -> np.ndarray:
    """(T,2) bool: left and right foot with a point that stands still near the ground z = 0.

    Stricter than the contacts that networks learn (``motion_window.foot_contacts``), whose floor is
    guessed from the feet of clips that may have none, and whose reach bears with that.
    """
    feet = clip.positions[:, _FOOT]
    touches = still_points(feet, fps=clip.fps) & (feet[..., 2] < _FLOOR_TOLERANCE)
    return touches.reshape(-1, 2, 2).any(axis=-1)


def place_camera(body: np.ndarray, rng: np.random.Generator) -> Camera:
    """A camera on a tripod, at any side, that holds all of a body's way (T,P,3) m in its image."""
    width, _ = IMAGE_SIZE
    focal_length = focal_length_from_fov(rng.uniform(*_FOV_DEG), width)
    points = body.reshape(-1, 3)
    aim = (points.min(axis=0) + points.max(axis=0)) / 2
    yaw, height = rng.uniform(-np.pi, np.pi), rng.uniform(*_CAMERA_HEIGHT)
    away = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    level = look_along(-away)
    factor = rng.uniform(*_DISTANCE_FACTOR)
    away = factor * _least_distance((points - aim) @ level.T, focal_length) * away
    away[2] = height - aim[2]
    roll = np.radians(rng.normal(0, _ROLL_SIGMA_DEG))
    rotation = look_along(-away, roll=roll)
    # From so high the nearest and the farthest points need a little more room.
    distance = factor * _least_distance((points - aim) @ rotation.T, focal_length)
    return replace(
        camera_at_origin(focal_length, IMAGE_SIZE),
        rotation_world_to_camera=from_matrix(rotation),
        position_world=aim - distance * rotation[2],
    )


def film_clip(clip: MocapClip) -> list[WorldView]:
    """The views of a clip that stands on its floor."""
    rng = _rng_of(clip.group, clip.name, "view")
    camera = place_camera(clip.positions, rng)
    points = world_to_camera(clip.positions, camera)
    rays, confidence = detect_bodies(points[None], replace(plain_views(), fps=clip.fps), rng)
    pixels = rays[0] * camera.focal_length + camera.principal_point
    truth = WorldTruth(
        positions=clip.positions[:, BODY_POINTS.indices(*LIFTED_21.joint_names)],
        joints=LIFTED_21.joint_names,
        first_frame=0,
        camera=camera,
        is_contact=find_contacts(clip),
        is_placed=False,
    )
    lengths = np.median(bone_lengths_per_frame(truth.positions, LIFTED_21.parents), axis=0)
    height = standing_height(lengths, LIFTED_21.joint_names)
    focal_lengths = {FOCAL_GIVEN: float(camera.focal_length[0]), FOCAL_UNKNOWN: None}
    return [
        WorldView(
            clip=clip.name,
            group=clip.group,
            case=case,
            source=_open_view(clip, pixels, confidence[0], focal_length),
            height_m=height,
            truth=truth,
        )
        for case, focal_length in focal_lengths.items()
    ]


def _open_view(
    clip: MocapClip, pixels: np.ndarray, confidence: np.ndarray, focal_length_px: float | None
) -> ClipSource:
    """What a file of these keypoints would be opened as."""
    num_frames = len(pixels)
    fps = Fraction(clip.fps).limit_denominator(1001)
    detections = Detections(
        positions=pixels.astype(float),
        confidence=confidence.astype(float),
        row_frames=np.arange(num_frames),
        track_ids=np.zeros(num_frames, dtype=int),
        frames=np.arange(num_frames),
        image_size=IMAGE_SIZE,
        fps=fps,
        is_normalized=False,
        format="synthetic view",
        skeleton=BODY_23,
    )
    return settle_clip(Path(clip.name), detections, focal_length_px=focal_length_px)


def _support_heights(clip: MocapClip) -> np.ndarray:
    """(S,) height of the lowest foot point that stands still, of the frames that have one."""
    feet = clip.positions[:, _FOOT]
    heights = np.where(still_points(feet, fps=clip.fps), feet[..., 2], np.inf).min(axis=1)
    return heights[np.isfinite(heights)]


def _least_distance(points: np.ndarray, focal_length: float) -> float:
    """How far back (m) a camera with these axes, aimed at the origin, must be to see ``points`` (P,3)."""
    half = np.array(IMAGE_SIZE) / 2 * _USED_SHARE_OF_IMAGE
    needed = focal_length * np.abs(points[:, :2]) / half - points[:, 2:]
    return max(float(needed.max()), _LEAST_DISTANCE)


def _rng_of(*names: str) -> np.random.Generator:
    """Chance that is the same whenever these names are."""
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))
