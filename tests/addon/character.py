"""A character to export: an animated rig with meshes on it, and where their vertices are shown.

Loaded by conftest.py as the module ``character``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from round_trip import add_animated_armature, example_motion, start_empty_file

MESH_NAMES = ("skin", "badge", "plinth")
NUM_FRAMES = 12
FRAMES = (1, 5, 8, 12)
_TETRAHEDRON = 0.03 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
_FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def animated_character(*, start_frame: int = 1) -> bpy.types.Object:
    """The default armature called "hero" in motion, its meshes, and bystanders that are not its own."""
    motion = example_motion(num_frames=NUM_FRAMES)
    rig = add_animated_armature(motion, name="hero", start_frame=start_frame)
    add_meshes(rig)
    add_tetrahedra("bystander", [(5.0, 5.0, 0.0)])
    for name, data in (("lamp", bpy.data.lights.new("lamp", "POINT")), ("empty", None)):
        bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, data))
    bpy.context.view_layer.update()
    return rig


def as_it_is(_: bpy.types.Object) -> None:
    pass


def scaled_and_turned(rig: bpy.types.Object) -> None:
    rig.location, rig.rotation_euler, rig.scale = (1.0, 2.0, 0.3), (0.1, 0.2, 0.8), (2.0, 2.0, 2.0)


def parented(rig: bpy.types.Object) -> None:
    scaled_and_turned(rig)
    rig.parent = bpy.data.objects["empty"]
    rig.parent.location, rig.parent.rotation_euler = (3.0, -2.0, 0.5), (0.0, 0.0, 1.0)
    rig.parent.scale = (0.5, 0.5, 0.5)


def in_centimetres(rig: bpy.types.Object) -> None:
    units = bpy.context.scene.unit_settings
    units.system, units.scale_length = "METRIC", 0.01
    rig.scale = (100.0, 100.0, 100.0)
    rig.location.x = 250.0


def travelling_by_its_object(rig: bpy.types.Object) -> None:
    for frame, way in ((1, 0.5), (NUM_FRAMES, 1.5)):
        rig.location, rig.rotation_euler = (way, 0.2 * way, 0.0), (0.0, 0.0, way)
        rig.keyframe_insert("location", frame=frame)
        rig.keyframe_insert("rotation_euler", frame=frame)


def carried_by_its_parent(rig: bpy.types.Object) -> None:
    rig.parent = bpy.data.objects["empty"]
    for frame, way in ((1, 0.0), (NUM_FRAMES, 1.5)):
        rig.parent.location.x = way
        rig.parent.keyframe_insert("location", frame=frame)


def add_meshes(rig: bpy.types.Object, *, bone_name: str = "head") -> None:
    """Bind "skin" to every bone, with a shape key; hang "badge" from a bone, "plinth" from the object."""
    bpy.context.view_layer.update()
    scale = rig.matrix_world.median_scale
    bones = list(rig.data.bones)
    middles = [rig.matrix_world @ (0.5 * (bone.head_local + bone.tail_local)) for bone in bones]
    skin = add_tetrahedra("skin", middles)
    for place, bone in enumerate(bones):
        group = skin.vertex_groups.new(name=bone.name)
        group.add(list(range(4 * place, 4 * place + 4)), 1.0, "REPLACE")
    skin.modifiers.new("Armature", "ARMATURE").object = rig
    skin.parent, skin.matrix_parent_inverse = rig, rig.matrix_world.inverted()
    skin.shape_key_add(name="Basis")
    smile = skin.shape_key_add(name="smile")
    for point in smile.data:
        point.co += Vector((0.0, 0.0, 0.01))
    add_badge(rig, bone_name)
    plinth = add_tetrahedra("plinth", [rig.matrix_world @ Vector((0.2 / scale, 0.0, 0.0))])
    plinth.parent, plinth.matrix_parent_inverse = rig, rig.matrix_world.inverted()
    bpy.context.view_layer.update()


def add_badge(rig: bpy.types.Object, bone_name: str) -> bpy.types.Object:
    """A mesh that hangs from a bone."""
    tail = rig.matrix_world @ rig.data.bones[bone_name].tail_local
    badge = add_tetrahedra("badge", [Vector((0.0, 0.0, 0.0)), Vector((0.1, 0.0, 0.0))])
    badge.parent, badge.parent_type, badge.parent_bone = rig, "BONE", bone_name
    bpy.context.view_layer.update()
    rig.data.pose_position = "REST"
    bpy.context.view_layer.update()
    badge.matrix_world = Matrix.Translation(tail)
    rig.data.pose_position = "POSE"
    bpy.context.view_layer.update()
    return badge


def add_tetrahedra(
    name: str, places: Iterable[Vector | tuple[float, float, float]]
) -> bpy.types.Object:
    """A mesh of one small tetrahedron at each place."""
    corners = np.concatenate([np.array(place) + _TETRAHEDRON for place in places])
    faces = np.concatenate([4 * number + _FACES for number in range(len(corners) // 4)])
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners.tolist(), [], faces.tolist())
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def shown_vertices(names: Iterable[str], frames: Iterable[int]) -> dict[str, np.ndarray]:
    """By mesh (T,V,3) m: the vertices as Blender shows them, in world space."""
    scene = bpy.context.scene
    unit = 1.0 if scene.unit_settings.system == "NONE" else scene.unit_settings.scale_length
    shown: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for frame in frames:
        scene.frame_set(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        for name, rows in shown.items():
            evaluated = bpy.data.objects[name].evaluated_get(depsgraph)
            mesh = evaluated.to_mesh()
            corners = np.array([evaluated.matrix_world @ vertex.co for vertex in mesh.vertices])
            rows.append(unit * corners)
            evaluated.to_mesh_clear()
    return {name: np.array(rows) for name, rows in shown.items()}


def import_file(path: Path, *, fps: int = 30) -> bpy.types.Object:
    """The armature of a file, in an empty scene of the clip's rate; keys start in frame 1."""
    start_empty_file()
    bpy.context.scene.render.fps = fps
    if path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    [rig] = [found for found in bpy.data.objects if found.type == "ARMATURE"]
    return rig


def farthest_m(found: np.ndarray, wanted: np.ndarray) -> float:
    """The greatest distance of a vertex (T,V,3) from its counterpart, whatever their order."""
    gaps = np.linalg.norm(found[:, :, None] - wanted[:, None], axis=-1)
    return float(max(gaps.min(axis=1).max(), gaps.min(axis=2).max()))
