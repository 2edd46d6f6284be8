"""What really follows what on a rig, measured: constraints, drivers and flags included.

The measuring is done on a copy of the rig's object: whatever happens, the user's stays as it was, and
no mesh deforms with every step.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..core.geometry import quaternion
from .access import pose_of, scene_of, view_layer_of
from .rig_following import SHARE_TOLERANCE, Following
from .rigify import Switch

_TEST_AXIS = (0.48, 0.6, 0.64)
_TEST_ANGLE = 0.35
_NO_WAY = 1e-3


def measure_following(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    bone_names: Sequence[str],
    *,
    switches: Sequence[Switch] = (),
    muted: Sequence[tuple[str, str]] = (),
) -> Following:
    """Turn one bone after the other and see what goes with it.

    Parameters
    ----------
    context : bpy.types.Context
        Whose scene and view layer evaluate the rig.
    rig : bpy.types.Object
        An armature; it is left alone.
    bone_names : sequence of str
        The N bones that are turned and watched.
    switches, muted :
        Properties as they are to be, and constraints, by bone and name, that are to rest.
    """
    with _copy_at_rest(context, rig, switches, muted) as probe:
        bones = [pose_of(probe).bones[name] for name in bone_names]
        rest = np.array([bone.bone.matrix_local for bone in bones])
        still = _pose_matrices(context, probe, bone_names)
        posed = np.empty((len(bones), *still.shape))
        test_turn = Matrix.Rotation(_TEST_ANGLE, 4, Vector(_TEST_AXIS))
        for row, bone in enumerate(bones):
            bone.matrix_basis = test_turn
            posed[row] = _pose_matrices(context, probe, bone_names)
            bone.matrix_basis = Matrix()
    return _compare(tuple(bone_names), rest, still, posed)


@contextmanager
def _copy_at_rest(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    switches: Sequence[Switch],
    muted: Sequence[tuple[str, str]],
) -> Generator[bpy.types.Object]:
    """A copy of ``rig`` in the scene, unanimated and at rest; its own drivers and constraints work.

    Blender lets those of a copied object refer to the copy.
    """
    probe = rig.copy()
    try:
        animation_data = probe.animation_data
        if animation_data is not None:
            # While a strip is tweaked, its action cannot be taken away.
            animation_data.use_tweak_mode = False
            animation_data.action = None
            animation_data.use_nla = False
        probe.hide_viewport = False
        scene_of(context).collection.objects.link(probe)
        bones = pose_of(probe).bones
        for bone in bones:
            bone.matrix_basis = Matrix()
        for switch in switches:
            bones[switch.bone][switch.property] = switch.value
        for bone_name, constraint in muted:
            bones[bone_name].constraints[constraint].mute = True
        probe.update_tag()
        yield probe
    finally:
        bpy.data.objects.remove(probe)
        view_layer_of(context).update()


def _pose_matrices(
    context: bpy.types.Context, probe: bpy.types.Object, bone_names: Sequence[str]
) -> np.ndarray:
    """(N,4,4) where the bones are now, in the armature's own space."""
    view_layer_of(context).update()
    bones = pose_of(probe.evaluated_get(context.evaluated_depsgraph_get())).bones
    return np.array([bones[name].matrix for name in bone_names])


def _compare(
    bone_names: tuple[str, ...], rest: np.ndarray, still: np.ndarray, posed: np.ndarray
) -> Following:
    """From where N bones (N,4,4) are when none is turned, and (N,N,4,4) when each one is."""
    turns = quaternion.to_rotation_vector(quaternion.between(_rotations(still), _rotations(posed)))
    own_turn = np.diagonal(turns).T
    turn = np.sum(turns * own_turn[:, None], axis=-1) / _TEST_ANGLE**2
    astray = np.linalg.norm(turns - turn[..., None] * own_turn[:, None], axis=-1) / _TEST_ANGLE
    # A turn about another axis is no share of this one: neither none nor all.
    turn = np.where(astray < SHARE_TOLERANCE, turn, np.minimum(turn, 1.0 - astray))
    heads = still[:, :3, 3]
    ways = posed[..., :3, 3] - heads
    arms = heads[None] - heads[:, None]
    own = quaternion.from_rotation_vector(own_turn)
    wanted = quaternion.rotate(own[:, None], arms) - arms
    squared = np.sum(wanted**2, axis=-1)
    size = max(float(np.ptp(heads, axis=0).max()), 1e-9)
    # At the pivot or on the axis the way does not tell, so that it is taken for the turn's.
    tells = squared > (_NO_WAY * size) ** 2
    move = np.where(tells, np.sum(ways * wanted, axis=-1) / np.where(tells, squared, 1.0), turn)
    held = np.abs(np.linalg.norm(own_turn, axis=-1) / _TEST_ANGLE - 1.0) > SHARE_TOLERANCE
    displaced = np.linalg.norm(heads - rest[:, :3, 3], axis=-1) > _NO_WAY * size
    apart = quaternion.to_rotation_vector(quaternion.between(_rotations(rest), _rotations(still)))
    displaced |= np.linalg.norm(apart, axis=-1) > SHARE_TOLERANCE
    return Following(bone_names, turn, move, held | displaced)


def _rotations(matrices: np.ndarray) -> np.ndarray:
    """(...,4) wxyz of matrices (...,4,4) that may scale too."""
    axes = matrices[..., :3, :3]
    return quaternion.from_matrix(axes / np.linalg.norm(axes, axis=-2, keepdims=True))
