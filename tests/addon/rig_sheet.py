"""One frame of the beam clip: the video, and three rigs (default, Mixamo, Rigify) before its camera.

``python tests/addon/rig_sheet.py VIDEO FRAME OUT.png`` with bpy and matplotlib.
"""

from __future__ import annotations

import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import addon_loader  # noqa: F401
import bpy
import matplotlib.pyplot as plt
import numpy as np
from lift_video_to_3d.addon import compat
from lift_video_to_3d.addon.rig_choice import AnimationSettings, RigChoice
from lift_video_to_3d.addon.session import animate
from lift_video_to_3d.addon.video_camera import place_video_camera
from lift_video_to_3d.core.pipeline import LiftedPerson, LiftSettings, lift_clip
from mathutils import Matrix

HERE = Path(__file__).resolve().parent
BEAM = HERE.parents[1] / "tests" / "data" / "beam"
SIZE = (270, 480)


def lift_beam() -> LiftedPerson:
    """The clip in its calibrated world."""
    [lifted] = lift_clip(
        BEAM / "cam01_json",
        person=1,
        settings=LiftSettings(
            fps=Fraction(60), calibration=BEAM / "calibration.toml", camera_name="cam_01"
        ),
        progress=lambda _, __: None,
    )
    return lifted


def flesh_out(rig: bpy.types.Object) -> None:
    """A long octahedron along every deforming bone: what renderers do not draw of an armature."""
    for bone in rig.data.bones:
        if not bone.use_deform or bone.length * rig.matrix_world.to_scale()[0] < 0.01:
            continue
        mesh = bpy.data.meshes.new(bone.name)
        width, length = max(0.14 * bone.length, 0.02), bone.length
        ring = [(width, 0.15, 0), (0, 0.15, width), (-width, 0.15, 0), (0, 0.15, -width)]
        points = [(0, 0, 0), *((x, y * length, z) for x, y, z in ring), (0, length, 0)]
        sides = [(1, 2), (2, 3), (3, 4), (4, 1)]
        mesh.from_pydata(points, [], [(0, b, a) for a, b in sides] + [(5, a, b) for a, b in sides])
        part = bpy.data.objects.new(bone.name, mesh)
        bpy.context.scene.collection.objects.link(part)
        part.parent, part.parent_type, part.parent_bone = rig, "BONE", bone.name
        # Children of a bone sit at its tail.
        part.location = (0.0, -bone.length, 0.0)


def render(frame: int, folder: Path, name: str) -> np.ndarray:
    """(H,W,4) picture of the scene."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 16
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.film_transparent = True
    if scene.world is None:
        scene.world = bpy.data.worlds.new("light")
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 4.0, (0.6, 0.4, 0.0)
    scene.collection.objects.link(sun)
    scene.render.filepath = str(folder / f"{name}.png")
    bpy.ops.render.render(write_still=True)
    return plt.imread(scene.render.filepath)


def show_rig(lifted: LiftedPerson, kind: str, frame: int, folder: Path) -> np.ndarray:
    """The clip on a rig of ``kind``, rendered."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    choice = RigChoice(scheme=kind)
    if kind == "rigify":
        bpy.ops.preferences.addon_enable(module="rigify")
        bpy.ops.object.armature_human_metarig_add()
        metarig = bpy.context.object
        bpy.ops.pose.rigify_generate()
        rig = bpy.context.object
        rig.name = "Hero"
        bpy.data.objects.remove(metarig)
        for widget in [each for each in bpy.data.objects if each.type == "MESH"]:
            widget.hide_render = True
        choice = RigChoice(scheme=None, object_name="Hero")
    animation = animate(bpy.context, lifted, choice, AnimationSettings(), name=kind)
    bpy.context.scene.camera = place_video_camera(
        bpy.context,
        lifted.camera,
        lifted.image_size,
        name="video",
        size=animation.size,
        stage=Matrix.Identity(4),
    )
    flesh_out(animation.rig)
    return render(frame, folder, kind)


def show_video(video: Path, frame: int, folder: Path) -> np.ndarray:
    """The video's own picture."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_movie("video", str(video), channel=1, frame_start=1)
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x, scene.render.resolution_y = (4 * side for side in SIZE)
    scene.render.resolution_percentage = 25
    scene.frame_set(frame)
    scene.render.filepath = str(folder / "video.png")
    bpy.ops.render.render(write_still=True)
    return plt.imread(scene.render.filepath)


def main() -> None:
    """Draw the sheet."""
    video, frame, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    lifted = lift_beam()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        backdrop = show_video(video, frame, folder)
        pictures = {
            kind: show_rig(lifted, kind, frame, folder) for kind in ("default", "mixamo", "rigify")
        }
    figure, axes = plt.subplots(1, 4, figsize=(12, 5.6), layout="constrained")
    for axis, kind in zip(axes, ("video", *pictures), strict=True):
        axis.imshow(backdrop, alpha=1.0 if kind == "video" else 0.35)
        if kind in pictures:
            axis.imshow(pictures[kind])
        axis.set_title(kind)
        axis.set_axis_off()
    figure.savefig(out, dpi=100)
    compat.leave(0)


if __name__ == "__main__":
    main()
