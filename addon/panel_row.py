"""The rows of what the panel lists: what was found of the clip, the character and the result."""

# pyright: reportInvalidTypeForm=false
from __future__ import annotations

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty


class LIFT_PG_person(bpy.types.PropertyGroup):
    """Somebody in the clip: their skeleton and, of a video, what they look like (``figure``)."""

    number: IntProperty()
    num_frames: IntProperty()
    figure: StringProperty()
    cutting: StringProperty()


class LIFT_PG_part(bpy.types.PropertyGroup):
    """Bones of the chosen character that play a part of the body."""

    role: StringProperty()
    bones: StringProperty()
    confidence: FloatProperty()


class LIFT_PG_joint(bpy.types.PropertyGroup):
    """How far a lifted joint is from where it was seen in the video: the clip's median."""

    joint: StringProperty()
    distance_px: FloatProperty()


class LIFT_PG_doubt(bpy.types.PropertyGroup):
    """Scene frames that are not to be trusted, the last one included."""

    first_frame: IntProperty()
    last_frame: IntProperty()
    why: StringProperty()


class LIFT_PG_warning(bpy.types.PropertyGroup):
    """Something that the user should know of the result."""

    text: StringProperty()
