"""One lifted person: from poses to a rig that moves in the scene, and on to files."""

from __future__ import annotations

from collections.abc import Generator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np

from ..core.errors import LiftError
from ..core.joint_sets import LIFTED_21
from ..core.pipeline import LiftedPerson
from ..core.retarget.attachment import rest_joint_positions
from ..core.retarget.bone_map import HUMANOID
from ..core.retarget.driven_bone import pick_bones
from ..core.retarget.follower import with_followers
from ..core.retarget.part import PARTS, bones_outside
from ..core.retarget.retarget import RetargetedMotion, retarget
from ..core.retarget.scheme import SCHEME_NAMES, load_scheme
from ..core.retarget.scheme_rest import scheme_rest_pose
from ..core.retarget.t_pose import t_pose_rotations
from ..core.retarget.travel import carry_travel
from ..core.types import BoneMotion, RestPose
from .access import armature_of, metres_per_unit, scene_of, view_layer_of
from .armature import create_armature
from .bake import Baked, BakeSettings, bake, blender_frame_rate, set_scene_timing
from .engine import EngineName
from .export import export_armature
from .motion import resample_motion, resample_travel
from .rig import DrivenRig, choose_bone_map, drive_rig, find_rig, read_rest_pose
from .rig_choice import DEFAULT_SCHEME, AnimationSettings, RigChoice
from .visibility import made_visible


@dataclass(frozen=True, slots=True, eq=False)
class Animation:
    """A rig that moves: what was baked on it, what is to be reported, what the user should know.

    ``size``: the rig's per the person's, by which the whole stage is scaled.
    """

    rig: bpy.types.Object
    size: float
    baked: Baked
    report: dict[str, object]
    warnings: tuple[str, ...]


def animate(
    context: bpy.types.Context,
    lifted: LiftedPerson,
    choice: RigChoice,
    settings: AnimationSettings,
    *,
    name: str,
) -> Animation:
    """Put a person's motion on the chosen rig and set the scene's timing to it.

    ``name`` is the action's and, where one is built, the armature's. When it cannot be finished,
    nothing of it stays in the file.

    Raises
    ------
    LiftError
        When the rig cannot be driven, or the motion does not fit the scene.
    """
    if choice.scheme is None:
        rig = find_rig(context, choice.object_name)
        # Where a hidden object stands, and how it is scaled, Blender does not work out.
        with made_visible(context, [rig]):
            driven = _drive_chosen(context, rig, choice, settings)
            return _bake_on(context, driven, _retarget(driven, lifted, settings), settings, name)
    driven = _build_rig(context, choice.scheme, lifted.motion, name=name)
    rig, armature = driven.rig, armature_of(driven.rig)
    try:
        if choice.scheme == DEFAULT_SCHEME and _is_as_lifted(settings):
            moved = _carried(driven, lifted.motion, settings)
        else:
            moved = _retarget(driven, lifted, settings)
        return _bake_on(context, driven, moved, settings, name)
    except BaseException:
        bpy.data.objects.remove(rig)
        bpy.data.armatures.remove(armature)
        raise


def _drive_chosen(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    choice: RigChoice,
    settings: AnimationSettings,
) -> DrivenRig:
    """The armature that is there already, its bones found or as the user says."""
    view_layer_of(context).update()
    mapped = choose_bone_map(read_rest_pose(rig), choice.bone_map)
    driven = drive_rig(context, rig, mapped.bone_map, mute_constraints=settings.mutes_constraints)
    # That a rig is a known one is in the report: nothing to warn of.
    notes = () if mapped.bone_map.name in SCHEME_NAMES else mapped.notes
    return replace(driven, warnings=(*notes, *driven.warnings))


def _build_rig(
    context: bpy.types.Context, scheme_name: str, motion: BoneMotion, *, name: str
) -> DrivenRig:
    """A new armature of a known kind in the person's size."""
    scheme = load_scheme(scheme_name)
    if scheme_name == DEFAULT_SCHEME:
        rest_pose = motion.rest_pose
    else:
        rest_pose = scheme_rest_pose(scheme, _bone_lengths(motion))
    unit_scale = metres_per_unit(scene_of(context))
    rig = create_armature(context, _resized(rest_pose, 1.0 / unit_scale), name=name)
    chains = [*scheme.bone_map.bones.values(), *scheme.bone_map.twists.values()]
    return DrivenRig(
        rig=rig,
        rest_pose=pick_bones(rest_pose, [bone for chain in chains for bone in chain]),
        bone_map=scheme.bone_map,
        scale=unit_scale,
        switches=(),
        followers={},
        muted=(),
        warnings=(),
    )


def _bone_lengths(motion: BoneMotion) -> np.ndarray:
    """(21,) m: of the person that ``motion``'s own armature was built for."""
    joints = rest_joint_positions(motion.rest_pose, HUMANOID)
    lengths = np.linalg.norm(joints - joints[list(LIFTED_21.parents)], axis=-1)
    lengths[LIFTED_21.parents.index(-1)] = 0.0
    return lengths


def _resized(rest_pose: RestPose, factor: float) -> RestPose:
    return replace(rest_pose, heads=factor * rest_pose.heads, tails=factor * rest_pose.tails)


def _retarget(
    driven: DrivenRig, lifted: LiftedPerson, settings: AnimationSettings
) -> RetargetedMotion:
    return retarget(
        lifted.poses_world,
        lifted.motion.contacts,
        driven.rest_pose,
        driven.bone_map,
        settings=settings.retarget,
    )


def _is_as_lifted(settings: AnimationSettings) -> bool:
    """Whether nothing but the travel's carrier is to differ from the lifted motion."""
    return not settings.retarget.reach and settings.retarget.parts == frozenset(PARTS)


def _carried(
    driven: DrivenRig, motion: BoneMotion, settings: AnimationSettings
) -> RetargetedMotion:
    """The person's own armature needs no retargeting."""
    motion, travel = carry_travel(motion, driven.bone_map, settings.retarget.travel)
    return RetargetedMotion(motion, travel, 1.0, ())


def _bake_on(
    context: bpy.types.Context,
    driven: DrivenRig,
    moved: RetargetedMotion,
    settings: AnimationSettings,
    name: str,
) -> Animation:
    clip_fps = moved.motion.fps
    scene_fps = settings.scene_fps or clip_fps
    _check_timing(scene_fps, settings)
    key_fps = scene_fps / settings.frame_step
    motion = resample_motion(with_followers(moved.motion, driven.followers), key_fps)
    travel = moved.travel
    t_pose = t_pose_rotations(driven.rest_pose, driven.bone_map) if settings.has_t_pose else None
    baked = bake(
        driven.rig,
        motion,
        settings=BakeSettings(
            action_name=name,
            start_frame=settings.start_frame,
            frame_step=settings.frame_step,
            target=settings.target,
            reduce_mm=settings.reduce_mm,
            t_pose=t_pose,
        ),
        scale=driven.scale,
        travel=None if travel is None else resample_travel(travel, clip_fps, key_fps),
        switches=driven.switches,
        muted=driven.muted,
        skipped=_skipped(driven, settings.retarget.parts),
    )
    num_extra = 1 if settings.has_t_pose else 0
    set_scene_timing(
        scene_of(context),
        fps=scene_fps,
        start_frame=settings.start_frame - num_extra,
        num_frames=(motion.num_frames - 1) * settings.frame_step + 1 + num_extra,
    )
    return Animation(
        rig=driven.rig,
        size=moved.scale,
        baked=baked,
        report=_report(driven, moved.scale, baked),
        warnings=(*driven.warnings, *moved.warnings, *baked.warnings),
    )


def _check_timing(scene_fps: Fraction, settings: AnimationSettings) -> None:
    """Raise LiftError before anything is changed where the scene could not be set to the clip."""
    blender_frame_rate(scene_fps)
    if settings.has_t_pose and settings.start_frame < 1:
        raise LiftError(
            f"the T pose stands one frame before the first, and scenes start at frame 0: expected a "
            f"start frame of at least 1, found {settings.start_frame}"
        )


def _skipped(driven: DrivenRig, parts: Set[str]) -> set[str]:
    """The bones of other parts, and the controls that go with them."""
    outside = set(bones_outside(driven.bone_map, parts))
    return outside | {control for control, led in driven.followers.items() if led in outside}


def _report(driven: DrivenRig, size: float, baked: Baked) -> dict[str, object]:
    """What is said of the rig beside what is said of the clip."""
    return {
        "rig": driven.rig.name,
        "bone_map": driven.bone_map.name,
        "rig_size_per_person": round(size, 4),
        "num_keys": baked.num_keys,
        "num_keys_full": baked.num_keys_full,
        "reduction_error_mm": round(1000.0 * baked.max_error_m, 3),
    }


def animate_in_file(
    lifted: LiftedPerson, choice: RigChoice, settings: AnimationSettings, *, name: str
) -> Animation:
    """``animate`` in the file that the rig is in, as it is on disk; in an empty one for a new rig.

    Raises
    ------
    LiftError
        When the file cannot be opened, or the rig not be animated.
    """
    if choice.scheme is not None:
        # The user's preferences, add-ons and this extension stay as they are.
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    elif choice.blend is not None or bpy.data.filepath:
        _open(choice.blend or Path(bpy.data.filepath))
    return animate(bpy.context, lifted, choice, settings, name=name)


def _open(path: Path) -> None:
    if not path.is_file():
        raise LiftError(f"{path}: no such file")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.absolute()), load_ui=False)
    except RuntimeError as error:
        raise LiftError(f"{path}: Blender cannot open it: {str(error).strip()}") from error


def export_animation(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    paths: Sequence[Path],
    *,
    engine: EngineName | None = None,
) -> None:
    """Write ``rig`` with its action to each of ``paths``, making their folders.

    Raises
    ------
    LiftError
        When a file cannot be written; those before it are.
    """
    for path in paths:
        with folder_for(path):
            export_armature(context, rig, path, engine=engine)


@contextmanager
def folder_for(path: Path) -> Generator[None]:
    """Make the folders above ``path``; take away again those that stay empty after a failure.

    Raises
    ------
    LiftError
        When a folder cannot be made.
    """
    missing = [folder for folder in path.absolute().parents if not folder.exists()]
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LiftError(f"{path}: cannot make its folder: {error.strerror}") from error
    try:
        yield
    except BaseException:
        for folder in missing:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
