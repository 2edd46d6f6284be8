"""The meshes of a character, found, and copied onto another armature."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import bpy
from mathutils import Matrix

from .access import armature_of, scene_of, view_layer_of


def meshes_of(context: bpy.types.Context, rig: bpy.types.Object) -> list[bpy.types.Object]:
    """The meshes that ``rig`` moves: bound by a modifier, or hanging from it or one of its bones.

    Those that the user sees; all of them where none is seen.
    """
    hanging = set(rig.children_recursive)
    found = [
        each
        for each in scene_of(context).objects
        if each.type == "MESH" and (each in hanging or _armature_modifiers(each, rig))
    ]
    seen = [each for each in found if each.visible_get(view_layer=view_layer_of(context))]
    return seen or found


def carrier_of(mesh: bpy.types.Object, rig: bpy.types.Object) -> str | None:
    """The bone of ``rig`` that ``mesh`` hangs from, itself or by what it hangs from."""
    if _armature_modifiers(mesh, rig):
        return None
    held = mesh
    while held.parent is not None and held.parent != rig:
        held = held.parent
    is_held = held.parent == rig and held.parent_type == "BONE"
    return held.parent_bone if is_held and held.parent_bone in armature_of(rig).bones else None


@contextmanager
def copied_meshes(
    context: bpy.types.Context,
    rig: bpy.types.Object,
    copy: bpy.types.Object,
    *,
    to_copy: Matrix,
    object_bone: str | None,
) -> Generator[list[bpy.types.Object]]:
    """Copy the meshes of ``rig`` onto ``copy``; the copies are gone afterwards.

    They have no transform of their own, and are called as their originals, which have other names
    meanwhile. Modifiers are applied, but for shape keys' sake not where there are none.

    Parameters
    ----------
    context : bpy.types.Context
        In the frame in which ``to_copy`` holds.
    rig, copy : bpy.types.Object
        Armatures.
    to_copy : Matrix
        From the world to the space of ``copy``.
    object_bone : str or None
        The bone of ``copy`` that moves as the object ``rig``, if it moves.
    """
    originals = meshes_of(context, rig)
    with lent_names(originals) as names:
        copies: list[bpy.types.Object] = []
        try:
            with _at_rest(context, rig):
                for original, name in zip(originals, names, strict=True):
                    made, is_bound = _copy_shape(context, original, rig, to_copy)
                    copies.append(made)
                    made.name = name
                    _bind(made, copy, carrier_of(original, rig) or object_bone, is_bound=is_bound)
            yield copies
        finally:
            for made in copies:
                data = made.data
                assert isinstance(data, bpy.types.Mesh)
                bpy.data.objects.remove(made)
                bpy.data.meshes.remove(data)


@contextmanager
def lent_names(objects: list[bpy.types.Object]) -> Generator[list[str]]:
    """The names of ``objects``, free for others to be called so: Blender would add numbers."""
    names = [each.name for each in objects]
    for each, name in zip(objects, names, strict=True):
        each.name = f"original {name}"
    try:
        yield names
    finally:
        for each, name in zip(objects, names, strict=True):
            each.name = name


@contextmanager
def _at_rest(context: bpy.types.Context, rig: bpy.types.Object) -> Generator[None]:
    armature = armature_of(rig)
    shown = armature.pose_position
    armature.pose_position = "REST"
    view_layer_of(context).update()
    try:
        yield
    finally:
        armature.pose_position = shown
        view_layer_of(context).update()


def _copy_shape(
    context: bpy.types.Context, mesh: bpy.types.Object, rig: bpy.types.Object, to_copy: Matrix
) -> tuple[bpy.types.Object, bool]:
    """A copy of ``mesh`` as it is at rest, and whether vertex groups bind it to bones."""
    bindings = _armature_modifiers(mesh, rig)
    assert isinstance(mesh.data, bpy.types.Mesh)
    if any(each.show_viewport and each not in bindings for each in mesh.modifiers):
        depsgraph = context.evaluated_depsgraph_get()
        data = bpy.data.meshes.new_from_object(
            mesh.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
        )
    else:
        data = mesh.data.copy()
    matrix = to_copy @ mesh.matrix_world
    data.transform(matrix, shape_keys=True)
    if matrix.determinant() < 0.0:
        data.flip_normals()
    made = mesh.copy()
    made.animation_data_clear()
    made.constraints.clear()
    made.modifiers.clear()
    made.data = data
    made.hide_viewport = made.hide_select = False
    scene_of(context).collection.objects.link(made)
    made.select_set(True)
    _drop_groups_of_controls(made, rig, is_bound=bool(bindings))
    return made, bool(bindings)


def _drop_groups_of_controls(
    made: bpy.types.Object, rig: bpy.types.Object, *, is_bound: bool
) -> None:
    """Keep the vertex groups by which ``rig`` deforms: in ``copy`` every bone does."""
    bones = armature_of(rig).bones
    for group in list(made.vertex_groups):
        bone = bones.get(group.name)
        if not is_bound or (bone is not None and not bone.use_deform):
            made.vertex_groups.remove(group)


def _bind(
    made: bpy.types.Object, copy: bpy.types.Object, carrier: str | None, *, is_bound: bool
) -> None:
    """Let ``copy`` move ``made``, by its vertex groups or with the bone ``carrier``."""
    data = made.data
    assert isinstance(data, bpy.types.Mesh)
    if not is_bound and carrier is not None:
        made.vertex_groups.new(name=carrier).add(range(len(data.vertices)), 1.0, "REPLACE")
    if is_bound or carrier is not None:
        modifier = made.modifiers.new("Armature", "ARMATURE")
        assert isinstance(modifier, bpy.types.ArmatureModifier)
        modifier.object = copy
    made.parent, made.parent_type = copy, "OBJECT"
    made.matrix_parent_inverse = Matrix.Identity(4)
    made.matrix_basis = Matrix.Identity(4)


def _armature_modifiers(
    mesh: bpy.types.Object, rig: bpy.types.Object
) -> list[bpy.types.ArmatureModifier]:
    return [
        modifier
        for modifier in mesh.modifiers
        if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object == rig
    ]
