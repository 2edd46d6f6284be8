"""Everyone of a clip in one world: one gravity, one floor, one camera, and sizes that agree with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .clip_source import ClipSource
from .fit.gravity import estimate_gravity, weigh_person
from .fit.ground import level_camera, measure_camera_height, place_camera, scale_to_ground
from .fit.person_scale import (
    HEIGHT_SPREAD,
    Measured,
    agree_on_scale,
    choose_scale,
    stature,
)
from .geometry.camera_motion import camera_at, with_unit
from .lift_settings import LiftSettings
from .person_fit import FittedPerson
from .types import Camera

_GROUND_SIGMA = 0.05
"""Of a path's unit, relative, by how high its camera is above its ground."""
_UNIT_UNKNOWN = (
    "the camera path has no metres_per_unit, and no feet tell it: its unit was taken for a metre"
)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedPerson:
    """A person in their true size and the camera that sees them, of every frame if it moves."""

    fitted: FittedPerson
    camera: Camera
    scale_source: str
    warnings: tuple[str, ...] = ()


def share_world(
    source: ClipSource, people: list[FittedPerson], settings: LiftSettings
) -> list[PlacedPerson]:
    """Settle everyone's size and where the camera is.

    With a calibrated camera, still or moving, its world is kept and each person's size is that with
    which their feet stand on its ground. On a path of unknown unit, the unit is the one with which
    standing feet stay where they are. Without either the camera is levelled by everyone's evidence
    and z = 0 is the floor that those who stand share. A height that is given is that of the person
    who is seen best.
    """
    best = int(np.argmax([weigh_person(person.poses) for person in people]))
    heights = [settings.height_m if number == best else None for number in range(len(people))]
    if source.is_calibrated:
        return [
            _on_given_ground(source, person, height)
            for person, height in zip(people, heights, strict=True)
        ]
    sized = [_in_usual_size(person, height) for person, height in zip(people, heights, strict=True)]
    if source.has_camera_path:
        return _on_path(source, sized, best)
    return _on_found_ground(source.camera, sized, best)


def _on_given_ground(
    source: ClipSource, person: FittedPerson, height_m: float | None
) -> PlacedPerson:
    camera = camera_at(source.camera, person.keypoints.frames - source.frame_span[0])
    scale, words = choose_scale(
        person.bone_lengths,
        height_m=height_m,
        floor_scale=scale_to_ground(person.poses, camera),
        floor_of="camera path" if source.has_camera_path else "calibration",
    )
    return PlacedPerson(person.scaled(scale), source.camera, words)


@dataclass(frozen=True, slots=True, eq=False)
class _Sized:
    """A person as large as they are said, or assumed, to be; ``spread`` is how much of that is doubted."""

    fitted: FittedPerson
    words: str
    spread: float


def _in_usual_size(person: FittedPerson, height_m: float | None) -> _Sized:
    scale, words = choose_scale(person.bone_lengths, height_m=height_m, floor_scale=None)
    return _Sized(person.scaled(scale), words, HEIGHT_SPREAD if height_m is None else 0.0)


def _on_path(source: ClipSource, people: list[_Sized], best: int) -> list[PlacedPerson]:
    """In the world of a path whose unit standing feet tell."""
    units = [person.fitted.path_unit for person in people]
    words = "feet that stand still"
    if all(unit is None for unit in units):
        units = [_unit_of_ground(person.fitted, source) for person in people]
        words = "feet on its ground"
    if all(unit is None for unit in units):
        return [
            PlacedPerson(person.fitted, source.camera, person.words, (_UNIT_UNKNOWN,))
            for person in people
        ]
    unit, scales = _agree(people, units, best)
    camera = with_unit(source.camera, unit)
    told = f"the camera path's unit is {unit:.3g} m by {words}"
    return [
        PlacedPerson(person.fitted.scaled(scale), camera, f"{person.words}; {told}")
        for person, scale in zip(people, scales, strict=True)
    ]


def _unit_of_ground(person: FittedPerson, source: ClipSource) -> Measured | None:
    """The unit (m) of the camera's path with which a person's feet are at its z = 0."""
    camera = camera_at(source.camera, person.keypoints.frames - source.frame_span[0])
    scale = scale_to_ground(person.poses, camera)
    return None if scale is None else Measured(1 / scale, _GROUND_SIGMA)


def _on_found_ground(camera: Camera, people: list[_Sized], best: int) -> list[PlacedPerson]:
    """In a world with its floor at z = 0 and the first person's first pelvis above its origin."""
    fitted = [person.fitted for person in people]
    level = level_camera(camera, estimate_gravity([(each.poses, each.gravity) for each in fitted]))
    heights = [measure_camera_height(each.poses, level) for each in fitted]
    if len(people) == 1 or all(height is None for height in heights):
        own = place_camera(fitted[best].poses, level)
        shared = place_camera(fitted[0].poses, level, camera_height=own.position_world[2])
        return [PlacedPerson(person.fitted, shared, person.words) for person in people]
    height, scales = _agree(people, heights, best)
    placed = [each.scaled(scale) for each, scale in zip(fitted, scales, strict=True)]
    shared = place_camera(placed[0].poses, level, camera_height=height)
    is_told = [each is not None for each in heights]
    return [
        PlacedPerson(each, shared, *_say_ground(person, each, is_told=known, is_moved=scale != 1.0))
        for each, person, known, scale in zip(placed, people, is_told, scales, strict=True)
    ]


def _agree(
    people: list[_Sized], told: Sequence[Measured | None], best: int
) -> tuple[float, np.ndarray]:
    return agree_on_scale(
        told,
        np.array([person.spread for person in people]),
        np.array([stature(person.fitted.bone_lengths) for person in people]),
        best=best,
    )


def _say_ground(
    person: _Sized, placed: FittedPerson, *, is_told: bool, is_moved: bool
) -> tuple[str, tuple[str, ...]]:
    """Where a person's size comes from, and a warning where their feet do not share the ground."""
    if not is_told:
        return f"{person.words}: no feet were seen to stand on the shared ground", ()
    if is_moved:
        height = stature(placed.bone_lengths)
        return f"{person.words}, made {height:.2f} m by feet on the shared ground", ()
    if person.spread == 0:
        return person.words, ()
    told = f"person {placed.number} does not stand on the ground of the others"
    return f"{person.words}: not on the ground of the others", (told,)
