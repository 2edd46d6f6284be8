"""The whole flow, from a keypoint file to bone motion: start reading here.

    read_keypoints -> track -> clean -> resample -> lift -> fit -> world -> contacts -> bones

Each step is a pure function on the frozen data of ``core.types``; this module calls them in order,
decides what the file leaves open (frame rate, image size, lens) and says in the report what it took.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .clip_source import ClipSource, open_clip
from .errors import LiftError
from .fit.contacts import detect_contacts
from .fit.foot_lock import lock_feet
from .fit.gaps import extend_to_span
from .fit.ground import to_world
from .geometry.camera import world_to_camera
from .geometry.camera_motion import camera_at
from .io.poses import StoredPoses, write_poses_npz
from .io.report import write_report_json
from .lift_settings import LiftSettings
from .lifting.weights import LifterWeights, load_weights
from .metrics import bone_length_spread
from .person_fit import fit_person
from .preprocess.resample import even_rows, space_evenly
from .report import build_report, seldom_seen
from .retarget.bone_rotations import solve_bone_rotations
from .retarget.humanoid import humanoid_rest_pose
from .retarget.kinematics import joint_positions
from .shared_world import PlacedPerson, share_world
from .stopwatch import Progress, Stopwatch
from .types import BoneMotion, Camera, Poses3D

DEFAULT_MODEL = Path(__file__).parent / "weights" / "default.npz"


@dataclass(frozen=True, slots=True, eq=False)
class LiftedPerson:
    """One person of a clip, lifted: poses in both spaces, bone motion, camera and report.

    A ``camera`` that moves has a pose for each frame of the poses.
    """

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
            camera_path=settings.camera_path,
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
        fit_person(source, number, weights, settings, watch.part(done, len(numbers)))
        for done, number in enumerate(numbers)
    ]
    with watch.stage("world", 0.8):
        placed = share_world(source, fitted, settings)
    lifted = [_finish_person(source, person, settings) for person in placed]
    watch.progress("lifted", 1.0)
    return lifted


def _finish_person(
    source: ClipSource, placed: PlacedPerson, settings: LiftSettings
) -> LiftedPerson:
    person, camera = placed.fitted, placed.camera
    watch = person.watch
    bone_spread_m = bone_length_spread(person.poses.positions, person.poses.skeleton.parents)
    rest_pose = humanoid_rest_pose(person.bone_lengths)
    with watch.stage("world", 0.85):
        own = camera_at(camera, person.poses.frames - source.frame_span[0])
        poses_world = extend_to_span(to_world(person.poses, own), *source.frame_span)
    with watch.stage("bones", 0.9):
        # The bones make the body rigid; feet are locked on that body, and the bones follow them.
        poses_world = _carried(poses_world, solve_bone_rotations(poses_world, rest_pose))
        contacts = detect_contacts(poses_world)
        if settings.lock_feet:
            poses_world, contacts = lock_feet(poses_world, contacts)
        motion = solve_bone_rotations(poses_world, rest_pose, contacts=contacts)
        poses_world = _carried(poses_world, motion)
    notes = (
        *source.warnings,
        *person.notes,
        *placed.warnings,
        *seldom_seen(person.keypoints),
    )
    report = build_report(
        source,
        keypoints=person.keypoints,
        poses_camera=_to_camera(poses_world, camera),
        poses_world=poses_world,
        contacts=contacts,
        camera=camera,
        bone_spread_m=bone_spread_m,
        scale_source=placed.scale_source,
        warnings=notes,
        seconds=watch.seconds,
    )
    if source.zoom is not None:
        camera = replace(camera, focal_length=camera.focal_length * source.zoom[:, None])
    if source.frame_times is not None:
        camera = camera_at(camera, even_rows(poses_world, source.frame_times))
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
