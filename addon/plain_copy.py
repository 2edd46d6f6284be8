"""A rig as other programs want it: its deforming bones alone, without controls, object or units.

Engines know neither constraints nor an armature object's own scale. The copy's rest pose is the rig's as
it stands in the scene, moved by a matrix of choice; its action holds what the rig shows, frame by frame.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Matrix

from ..core.geometry import quaternion
from ..core.types import BoneMotion, RestPose
from .access import action_of, armature_of, metres_per_unit, pose_of, scene_of
from .armature import create_armature
from .bake import BakeSettings, bake
from .compat import animated_paths
from .mesh_copy import carrier_of, copied_meshes, lent_names, meshes_of
from .plain_rest import CHANNELS, plain_rest_pose
from .rig_space import stage_of

OBJECT_BONE = "root"
"""The bone that takes over the motion of the armature object itself."""

_CARRIED_WITHIN = 2e-5
_STANDS_WITHIN = 1e-5


@contextmanager
def plain_copy(
    context: bpy.types.Context, rig: bpy.types.Object, *, name: str, to: Matrix, with_meshes: bool
) -> Generator[bpy.types.Object]:
    """Make a plain copy of ``rig`` over the scene's frame range; it is gone afterwards.

    It stands at the origin whatever the place of ``rig`` in the scene. Its bones are where those of
    ``rig`` are shown and turned as they are; scale that bones have in the pose is left out.

    Parameters
    ----------
    context : bpy.types.Context
        In object mode.
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
    to_copy = to @ Matrix.Scale(metres_per_unit(scene), 4) @ stage_of(rig).inverted()
    carriers = [carrier_of(mesh, rig) for mesh in meshes_of(context, rig)] if with_meshes else []
    rest_pose = plain_rest_pose(
        rig, to_copy @ rig.matrix_world, carriers={each for each in carriers if each is not None}
    )
    shown, objects = _sample(scene, rig, rest_pose.bone_names, to_copy)
    object_bone = None
    if _moves(rig, objects, rest_pose):
        object_bone = _free_bone_name(rest_pose)
        rest_pose = _with_object_bone(rest_pose, object_bone)
        moved = objects @ np.linalg.inv(objects[0])
        shown = np.concatenate([moved[:, None], shown], axis=1)
    motion = _as_motion(shown, rest_pose, scene)
    scene.frame_set(scene.frame_start)
    with ExitStack() as stack:
        namesake = bpy.data.objects.get(name)
        stack.enter_context(lent_names([] if namesake is None else [namesake]))
        copy = create_armature(context, rest_pose, name=name)
        stack.callback(_remove_armature, copy)
        _let_travel(copy, motion)
        # No clip is called so: a bake replaces the action of that name.
        clip_name = f"plain copy of {rig.name}"
        settings = BakeSettings(action_name=clip_name, start_frame=scene.frame_start)
        bake(copy, motion, settings=settings)
        if with_meshes:
            stack.enter_context(
                copied_meshes(context, rig, copy, to_copy=to_copy, object_bone=object_bone)
            )
        yield copy


def _moves(rig: bpy.types.Object, objects: np.ndarray, rest_pose: RestPose) -> bool:
    """Whether the object itself has keys, or is moved otherwise: its matrices are (T,4,4)."""
    is_keyed = not animated_paths(rig).isdisjoint(CHANNELS)
    far = _STANDS_WITHIN * np.abs(objects[0, :3, :3]).max() * rest_pose.lengths.max()
    return is_keyed or bool(np.abs(objects - objects[0]).max() > far)


def _free_bone_name(rest_pose: RestPose) -> str:
    name = OBJECT_BONE
    while name in rest_pose.bone_names:
        name = f"{name}.object"
    return name


def _with_object_bone(rest_pose: RestPose, name: str) -> RestPose:
    """The rest pose below one bone more, at the origin and along its axes."""
    tail = np.array([[0.0, 0.5 * rest_pose.lengths.max(), 0.0]])
    return RestPose(
        bone_names=(name, *rest_pose.bone_names),
        parents=(-1, *(parent + 1 for parent in rest_pose.parents)),
        heads=np.concatenate([np.zeros((1, 3)), rest_pose.heads]),
        tails=np.concatenate([tail, rest_pose.tails]),
        rotations=np.concatenate([quaternion.IDENTITY[None], rest_pose.rotations]),
    )


def _sample(
    scene: bpy.types.Scene,
    rig: bpy.types.Object,
    names: tuple[str, ...],
    to_copy: Matrix,
) -> tuple[np.ndarray, np.ndarray]:
    """What Blender shows: (T,B,4,4) the bones and (T,4,4) the object, both in the copy's space."""
    frames = range(scene.frame_start, scene.frame_end + 1)
    bones = pose_of(rig).bones
    chosen = [bones.find(name) for name in names]
    every = np.empty(16 * len(bones), dtype=np.float32)
    objects = np.empty((len(frames), 4, 4))
    shown = np.empty((len(frames), len(chosen), 4, 4))
    for row, frame in enumerate(frames):
        scene.frame_set(frame)
        objects[row] = to_copy @ rig.matrix_world
        # One by one, matrices cost more than all that Blender does in a frame. The stubs know only
        # sequences.
        bones.foreach_get("matrix", cast(Any, every))
        shown[row] = every.reshape(-1, 4, 4)[chosen].swapaxes(-1, -2)
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


def _let_travel(copy: bpy.types.Object, motion: BoneMotion) -> None:
    """Disconnect the bones that have a way of their own: connected ones obey no location."""
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in motion.placed:
        armature_of(copy).edit_bones[motion.rest_pose.bone_names[bone]].use_connect = False
    bpy.ops.object.mode_set(mode="OBJECT")


def _remove_armature(made: bpy.types.Object) -> None:
    armature, action = armature_of(made), action_of(made)
    bpy.data.objects.remove(made)
    bpy.data.armatures.remove(armature)
    if action is not None:
        bpy.data.actions.remove(action)
