"""What the panel holds: stored with the scene, so that a saved file goes on where it was left."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

import re
from pathlib import Path

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core.clip_source import open_clip
from ..core.errors import LiftError
from ..core.io.keypoints import read_keypoints
from ..core.retarget.scheme import SCHEME_NAMES, load_scheme

LENSES = (
    ("AUTO", "Automatic", "Take 50 degrees across the longer side of the picture"),
    ("FOV", "Field of View", "The lens's horizontal field of view is known"),
    ("CALIBRATION", "Calibration", "A calibration file knows the lens and where the camera stood"),
)
TARGETS = (
    ("NEW", "New Armature", "Build an armature in the person's size"),
    ("OWN", "My Character", "Put the motion on an armature of this scene"),
)
TRAVELS = (
    ("hips", "Hips", "The hips carry the travel"),
    ("root", "Root Bone", "The root bone carries travel and heading"),
    ("object", "Object", "The armature object carries travel and heading"),
    ("in_place", "In Place", "No horizontal travel"),
)


SCHEMES = tuple((name, name, load_scheme(name).about) for name in SCHEME_NAMES)


class LIFT_PG_person(bpy.types.PropertyGroup):
    """Somebody in the clip."""

    number: IntProperty()
    num_frames: IntProperty()


class LIFT_PG_warning(bpy.types.PropertyGroup):
    """Something that the user should know of the result."""

    text: StringProperty()


def _is_armature(panel: LIFT_PG_panel, found: bpy.types.Object) -> bool:
    return found.type == "ARMATURE"


def _read_source(panel: LIFT_PG_panel, context: bpy.types.Context) -> None:
    """Show what the chosen file is as soon as it is chosen."""
    inspect_source(panel)


class LIFT_PG_panel(bpy.types.PropertyGroup):
    """Everything that is chosen in the panel, and what was found of the clip."""

    source: StringProperty(
        name="Keypoints",
        description="A file of 2D keypoints, or any file of a folder that has one per frame",
        subtype="FILE_PATH",
        update=_read_source,
    )
    source_error: StringProperty()
    source_format: StringProperty()
    source_size: StringProperty()
    video: StringProperty(
        name="Video",
        description="Shown behind the rig; empty: the one beside the keypoints, where there is one",
        subtype="FILE_PATH",
    )
    num_frames: IntProperty()
    fps: FloatProperty()
    people: CollectionProperty(type=LIFT_PG_person)
    person: IntProperty(name="Person", description="Whose motion is lifted", default=1, min=1)

    lens: EnumProperty(name="Lens", description="How the lens is known", items=LENSES)
    fov_deg: FloatProperty(
        name="Field of View",
        description="Horizontal, in degrees",
        default=50.0,
        min=1.0,
        max=179.0,
    )
    calibration: StringProperty(
        name="Calibration",
        description="An OpenCV-style calibration (TOML)",
        subtype="FILE_PATH",
    )
    camera_name: StringProperty(name="Camera", description="The camera's name in the calibration")

    has_video_camera: BoolProperty(
        name="Video Camera",
        description="Place a camera where the video's stood, with the video behind",
        default=True,
    )

    smooth: FloatProperty(
        name="Smoothness",
        description="0 keeps every movement, 1 is very smooth",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    lock_feet: BoolProperty(
        name="Lock Feet", description="Feet that stand are held still", default=True
    )
    is_height_known: BoolProperty(
        name="Height", description="The person's height is known", default=False
    )
    height: FloatProperty(
        name="Height", description="Of the person", default=1.7, min=0.3, max=3.0, unit="LENGTH"
    )

    target: EnumProperty(name="Target", description="Whose bones move", items=TARGETS)
    scheme: EnumProperty(
        name="Kind",
        description="Bone names, hierarchy and rest pose of the new armature",
        items=SCHEMES,
        default="default",
    )
    rig: PointerProperty(
        name="Character",
        description="The armature that is to move",
        type=bpy.types.Object,
        poll=_is_armature,
    )
    bone_map: StringProperty(
        name="Bone Map",
        description="A JSON file that says which bones play which part; empty: found by itself",
        subtype="FILE_PATH",
    )
    reaches_hands: BoolProperty(
        name="Hands Reach",
        description="Bend the arms so that the hands come where the person's are",
    )
    reaches_feet: BoolProperty(
        name="Feet Reach",
        description="Bend the legs so that the feet come where the person's are",
    )
    travel: EnumProperty(name="Root Motion", description="Who carries the travel", items=TRAVELS)

    start_frame: IntProperty(
        name="First Frame", description="Scene frame of the first pose", default=1, min=0
    )
    uses_scene_fps: BoolProperty(
        name="Keep Scene Rate",
        description="Resample the motion to the scene's frame rate instead of changing that",
    )
    is_reduced: BoolProperty(name="Reduce Keys", description="Leave out keys within a bound")
    reduce_mm: FloatProperty(
        name="Bound (mm)",
        description="How far any bone's end may be off where keys are left out",
        default=5.0,
        min=0.1,
        max=100.0,
    )

    progress: FloatProperty(default=-1.0)
    progress_text: StringProperty()
    result_rig: PointerProperty(type=bpy.types.Object)
    result_camera: PointerProperty(type=bpy.types.Object)
    result_quality: StringProperty()
    result_reprojection_px: FloatProperty(default=-1.0)
    warnings: CollectionProperty(type=LIFT_PG_warning)


def panel_of(scene: bpy.types.Scene) -> LIFT_PG_panel:
    """What the panel holds for ``scene``."""
    return scene.lift  # pyright: ignore[reportAttributeAccessIssue]


def source_path(panel: LIFT_PG_panel) -> Path:
    """The chosen file; for a file of a folder that has one per frame, the folder.

    Raises
    ------
    LiftError
        When the file cannot be read.
    """
    path = Path(bpy.path.abspath(panel.source))
    if not path.is_file() or not _has_siblings(path):
        return path
    return path.parent if len(read_keypoints(path).frames) == 1 else path


def _has_siblings(path: Path) -> bool:
    """Whether other files beside ``path`` differ from it in numbers alone."""
    pattern = re.sub(r"\d+", "#", path.name)
    siblings = (found.name for found in path.parent.iterdir())
    return sum(re.sub(r"\d+", "#", name) == pattern for name in siblings) > 1


def inspect_source(panel: LIFT_PG_panel) -> None:
    """Read the chosen clip and show what it is, or why it cannot be used."""
    panel.people.clear()
    panel.source_error = panel.source_format = panel.source_size = ""
    panel.num_frames, panel.person = 0, 1
    if not panel.source:
        return
    try:
        clip = open_clip(source_path(panel))
    except LiftError as error:
        panel.source_error = str(error)
        return
    panel.source_format = f"{clip.format}, {clip.joint_set}"
    panel.source_size = "{}x{}".format(*clip.image_size)
    panel.num_frames = clip.frame_span[1] - clip.frame_span[0] + 1
    panel.fps = float(clip.fps)
    for person in clip.people:
        added = panel.people.add()
        added.number, added.num_frames = person.person, len(person.frames)
