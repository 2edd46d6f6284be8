"""The whole flow, from a keypoint file to bone motion: start reading here.

    read_keypoints -> track -> clean -> resample -> lift -> fit -> world -> contacts -> bones

Each step is a pure function on the frozen data of ``core.types``; this module calls them in order,
decides what the file leaves open (frame rate, image size, lens) and says in the report what it took.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from .clip_source import ClipSource, open_clip
from .errors import LiftError
from .fit.bone_lengths import fit_bone_lengths, scale_poses
from .fit.contacts import detect_contacts
from .fit.evidence import ray_evidence
from .fit.foot_lock import lock_feet
from .fit.foothold import steady_distance
from .fit.gaps import bridge_unseen, extend_to_span
from .fit.gravity import estimate_gravity
from .fit.ground import level_camera, place_camera, scale_to_ground, to_world
from .fit.person_scale import choose_scale
from .fit.solve import solve_poses
from .fit.trajectory import solve_trajectory
from .geometry.camera import world_to_camera
from .io.poses import StoredPoses, write_poses_npz
from .io.report import write_report_json
from .lift_settings import LiftSettings
from .lifting.lift import LiftResult, lift
from .lifting.weights import LifterWeights, load_weights
from .metrics import bone_length_spread
from .preprocess.clean import clean
from .preprocess.resample import make_timeline, resample, resample_poses, space_evenly
from .report import build_report, seldom_seen
from .retarget.bone_rotations import solve_bone_rotations
from .retarget.humanoid import humanoid_rest_pose
from .retarget.kinematics import joint_positions
from .stopwatch import Progress, Stopwatch
from .types import BoneMotion, Camera, Keypoints2D, Poses3D

DEFAULT_MODEL = Path(__file__).parent / "weights" / "default.npz"


@dataclass(frozen=True, slots=True, eq=False)
class LiftedPerson:
    """One person of a clip, lifted: poses in both spaces, bone motion, camera and report."""

    person: int
    poses_world: Poses3D
    poses_camera: Poses3D
    motion: BoneMotion
    camera: Camera
    image_size: tuple[int, int]
    report: dict[str, object]
    warnings: tuple[str, ...]


def lift_clip(
    path: Path, *, person: int | Literal["all"], settings: LiftSettings, progress: Progress
) -> list[LiftedPerson]:
    """Lift one clip's people to 3D bone motion.

    Parameters
    ----------
    path : Path
        Keypoint file or folder, any format of ``read_keypoints``.
    person : int or "all"
        1-based, ordered by the number of frames seen.
    settings : LiftSettings
    progress : callable
        Called with the stage's name and the share 0..1 that is done.

    Returns
    -------
    list of LiftedPerson
        One, or every person in order.

    Raises
    ------
    LiftError
        When the input is bad or there is no such person; nothing is written.
    """
    watch = Stopwatch(progress)
    weights = load_weights(settings.model or DEFAULT_MODEL)
    with watch.stage("reading", 0.0):
        source = open_clip(
            path,
            fps=settings.fps,
            image_size=settings.image_size,
            video=settings.video,
            fov_deg=settings.fov_deg,
            focal_length_px=settings.focal_length_px,
            calibration=settings.calibration,
            camera_name=settings.camera_name,
        )
    numbers = range(1, len(source.people) + 1) if person == "all" else [person]
    for number in numbers:
        if not 1 <= number <= len(source.people):
            raise LiftError(f"{path}: no person {number}: {len(source.people)} in the clip")
    return lift_people(source, list(numbers), weights, settings, watch=watch)


def lift_people(
    source: ClipSource,
    numbers: list[int],
    weights: LifterWeights,
    settings: LiftSettings,
    *,
    watch: Stopwatch,
) -> list[LiftedPerson]:
    """Lift some people of an opened clip into one world.

    Parameters
    ----------
    source : ClipSource
    numbers : list of int
        1-based people.
    weights : LifterWeights
    settings : LiftSettings
        Its lens and rate are already settled in ``source``.
    watch : Stopwatch
    """
    fitted = [
        _fit_person(source, number, weights, settings, watch.part(done, len(numbers)))
        for done, number in enumerate(numbers)
    ]
    with watch.stage("world", 0.8):
        cameras = _world_cameras(source, fitted)
    lifted = [
        _finish_person(source, person, camera, settings)
        for person, camera in zip(fitted, cameras, strict=True)
    ]
    watch.progress("lifted", 1.0)
    return lifted


@dataclass(frozen=True, slots=True, eq=False)
class FittedPerson:
    """One person in camera space: poses of constant bone lengths (21,) m, and what they rest on.

    ``bone_spread_m`` is how much the worst bone still varied before the bones made it rigid.
    """

    number: int
    keypoints: Keypoints2D
    poses: Poses3D
    gravity: np.ndarray | None
    bone_lengths: np.ndarray
    bone_spread_m: float
    scale_source: str
    notes: tuple[str, ...]
    watch: Stopwatch


def _fit_person(
    source: ClipSource,
    number: int,
    weights: LifterWeights,
    settings: LiftSettings,
    watch: Stopwatch,
) -> FittedPerson:
    with watch.stage("cleaning", 0.05):
        keypoints, notes = clean(source.people[number - 1])
    with watch.stage("lifting", 0.15):
        lifted = _lift_at_model_rate(keypoints, source, weights)
    with watch.stage("fitting", 0.45):
        poses, bone_lengths = _fit(lifted.poses, keypoints, source.camera, settings.smooth)
        floor_scale = scale_to_ground(poses, source.camera) if source.is_calibrated else None
        scale, scale_source = choose_scale(
            bone_lengths, height_m=settings.height_m, floor_scale=floor_scale
        )
        poses, bone_lengths = scale_poses(poses, scale), bone_lengths * scale
    return FittedPerson(
        number=number,
        keypoints=keypoints,
        poses=poses,
        gravity=lifted.gravity,
        bone_lengths=bone_lengths,
        bone_spread_m=bone_length_spread(poses.positions, poses.skeleton.parents),
        scale_source=scale_source,
        notes=notes,
        watch=watch,
    )


def _finish_person(
    source: ClipSource, person: FittedPerson, camera: Camera, settings: LiftSettings
) -> LiftedPerson:
    watch = person.watch
    rest_pose = humanoid_rest_pose(person.bone_lengths)
    with watch.stage("world", 0.85):
        poses_world = extend_to_span(to_world(person.poses, camera), *source.frame_span)
    with watch.stage("bones", 0.9):
        # The bones make the body rigid; feet are locked on that body, and the bones follow them.
        poses_world = _carried(poses_world, solve_bone_rotations(poses_world, rest_pose))
        contacts = detect_contacts(poses_world)
        if settings.lock_feet:
            poses_world, contacts = lock_feet(poses_world, contacts)
        motion = solve_bone_rotations(poses_world, rest_pose, contacts=contacts)
        poses_world = _carried(poses_world, motion)
    notes = (*source.warnings, *person.notes, *seldom_seen(person.keypoints))
    report = build_report(
        source,
        keypoints=person.keypoints,
        poses_camera=_to_camera(poses_world, camera),
        poses_world=poses_world,
        contacts=contacts,
        camera=camera,
        bone_spread_m=person.bone_spread_m,
        scale_source=person.scale_source,
        warnings=notes,
        seconds=watch.seconds,
    )
    if source.frame_times is not None:
        poses_world, contacts = space_evenly(poses_world, contacts, source.frame_times)
        motion = solve_bone_rotations(poses_world, rest_pose, contacts=contacts)
        poses_world = _carried(poses_world, motion)
    return LiftedPerson(
        person=person.number,
        poses_world=poses_world,
        poses_camera=_to_camera(poses_world, camera),
        motion=motion,
        camera=camera,
        image_size=source.image_size,
        report=report,
        warnings=notes,
    )


def _carried(poses: Poses3D, motion: BoneMotion) -> Poses3D:
    """The joints as the bones carry them: what is baked is what is reported."""
    return replace(poses, positions=joint_positions(motion))


def _to_camera(poses: Poses3D, camera: Camera) -> Poses3D:
    return replace(poses, positions=world_to_camera(poses.positions, camera), space="camera")


def _lift_at_model_rate(
    keypoints: Keypoints2D, source: ClipSource, weights: LifterWeights
) -> LiftResult:
    """Lift at the rate the network knows and come back to the clip's own frames."""
    timeline = make_timeline(
        keypoints, fps=Fraction(weights.config.fps), frame_times=source.frame_times
    )
    lifted = lift(resample(keypoints, timeline), source.camera, weights)
    nearest = np.round(timeline.model_position).astype(int)
    return LiftResult(
        poses=resample_poses(lifted.poses, timeline),
        gravity=None if lifted.gravity is None else lifted.gravity[nearest],
    )


def _fit(
    poses: Poses3D, keypoints: Keypoints2D, camera: Camera, smooth: float
) -> tuple[Poses3D, np.ndarray]:
    """Camera-space poses that agree with the image, and their constant bone lengths."""
    evidence = ray_evidence(keypoints, camera)
    poses = replace(bridge_unseen(poses), confidence=evidence.confidence)
    placed = solve_trajectory(poses, evidence, smooth=smooth)
    bone_lengths = fit_bone_lengths(placed)
    solved = solve_poses(placed, evidence, bone_lengths, smooth=smooth)
    return steady_distance(solved), bone_lengths


def _world_cameras(source: ClipSource, people: list[FittedPerson]) -> list[Camera]:
    """Every person's camera: the calibrated one, or one levelled by all, with z = 0 at their feet."""
    if source.is_calibrated:
        return [source.camera] * len(people)
    level = level_camera(
        source.camera, estimate_gravity([(person.poses, person.gravity) for person in people])
    )
    first = place_camera(people[0].poses, level)
    origin_xy = -first.position_world[:2]
    return [place_camera(person.poses, level, origin_xy=origin_xy) for person in people]


def write_poses(path: Path, lifted: LiftedPerson) -> None:
    """Write one person's poses as ``--poses`` asks: whole or not at all."""
    write_poses_npz(
        path,
        StoredPoses(
            camera=lifted.poses_camera,
            world=lifted.poses_world,
            contacts=lifted.motion.contacts,
            focal_length=lifted.camera.focal_length,
            image_size=lifted.image_size,
            rotation_world_to_camera=lifted.camera.rotation_world_to_camera,
            position_world_camera=lifted.camera.position_world,
        ),
    )


def write_report(path: Path, lifted: LiftedPerson) -> None:
    """Write one person's report as JSON: whole or not at all."""
    write_report_json(path, lifted.report)
