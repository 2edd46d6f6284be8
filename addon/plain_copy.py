"""A rig as other programs want it: its deforming bones alone, without controls, object or units.

Engines know neither constraints nor an armature object's own scale. The copy's rest pose is the rig's as
it stands in the scene, moved by a matrix of choice; its action holds what the rig shows, frame by frame.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction

import bpy
import numpy as np
from mathutils import Matrix

from ..core.errors import LiftError
from ..core.geometry import quaternion
from ..core.retarget.driven_bone import pick_bones
from ..core.types import BoneMotion, RestPose
from .access import action_of, armature_of, metres_per_unit, pose_of, scene_of, view_layer_of
from .armature import create_armature
from .bake import BakeSettings, bake
from .compat import assigned_fcurves
from .rig_space import stage_of

OBJECT_BONE = "root"
"""The bone that takes over the motion of the armature object itself."""

_CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")
_CARRIED_WITHIN = 2e-5


@contextmanager
def plain_copy(
    context: bpy.types.Context, rig: bpy.types.Object, *, name: str, to: Matrix, with_meshes: bool
) -> Generator[bpy.types.Object]:
    """Make a plain copy of ``rig`` over the scene's frame range; it is gone afterwards.

    It stands at the origin whatever the place of ``rig`` in the scene.

    Parameters
    ----------
    context : bpy.types.Context
    rig : bpy.types.Object
        An animated armature.
    name : str
        Of the copy, which is selected with its meshes alone, and the active object.
    to : Matrix
        From metres, z up, to the copy's space: a turn and a uniform scale.
    with_meshes : bool
        Whether copies of the character's meshes follow the copy.

    Raises
    ------
    LiftError
        When ``rig`` has no bone that deforms.
    """
    scene = scene_of(context)
    scene.frame_set(scene.frame_start)
    standing = rig.matrix_world.copy()
    metres = Matrix.Scale(metres_per_unit(scene), 4)
    to_copy = to @ metres @ stage_of(rig).inverted()
    names = _plain_names(rig)
    rest_pose = pick_bones(_all_bones(rig, to_copy @ standing), names)
    object_bone = _name_of_object_bone(rig, names)
    frames = range(scene.frame_start, scene.frame_end + 1)
    shown, objects = _sample(scene, rig, names, frames, to_copy)
    if object_bone is not None:
        rest_pose = _with_object_bone(rest_pose, object_bone)
        moved = objects @ np.linalg.inv(objects[0])
        shown = np.concatenate([moved[:, None], shown], axis=1)
    motion = _as_motion(shown, rest_pose, scene)
    action = action_of(rig)
    assert action is not None
    with _free_name(name):
        copy = create_armature(context, rest_pose, name=name)
        meshes: list[bpy.types.Object] = []
        try:
            # Under its own name the bake would replace the action that is being copied.
            settings = BakeSettings(
                action_name=f"{action.name}.plain", start_frame=scene.frame_start
            )
            bake(copy, motion, settings=settings)
            if with_meshes:
                meshes = _copy_meshes(context, rig, copy, to_copy, object_bone)
            yield copy
        finally:
            for made in meshes:
                _remove_mesh(made)
            _remove_armature(copy)


def meshes_of(rig: bpy.types.Object) -> list[bpy.types.Object]:
    """The meshes that ``rig`` moves: bound by a modifier, or hanging from it or one of its bones."""
    return [
        found
        for found in bpy.data.objects
        if found.type == "MESH" and (found.parent == rig or _armature_modifiers(found, rig))
    ]


def _armature_modifiers(
    mesh: bpy.types.Object, rig: bpy.types.Object
) -> list[bpy.types.ArmatureModifier]:
    return [
        modifier
        for modifier in mesh.modifiers
        if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object == rig
    ]


def _plain_names(rig: bpy.types.Object) -> tuple[str, ...]:
    """The bones that deform, and roots with keys: they carry the travel."""
    bones = armature_of(rig).bones
    paths = {curve.data_path for curve in assigned_fcurves(rig)}
    if not any(bone.use_deform for bone in bones):
        raise LiftError(f"armature {rig.name!r}: none of its bones deforms: nothing to export")
    return tuple(
        bone.name
        for bone in bones
        if bone.use_deform
        or (
            bone.parent is None
            and paths & {pose_of(rig).bones[bone.name].path_from_id(c) for c in _CHANNELS}
        )
    )


def _name_of_object_bone(rig: bpy.types.Object, names: tuple[str, ...]) -> str | None:
    """What the bone is called that takes over the object's own motion; None where it has none."""
    if not {curve.data_path for curve in assigned_fcurves(rig)} & set(_CHANNELS):
        return None
    return OBJECT_BONE if OBJECT_BONE not in names else f"{OBJECT_BONE}.object"


def _with_object_bone(rest_pose: RestPose, name: str) -> RestPose:
    """The rest pose below one bone more, at the origin."""
    tail = np.array([[0.0, -0.5 * rest_pose.lengths.max(), 0.0]])
    return RestPose(
        bone_names=(name, *rest_pose.bone_names),
        parents=(-1, *(parent + 1 for parent in rest_pose.parents)),
        heads=np.concatenate([np.zeros((1, 3)), rest_pose.heads]),
        tails=np.concatenate([tail, rest_pose.tails]),
        # Half a turn about z: along -Y, as the tail lies.
        rotations=np.concatenate([[[0.0, 0.0, 0.0, 1.0]], rest_pose.rotations]),
    )


def _all_bones(rig: bpy.types.Object, matrix: Matrix) -> RestPose:
    """Every bone at rest, seen through ``matrix``."""
    bones = list(armature_of(rig).bones)
    index_of = {bone.name: index for index, bone in enumerate(bones)}
    turn = matrix.to_quaternion()
    return RestPose(
        bone_names=tuple(index_of),
        parents=tuple(-1 if bone.parent is None else index_of[bone.parent.name] for bone in bones),
        heads=np.array([matrix @ bone.head_local for bone in bones]),
        tails=np.array([matrix @ bone.tail_local for bone in bones]),
        rotations=np.array([turn @ bone.matrix_local.to_quaternion() for bone in bones]),
    )


def _sample(
    scene: bpy.types.Scene,
    rig: bpy.types.Object,
    names: tuple[str, ...],
    frames: range,
    to_copy: Matrix,
) -> tuple[np.ndarray, np.ndarray]:
    """What Blender shows: (T,B,4,4) the bones and (T,4,4) the object, both in the copy's space."""
    bones = [pose_of(rig).bones[name] for name in names]
    objects = np.empty((len(frames), 4, 4))
    shown = np.empty((len(frames), len(bones), 4, 4))
    for row, frame in enumerate(frames):
        scene.frame_set(frame)
        objects[row] = to_copy @ rig.matrix_world
        shown[row] = [bone.matrix for bone in bones]
    return objects[:, None] @ shown, objects


def _as_motion(shown: np.ndarray, rest_pose: RestPose, scene: bpy.types.Scene) -> BoneMotion:
    """The motion that puts the bones of ``rest_pose`` at the matrices (T,B,4,4)."""
    num_frames = len(shown)
    sizes = np.linalg.norm(shown[..., :3, :3], axis=-2, keepdims=True)
    rotations = quaternion.from_matrix(shown[..., :3, :3] / sizes)
    heads = shown[..., :3, 3]
    local = np.empty_like(rotations)
    placed: dict[int, np.ndarray] = {}
    for bone, parent in enumerate(rest_pose.parents):
        own_rest, own_head = rest_pose.rotations[bone], rest_pose.heads[bone]
        carried, head = np.broadcast_to(own_rest, (num_frames, 4)), own_head
        if parent >= 0:
            turn = quaternion.multiply(
                rotations[:, parent], quaternion.conjugate(rest_pose.rotations[parent])
            )
            carried = quaternion.multiply(turn, own_rest)
            head = heads[:, parent] + quaternion.rotate(turn, own_head - rest_pose.heads[parent])
        local[:, bone] = quaternion.multiply(quaternion.conjugate(carried), rotations[:, bone])
        far = _CARRIED_WITHIN * rest_pose.lengths.max()
        if np.abs(heads[:, bone] - head).max() > far:
            placed[bone] = heads[:, bone]
    return BoneMotion(
        rotations=quaternion.unroll(quaternion.normalise(local)),
        root_position=placed.pop(0, np.broadcast_to(rest_pose.heads[0], (num_frames, 3))),
        contacts=np.zeros((num_frames, 2), dtype=bool),
        frames=np.arange(num_frames),
        fps=Fraction(scene.render.fps) / Fraction(scene.render.fps_base),
        rest_pose=rest_pose,
        placed=placed,
    )


def _copy_meshes(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    copy: bpy.types.Object,
    to_copy: Matrix,
    object_bone: str | None,
) -> list[bpy.types.Object]:
    """The character's meshes as they are at rest in the copy's space, bound to the copy."""
    armature = armature_of(rig)
    shown = armature.pose_position
    armature.pose_position = "REST"
    view_layer_of(context).update()
    copies = [_copy_mesh(mesh, rig, copy, to_copy, object_bone) for mesh in meshes_of(rig)]
    armature.pose_position = shown
    for made in copies:
        scene_of(context).collection.objects.link(made)
        made.select_set(True)
    return copies


def _copy_mesh(
    mesh: bpy.types.Object,
    rig: bpy.types.Object,
    copy: bpy.types.Object,
    to_copy: Matrix,
    object_bone: str | None,
) -> bpy.types.Object:
    made = mesh.copy()
    assert isinstance(mesh.data, bpy.types.Mesh)
    data = mesh.data.copy()
    made.data = data
    made.animation_data_clear()
    data.transform(to_copy @ mesh.matrix_world, shape_keys=True)
    modifiers = _armature_modifiers(made, rig)
    carrier = mesh.parent_bone if mesh.parent_type == "BONE" else object_bone
    if not modifiers and carrier is not None:
        made.vertex_groups.new(name=carrier).add(range(len(data.vertices)), 1.0, "REPLACE")
        added = made.modifiers.new("Armature", "ARMATURE")
        assert isinstance(added, bpy.types.ArmatureModifier)
        modifiers = [added]
    for modifier in modifiers:
        modifier.object = copy
    made.parent, made.parent_type = copy, "OBJECT"
    made.matrix_parent_inverse = Matrix.Identity(4)
    made.matrix_basis = Matrix.Identity(4)
    return made


@contextmanager
def _free_name(name: str) -> Generator[None]:
    """Let no other object be called ``name``: Blender would add a number."""
    taken = bpy.data.objects.get(name)
    if taken is None:
        yield
        return
    taken.name = f"{name}.original"
    try:
        yield
    finally:
        taken.name = name


def _remove_mesh(made: bpy.types.Object) -> None:
    data = made.data
    assert isinstance(data, bpy.types.Mesh)
    bpy.data.objects.remove(made)
    bpy.data.meshes.remove(data)


def _remove_armature(made: bpy.types.Object) -> None:
    armature, action = armature_of(made), action_of(made)
    bpy.data.objects.remove(made)
    bpy.data.armatures.remove(armature)
    if action is not None:
        bpy.data.actions.remove(action)
