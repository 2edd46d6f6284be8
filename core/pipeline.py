"""The whole flow, from a video or a keypoint file to bone motion: start reading here.

    find_video_people or read_keypoints -> track -> clean -> resample -> lift -> fit -> world
        -> contacts -> bones

Each step is a pure function on the frozen data of ``core.types``; this module calls them in order,
decides what the file leaves open (frame rate, image size, lens) and says in the report what it took.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .clip_opening import memory_of, open_source
from .clip_source import ClipSource
from .correction import check_corrections, corrections_of
from .errors import LiftError
from .fit.gaps import extend_to_span
from .fit.ground import to_world
from .fit.standing import hold_feet
from .geometry.camera import world_to_camera
from .geometry.camera_motion import camera_at
from .io.native import write_keypoints_npz
from .io.poses import StoredPoses, write_poses_npz
from .io.report import write_report_json
from .io.video_reader import is_video
from .lift_cache import ClipMemory, LiftCache, file_state
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
from .types import BoneMotion, Camera, Keypoints2D, Poses3D

# Of a video's whole work, on the way from its pictures to bones.
_DETECTION_SHARE = 0.9

DEFAULT_MODEL = Path(__file__).parent / "weights" / "default.npz"


@dataclass(frozen=True, slots=True, eq=False)
class LiftedPerson:
    """One person of a clip, lifted: poses in both spaces, bone motion, camera and report.

    A ``camera`` that moves has a pose for each frame of the poses. ``keypoints`` are those that were
    lifted: cleaned, and as a lens of constant focal length shows them.
    """

    person: int
    keypoints: Keypoints2D
    poses_world: Poses3D
    poses_camera: Poses3D
    motion: BoneMotion
    camera: Camera
    image_size: tuple[int, int]
    report: dict[str, object]
    warnings: tuple[str, ...]


def lift_clip(
    path: Path,
    *,
    person: int | Literal["all"],
    settings: LiftSettings,
    progress: Progress,
    cache: LiftCache | None = None,
) -> list[LiftedPerson]:
    """Lift one clip's people to 3D bone motion.

    Parameters
    ----------
    path : Path
        Keypoint file or folder, any format of ``read_keypoints``; or a video, whose people are found
        first.
    person : int or "all"
        1-based, ordered by the number of frames seen.
    settings : LiftSettings
    progress : callable
        Called with the stage's name and the share 0..1 that is done.
    cache : LiftCache or None
        Of earlier lifts: what is the same of them is not done again, and the result is the same.

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
    share = _DETECTION_SHARE if is_video(path) else 0.0
    memory = memory_of(path, settings, cache or LiftCache())
    model = settings.model or DEFAULT_MODEL
    # Before people are looked for in a video, which may take long: the model may not be there.
    weights = memory.recall("weights", 0, file_state(model), lambda: load_weights(model))
    with watch.stage("detecting" if share else "reading", 0.0):
        source = open_source(
            path,
            settings,
            memory=memory,
            progress=lambda done: progress("detecting", share * done),
        )
    numbers = range(1, len(source.people) + 1) if person == "all" else [person]
    for number in numbers:
        if not 1 <= number <= len(source.people):
            raise LiftError(f"{path}: no person {number}: {len(source.people)} in the clip")
    watch = watch.between(share, 1.0)
    return lift_people(source, list(numbers), weights, settings, watch=watch, memory=memory)


def lift_people(
    source: ClipSource,
    numbers: list[int],
    weights: LifterWeights,
    settings: LiftSettings,
    *,
    watch: Stopwatch,
    memory: ClipMemory | None = None,
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
    memory : ClipMemory or None
        Of this source.

    Raises
    ------
    LiftError
        When a correction does not fit the clip.
    """
    check_corrections(
        settings.corrections,
        num_people=len(source.people),
        frame_span=source.frame_span,
        joint_names=source.people[0].skeleton.joint_names,
    )
    memory = memory or ClipMemory()
    fitted = [
        fit_person(source, number, weights, settings, watch.part(done, len(numbers)), memory=memory)
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
    corrections = corrections_of(settings.corrections, person.number)
    bone_spread_m = bone_length_spread(person.poses.positions, person.poses.skeleton.parents)
    rest_pose = humanoid_rest_pose(person.bone_lengths)
    with watch.stage("world", 0.85):
        own = camera_at(camera, person.poses.frames - source.frame_span[0])
        poses_world = extend_to_span(to_world(person.poses, own), *source.frame_span)
    with watch.stage("bones", 0.9):
        # The bones make the body rigid; feet are locked on that body, and the bones follow them.
        poses_world = _carried(poses_world, solve_bone_rotations(poses_world, rest_pose))
        poses_world, contacts, standing_notes = hold_feet(
            poses_world,
            corrections,
            is_locked=settings.lock_feet,
        )
        motion = solve_bone_rotations(poses_world, rest_pose, contacts=contacts)
        poses_world = _carried(poses_world, motion)
    notes = (
        *source.warnings,
        *person.notes,
        *placed.warnings,
        *standing_notes,
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
    report["num_corrections"] = len(corrections)
    if source.zoom is not None:
        camera = replace(camera, focal_length=camera.focal_length * source.zoom[:, None])
    if source.frame_times is not None:
        camera = camera_at(camera, even_rows(poses_world, source.frame_times))
        poses_world, contacts = space_evenly(poses_world, contacts, source.frame_times)
        motion = solve_bone_rotations(poses_world, rest_pose, contacts=contacts)
        poses_world = _carried(poses_world, motion)
    return LiftedPerson(
        person=person.number,
        keypoints=person.keypoints,
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


def write_keypoints(path: Path, lifted: LiftedPerson) -> None:
    """Write the 2D keypoints that one person was lifted from as our npz: whole or not at all."""
    write_keypoints_npz(path, lifted.keypoints)


def write_report(path: Path, lifted: LiftedPerson) -> None:
    """Write one person's report as JSON: whole or not at all."""
    write_report_json(path, lifted.report)
