"""A clip with its true world beside it, lifted as a user would meet it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.clip_source import ClipSource
from core.lifting.weights import LifterWeights
from core.pipeline import LiftSettings, lift_people
from core.stopwatch import Stopwatch

from .network_pose import network_poses
from .world_measure import WorldFigures, WorldTruth, measure_world

CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN = "calibrated", "focal length given", "nothing given"
"""What the lifter is told of the camera: all of it, the focal length alone, nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class WorldView:
    """What one camera saw of one person, and what of the camera the lifter is told.

    ``clip`` of the motion; ``group`` whose motion (or which camera's view) it is; ``case`` what is told;
    ``height_m`` the person's, None where it is not told; ``shift_frames`` by how many frames the truth was
    moved to be in step with the camera.
    """

    clip: str
    group: str
    case: str
    source: ClipSource
    height_m: float | None
    truth: WorldTruth
    shift_frames: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class JudgedView:
    """A view and its figures."""

    view: WorldView
    figures: WorldFigures


def judge_view(view: WorldView, weights: LifterWeights, settings: LiftSettings) -> JudgedView:
    """Send a view through the whole pipeline and measure what comes out.

    Raises
    ------
    LiftError
        When it cannot be lifted, or has hardly a frame with a truth.
    """
    watch = Stopwatch(lambda _name, _share: None)
    settings = replace(settings, height_m=view.height_m)
    (lifted,) = lift_people(view.source, [1], weights, settings, watch=watch)
    return JudgedView(
        view,
        measure_world(
            lifted,
            view.truth,
            network_poses(view.source.people[0], lifted.camera, weights, lifted.poses_camera),
        ),
    )
