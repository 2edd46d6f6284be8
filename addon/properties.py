"""What the panel holds: stored with the scene, so that a saved file goes on where it was left."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from ..core.retarget.scheme import SCHEME_NAMES, load_scheme
from .correction_mark import LIFT_PG_corrections
from .panel_row import (
    LIFT_PG_doubt,
    LIFT_PG_joint,
    LIFT_PG_part,
    LIFT_PG_person,
    LIFT_PG_warning,
)
from .panel_source import inspect_source
from .target_map import inspect_target

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

SAID_OF_CLIP = ("video", "given_fps", "given_size", "has_frame_range", "person")
"""The properties that tell of one clip what its file does not."""


def _is_armature(panel: LIFT_PG_panel, found: bpy.types.Object) -> bool:
    return found.type == "ARMATURE"


def _read_source(panel: LIFT_PG_panel, context: bpy.types.Context) -> None:
    """Show what the chosen file is as soon as it is chosen, or something is said of it."""
    inspect_source(panel)


def _read_new_source(panel: LIFT_PG_panel, context: bpy.types.Context) -> None:
    """What was said of the clip before does not hold for another one."""
    # Unlike setting them, this does not read the source for each.
    for name in SAID_OF_CLIP:
        panel.property_unset(name)
    inspect_source(panel)


def _read_target(panel: LIFT_PG_panel, context: bpy.types.Context) -> None:
    """Show which bones play which part as soon as the character or its map is chosen."""
    inspect_target(panel)


def _person_index(panel: LIFT_PG_panel) -> int:
    return panel.person - 1


def _choose_person(panel: LIFT_PG_panel, index: int) -> None:
    panel.person = index + 1


class LIFT_PG_panel(bpy.types.PropertyGroup):
    """Everything that is chosen in the panel, and what was found of the clip."""

    source: StringProperty(
        name="Source",
        description=(
            "A video, a file of 2D keypoints, or any file of a folder that has one per frame"
        ),
        subtype="FILE_PATH",
        update=_read_new_source,
    )
    source_error: StringProperty()
    is_video: BoolProperty()
    source_format: StringProperty()
    source_size: StringProperty()
    video: StringProperty(
        name="Video",
        description=(
            "Tells frame rate and picture size, and is shown behind the rig; empty: the one beside the "
            "keypoints, where there is one"
        ),
        subtype="FILE_PATH",
        update=_read_source,
    )
    video_beside: StringProperty()
    is_video_readable: BoolProperty()
    is_rate_unknown: BoolProperty()
    given_fps: FloatProperty(
        name="Frame Rate",
        description="Frames per second of the video: the keypoints do not tell it",
        default=30.0,
        min=1.0,
        max=1000.0,
        precision=3,
        update=_read_source,
    )
    is_size_unknown: BoolProperty()
    given_size: IntVectorProperty(
        name="Picture Size",
        description=(
            "Width and height of the video in pixels, which the keypoints do not tell; 0: from where the "
            "keypoints lie"
        ),
        size=2,
        min=0,
        max=65536,
        update=_read_source,
    )
    has_frame_range: BoolProperty(
        name="Frames", description="Look at a part of the video alone", update=_read_source
    )
    first_video_frame: IntProperty(
        name="First Video Frame",
        description="First frame of the video to look at, counted from 0",
        min=0,
        update=_read_source,
    )
    last_video_frame: IntProperty(
        name="Last Video Frame",
        description="Last frame of the video to look at, counted from 0",
        default=250,
        min=0,
        update=_read_source,
    )
    num_frames: IntProperty()
    fps: FloatProperty()
    people: CollectionProperty(type=LIFT_PG_person)
    person: IntProperty(name="Person", description="Whose motion is lifted", default=1, min=1)
    person_index: IntProperty(get=_person_index, set=_choose_person)

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

    corrections: PointerProperty(type=LIFT_PG_corrections)

    target: EnumProperty(
        name="Target", description="Whose bones move", items=TARGETS, update=_read_target
    )
    scheme: EnumProperty(
        name="Kind",
        description="Bone names, hierarchy and rest pose of the new armature",
        items=SCHEMES,
        default="default",
    )
    replaces_result: BoolProperty(
        name="Replace Last Result",
        description=(
            "Lifting the same person again puts the new armature in the place of the last one, with its "
            "keys, unless that was moved, has other motion or is used by something else"
        ),
        default=True,
    )
    rig: PointerProperty(
        name="Character",
        description="The armature that is to move",
        type=bpy.types.Object,
        poll=_is_armature,
        update=_read_target,
    )
    bone_map: StringProperty(
        name="Bone Map",
        description="A JSON file that says which bones play which part; empty: found by itself",
        subtype="FILE_PATH",
        update=_read_target,
    )
    target_parts: CollectionProperty(type=LIFT_PG_part)
    target_missing: StringProperty()
    target_error: StringProperty()
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

    result_rig: PointerProperty(type=bpy.types.Object)
    result_clip: StringProperty()
    result_built_of: StringProperty()
    result_camera: PointerProperty(type=bpy.types.Object)
    result_quality: StringProperty()
    result_reprojection_px: FloatProperty(default=-1.0)
    joints: CollectionProperty(type=LIFT_PG_joint)
    doubts: CollectionProperty(type=LIFT_PG_doubt)
    active_doubt: IntProperty()
    warnings: CollectionProperty(type=LIFT_PG_warning)
    shows_keypoints: BoolProperty(
        name="2D Keypoints",
        description=(
            "Draw what was detected over the video, seen through its camera: blue where the detector "
            "was sure, red where it was not"
        ),
        default=True,
    )
    shows_distances: BoolProperty(
        name="Distances",
        description=(
            "Draw a line from each detected joint to where the lifted one is seen, through the "
            "video's camera"
        ),
        default=True,
    )


def panel_of(scene: bpy.types.Scene) -> LIFT_PG_panel:
    """What the panel holds for ``scene``."""
    return scene.lift  # pyright: ignore[reportAttributeAccessIssue]
